"""Counts acknowledgements by scope, for administrators. Called by the sweep."""

from services.fanout_worker.actions.context import Context
from services.fanout_worker.store import acknowledgements as store
from services.fanout_worker.store import messages

# Per sweep, and acknowledgements per transaction. A million recipients take 2 s. Acknowledgements from 5,000 clinics change all 5,000
# counts, few or many of them: 5,000 take 0.5 s, 50,000 take 2 s.
_MESSAGES = 20
_ACKNOWLEDGEMENTS = 50_000
_TRANSACTIONS = 4


def count_acknowledgements(context: Context) -> None:
    """Counts the recipients of messages that are written now, then the acknowledgements of counted messages. One worker at a time."""
    with context.engine.connect() as connection:
        due = store.list_uncounted(connection, limit=_MESSAGES)
    for message_id in due:
        with context.engine.begin() as connection:
            if not store.claim_counting(connection):
                return
            message = messages.find_message(connection, message_id=message_id)
            if message is not None:
                now = messages.get_time(connection)
                store.count_recipients(connection, message_id=message_id, of=message.audience, now=now)
    for _ in range(_TRANSACTIONS):
        with context.engine.begin() as connection:
            if (
                not store.claim_counting(connection)
                or store.add_acknowledgements(connection, limit=_ACKNOWLEDGEMENTS) < _ACKNOWLEDGEMENTS
            ):
                return
