"""All people who were asked to acknowledge a message, as rows for a spreadsheet and as signed evidence.

Each export is one snapshot, so that its numbers are those of its lines.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from services.inbox_api import evidence, evidence_keys
from services.inbox_api.actions import acknowledgement_numbers as numbers
from services.inbox_api.actions import exports, history
from services.inbox_api.actions.acknowledgements import Asked, Found, Source, filtered, find
from services.inbox_api.store import acknowledgement_counts as counts
from services.inbox_api.store import acknowledgements as store
from services.inbox_api.store import people
from shared import VERSION, acknowledgements, audience, audit, errors, logging
from shared.web import times

HEADER = ("id", "name", "clinic_ids", "clinics", "status", "acknowledged_at")
_PAGE = 1_000
_logger = logging.get_logger(__name__)


@dataclass(frozen=True)
class Order:
    """What a caller exports, and from where."""

    asked: Asked
    status: store.Status | None
    origin: audit.Origin


def export_rows(engine: Engine, order: Order) -> Iterator[Sequence[str]]:
    """`read_rows`, recorded in the audit trail. Raises at once what `find` raises."""
    source = _check(engine, order)
    return exports.recorded(engine, _describe(order, "acknowledgements"), read_rows(engine, source))


def export_evidence(engine: Engine, order: Order, *, keys: Path | None) -> Iterator[bytes]:
    """`write_evidence`, recorded in the audit trail. Raises at once evidence-key-missing and what `find` raises."""
    source, key, caller = _check(engine, order), _find_key(keys), order.asked.caller
    lines = write_evidence(engine, source, by={"user": caller.external_id, "name": caller.name}, key=key)
    what = _describe(order, f"evidence signed with {key.id}", unit="lines")
    return exports.recorded(engine, what, lines)


def read_rows(engine: Engine, source: Source) -> Iterator[Sequence[str]]:
    """The cells of a row for each person, as `HEADER` names them."""
    with history.snapshot(engine) as connection:
        found = source(connection)
        for one in _read_all(connection, found):
            yield (
                one.id,
                one.name,
                "; ".join(clinic.id for clinic in one.clinics),
                "; ".join(clinic.name for clinic in one.clinics),
                one.status,
                "" if one.acknowledged_at is None else times.write(one.acknowledged_at),
            )


def write_evidence(
    engine: Engine, source: Source, *, by: dict[str, str], key: evidence_keys.SigningKey
) -> Iterator[bytes]:
    """The lines of the file. `by` says who exports."""
    with history.snapshot(engine) as connection:
        found = source(connection)
        yield from evidence.write(_contents(connection, found, by), key)


def _check(engine: Engine, order: Order) -> Source:
    """The source of an order that can be met now."""

    def source(connection: Connection) -> Found:
        return filtered(find(connection, order.asked), order.status, None)

    with history.snapshot(engine) as connection:
        source(connection)
    return source


def _describe(order: Order, what: str, *, unit: str = "rows") -> exports.Export:
    return exports.Export(order.asked.caller, order.asked.message_id, order.origin, what, unit)


def _find_key(keys: Path | None) -> evidence_keys.SigningKey:
    try:
        key = evidence_keys.find_signing(keys)
    except (OSError, evidence_keys.BadKeyError) as error:
        _logger.error("no evidence can be signed", reason=str(error))
        key = None
    if key is None:
        raise errors.HubError(
            "evidence-key-missing", "An operator has to make a key first, with `message-hub evidence keys new`."
        )
    return key


def _contents(connection: Connection, found: Found, by: dict[str, str]) -> Iterator[dict[str, Any]]:
    yield _manifest(connection, found, by)
    for one in _read_all(connection, found):
        line: dict[str, Any] = {
            "type": evidence.RECIPIENT,
            "id": one.id,
            "name": one.name,
            "clinics": [vars(clinic) for clinic in one.clinics],
            "status": one.status,
        }
        if one.acknowledged_at is not None and one.content_hash is not None:
            line |= {
                "acknowledged_at": times.write(one.acknowledged_at),
                "content_hash": acknowledgements.format_hash(one.content_hash),
                "authentication": one.authentication,
                "request_id": one.request_id,
            }
        yield line


def _manifest(connection: Connection, found: Found, by: dict[str, str]) -> dict[str, Any]:
    wanted, request = found.wanted, found.request
    message = store.get_message(connection, message_id=wanted.message.id)
    total = counts.Numbers(connection, wanted, is_counted=request.is_counted).get_total()
    administered = (wanted.viewer.platform_id,) if wanted.viewer.is_platform else wanted.viewer.administered
    return {
        "type": evidence.MANIFEST,
        "format": evidence.FORMAT,
        "hub_version": VERSION,
        "exported_at": times.write(request.as_of),
        "exported_by": by,
        "platform": {"id": message.platform_id, "name": message.platform_name},
        "message": {
            "id": str(message.id),
            "title": message.title,
            "body": message.body,
            "statement": message.statement,
            "content_hash": acknowledgements.format_hash(message.content_hash),
            "sender": {"id": message.sender_id, "name": message.sender_name},
            "sent_at": times.write(message.sent_at),
            "due_at": _time(message.due_at),
            "directory_version": message.directory_version,
            "supersedes": None if message.supersedes is None else str(message.supersedes),
            "superseded_at": _time(message.superseded_at),
            "recalled_at": _time(message.recalled_at),
        },
        # People of one of the first, and of all the second.
        "people_of": {
            "any_of": store.list_scopes(connection, ids=administered),
            "all_of": store.list_scopes(connection, ids=wanted.scope_ids),
        },
        "counts": {name: value for name, value in numbers.split(request, total).items() if name != "median_hours"},
    }


def _read_all(connection: Connection, found: Found) -> Iterator[store.Person]:
    walk = people.choose_walk(connection, found.wanted)
    after, is_complete = audience.NO_USER, found.is_nobody
    while not is_complete:
        ids = people.list_ids(connection, store.ACKNOWLEDGED, found.wanted, walk, after=after, limit=_PAGE)
        yield from store.get_people(connection, found.wanted, found.request, user_ids=ids)
        is_complete = len(ids) < _PAGE
        after = ids[-1] if ids else after


def _time(value: Any) -> str | None:
    return None if value is None else times.write(value)
