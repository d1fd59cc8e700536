"""Query parameters and bodies, read strictly. How a service answers each is in its own tests."""

import pytest
from flask.testing import FlaskClient

from tests.shared import answers


@pytest.mark.parametrize("number", ["0", "1", "007", "999999999"])
def test_a_whole_number_is_read(client: FlaskClient, user: dict[str, str], number: str) -> None:
    assert client.get(f"/whoami?limit={number}", headers=user).get_json()["limit"] == int(number)


@pytest.mark.parametrize(
    "number", ["", "-1", "%2B1", "1.0", "1e3", "1_0", "%201", "1%20", "x", "%D9%A1", "%EF%BC%91", "1000000000", "true"]
)
def test_anything_but_plain_digits_is_no_number(client: FlaskClient, user: dict[str, str], number: str) -> None:
    answer = client.get(f"/whoami?limit={number}", headers=user)
    assert set(answers.problem(answer, "validation-failed")["errors"]) == {"limit"}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("limit=1&limit=1", {"limit"}),
        ("limit=1&other=1", {"other"}),
        ("other=1&more", {"other", "more"}),
        ("Limit=1", {"Limit"}),
        ("limit[]=1", {"limit[]"}),
        ("limit%00=1", {"limit\0"}),
    ],
)
def test_unknown_and_repeated_parameters_are_named(
    client: FlaskClient, user: dict[str, str], query: str, names: set[str]
) -> None:
    answer = client.get(f"/whoami?{query}", headers=user)
    assert set(answers.problem(answer, "validation-failed")["errors"]) == names


def test_a_route_with_a_body_knows_no_parameters_and_reads_the_body_first(
    client: FlaskClient, user: dict[str, str]
) -> None:
    answers.problem(client.post("/echo?x=1", headers=user, json={"word": "a"}), "validation-failed")
    answers.problem(client.post("/echo?x=1", headers=user, data="{", content_type="application/json"), "malformed-json")


def test_a_body_is_read_in_utf_8(client: FlaskClient, user: dict[str, str]) -> None:
    data = '{"word": "ü字😀 \\ud83d\\ude00"}'.encode()
    answer = client.post("/echo", headers=user, data=data, content_type="application/json")
    assert answer.get_json() == {"word": "ü字😀 😀"}
    assert "ü字😀".encode() in answer.data
