"""A person is deactivated and activated over SCIM: which messages reach them."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, text

from services.compose_api import app as compose
from services.directory import app as directory
from services.directory.actions import platforms
from services.inbox_api import app as inbox
from shared import db
from tests import factories
from tests.directory import files
from tests.directory.scim.conftest import AUTH, Scim, hand_over, tree


def test_messages_reach_who_was_active_when_they_were_accepted(
    make_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    engine = make_engine(db.DIRECTORY_ROLE)
    platforms.put_platform(engine, key="acme", name="Acme", plan="enterprise")
    files.run(engine, tree(), tmp_path / "tree")
    scim = Scim(directory.make_app(engine, auth=AUTH), engine, make_engine(None), hand_over(engine, "acme"), "acme")
    sender = compose.make_app(compose.Context(make_engine(db.COMPOSE_ROLE), lambda _: None), auth=AUTH).test_client()
    reader = inbox.make_app(inbox.Context(make_engine(db.INBOX_ROLE)), auth=AUTH).test_client()

    def send(title: str, audience: object) -> None:
        message = {"title": title, "body": "News.", "audience": audience}
        answer = sender.post("/v1/messages", json=message, headers=factories.bearer("x-root", "acme"))
        assert answer.status_code == 202, answer.text

    def has() -> list[str]:
        answer = reader.get("/v1/notifications", headers=factories.bearer("x-ada", "acme"))
        return [one["title"] for one in answer.get_json()["data"]]

    root = scim.make_user("root")
    ada = scim.make_user("ada")
    scim.make_group("Administrators", [root], {"scope_id": "acme", "role": "administrator"})
    scim.make_group("N1", [ada], {"scope_id": "n1", "role": "member"})
    send("before", {"clinics": ["n1"]})
    assert has() == ["before"]

    scim.patch(f"/Users/{ada}", {"op": "replace", "value": {"active": False}})
    send("between, to her clinic", {"clinics": ["n1"]})
    send("between, to everyone", {"everyone": True})
    refused = reader.get("/v1/notifications", headers=factories.bearer("x-ada", "acme"))
    assert (refused.status_code, refused.get_json()["code"]) == (403, "user-inactive")

    scim.patch(f"/Users/{ada}", {"op": "replace", "value": {"active": True}})
    send("after", {"organisations": ["north"]})
    assert has() == ["after", "before"]
    with scim.owner.connect() as connection:
        versions = connection.execute(text("SELECT directory_version FROM messages ORDER BY sent_at")).scalars().all()
    assert versions == sorted(versions)
