"""Recipients are fixed when a message is accepted, whatever becomes of the directory between any two steps of its life."""

import dataclasses
import random
import uuid

import pytest
import sqlalchemy

from services.inbox_api.store import counts, inbox
from shared import contracts, db
from shared.audience import ChosenScopes
from tests import factories, messages
from tests.fanout_worker.conftest import Hub, hub  # noqa: F401 (a fixture)

PEOPLE = 24


class Directory:
    """A directory that does not stand still: people join, leave, move, are disabled and come back."""

    def __init__(self, hub: Hub, seed: int) -> None:
        self._hub = hub
        self._chance = random.Random(seed)
        self.people: list[factories.User] = []
        for _ in range(PEOPLE):
            scopes = self._chance.sample([*hub.organisations, *hub.clinics], self._chance.randint(0, 3))
            self.people += hub.join(*scopes)

    def change(self) -> None:
        """A few changes of every kind, each a version of its own."""
        hub, chance = self._hub, self._chance
        scopes: list[factories.Scope] = [*hub.organisations, *hub.clinics]
        with hub.engine.begin() as connection:
            for _ in range(3):
                factories.leave(connection, chance.choice(self.people), chance.choice(scopes))
                factories.set_status(connection, chance.choice(self.people), chance.choice(["disabled", "pending"]))
                self._return(connection, chance.choice(self.people), chance.choice(scopes))
                self.people.append(factories.user(connection, hub.platform, chance.choice(scopes)))
            factories.move(connection, chance.choice(hub.clinics), chance.choice(hub.organisations))

    def _return(self, connection: sqlalchemy.Connection, who: factories.User, to: factories.Scope) -> None:
        factories.set_status(connection, who, "active")
        factories.member(connection, who, to)


def audience_now(hub: Hub, audience: ChosenScopes) -> set[int]:
    """Who is in the audience at this moment, said in the plainest SQL."""
    statement = """
        SELECT DISTINCT m.user_id FROM memberships m JOIN scopes s ON s.id = m.scope_id
        WHERE m.platform_id = :platform AND m.valid_to_version IS NULL
          AND (:everyone OR (s.level = 'organisation' AND s.external_id = ANY(:organisations))
                         OR (s.level = 'clinic' AND s.external_id = ANY(:clinics)))
    """
    with hub.engine.connect() as connection:
        return set(
            connection.execute(
                sqlalchemy.text(statement),
                {
                    "platform": hub.platform.id,
                    "everyone": audience.everyone,
                    "organisations": list(audience.organisations),
                    "clinics": list(audience.clinics),
                },
            ).scalars()
        )


def check_bells(hub: Hub, directory: Directory, message_id: uuid.UUID, expected: set[int]) -> None:
    """Everybody's bell, whatever became of them: the recipients have the message once, nobody else has it."""
    with db.autocommit(hub.engine) as connection:
        for person in [hub.sender, *directory.people]:
            page = inbox.list_page(
                connection, user_id=person.id, platform_id=hub.platform.id, wanted=inbox.Wanted(inbox.ALL, 50)
            )
            shown = [notification.id for notification in page.notifications]
            assert shown == ([message_id] if person.id in expected else []), person
            assert page.counts == counts.Counts(len(shown), len(shown), 0)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", ["everyone", "chosen"])
def test_nobody_gets_misses_or_repeats_a_message_because_the_directory_changed(
    hub: Hub,
    kind: str,
    seed: int,
) -> None:
    directory = Directory(hub, seed)
    settings = dataclasses.replace(hub.context.settings, batch_size=5, expand_step_ms=0)
    hub.context = dataclasses.replace(hub.context, settings=settings)
    audience = messages.EVERYONE
    if kind == "chosen":
        audience = messages.aimed_at(hub.organisations[0], hub.clinics[4], hub.clinics[0])
    expected = audience_now(hub, audience)
    message_id = hub.accept(audience)
    tasks: list[contracts.Contract] = [contracts.ExpandMessage(message_id=str(message_id), request_id="request")]
    steps = 0
    while tasks:
        directory.change()
        check_bells(hub, directory, message_id, expected)
        hub.run(tasks.pop(random.Random(seed + steps).randrange(len(tasks))))
        tasks += hub.published.contracts
        hub.published.contracts.clear()
        check_bells(hub, directory, message_id, expected)
        steps += 1
    assert steps > 2, "the message was to have several steps"
    directory.change()
    check_bells(hub, directory, message_id, expected)
    assert hub.recipients(message_id) == sorted(expected)
    message = hub.message(message_id)
    delivered = hub.one(
        "SELECT sum(recipient_count) FROM fanout_batches WHERE message_id = :id AND delivered_at IS NOT NULL",
        message_id,
    )[0]
    assert (message.status, message.recipient_count, delivered) == ("sent", len(expected), len(expected))
