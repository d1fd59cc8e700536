"""SQL: who the recipients of a follow-up are, in one definition for all who ask.

A follow-up goes to the recipients of an earlier message who had not read or not acknowledged it, and who were still active, when the
follow-up was accepted.
Its audience is therefore the earlier message's audience, as of the earlier message's directory version, without those whom `excluded`
finds. The earlier message may be a follow-up itself: `followed_messages` has a row for each message of the chain.

The result never changes: membership versions are final, `first_read_at` is never cleared, acknowledgements are insert only, and a lock
keeps both from being committed while a follow-up is accepted (`next_state_at`, `next_follow_up_sent_at`). Once retention drops the states
of an earlier message, the recipients are the users who have the follow-up's entry.

The fragments take columns of the statements around them, so the names of their own rows begin with an underscore: none hides a statement's.
"""

# ruff: noqa: S608 (only constants are put into statements)

from shared import versions

# The rows of the follow-up `m`.
CHAIN = "SELECT * FROM followed_messages WHERE message_id = m.id"


def excluded(chain: str, user: str | None = None) -> str:
    """A SELECT of user ids: those who had read or acknowledged a message of the chain, or were not active any more in the platform.

    Only the `user`, found by primary keys; without one those with :after_user_id < id <= :up_to_user_id, from indexes alone. A user id may
    come more than once.
    """

    def within(row: str) -> str:
        return (
            f"{row}.user_id > :after_user_id AND {row}.user_id <= :up_to_user_id"
            if user is None
            else f"{row}.user_id = {user}"
        )

    def is_earlier(row: str) -> str:
        by_key = "" if user is None else f" AND {row}.sent_at = _f.earlier_sent_at"
        return f"{row}.message_id = _f.earlier_id{by_key}"

    active = f"""
        SELECT FROM memberships _a
        WHERE _a.user_id = _b.user_id AND _a.scope_id = _b.scope_id AND {versions.valid_at("_a", "_f.active_version")}"""
    return f"""
        SELECT _r.user_id FROM ({chain}) AS _f JOIN inbox_states _r ON {is_earlier("_r")}
        WHERE _f.follows_only = 'unread' AND _r.first_read_at < _f.accepted_at AND {within("_r")}
        UNION ALL
        SELECT _k.user_id FROM ({chain}) AS _f JOIN acknowledgements _k ON {is_earlier("_k")}
        WHERE _f.follows_only = 'not_acknowledged' AND _k.acknowledged_at < _f.accepted_at AND {within("_k")}
        UNION ALL
        SELECT _b.user_id FROM ({chain}) AS _f JOIN memberships _b ON _b.scope_id = _f.platform_id
        WHERE _b.valid_from_version <= _f.directory_version
          AND _b.valid_to_version > _f.directory_version AND _b.valid_to_version <= _f.active_version
          AND {within("_b")} AND NOT EXISTS ({active})"""


def _is_known(chain: str) -> str:
    """Who had read the earlier messages is still known. Acknowledgements are kept at least as long."""
    return f"NOT EXISTS (SELECT FROM ({chain}) AS _f JOIN inbox_retention _d ON _f.earlier_sent_at < _d.dropped_before)"


def is_recipient(user: str) -> str:
    """A person in the audience of the message `m` is a recipient: it is no follow-up, or does not exclude them; and it asks for no role,
    or they have it in a target.
    """
    has_entry = (
        f"SELECT FROM inbox_entries _e WHERE _e.user_id = {user} AND _e.sent_at = m.sent_at AND _e.message_id = m.id"
    )
    has_role = f"""
        SELECT FROM message_targets _t JOIN memberships _o ON _o.scope_id = _t.scope_id
        WHERE _t.message_id = m.id AND _o.user_id = {user} AND _o.role = m.recipient_role
          AND {versions.valid_at("_o", "m.directory_version")}"""
    return f"""
    (m.recipient_role IS NULL OR EXISTS ({has_role})) AND
    (m.follows IS NULL OR
     NOT EXISTS ({excluded(CHAIN, user)}) AND ({_is_known(CHAIN)} OR EXISTS ({has_entry})))"""


def remaining(people: str, chain: str) -> str:
    """A SELECT of user ids: of the `people` with :after_user_id < id <= :up_to_user_id those whom the chain does not exclude."""
    # PostgreSQL estimates the number of excluded users badly, and planned NOT EXISTS as a nested loop. It hashes or sorts for EXCEPT.
    return f"({people}) EXCEPT ({excluded(chain)})"


def recipients(people: str) -> str:
    """A SELECT of user ids like `remaining`: the recipients of the follow-up :follow_up_id."""
    chain = "SELECT * FROM followed_messages WHERE message_id = :follow_up_id"
    return f"""
    SELECT p.user_id FROM ({remaining(people, chain)}) AS p
    WHERE ({_is_known(chain)} OR EXISTS (
          SELECT FROM messages m JOIN inbox_entries e ON e.sent_at = m.sent_at AND e.message_id = m.id
          WHERE m.id = :follow_up_id AND e.user_id = p.user_id))"""
