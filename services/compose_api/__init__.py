"""compose_api: accepts messages.

Serves     POST /v1/messages, DELETE /v1/messages/{id}, GET /v1/viewer, GET /v1/audiences, POST /v1/audiences/preview   (port 8001)
Writes     messages, message_targets, message_visibility, message_words, inflight_targets (insert); the recall columns of messages
Publishes  expand_message
Needs      PostgreSQL. Redis may be away: what was accepted waits in PostgreSQL for the sweep.
"""
