"""An administrator sends to 1,000 clinics on 12 connections and previews on 12, a user polls on 200: others are served all the same."""

import json
import threading
import uuid
from functools import partial

import httpx

from drills import background, others, platforms
from drills.platforms import Directory, Membership, Person, Platform
from drills.posts import Post
from drills.scenario import Scenario
from services.directory.actions import platforms as platform_actions
from shared import db

CLINICS, SENDING, POLLING = 1_000, 12, 200
_ADMINISTRATOR, _USER = "greedy-administrator", "u0"
_SECONDS = 1.0


def drill(scenario: Scenario) -> None:
    greedy = _make_tenant(scenario)
    with httpx.Client(timeout=10, limits=httpx.Limits(max_connections=2 * SENDING)) as client:
        steps = (sends, previews, polls)
        scenario.inject(*(partial(step, greedy=greedy, client=client) for step in steps), least=0.0, most=0.3)


def sends(scenario: Scenario, greedy: Platform, client: httpx.Client) -> None:
    """Its messages are checked like all others."""
    audience = {"clinics": list(greedy.now.clinics)}

    def send(ending: threading.Event) -> None:
        while not ending.is_set():
            title = f"Greedy {uuid.uuid4()}"
            post = Post(greedy, _ADMINISTRATOR, title, "To 1,000 clinics.", audience, key=None)
            scenario.load.posts.append(post)
            scenario.load.attempt(post, client=client)

    _beside(scenario, client, "sending to 1,000 clinics", *[send] * SENDING)


def previews(scenario: Scenario, greedy: Platform, client: httpx.Client) -> None:
    body = json.dumps({"audience": {"clinics": list(greedy.now.clinics)}}).encode()
    headers = {**scenario.load.bearer(_ADMINISTRATOR, greedy.key), "Content-Type": "application/json"}
    url, path = scenario.hub.apis.compose_url, "/v1/audiences/preview"
    work = others.flood(url, "POST", path, headers, connections=SENDING, body=body)
    _beside(scenario, client, "previews of 1,000 clinics", work)


def polls(scenario: Scenario, greedy: Platform, client: httpx.Client) -> None:
    headers = scenario.load.bearer(_USER, greedy.key)
    url, path = scenario.hub.apis.inbox_url, "/v1/notifications?limit=1"
    _beside(scenario, client, "polls", others.flood(url, "GET", path, headers, connections=POLLING))


def _beside(scenario: Scenario, client: httpx.Client, what: str, *works: background.Work) -> None:
    with background.running(*works):
        others.check_served(scenario, client, what, seconds=_SECONDS)
    scenario.note(what)


def _make_tenant(scenario: Scenario) -> Platform:
    clinics = {f"c{n}": "o0" for n in range(CLINICS)}
    people = [Person(f"u{n}", (Membership("clinic", f"c{n}"),)) for n in range(100)]
    administrator = Person(_ADMINISTRATOR, (Membership("platform", "", "administrator"),))
    directory = scenario.hub.engine_as(db.DIRECTORY_ROLE)
    try:
        made = platform_actions.put_platform(directory, key="greedy", name="Greedy", plan="enterprise").platform
        platform = platforms.Platform(made.key, made.id)
        platform.put(directory, Directory(("o0",), clinics, (administrator, *people)), scenario.hub.folder / "files")
    finally:
        directory.dispose()
    return platform
