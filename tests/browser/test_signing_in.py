"""An administrator signs in at their organisation, is warned, signs in again where they were, and signs out."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from tests import identity_provider
from tests.browser import axe, console
from tests.browser.hub import Hub
from tests.browser.windows import Windows
from tests.browser.world import World


def sign_in_there(page: Page, name: str) -> None:
    page.get_by_placeholder("Enter any login").fill(name)
    page.get_by_placeholder("and password").fill("x")
    page.get_by_role("button", name="Sign-in").click()


def change(hub: Hub, statement: str, people: World) -> None:
    with hub.engine.begin() as connection:
        done = connection.execute(text(statement + " WHERE platform_id = :id"), {"id": people.platform.id})
        assert done.rowcount


@pytest.fixture
def provider(hub: Hub, people: World) -> Iterator[identity_provider.IdentityProvider]:
    """Beside that of the demo, so that people say where they belong: by the platform's key, or an address at `domain_of` it."""
    with identity_provider.running(hub.compose_url) as running:
        with hub.engine.begin() as connection:
            identity_provider.register(connection, people.platform, issuer=running.issuer)
            row = {"domain": domain_of(people), "id": people.platform.id}
            connection.execute(text("INSERT INTO sign_in_domains (domain, platform_id) VALUES (:domain, :id)"), row)
        yield running
    change(hub, "DELETE FROM identity_providers", people)


def domain_of(people: World) -> str:
    return f"{people.platform.key}.example".lower()


def go_to_provider(page: Page) -> None:
    page.get_by_role("textbox", name="Work e-mail or platform").press("Enter")


@pytest.mark.usefixtures("provider")
def test_an_administrator_signs_in_at_their_organisation(windows: Windows, hub: Hub, people: World) -> None:
    page = windows.open(windows.console_url("#/compose"))
    assert axe.problems(page) == []
    page.get_by_role("textbox", name="Work e-mail or platform").fill(people.platform.key)
    go_to_provider(page)
    sign_in_there(page, people.platform_administrator.external_id)
    expect(page).to_have_url(windows.console_url("#/compose"))
    console.write(page, "Half written")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()

    change(hub, "UPDATE console_sessions SET last_seen_at = now() - interval '29 minutes'", people)
    page.reload()
    warning = page.get_by_role("alert").filter(has_text="You will be signed out at")
    expect(warning).to_be_visible()
    assert axe.problems(page) == []
    warning.get_by_role("button", name="Stay signed in").click()
    expect(warning).to_have_count(0)

    change(hub, "UPDATE console_sessions SET last_seen_at = now() - interval '31 minutes'", people)
    page.reload()
    # The browser still knows the platform, and the provider the person.
    expect(page.get_by_role("textbox", name="Work e-mail or platform")).to_have_value(people.platform.key)
    go_to_provider(page)
    expect(console.title_field(page)).to_have_value("Half written")

    console.sign_out(page)
    page.get_by_role("button", name="Yes, sign me out").click()
    expect(page.get_by_role("textbox", name="Work e-mail or platform")).to_be_visible()
    expect(page).to_have_title("Sign in – Message Hub")


@pytest.mark.usefixtures("provider")
def test_somebody_who_is_not_in_the_directory_is_told_so(windows: Windows, people: World) -> None:
    page = windows.open(windows.console_url())
    field = page.get_by_role("textbox", name="Work e-mail or platform")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Enter your e-mail address at work or the name of your platform.")
    assert axe.problems(page) == []
    field.fill(f"a-stranger@{domain_of(people)}")
    field.press("Enter")
    sign_in_there(page, "a-stranger")
    expect(page.get_by_role("heading", name="You have no access to Message Hub")).to_be_visible()
    expect(page.get_by_text("Code: user-unknown")).to_be_visible()
    assert axe.problems(page) == []
    page.get_by_role("link", name="Sign in again").click()


def test_somebody_new_signs_in_at_the_provider_of_the_demo(windows: Windows) -> None:
    page = windows.blank()
    # The provider's page asks another site for its styles.
    page.route("https://**", lambda route: route.abort())
    # At another name than HUB_PUBLIC_URL has: the sign-in goes on there.
    page.goto(windows.console_url("#/compose").replace("127.0.0.1", "localhost"))
    page.get_by_role("link", name="Sign in with your organisation").click()
    page.get_by_role("button", name="organisation-administrator").click()
    expect(page.get_by_role("button", name="Account: Fiona Byrne")).to_be_visible()
    expect(page).to_have_url(windows.console_url("#/compose"))
    console.sign_out(page)
    page.get_by_role("button", name="End session").click()
    expect(page.get_by_role("link", name="Sign in with your organisation")).to_be_visible()
