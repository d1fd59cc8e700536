"""Lists by page: the parameters of a request, and the cursor of the next page."""

import marshmallow
from marshmallow import fields, validate

from shared.web import parsing

MAX_PAGE = 100
DEFAULT_PAGE = 20


def next_cursor() -> fields.String:
    return fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Send it as `after`; null on the last page.", "pattern": "^[A-Za-z0-9._-]+$"},
    )


class PageQuery(marshmallow.Schema):
    limit = parsing.StrictInteger(
        load_default=DEFAULT_PAGE,
        validate=validate.Range(min=1, max=MAX_PAGE),
        metadata={"description": "How many at most."},
    )
    after = fields.String(
        metadata={"description": "`next_cursor` of the page before; leave it out to begin at the newest."},
    )
