"""What both APIs document, as one OpenAPI document without its way out: nothing may be answered that is not written down.

The `default` response of every operation is left out, which stands for what nobody foresaw (500); so such an answer is a failure.
Links lead from one API to the other here, which two documents cannot say without knowing where the other is served.
"""

import copy
from typing import Any

from cli import openapi

_ID = {"message_id": "$response.body#/id"}
# From an operation's good answer to operations of the other API.
_LINKS: dict[tuple[str, str, str], dict[str, dict[str, Any]]] = {
    ("/v1/messages", "post", "202"): {
        **{
            operation: {"operationId": operation, "parameters": _ID}
            for operation in (
                "getSentMessage",
                "getNotification",
                "markNotificationRead",
                "markNotificationUnread",
                "archiveNotification",
                "unarchiveNotification",
                "acknowledgeNotification",
            )
        },
        **{
            operation: {"operationId": operation, "requestBody": {"through": "$response.body#/id"}}
            for operation in ("markSeenThrough", "markReadThrough")
        },
    },
    ("/v1/sent-messages", "get", "200"): {
        "recallMessage": {"operationId": "recallMessage", "parameters": {"message_id": "$response.body#/data/0/id"}}
    },
    ("/v1/sent-messages/{message_id}", "get", "200"): {
        "recallMessage": {"operationId": "recallMessage", "parameters": _ID}
    },
}


def both() -> dict[str, Any]:
    """One document of both APIs."""
    merged: dict[str, Any] = {}
    for document in openapi.documents().values():
        _merge(merged, copy.deepcopy(document))
    for item in merged["paths"].values():
        for method, operation in item.items():
            if method != "parameters":
                del operation["responses"]["default"]
    for (path, method, status), links in _LINKS.items():
        merged["paths"][path][method]["responses"][status].setdefault("links", {}).update(links)
    return merged


def _merge(into: dict[str, Any], other: dict[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        elif isinstance(value, list) and isinstance(into.get(key), list) and key == "tags":
            into[key] = into[key] + value
        else:
            assert into.setdefault(key, value) == value or key == "title", f"the documents differ in {key!r}"
