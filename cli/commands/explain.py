"""`message-hub explain`: why one person has a message or does not have it."""

import uuid
from typing import Any

import click
from sqlalchemy import Connection

from cli import connect, output, parameters
from cli.commands import explain_reasons
from cli.store import database
from cli.store import explain as store
from services.fanout_worker.store import proof
from services.inbox_api.store import single
from shared import db

# The same as for verify.
FAILS = 3
_NAMED = 5


@click.command("explain", short_help="Say why a person has a message or not.")
@connect.data_option
@click.argument("message_id", type=parameters.MESSAGE_ID)
@click.argument("user", type=parameters.IDENTIFIER)
@parameters.json_option
def explain(message_id: uuid.UUID, user: str, as_json: bool) -> None:
    """Say in one sentence why USER has the message or does not have it, and what they did with it.

    USER is an external_id of the message's platform (users.csv), or an e-mail address.

    Exit code 0 if all is correct, 3 if USER should have the message and has not, or has it and should not.

    \b
    Example:
      message-hub explain 0190f5fe-6f43-7d84-8f6c-0e1a5c2a3b4d alice
    """
    with (
        connect.engine(None) as engine,
        engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
        connection.begin(),
    ):
        facts = _read(connection, message_id, user)
    explanation = explain_reasons.explain(facts)
    output.show(_as_json(facts, explanation), as_json, lambda shown: output.printable(shown["sentence"]))
    if not explanation.is_as_it_should_be:
        raise click.exceptions.Exit(FAILS)


def _read(connection: Connection, message_id: uuid.UUID, name: str) -> explain_reasons.Facts:
    message = proof.find_message(connection, message_id=message_id)
    if message is None:
        raise parameters.unknown_message(message_id)
    platform_id = message.platform_id
    user = _find_user(connection, message.platform, platform_id, name)
    memberships = store.list_memberships(connection, user_id=user.id)
    versions = {one.valid_from_version for one in memberships} | {one.valid_to_version or 0 for one in memberships}
    shown = single.find_notification(
        db.driver(connection), user_id=user.id, platform_id=platform_id, message_id=message_id
    )
    return explain_reasons.Facts(
        message=message,
        dropped_before=database.find_dropped_before(connection),
        user=user,
        memberships=memberships,
        imported_at=store.get_import_times(connection, platform_id=platform_id, versions=versions),
        delivery=store.get_delivery(connection, user_id=user.id, message_id=message_id),
        followed=store.list_followed(connection, user_id=user.id, message_id=message_id),
        is_in_bell=shown is not None,
    )


def _find_user(connection: Connection, platform: str, platform_id: int, name: str) -> store.User:
    shown = output.printable(name)
    found = store.list_users(connection, platform_id=platform_id, name=name, limit=_NAMED)
    if len(found) > 1:
        names = ", ".join(output.printable(one.external_id) for one in found)
        raise click.ClickException(f"Several users have the address {shown}; name one by their id: {names}.")
    if not found:
        sentence = f"The message is of platform {platform}, which has no user {shown}."
        if elsewhere := store.list_platforms_of(connection, name=name, limit=3):
            others = ", ".join(elsewhere)
            sentence += f" There is one on platform {others}, but no message crosses from one platform to another."
        raise click.ClickException(sentence)
    return found[0]


def _as_json(facts: explain_reasons.Facts, explanation: explain_reasons.Explanation) -> dict[str, Any]:
    return {
        "message_id": facts.message.id,
        "platform": facts.message.platform,
        "user": facts.user.external_id,
        "outcome": explanation.outcome,
        "sentence": explanation.sentence,
        "through": explanation.through,
        "is_written": facts.was_written,
        "directory_version": facts.message.directory_version,
        "follows": facts.message.follows and str(facts.message.follows),
        "sent_at": facts.message.sent_at,
        "seen_at": facts.delivery.seen_at,
        "read_at": facts.delivery.read_at,
        "archived_at": facts.delivery.archived_at,
    }
