"""The directory: each platform's scopes, users and memberships, and their history by directory version.

Writes    platforms, scopes, scope_ancestors, users, memberships; no other service writes these
Called by the command line (`message-hub platform`, `message-hub import`) through `actions`.
Must not  know of messages, HTTP or the broker.
"""
