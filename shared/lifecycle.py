"""SQL: where a message is in its life, as conditions and expressions on the row `m` of messages.

compose_api writes the recall and the worker writes the status, so the two columns together give a message's status.
"""

IS_RECALLED = "m.recalled_at IS NOT NULL"
# What the API and the commands call the status.
STATUS = f"CASE WHEN {IS_RECALLED} THEN 'recalled' ELSE m.status END"
# Workers still have something to do for the message. The index messages_unfinished has this condition.
IS_UNFINISHED = "m.status <> 'sent' AND m.recalled_at IS NULL"
# The batch `b` of the message is still to be written.
IS_UNDELIVERED = "b.delivered_at IS NULL AND m.recalled_at IS NULL"
# The message is past the retention: its entries were dropped with the partition of their month.
ENTRIES_DROPPED = "m.sent_at < (SELECT dropped_before FROM inbox_retention)"
# The message has left every inbox, because its sender said until when it is of interest.
IS_EXPIRED = "(m.expires_at IS NOT NULL AND m.expires_at <= now())"
# It is in no inbox. The index messages_hidden has these, and those that are still to expire.
IS_HIDDEN = f"({IS_RECALLED} OR {IS_EXPIRED})"
# It does not go to everyone in its audience.
IS_PARTIAL = "(m.follows IS NOT NULL OR m.recipient_role IS NOT NULL)"
# It asks for acknowledgements. The index messages_to_acknowledge has this condition.
ASKS = "(m.statement IS NOT NULL AND m.superseded_at IS NULL)"
