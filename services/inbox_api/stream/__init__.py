"""The live stream: whoever has a bell open is told of a message within a moment of its acceptance, as server-sent events.

`routes/stream.py` lets somebody in as any route does, in a thread; what it read is handed to the event loop, where `connection`
writes one stream, `switchboard` knows who is connected, and `watch` looks for what is new. `bridge` serves the Flask app and
these streams from one ASGI process. Everything a stream says is read from PostgreSQL: Redis only says when to look.
"""
