"""A notice goes to those with a role in its target, as the directory was: in flight, written, verified, listed and streamed."""

import uuid
from typing import Any

import pytest

from services.compose_api import domain
from services.compose_api.actions import messages as message_actions
from services.compose_api.store import messages as message_store
from services.inbox_api.actions import history
from services.inbox_api.stream import store as stream
from shared import db
from tests import factories, messages
from tests.conftest import MakeEngine
from tests.fanout_worker.actions.test_follow_ups import World, ids
from tests.fanout_worker.conftest import Hub


@pytest.fixture
def world(hub: Hub, make_engine: MakeEngine) -> World:
    return World(hub, make_engine(db.INBOX_ROLE))


def give_notice(world: World, *scopes: factories.Scope) -> uuid.UUID:
    hub = world.hub
    content = domain.Content("Overdue", "2 people have not.", messages.aimed_at(*scopes))
    caller = messages.caller(hub.compose, hub.sender, hub.platform)
    of = hub.accept(acknowledgement=domain.Acknowledgement())
    new = message_store.New(caller, content, messages.ORIGIN, notice_of=of, recipient_role="administrator")
    with db.autocommit(hub.compose) as connection:
        return message_actions.store_message(connection, new=new, check=lambda choice: choice).id


@pytest.mark.parametrize("targets", [1, 2])
def test_a_notice_goes_to_the_administrators_of_its_targets_only(world: World, targets: int) -> None:
    hub = world.hub
    first, second = hub.clinics[:2]
    with hub.engine.begin() as connection:
        head, both, above = (factories.user(connection, hub.platform) for _ in range(3))
        factories.administrator(connection, head, first)
        for clinic in (first, second):
            factories.administrator(connection, both, clinic)
        factories.administrator(connection, above, hub.organisations[0])
        other = factories.user(connection, hub.platform, first)
        factories.administrator(connection, other, second)
        later = factories.user(connection, hub.platform, first)
    (member,) = hub.join(first)
    notice = give_notice(world, *hub.clinics[:targets])
    with hub.engine.begin() as connection:
        factories.administrator(connection, later, first)
        factories.leave(connection, head, first)
    expected = ids(head, both) | (ids(other) if targets == 2 else set())
    everyone = [head, both, above, other, later, member]
    for _ in ("in flight", "written"):
        world.check(notice, expected)
        assert {user.id for user in everyone if world.has(notice, user)} == expected
        with world.inbox.connect() as connection:
            asked = [user.id for user in everyone]
            assert set(stream.list_recipients(connection, message_id=notice, user_ids=asked)) == expected
        world.work(notice)
    row: Any = hub.message(notice)
    assert (row.status, row.recipient_count, set(hub.recipients(notice))) == ("sent", len(expected), expected)


def test_a_notice_is_not_in_the_senders_list_and_can_be_opened(world: World) -> None:
    hub = world.hub
    notice = give_notice(world, hub.clinics[0])
    ordinary = hub.accept()
    reader = messages.reader(world.inbox, hub.sender, hub.platform)
    for search in (None, "people", "overdue"):
        page = history.get_history(world.inbox, history.ListCounts(), caller=reader, limit=100, q=search)
        found = [one.id for one in page.data]
        assert (ordinary in found, notice in found) == (search is None, False)
    assert history.get_sent_message(world.inbox, caller=reader, message_id=notice).message.id == notice
