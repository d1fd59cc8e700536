"""Walks along the links of the documents: send, look, mark, recall, look again, in any order and by anybody, every answer documented.

What each step means for whom is held by tests/inbox_api/test_inbox_model.py and the flow tests; here nothing may break or surprise.
"""

from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize
from schemathesis import Case
from schemathesis.core.transport import Response
from sqlalchemy import text

from tests import examples
from tests.apis import Apis, apis  # noqa: F401
from tests.compose_api.hub import EVERYONE
from tests.fuzz import test_operations

WALKERS = ["platform administrator", "administrator of a", "administrator of a1", "administrator of x's platform"]
AUDIENCES = {
    "platform administrator": EVERYONE,
    "administrator of a": {"organisations": ["a"]},
    "administrator of a1": {"clinics": ["a1"]},
    "administrator of x's platform": EVERYONE,
}

# A link may put right what was made up to be wrong; then it is accepted.
_SCHEMA = test_operations.load(checks={"negative_data_rejection": {"enabled": False}})
TABLES = (
    "messages",
    "message_targets",
    "message_visibility",
    "message_words",
    "inflight_targets",
    "fanout_batches",
    "inbox_entries",
    "inbox_states",
    "inbox_revisions",
)


def test_whatever_links_are_followed_every_answer_is_documented(apis: Apis) -> None:
    statuses: Counter[tuple[str, int]] = Counter()

    class Walk(_SCHEMA.as_state_machine()):  # type: ignore[misc]
        """One person follows the links; now and then a worker writes what was sent."""

        who = WALKERS[0]

        @initialize(who=st.sampled_from(WALKERS))
        def begin(self, who: str) -> None:
            self.who = who
            # Every walk begins in the same world: hypothesis takes walks apart and goes parts of them again.
            with apis.owner.begin() as connection:
                connection.execute(text(f"TRUNCATE {', '.join(TABLES)} CASCADE"))

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"app": apis, "headers": apis.world[self.who].headers}

        def before_call(self, case: Case) -> None:
            # Made-up scopes and earlier messages never exist, so that nothing would ever be sent.
            if isinstance(case.body, dict) and ("audience" in case.body or case.operation.label == "POST /v1/messages"):
                made_up = {"follows", "only"}
                case.body = {name: value for name, value in case.body.items() if name not in made_up}
                case.body["audience"] = AUDIENCES[self.who]

        def after_call(self, response: Response, case: Case) -> None:
            super().after_call(response, case)
            statuses[case.operation.label, response.status_code] += 1
            if response.status_code == 202 and len(case.body["title"]) % 2:
                apis.deliver(response.json()["id"])

    Walk.run(settings=examples.settings(15, stateful_step_count=10))
    went_well = {label for label, status in statuses if status < 300}
    assert "POST /v1/messages" in went_well, "nothing was ever sent, so the walks led nowhere"
    assert len(went_well) >= 5, went_well
