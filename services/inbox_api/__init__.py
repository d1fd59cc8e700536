"""inbox_api: users' inboxes and the sent history.

Serves  GET /v1/notifications, …/counts, …/{id}; PUT and DELETE …/{id}/read, …/{id}/archived;
        PUT …/{id}/acknowledged; POST …/seen, …/read-all;
        GET /v1/sent-messages, …/{id}, …/recipients, …/recipients/export   (port 8002)
Reads   inbox_entries, inbox_states, inflight_targets, messages, message_targets, message_visibility, message_words,
        fanout_batches, inbox_retention, memberships, scopes, scope_ancestors, users
Writes  inbox_states, acknowledgements; audit_events of exports
Needs   PostgreSQL
The live stream (`stream`) runs as a separate process.
"""
