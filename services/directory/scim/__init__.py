"""SCIM's resources as they are written and read on the wire. Tolerant, unlike the hub's own API: clients send what they like.

Called by `routes`. Knows neither HTTP nor SQL.
"""
