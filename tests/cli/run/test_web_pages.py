"""What `message-hub run` tells the APIs and the people about the web pages."""

import json
import stat
from pathlib import Path

import pytest

from cli.run import banner, web_pages
from cli.run.programs import Apis

APIS = Apis(compose_port=8001, inbox_port=8002, stream_port=8003, directory_port=8004)
PEOPLE = [banner.Person("platform-administrator", "Amara Okafor", "platform administrator", "token")]
OWN = {f"http://{name}:{port}" for name in ("127.0.0.1", "localhost") for port in (8001, 8002)}


def facts(*, has_pages: bool, has_sign_in: bool = False) -> banner.Facts:
    return banner.Facts(command="message-hub", data=".data", workers=1, has_pages=has_pages, has_sign_in=has_sign_in)


def test_each_api_lets_pages_of_both_call_by_either_name_of_this_machine() -> None:
    settings = web_pages.environment(APIS, {}, demo_file=None)
    assert set(settings["HUB_CORS_ORIGINS"].split(",")) == OWN
    assert settings["HUB_INBOX_URL"] == "http://127.0.0.1:8002"
    assert settings["HUB_STREAM_URL"] == "http://127.0.0.1:8003"
    assert settings["HUB_DIRECTORY_URL"] == "http://127.0.0.1:8004"
    assert "HUB_DEMO_FILE" not in settings


def test_what_the_operator_set_stays() -> None:
    given = {"HUB_CORS_ORIGINS": "https://portal.example.org", "HUB_INBOX_URL": "https://inbox.example.org"}
    given["HUB_STREAM_URL"] = "https://stream.example.org"
    settings = web_pages.environment(APIS, given, demo_file=None)
    assert set(settings["HUB_CORS_ORIGINS"].split(",")) == {"https://portal.example.org", *OWN}
    assert settings["HUB_INBOX_URL"] == "https://inbox.example.org"
    assert settings["HUB_STREAM_URL"] == "https://stream.example.org"


@pytest.mark.parametrize("given", [{}, {"HUB_CORS_ORIGINS": "", "HUB_INBOX_URL": "", "HUB_STREAM_URL": ""}])
def test_an_empty_variable_counts_as_none(given: dict[str, str]) -> None:
    settings = web_pages.environment(APIS, given, demo_file=None)
    assert set(settings["HUB_CORS_ORIGINS"].split(",")) == OWN
    assert settings["HUB_INBOX_URL"] == "http://127.0.0.1:8002"


def test_the_services_find_the_demo_people_wherever_they_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = web_pages.environment(APIS, {}, demo_file=Path("data/demo_people.json"))
    assert settings["HUB_DEMO_FILE"] == str(tmp_path / "data" / "demo_people.json")


def test_the_demo_people_and_their_tokens_are_for_their_owner_only(tmp_path: Path) -> None:
    web_pages.write_people(tmp_path / "people.json", PEOPLE)
    assert stat.S_IMODE((tmp_path / "people.json").stat().st_mode) == 0o600
    assert json.loads((tmp_path / "people.json").read_text()) == {
        "people": [
            {
                "id": "platform-administrator",
                "name": "Amara Okafor",
                "role": "platform administrator",
                "token": "token",
            }
        ]
    }


def test_the_addresses_of_the_pages_are_printed() -> None:
    text = banner.render(APIS, PEOPLE, facts(has_pages=True))
    assert "http://127.0.0.1:8001/console/" in text
    assert "http://127.0.0.1:8001/demo/" in text
    assert "sign in" not in text
    text = banner.render(APIS, PEOPLE, facts(has_pages=True, has_sign_in=True))
    assert "http://127.0.0.1:8001/console/   sign in with your organisation as platform-administrator\n" in text


def test_without_demo_people_no_demo_is_promised() -> None:
    text = banner.render(APIS, [], facts(has_pages=True))
    assert "http://127.0.0.1:8001/console/" in text
    assert "/demo/" not in text


def test_pages_that_were_not_built_are_told_of() -> None:
    text = banner.render(APIS, PEOPLE, facts(has_pages=False))
    assert "make web" in text
    assert "/console/" not in text
