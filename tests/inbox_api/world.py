"""Who may see what of the sent history: a small world with every kind of viewer and of message."""

from dataclasses import dataclass
from typing import Any

from tests import factories
from tests.inbox_api.hub import Hub, Sent

TARGETS = {
    "everyone": ["platform"],
    "north": ["north"],
    "south": ["south"],
    "north-1": ["north-1"],
    "north-2": ["north-2"],
    "south-1": ["south-1"],
    "mixed": ["south", "north-1"],
    "own": ["south-1"],
    "own-everyone": ["platform"],
}


ADMINISTERS = {
    "platform": ["platform"],
    "north": ["north"],
    "south": ["south"],
    "north-1": ["north-1"],
    "north-2": ["north-2"],
    "two": ["north-2", "south"],
    "sender": ["north-1"],
    "former": ["north-1"],
}


VISIBLE = {
    "platform": set(TARGETS),
    "north": {"north", "north-1", "north-2", "mixed"},
    "south": {"south", "south-1", "mixed", "own"},
    "north-1": {"north-1", "mixed"},
    "north-2": {"north-2"},
    "two": {"north-2", "south", "south-1", "mixed", "own"},
    "sender": {"north-1", "mixed", "own", "own-everyone"},
    # Administered all of north once, only north-2 now.
    "former": {"north-2"},
    "elsewhere": set(),
}


REACHED = {
    "north": {"everyone", "own-everyone", "north", "north-1", "north-2", "mixed"},
    "south": {"everyone", "own-everyone", "south", "south-1", "mixed", "own"},
    "north-1": {"everyone", "own-everyone", "north", "north-1", "mixed"},
    "north-2": {"everyone", "own-everyone", "north", "north-2"},
    "south-1": {"everyone", "own-everyone", "south", "south-1", "mixed", "own"},
}


@dataclass
class World:
    """Two organisations, north with two clinics and south with one, an administrator of each kind, a message of each kind.

    Messages are sent by the platform's administrator, except two, which somebody sent who administered the platform then and administers
    clinic north-1 now: `own` to clinic south-1, and `own-everyone`.
    """

    hub: Hub
    platform: factories.Platform
    scopes: dict[str, factories.Scope]
    viewers: dict[str, factories.User]
    messages: dict[str, Sent]

    def seen(self, viewer: str, query: str = "") -> list[str]:
        """The names of the messages that a viewer is shown, newest first, read page by page."""
        names = {str(sent.id): name for name, sent in self.messages.items()}
        found: list[str] = []
        cursor = ""
        while True:
            answer = self.hub.ask(self.viewers[viewer], f"/v1/sent-messages?limit=2{query}{cursor}")
            assert answer.status_code == 200, answer.get_data(as_text=True)
            page = answer.get_json()
            found += [names[row["id"]] for row in page["data"]]
            if not page["has_more"]:
                assert page["next_cursor"] is None
                return found
            cursor = f"&after={page['next_cursor']}"

    def one(self, viewer: str, message: str) -> Any:
        return self.hub.ask(self.viewers[viewer], f"/v1/sent-messages/{self.messages[message].id}")


def make(hub: Hub) -> World:
    platform = hub.platform()
    scopes: dict[str, factories.Scope] = {"platform": platform}
    for name in ("north", "south"):
        scopes[name] = hub.organisation(platform)
    for name, organisation in (("north-1", "north"), ("north-2", "north"), ("south-1", "south")):
        scopes[name] = hub.clinic(scopes[organisation])  # type: ignore[arg-type]
    viewers = {name: hub.administrator(platform, *(scopes[s] for s in own)) for name, own in ADMINISTERS.items()}
    viewers["elsewhere"] = hub.administrator(other := hub.platform(), other)
    messages = {
        name: hub.send(
            viewers["sender" if name.startswith("own") else "platform"],
            *(scopes[s] for s in targets),
            title=f"To {name}",
        )
        for name, targets in TARGETS.items()
    }
    with hub.owner.begin() as connection:
        factories.administrator(connection, viewers["former"], scopes["north"])
        factories.leave(connection, viewers["former"], scopes["north"])
        factories.leave(connection, viewers["former"], scopes["north-1"])
        factories.administrator(connection, viewers["former"], scopes["north-2"])
    return World(hub, platform, scopes, viewers, messages)
