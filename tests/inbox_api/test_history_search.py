"""The sent history over HTTP, searched by words: what a word finds, and that a search shows no more than the history does."""

from urllib.parse import quote

import pytest

from services.inbox_api.store import search
from tests import factories
from tests.inbox_api import world as worlds
from tests.inbox_api.hub import Hub, Sent
from tests.inbox_api.world import REACHED, TARGETS, VISIBLE, World


@pytest.fixture
def hub(module_hub: Hub) -> Hub:
    return module_hub


@pytest.fixture(scope="module")
def world(module_hub: Hub) -> World:
    return worlds.make(module_hub)


@pytest.fixture(params=["few", "many"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few messages with the words are checked one by one; for many, the history is walked."""
    if request.param == "many":
        monkeypatch.setattr(search, "FEW", 0)


@pytest.mark.usefixtures("_both_ways")
@pytest.mark.parametrize("viewer", VISIBLE)
def test_a_search_leaves_what_has_the_word_of_what_the_viewer_sees_without(world: World, viewer: str) -> None:
    newest_first = list(reversed(TARGETS))
    assert world.seen(viewer, "&q=to+it+read") == [name for name in newest_first if name in VISIBLE[viewer]]
    for word in ("everyone", "own", "north-1", "nowhere"):
        expected = [name for name in newest_first if name in VISIBLE[viewer] and word in name]
        assert world.seen(viewer, f"&q={word}") == expected, word


@pytest.mark.usefixtures("_both_ways")
@pytest.mark.parametrize("viewer", ["platform", "two", "sender"])
def test_a_search_and_filters_leave_what_fits_all(world: World, viewer: str) -> None:
    for organisation in ("north", "south"):
        for clinic in ("north-1", "north-2", "south-1"):
            of_one, of_other = (world.scopes[name].external_id for name in (organisation, clinic))  # type: ignore[union-attr]
            reached = REACHED[organisation] & VISIBLE[viewer]
            own = [name for name in reversed(TARGETS) if "own" in name]
            query = f"&q=own&organisation={of_one}"
            assert world.seen(viewer, query) == [name for name in own if name in reached]
            both = [name for name in own if name in reached & REACHED[clinic]]
            assert world.seen(viewer, f"{query}&clinic={of_other}") == both


@pytest.mark.usefixtures("_both_ways")
def test_the_history_is_filtered_by_category_words_and_scopes_together(hub: Hub) -> None:
    platform, odd = hub.platform(), "O'Brien & co\\"
    north, south = (hub.organisation(platform) for _ in range(2))
    sender, viewer = hub.administrator(platform, platform), hub.administrator(platform, north)
    service, feature, plain, other = (
        hub.send(sender, target, title=f"Notice to {name}", category=category)
        for target, name, category in [
            (north, "north", "service"),
            (platform, "all", odd),
            (north, "north", None),
            (south, "south", "service"),
        ]
    )
    elsewhere = hub.platform()
    hub.send(hub.administrator(elsewhere, elsewhere), elsewhere, category="service")

    def seen(who: factories.User, query: str) -> list[str]:
        answer = hub.ask(who, f"/v1/sent-messages?{query}")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return [row["id"] for row in answer.get_json()["data"]]

    assert seen(sender, "category=service") == [str(other.id), str(service.id)]
    assert seen(viewer, "category=service") == [str(service.id)], "no more than without a filter"
    assert seen(sender, "category=service&q=north") == [str(service.id)]
    assert seen(sender, "category=service&q=all") == []
    assert seen(sender, "category=service&q=%2D") == [], "words that hold no word find nothing"
    assert seen(sender, f"category=service&organisation={south.external_id}") == [str(other.id)]
    assert seen(sender, f"category={quote(odd)}") == [str(feature.id)]
    assert seen(sender, "category=Service") == seen(sender, "category=s") == []
    assert str(plain.id) in seen(sender, "q=north")


def test_an_expired_message_stays_in_the_history_and_says_so(hub: Hub) -> None:
    platform = hub.platform()
    sender, user = hub.administrator(platform, platform), hub.user(platform)
    sent = hub.deliver(sender, platform, category="service", priority="important")
    hub.ask(user, f"/v1/notifications/{sent.id}/read", method="PUT")
    path = "/v1/sent-messages?category=service"
    tag = hub.ask(sender, path).headers["ETag"]
    hub.expire(sent)
    answer = hub.ask(sender, path, headers={"If-None-Match": tag})
    (row,) = answer.get_json()["data"]
    assert (row["expired"], row["entries_dropped"], row["status"], row["read_count"]) == (True, False, "sent", 1)
    assert (row["category"], row["priority"]) == ("service", "important")
    one = hub.ask(sender, f"/v1/sent-messages/{sent.id}").get_json()
    assert (one["expired"], one["read_count"], one["recipient_count"]) == (True, 1, one["delivered_count"])
    recipients = hub.ask(sender, f"/v1/sent-messages/{sent.id}/recipients?status=read").get_json()["data"]
    assert [one["id"] for one in recipients] == [user.external_id]


TEXTS = {
    "german": (
        "Wartung der Ärzte-Portale",
        "Größere Änderungen am 3.5., siehe www.example.org/portal – Straße gesperrt.",
    ),
    "arabic": ("رسالة إلى جميع العيادات", "سيتم إيقاف الخدمة، يوم الأحد."),
    "quotes": ('It\'s "done" & dusted', "O'Neil said: don't | !never (re)start <b>now</b> \\o/ a:*b"),
    "japanese": ("お知らせ 重要", "日曜日に停止します。"),
}
FOUND = {
    **{
        "wartung": "german",
        "WARTUNG ärzte": "german",
        "portale wart": "german",
        "Ärzte-Por": "german",
        "ärz": "german",
    },
    **{
        "gesperrt wartung": "german",
        "www.example.org/por": "german",
        "A\u0308rzte": "german",
        "änderungen am": "german",
    },
    **{"جميع": "arabic", "الأحد سيتم": "arabic", "العياد": "arabic", "الخدمة": "arabic"},
    **{"o'neil": "quotes", "don't never": "quotes", '"done"': "quotes", "restart": "", "dusted & now": "quotes"},
    **{
        "重要": "japanese",
        "お知": "japanese",
        "wartung dusted": "",
        "tung": "",
        "wart portale": "",
        "wartung | dusted": "",
    },
    **{
        "&": "",
        ":*": "",
        "!": "",
        "'": "",
        "\\": "",
        "!wartung": "german",
        "warTung:*": "german",
        "wartung &": "german",
    },
    **{
        "P1": "",
        "wartung' | 'dusted": "",
        "\u200bwar\u00adtung\u2069": "german",
        "(((": "",
        "<->": "",
        "now <-> dusted": "quotes",
    },
}


@pytest.fixture(scope="module")
def texts(module_hub: Hub) -> tuple[factories.User, dict[str, Sent]]:
    platform = module_hub.platform()
    sender = module_hub.administrator(platform, platform)
    sent = {name: module_hub.send(sender, platform, title=title, body=body) for name, (title, body) in TEXTS.items()}
    return sender, sent


@pytest.mark.usefixtures("_both_ways")
def test_all_words_occur_and_the_last_one_begins_a_word(
    hub: Hub, texts: tuple[factories.User, dict[str, Sent]]
) -> None:
    sender, sent = texts
    for words, name in FOUND.items():
        answer = hub.ask(sender, f"/v1/sent-messages?q={quote(words)}")
        assert answer.status_code == 200, words
        expected = [str(sent[name].id)] if name else []
        assert [row["id"] for row in answer.get_json()["data"]] == expected, words


@pytest.mark.usefixtures("_both_ways")
def test_a_search_is_read_page_by_page_while_messages_arrive(hub: Hub) -> None:
    platform = hub.platform()
    sender = hub.administrator(platform, platform)
    sent = [hub.send(sender, platform, body="Planned work." if number % 2 else "News.") for number in range(8)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = hub.ask(sender, f"/v1/sent-messages?q=planned&limit=1{cursor}").get_json()
        seen += [row["id"] for row in page["data"]]
        hub.send(sender, platform, body="Planned later.")
        if not page["has_more"]:
            break
        cursor = f"&after={page['next_cursor']}"
    assert seen == [str(one.id) for one in reversed(sent[1::2])]
