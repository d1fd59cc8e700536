"""Whatever is sent to whatever operation by whomever, the answer is one that the OpenAPI documents describe.

Cases are made by schemathesis from the documents themselves: what they allow, which must be accepted but for reasons that no schema can
say, and what they forbid, which must be refused.
"""

from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckContext
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response

from tests import examples
from tests.apis import Apis, fill
from tests.fuzz import documents

_CHECKS = {
    "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, 413, 415, 422]},
    # Ours is stricter.
    "positive_data_acceptance": {"enabled": False},
    # Asks again without a token; tests/architecture/test_who_may_what.py asks that of every route.
    "ignored_auth": {"enabled": False},
}
EXAMPLES = 8


def load(*, checks: dict[str, Any] | None = None, **config: Any) -> schemathesis.BaseSchema:
    """Both documents, with what is checked of every answer."""
    settings = {"checks": {**_CHECKS, **(checks or {})}, **config}
    return schemathesis.openapi.from_dict(documents.both(), config=schemathesis.Config.from_dict(settings))


SCHEMA = load()
EDGES = load(phases={"fuzzing": {"enabled": False}, "stateful": {"enabled": False}})
OPERATIONS = {operation.ok().label: operation.ok() for operation in SCHEMA.get_all_operations()}
PEOPLE = [
    "platform administrator",
    "administrator of a",
    "administrator of a1",
    "member",
    "pending",
    "disabled",
    "administrator of x's platform",
    "administrator of s's platform",
]
# Why something may be refused that a schema allows: rules that JSON Schema has no words for, and what is a matter of the data.
BEYOND_SCHEMAS = (
    "Must contain at least one visible character.",
    "Must have at most",
    "Must have at least",
    "Must not contain a line break.",
    "Choose everyone, or at least one organisation or clinic.",
    "Stands alone:",
    "Choose at most",
    "There is no ",
    "Search for 1 to ",
    "Unknown organisation: ",
    "Unknown clinic: ",
    "Send either send_at, or local with time_zone.",
    "Must be within 7 days after",
    "Must be a local time without offset",
    "Must be a time zone of the IANA database",
    "It contains ",
    "It has no visible character",
    "Name is empty.",
    "External_id is empty.",
    "Name an organisation or a clinic;",
    "The platform has no ",
    "Missing: name an audience",
    "Missing: a follow-up states",
    "Missing: a correction states",
    "Give either due_at or due_in_days.",
    "Reminders need a due date.",
    "Name each number of days once.",
    "Leave it out: a follow-up",
    "The earlier message asks for no acknowledgement.",
    "Evidence has everyone, whatever their status.",
)
BEYOND_SCHEMAS_CODES = {
    "/auth/login": ("sign-in-failed",),
    "/auth/callback": ("sign-in-failed",),
    "/auth/backchannel-logout": ("bad-request",),
    "/v1/drafts/{draft_id}": ("draft-incomplete", "expires-too-early"),
    "/v1/drafts/{draft_id}/schedule": ("draft-incomplete", "expires-too-early", "time-in-past", "time-too-far"),
    "/v1/drafts/{draft_id}/send": ("draft-incomplete", "expires-too-early"),
}
ASKING = {"title": "Asked", "body": "News.", "audience": {"clinics": ["a1"]}, "acknowledgement": {}}
KNOWN_AUDIENCES = [
    {"everyone": True},
    {"organisations": ["a"]},
    {"clinics": ["a1", "a2"]},
    {"organisations": ["a", "b", "a"], "clinics": ["b1"]},
    {"organisations": ["z"]},
    {"clinics": ["x1"]},
]


def accepted_or_refused_for_its_meaning(ctx: CheckContext, response: Response, case: Case) -> None:
    """What a schema allows is refused with 400 or 422 only for what no schema can say."""
    assert case.meta is not None
    if case.meta.generation.mode is not GenerationMode.POSITIVE or response.status_code not in (400, 422):
        return
    problem = response.json()
    if problem["code"] in BEYOND_SCHEMAS_CODES.get(case.operation.path, ("bad-cursor", "idempotency-key-reused")):
        return
    reasons = list(_leaves(problem.get("errors", {})))
    if not reasons or not all(reason.startswith(BEYOND_SCHEMAS) for reason in reasons):
        raise Failure(operation=case.operation.label, title="Refused although documented", message=f"{problem}")


def _leaves(value: Any) -> Any:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


@pytest.mark.parametrize("label", OPERATIONS)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
def test_every_answer_is_one_that_is_documented(apis: Apis, label: str, mode: GenerationMode) -> None:
    fill(apis)  # of those that were sent before, some are recalled by now
    asking = apis.call("POST", "/v1/messages", apis.world["platform administrator"], json=ASKING).get_json()
    cases = OPERATIONS[label].as_strategy(mode)
    ids = st.fixed_dictionaries(
        {
            "message_id": st.sampled_from([*apis.messages.values(), asking["id"]]),
            "draft_id": st.sampled_from(apis.drafts[-2:]),
            "content_hash": st.just(asking["acknowledgement"]["content_hash"]),
        }
    )
    known = st.one_of(st.just({}), ids)

    @examples.settings(EXAMPLES)
    @hypothesis.given(
        case=cases, who=st.sampled_from(PEOPLE), known=known, audience=st.sampled_from([None, *KNOWN_AUDIENCES])
    )
    def send(case: Case, who: str, known: dict[str, str], audience: dict[str, Any] | None) -> None:
        if mode is GenerationMode.POSITIVE:
            _lead_somewhere(case, known, audience)
        check(apis, case, who)

    send()


def _lead_somewhere(case: Case, known: dict[str, str], audience: dict[str, Any] | None) -> None:
    """Names what exists, which nothing made up ever does."""
    case.path_parameters.update({name: known[name] for name in case.path_parameters.keys() & known.keys()})
    if isinstance(case.body, dict):
        if known and "through" in case.body:
            case.body["through"] = known["message_id"]
        if known and "content_hash" in case.body:
            case.body["content_hash"] = known["content_hash"]
        if audience is not None and "audience" in case.body:
            case.body["audience"] = audience


def check(apis: Apis, case: Case, who: str) -> None:
    """Sends the case, and holds the answer to everything that is documented."""
    headers = apis.world[who].headers
    response = case.call(app=apis, headers=headers)
    case.validate_response(
        response,
        headers=headers,
        additional_checks=[accepted_or_refused_for_its_meaning],
        transport_kwargs={"app": apis},
    )


@examples.settings(EXAMPLES)
@EDGES.parametrize()
def test_every_edge_of_what_is_documented_gets_a_documented_answer(case: Case, apis: Apis) -> None:
    """The values just inside and just outside each limit of each parameter and field, one by one; no chance in it."""
    check(apis, case, "platform administrator")
