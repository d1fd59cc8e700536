"""The live stream: `GET /v1/notifications/stream` as server-sent events, an ASGI process of its own (port 8003).

Serves  GET /v1/notifications/stream; /healthz, /readyz, /metrics
Reads   what inbox_api reads
Writes  nothing
Needs   PostgreSQL, which it asks every second. Redis, where an address is given, makes it faster.

`app` has the routes, `endpoint` opens one stream, `subscribers` knows who is connected, `poller` reads what is new and publishes it to
them, `redis_listener` wakes the poller. Everything but the database calls runs in the event loop.
"""
