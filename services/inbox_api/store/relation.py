"""SQL: the inbox as one relation: a user's entries and the messages in flight to them, without recalled and expired messages.

The fragments that every statement about an inbox is made of. Their parameters are :user_id and :platform_id.
"""

# ruff: noqa: S608 (only constants are put into statements)

from shared import lifecycle, versions

# Membership decides which messages reach the user, as of each message's own directory version. A user has few scopes, and few messages
# are in flight to one of them: 0.1 ms with 5,000 in flight. A follow-up reaches only some of them, a notice those with a role.
_REACHES = f"""
    t.scope_id = b.scope_id AND b.user_id = :user_id AND {versions.valid_at("b", "m.directory_version")}
    AND (m.recipient_role IS NULL OR b.role = m.recipient_role)
    AND (m.follows IS NULL OR is_follow_up_recipient(m.id, :user_id))"""

# The CTEs that `select_rows` and the counts read.
INFLIGHT = f"""
    inflight AS MATERIALIZED (
        SELECT DISTINCT m.sent_at, m.id AS message_id
        FROM memberships b JOIN inflight_targets t ON t.scope_id = b.scope_id JOIN messages m ON m.id = t.message_id
        WHERE {_REACHES} AND m.platform_id = :platform_id AND NOT {lifecycle.IS_HIDDEN}
    )"""
HIDDEN = f"""
    hidden AS MATERIALIZED (
        SELECT m.sent_at FROM messages m
        WHERE m.platform_id = :platform_id AND {lifecycle.IS_HIDDEN} AND NOT {lifecycle.ENTRIES_DROPPED}
    )"""
# What the platform asks to acknowledge.
ASKING = f"""
    asking AS MATERIALIZED (
        SELECT m.sent_at, m.id AS message_id, m.due_at FROM messages m
        WHERE m.platform_id = :platform_id AND {lifecycle.ASKS} AND NOT {lifecycle.IS_HIDDEN} AND NOT {lifecycle.ENTRIES_DROPPED}
    )"""

# Of a row `i` with sent_at and message_id. A message's time is unique on its platform. For many rows the hidden messages are hashed
# once: to look each of 200 up in 26 partitions took 0.5 ms more. For a page each row is looked up, so that the scan can stop early.
NOT_HIDDEN = "NOT EXISTS (SELECT FROM hidden h WHERE h.sent_at = i.sent_at)"


def is_shown(also: str = "true") -> str:
    """The message of the row `i` is not hidden, and fits a condition on `m`."""
    return f"""
    EXISTS (SELECT FROM messages m WHERE m.platform_id = :platform_id AND m.sent_at = i.sent_at AND m.id = i.message_id
                                     AND NOT {lifecycle.IS_HIDDEN} AND {also} OFFSET 0)"""


def select_rows(columns: str, *, where: str, state: str = "", page: str = "") -> str:
    """A SELECT of `columns` of the rows `i` that fit `where`, hidden ones too. `page` is the ORDER BY and LIMIT of both its parts."""
    return f"""
        (SELECT {columns} FROM inbox_entries i {state} WHERE i.user_id = :user_id AND {where} {page})
        UNION
        (SELECT {columns} FROM inflight i {state} WHERE {where} {page})"""


def is_recipient(targets: str) -> str:
    """Whether the message `m` has this recipient, by the table `targets`."""
    return f"""
    EXISTS (SELECT FROM memberships b JOIN {targets} t ON t.scope_id = b.scope_id WHERE t.message_id = m.id AND {_REACHES})"""


# The same inbox, asked about one message `m`.
HAS = f"""
    (EXISTS (SELECT FROM inbox_entries e WHERE e.user_id = :user_id AND e.sent_at = m.sent_at AND e.message_id = m.id)
     OR {is_recipient("inflight_targets")})"""
