"""Every error the hub answers with: one class, one catalogue of stable codes (RFC 9457 problem details).

Actions raise `HubError`; shared/problem_details.py turns it into `application/problem+json`. Codes never change meaning.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# How many errors one answer names.
MAX_REPORTED = 20

# code: (HTTP status, title)
CATALOGUE: dict[str, tuple[int, str]] = {
    "token-missing": (401, "No bearer token"),
    "token-invalid": (401, "The token is not valid"),
    "token-expired": (401, "The token has expired"),
    "session-missing": (401, "You are not signed in"),
    "session-expired": (401, "Your session has ended"),
    "csrf-failed": (403, "The request does not come from the console"),
    "sign-in-failed": (400, "You could not be signed in"),
    "user-unknown": (403, "You have no access to Message Hub"),
    "provider-unavailable": (503, "Your organisation's sign-in is not available"),
    "user-inactive": (403, "The user is not active"),
    "feature-not-available": (403, "Message Hub is not part of this platform's plan"),
    "administrator-required": (403, "Only administrators may do this"),
    "payload-too-large": (413, "The request is too large"),
    "unsupported-media-type": (415, "The request is not JSON"),
    "malformed-json": (400, "The request cannot be read as JSON"),
    "validation-failed": (422, "The request is not valid"),
    "bad-cursor": (400, "The cursor is not one of ours"),
    "directory-managed-by-csv": (403, "The directory is imported from files"),
    "too-many-tokens": (409, "The platform has two valid tokens"),
    "audience-out-of-reach": (403, "The audience is beyond your reach"),
    "not-found": (404, "Not found"),
    "method-not-allowed": (405, "Method not allowed"),
    "idempotency-key-reused": (422, "The idempotency key was used for another request"),
    "expires-too-early": (422, "The message would have expired already"),
    "recalled": (409, "The message was recalled"),
    "no-recipients": (409, "The follow-up has no recipients"),
    "already-released": (409, "The draft was sent"),
    "acknowledgement-not-requested": (409, "No acknowledgement is asked for"),
    "acknowledgement-required": (409, "The message must be acknowledged first"),
    "content-changed": (409, "The text is not the message's"),
    "message-expired": (409, "The message has expired"),
    "evidence-key-missing": (409, "There is no key to sign evidence with"),
    "version-mismatch": (412, "The draft was changed meanwhile"),
    "draft-incomplete": (422, "The draft is not complete"),
    "time-in-past": (422, "The time has passed"),
    "time-too-far": (422, "The time is too far away"),
    "rate-limited": (429, "Too many requests"),
    "reminder-too-soon": (429, "A reminder was sent less than a day ago"),
    "unavailable": (503, "The service is busy or a part of it is away"),
    "bad-request": (400, "The request cannot be served"),
    "internal-error": (500, "Something went wrong on our side"),
}


class HubError(Exception):
    """A refusal with a stable `code` of the catalogue, a sentence for people, and errors by field where input was bad.

    `message_id`: the message, or draft, that exists already.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        message_id: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.status, self.title = CATALOGUE[code]
        self.detail = detail
        self.errors = shortened(errors) if errors else None
        self.headers = dict(headers or {})
        self.message_id = message_id

    def in_words(self) -> str:
        """The sentence for people; of bad input also what is wrong with it, for readers who do not see `errors`."""
        return " ".join([self.detail, *(_sentences(self.errors) if self.code == "validation-failed" else ())])


def nowhere() -> HubError:
    return HubError("not-found", "There is nothing at this address.")


def user_inactive(status: str) -> HubError:
    return HubError("user-inactive", f"This user is {status}.")


def administrator_required() -> HubError:
    return HubError("administrator-required", "You administer neither the platform nor an organisation nor a clinic.")


def no_body() -> HubError:
    return HubError("bad-request", "This request takes no body.")


def bad_cursor() -> HubError:
    return HubError(
        "bad-cursor", "Send `after` exactly as it came in `next_cursor`, or leave it out to begin with the first page."
    )


def not_found(what: str) -> HubError:
    return HubError("not-found", f"There is no such {what}, or you may not see it.")


def acknowledgement_not_requested() -> HubError:
    return HubError("acknowledgement-not-requested", "This message does not ask for an acknowledgement.")


def validation_failed(errors: Mapping[str, Any]) -> HubError:
    fields = listed(sorted(map(str, errors)))
    return HubError("validation-failed", f"These fields are not valid: {fields}.", errors=errors)


def rate_limited(detail: str, *, retry_after_s: int) -> HubError:
    return HubError("rate-limited", detail, headers={"Retry-After": str(retry_after_s)})


def unavailable(detail: str, *, retry_after_s: int = 1) -> HubError:
    return HubError("unavailable", detail, headers={"Retry-After": str(retry_after_s)})


def _sentences(found: Any) -> Iterator[str]:
    """Of errors by field, however deep they are."""
    if isinstance(found, str):
        yield found
    else:
        for one in found.values() if isinstance(found, Mapping) else found or ():
            yield from _sentences(one)


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - MAX_REPORTED} more" if len(names) > MAX_REPORTED else ""
    return ", ".join(names[:MAX_REPORTED]) + more


def shortened(found: Any) -> Any:
    """Errors by field with at most MAX_REPORTED entries in each list and mapping: a body may have tens of thousands of bad items."""
    if isinstance(found, Mapping):
        kept = {name: shortened(one) for name, one in itertools.islice(found.items(), MAX_REPORTED)}
        return {**kept, "more": [f"{len(found) - len(kept)} more are not valid."]} if len(found) > len(kept) else kept
    if isinstance(found, list | tuple) and len(found) > MAX_REPORTED:
        return [*found[:MAX_REPORTED], f"{len(found) - MAX_REPORTED} more are not valid."]
    return found
