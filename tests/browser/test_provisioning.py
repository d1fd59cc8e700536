"""The page Provisioning: an identity provider is connected, its groups are mapped, its tokens revoked."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from services.directory.actions import platforms
from tests import factories
from tests.browser import axe
from tests.browser.hub import Hub
from tests.browser.windows import Windows
from tests.browser.world import World

_SCHEMAS = "urn:ietf:params:scim:schemas:core:2.0:"


class Provider:
    """An identity provider with a directory token."""

    def __init__(self, hub: Hub, token: str) -> None:
        self._hub = hub
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}

    def post(self, kind: str, **body: Any) -> httpx.Response:
        content = {"schemas": [f"{_SCHEMAS}{kind}"], **body}
        return self._hub.http.post(f"{self._hub.scim_url}/{kind}s", json=content, headers=self._headers)


@pytest.fixture
def administrator(hub: Hub, people: World) -> str:
    """A token of the administrator of a platform that is managed over SCIM."""
    platforms.put_platform(hub.engine, key=people.platform.key, managed_by="scim")
    return people.token(people.platform_administrator)


def section(page: Page, heading: str) -> Locator:
    return page.get_by_role("region", name=heading, exact=True)


def expect_no_problems(page: Page) -> None:
    assert axe.problems(page) == []


def create_token(page: Page) -> str:
    tokens = section(page, "Tokens")
    tokens.get_by_role("button", name="Create token").click()
    expect(tokens.get_by_role("radio", name="One year")).to_be_focused()
    tokens.get_by_role("button", name="Create token").click()
    secret = tokens.get_by_label("Secret token", exact=True)
    expect(secret).to_be_focused()
    return secret.input_value()


def test_a_provider_is_connected_its_group_mapped_and_its_token_revoked(
    windows: Windows, hub: Hub, people: World, administrator: str
) -> None:
    page = windows.blank(reduced_motion="reduce", permissions=["clipboard-read", "clipboard-write"])
    windows.console(administrator, "#/provisioning", page=page)
    expect(page).to_have_title("Provisioning – Message Hub")
    connection = section(page, "Connection")
    expect(connection).to_contain_text("Not connected")
    expect(connection.get_by_label("SCIM address (tenant URL, base URL)", exact=True)).to_have_value(hub.scim_url)
    expect(section(page, "Groups waiting for a mapping")).to_contain_text("No group is waiting")
    expect(section(page, "Tokens")).to_contain_text("No token yet")
    expect_no_problems(page)

    secret = create_token(page)
    section(page, "Tokens").get_by_role("button", name="Copy: Secret token").click()
    expect(section(page, "Tokens").get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    expect(connection).to_contain_text("Waiting for the first request")
    expect_no_problems(page)
    page.get_by_role("button", name="Done").click()
    assert secret not in page.content()

    provider = Provider(hub, secret)
    nina = provider.post("User", userName="nina", externalId="nina", displayName="Nina New").json()["id"]
    assert provider.post("Group", displayName="Nurses Aspen", members=[{"value": nina}]).status_code == 201
    assert provider.post("User", userName="NINA", externalId="other").status_code == 409
    page.reload()
    expect(connection).to_contain_text("Connected")
    waiting = section(page, "Groups waiting for a mapping")
    expect(waiting).to_contain_text("1 member")
    expect(section(page, "Recent refusals")).to_contain_text("Another user has this userName.")
    waiting.get_by_role("button", name="Map Nurses Aspen").click()
    expect(waiting.get_by_role("radio", name="An organisation or clinic")).to_be_focused()
    waiting.get_by_role("button", name="Save mapping").click()
    expect(waiting.get_by_role("alert").filter(has_text="Choose an organisation or clinic.")).to_be_visible()
    expect_no_problems(page)
    waiting.get_by_role("combobox", name="Organisation or clinic").fill("aspen")
    waiting.get_by_role("combobox").press("Enter")
    waiting.get_by_role("button", name="Save mapping").click()
    expect(waiting).to_contain_text("“Nurses Aspen” is mapped.")
    mapped = section(page, "Mapped groups")
    expect(mapped).to_contain_text(re.compile(r"Nurses Aspen.*Clinic aspen\s*·\s*Member", re.DOTALL))
    expect_no_problems(page)
    hub.post(administrator, {"clinics": ["aspen"]}, title="Welcome")
    assert [one["title"] for one in hub.received(factories.token("nina", people.platform))] == ["Welcome"]

    mapped.get_by_role("button", name="Remove mapping of Nurses Aspen").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove mapping").click()
    expect(waiting.get_by_role("button", name="Map Nurses Aspen")).to_be_visible()
    section(page, "Tokens").get_by_role("button", name="Revoke token").click()
    expect_no_problems(page)
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(section(page, "Tokens")).to_contain_text("Revoked")
    expect(connection).to_contain_text("Not connected")
    assert provider.post("User", userName="olaf").status_code == 401


def test_stopped_deactivations_are_allowed_and_errors_say_what_to_do(
    windows: Windows, hub: Hub, people: World, administrator: str
) -> None:
    with hub.engine.begin() as connection:
        connection.exec_driver_sql(
            """
            INSERT INTO scim_brakes (platform_id, braked_at, braked_request, braked_token_id, braked_request_id)
            SELECT id, now(), 'PATCH /Users/7', 1, 'request-7' FROM platforms WHERE key = %s
            """,
            (people.platform.key,),
        )
    page = windows.blank(reduced_motion="reduce")
    page.route("**/v1/directory/provisioning", lambda route: route.abort(), times=1)
    windows.console(administrator, "#/provisioning", page=page)
    expect(page.get_by_role("alert")).to_contain_text("Message Hub cannot be reached. Check your connection.")
    page.get_by_role("button", name="Retry").click()
    expect(section(page, "Connection")).to_contain_text("First refused: PATCH /Users/7 (request request-7)")
    expect_no_problems(page)
    page.get_by_role("button", name="Allow deactivations").click()
    page.get_by_role("dialog").get_by_role("button", name="Allow deactivations").click()
    expect(section(page, "Connection")).to_contain_text("Not connected")
    for _ in range(2):
        create_token(page)
        page.get_by_role("button", name="Done").click()
    section(page, "Tokens").get_by_role("button", name="Create token").click()
    section(page, "Tokens").get_by_role("button", name="Create token").click()
    expect(section(page, "Tokens").get_by_role("alert").first).to_contain_text("Two tokens are valid already.")


def test_a_platform_that_is_imported_learns_how_to_switch(windows: Windows, people: World) -> None:
    page = windows.console(people.token(people.platform_administrator), "#/provisioning", reduced_motion="reduce")
    command = f"message-hub platform {people.platform.key} --managed-by scim"
    expect(page.get_by_label("Command", exact=True)).to_have_value(command)
    expect_no_problems(page)


def test_other_administrators_do_not_see_it(windows: Windows, people: World) -> None:
    for who in (people.organisation_administrator, people.clinic_administrator, people.reader):
        page = windows.console(people.token(who), "#/provisioning")
        expect(page.get_by_role("heading", name="Page not found or no access")).to_be_visible()
        expect(page.get_by_role("link", name="Provisioning")).to_have_count(0)
