"""The first messages of the demo platform, so that its pages are not empty: sent and read through the APIs, like any others."""

import http.client
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from cli.run import demo
from cli.run.programs import Apis

_TIMEOUT_S = 10


@dataclass(frozen=True)
class _Message:
    sender: str
    audience: dict[str, Any]
    title: str
    body: str


# The oldest first.
MESSAGES = (
    _Message(
        demo.PLATFORM_ADMINISTRATOR_2,
        {"everyone": True},
        "Patient forms in two more languages",
        "Intake and consent forms are now available in Portuguese and Vietnamese. Patients choose the language on the first page.",
    ),
    _Message(
        demo.PLATFORM_ADMINISTRATOR,
        {"organisations": ["northern-care"]},
        "Survey about the virtual waiting room",
        "How long do your patients wait, and what do they see meanwhile? The survey takes three minutes: "
        "https://survey.example.org/waiting-room\n\nIt is open until the end of the month.",
    ),
    _Message(
        demo.ORGANISATION_ADMINISTRATOR,
        {"organisations": ["harbour-health"]},
        "New opening hours from Monday",
        "From Monday all clinics of Harbour Health open at 07:30 and close at 18:00. Online booking already shows the new hours.",
    ),
    _Message(
        demo.CLINIC_ADMINISTRATOR,
        {"clinics": ["harbour-central"]},
        "Team meeting moved to Thursday",
        "This week’s meeting is on Thursday at 12:15 in room 3. Bring your questions about the new booking screen.",
    ),
    _Message(
        demo.ORGANISATION_ADMINISTRATOR,
        {"clinics": ["harbour-central", "gull-point"]},
        "Flu vaccination for staff",
        "The vaccine has arrived. Book your own appointment with the practice nurse, on any weekday between 12:00 and 14:00.",
    ),
    _Message(
        demo.PLATFORM_ADMINISTRATOR,
        {"everyone": True},
        "Second factor for e-prescribing",
        "From 1 January you need a second factor to prescribe controlled substances.\n\n"
        "Set it up in two minutes: https://help.example.org/second-factor\n"
        "If you need help, ask your organisation’s administrator.",
    ),
    _Message(
        demo.PLATFORM_ADMINISTRATOR,
        {"everyone": True},
        "Planned maintenance on Sunday",
        "Video visits and chat are not available on Sunday from 02:00 to 04:00. Please end open visits before.\n\n"
        "What changes, and who can help: https://status.example.org/maintenance",
    ),
)
# The oldest of them have been read in the clinic Harbour Central, by these and more people.
READ_COUNT = 3
_READERS = (demo.ORGANISATION_ADMINISTRATOR, demo.CLINIC_ADMINISTRATOR, demo.USER)
_READER_COUNT = 40


class _Api:
    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)

    def close(self) -> None:
        self._connection.close()

    def call(self, method: str, path: str, token: str, body: object = None) -> Any:
        """The JSON of the response. Raises `OSError` for a response that is not a success."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status >= http.HTTPStatus.BAD_REQUEST:
            raise OSError(f"{method} {path}: {response.status} {content.decode(errors='replace')}")
        return json.loads(content)


def send(apis: Apis, make_token: Callable[[str], str]) -> bool:
    """Sends the messages if the demo platform has none; True if it did.

    `make_token` makes a token for a user of it. Raises `OSError` or `http.client.HTTPException` when an API fails.
    """
    with closing(_Api(apis.compose_port)) as compose, closing(_Api(apis.inbox_port)) as inbox:
        administrator = make_token(demo.PLATFORM_ADMINISTRATOR)
        if inbox.call("GET", "/v1/sent-messages?limit=1", administrator)["data"]:
            return False
        ids = []
        for message in MESSAGES:
            body = {"title": message.title, "body": message.body, "audience": message.audience}
            ids.append(compose.call("POST", "/v1/messages", make_token(message.sender), body)["id"])
        readers = dict.fromkeys((*_READERS, *demo.members("harbour-central")[:_READER_COUNT]), ids[READ_COUNT - 1])
        for user, message_id in {demo.PLATFORM_ADMINISTRATOR: ids[-1], **readers}.items():
            inbox.call("POST", "/v1/notifications/read-all", make_token(user), {"through": message_id})
    return True
