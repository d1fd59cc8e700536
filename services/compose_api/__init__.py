"""compose_api: accepts messages, and signs people in to the console.

Serves     POST /v1/messages, DELETE /v1/messages/{id}, GET /v1/viewer, GET /v1/audiences, POST /v1/audiences/preview   (port 8001)
           /auth/…: signing in to the console; the console's pages
Writes     messages, message_targets, message_visibility, message_words, inflight_targets (insert); the recall columns of messages
           console_sessions, console_logouts
Publishes  expand_message
Needs      PostgreSQL. Redis may be away: what was accepted waits in PostgreSQL for the sweep.
"""
