"""`message-hub explain`: why one person has a message or does not have it."""

import uuid

import click
from sqlalchemy import Connection

from cli import connect, output, parameters
from cli.commands import explain_reasons
from cli.store import explain as explain_store
from cli.store import messages

# As verify has it: something is not as it should be.
FAILS = 3
_NAMED = 5


@click.command("explain", short_help="Say why a person has a message or not.")
@connect.data_option
@click.argument("message_id", type=parameters.MESSAGE_ID)
@click.argument("user", type=parameters.TEXT)
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
    click.echo(_as_json(facts, explanation) if as_json else output.printable(explanation.sentence))
    if not explanation.is_as_it_should_be:
        raise click.exceptions.Exit(FAILS)


def _read(connection: Connection, message_id: uuid.UUID, user: str) -> explain_reasons.Facts:
    message = explain_store.find_message(connection, message_id=message_id)
    if message is None:
        raise parameters.unknown_message(message_id)
    person = _find_user(connection, message, user)
    memberships = explain_store.list_memberships(connection, user_id=person.id)
    versions = {one.valid_from_version for one in memberships} | {one.valid_to_version for one in memberships}
    return explain_reasons.Facts(
        message=message,
        targets=messages.list_targets(connection, message_id=str(message_id)),
        user=person,
        memberships=memberships,
        imported_at=explain_store.get_import_times(
            connection, platform_id=message.platform_id, versions=[one for one in versions if one is not None]
        ),
        written=explain_store.get_written(connection, user_id=person.id, message=message),
        batch=explain_store.find_batch(connection, user_id=person.id, message_id=message_id),
    )


def _find_user(connection: Connection, message: explain_store.Message, user: str) -> explain_store.User:
    """By their id, else by their address."""
    person = explain_store.find_user(connection, platform_id=message.platform_id, external_id=user)
    if person is not None:
        return person
    found = explain_store.list_users_by_email(connection, platform_id=message.platform_id, email=user, limit=_NAMED)
    if not found:
        raise _unknown_user(connection, message.platform, user)
    if len(found) > 1:
        names = ", ".join(output.printable(one.external_id) for one in found)
        raise click.ClickException(
            f"Several users have the address {output.printable(user)}; name one by their id: {names}."
        )
    return found[0]


def _unknown_user(connection: Connection, platform: str, user: str) -> click.ClickException:
    sentence = f"The message is of platform {platform}, which has no user {output.printable(user)}."
    elsewhere = explain_store.list_platforms_of(connection, external_id=user, limit=3)
    if elsewhere:
        sentence += (
            f" There is one on platform {', '.join(elsewhere)}, but no message crosses from one platform to another."
        )
    return click.ClickException(sentence)


def _as_json(facts: explain_reasons.Facts, explanation: explain_reasons.Explanation) -> str:
    return output.as_json(
        {
            "message_id": str(facts.message.id),
            "platform": facts.message.platform,
            "user": facts.user.external_id,
            "outcome": explanation.outcome,
            "sentence": explanation.sentence,
            "through": list(explanation.through),
            "is_written": facts.written.has_entry,
            "directory_version": facts.message.directory_version,
            "sent_at": facts.message.sent_at,
            "seen_at": facts.written.seen_at,
            "read_at": facts.written.read_at,
            "archived_at": facts.written.archived_at,
        }
    )
