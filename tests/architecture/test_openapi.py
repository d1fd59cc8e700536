"""The checked-in contracts are those that the code serves; `make openapi` writes them anew."""

from pathlib import Path

import pytest

from cli import openapi

FOLDER = Path(__file__).parents[2] / "docs" / "openapi"
DOCUMENTS = openapi.documents()


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_the_checked_in_document_is_what_the_api_serves(name: str) -> None:
    kept = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert kept == openapi.render(DOCUMENTS[name]), "the API has changed: run `make openapi` and look at the difference"


SESSION = [{"session": []}]
WITH_CSRF = [{"session": [], "csrf": []}]
# What an operation takes instead of a token.
SECURITY = {
    "/auth/login": [],
    "/auth/callback": [],
    "/auth/backchannel-logout": [],
    "/auth/session": SESSION,
    "/auth/token": WITH_CSRF,
    "/auth/logout": WITH_CSRF,
}


def test_every_operation_says_what_it_does_answers_errors_as_problems_and_takes_a_token_or_a_session() -> None:
    for document in DOCUMENTS.values():
        assert document["security"] == [{"bearer": []}]
        problem = document["components"]["responses"]["DEFAULT_ERROR"]["content"]
        assert list(problem) == ["application/problem+json"]
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if method != "parameters":
                    assert operation["summary"], f"{method} {path}"
                    assert "default" in operation["responses"], f"{method} {path}"
                    security = operation.get("security")
                    assert security == SECURITY.get(path), f"{method} {path}"
                    refused = {"503"} if security == [] else {"401", "403", "422", "503"}
                    refused |= {"400", "413"} if "requestBody" in operation else set()
                    refused |= (
                        {"415"} if "application/json" in operation.get("requestBody", {}).get("content", {}) else set()
                    )
                    assert refused <= set(operation["responses"]), f"{method} {path}"


def test_an_error_names_the_status_that_it_is_answered_with() -> None:
    for document in DOCUMENTS.values():
        problems = document["components"]["responses"]
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                for status, answer in operation["responses"].items() if method != "parameters" else ():
                    name = answer.get("$ref", "").rpartition("/")[2]
                    if status.isdecimal() and name in problems:
                        content = problems[name]["content"]["application/problem+json"]
                        assert content["schema"]["properties"]["status"] == {"const": int(status)}, f"{method} {path}"
