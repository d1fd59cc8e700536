"""The resources and what the service says of itself, by scim2-models.

Only what the directory keeps is in the models; other attributes that a client sends are ignored.
"""

import functools
from typing import Annotated, Any

import scim2_models
from pydantic import Field
from scim2_models import CaseExact, Mutability, Required, Returned, ScimPolicy, Uniqueness

MAX_RESULTS = 200
SCOPE_SCHEMA = "urn:message-hub:params:scim:schemas:1.0:Scope"
_LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


class Name(scim2_models.ComplexAttribute):
    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None


class Email(scim2_models.ComplexAttribute):
    value: str | None = None
    type: str | None = None
    primary: bool | None = None


class User(scim2_models.Resource[Any]):
    __schema__ = scim2_models.URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    active: Annotated[bool | None, Required.true] = None
    emails: list[Email] | None = None


class Member(scim2_models.ComplexAttribute):
    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    """The id of a user."""

    ref: Annotated[scim2_models.Reference["User"] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )

    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])
    """Users are the only members."""


class Group(scim2_models.Resource[scim2_models.AnyExtension]):
    __schema__ = scim2_models.URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    members: Annotated[list[Member] | None, Returned.default] = None


class Scope(scim2_models.Extension):
    """What membership in a group means."""

    __schema__ = scim2_models.URN(SCOPE_SCHEMA)

    scope_id: Annotated[str | None, CaseExact.true] = None
    """The external id of an organisation or a clinic, or the key of the platform."""

    level: str | None = Field(None, examples=["platform", "organisation", "clinic"])
    """`platform`, `organisation` or `clinic`; needed only where an organisation and a clinic have the same id."""

    role: str | None = Field(None, examples=["member", "administrator"])
    """`member` or `administrator`."""


ScopedGroup = Group[Scope]

# What Entra and Okta really send: operations on attributes that are not kept, members to remove in the value, e-mail addresses that are
# added by a filter.
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
PROVIDER = scim2_models.ScimProvider(
    models=[User, Group, Scope],
    resource_types=[scim2_models.ResourceType.from_resource(one) for one in (User, ScopedGroup)],
    config=scim2_models.ServiceProviderConfig(
        patch=scim2_models.Patch(supported=True),
        bulk=scim2_models.Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=scim2_models.Filter(supported=True, max_results=MAX_RESULTS),
        change_password=scim2_models.ChangePassword(supported=False),
        sort=scim2_models.Sort(supported=False),
        etag=scim2_models.ETag(supported=True),
        authentication_schemes=[
            scim2_models.AuthenticationScheme(
                type=scim2_models.AuthenticationScheme.Type.oauthbearertoken,
                name="Directory token",
                description="The bearer token that `message-hub scim-token create` prints.",
                primary=True,
            )
        ],
    ),
    policy=POLICY,
)


@functools.cache
def published_schemas() -> list[scim2_models.Schema]:
    """The schemas as clients read them: with every attribute of RFC 7643, since some clients fail without one that they send.

    Attributes that are ignored are declared as never returned. They are not in the models, so no value of them is refused.
    """
    whole = {one.id: one for one in (scim2_models.User.to_schema(), scim2_models.Group.to_schema())}
    found = []
    for schema in PROVIDER.schemas:
        if schema.id in whole:
            schema = schema.model_copy(deep=True)
            schema.attributes = _completed(
                schema.attributes or [], whole[schema.id].attributes or [], ignored=Mutability.write_only
            )
        found.append(schema)
    return found


def _completed(
    kept: list[scim2_models.Attribute], whole: list[scim2_models.Attribute], *, ignored: Mutability
) -> list[scim2_models.Attribute]:
    """`kept`, with those of `whole` that are not among them, and their sub-attributes completed in the same way."""
    by_name = {one.name: one for one in kept}
    for one in whole:
        if one.name not in by_name:
            by_name[one.name] = _ignored(one, ignored)
        elif one.sub_attributes:
            mine = by_name[one.name]
            # A value that is kept in part: what may be written is what comes back.
            mine.sub_attributes = _completed(
                mine.sub_attributes or [], one.sub_attributes, ignored=Mutability.read_only
            )
    return list(by_name.values())


def _ignored(attribute: scim2_models.Attribute, mutability: Mutability) -> scim2_models.Attribute:
    for one in (attribute, *(attribute.sub_attributes or [])):
        if one.mutability is not Mutability.read_only:
            one.mutability = mutability
        one.returned = Returned.never
        one.required = Required.false
        one.uniqueness = Uniqueness.none
    return attribute


def list_response(resources: list[dict[str, Any]], *, total: int, start: int) -> dict[str, Any]:
    return {
        "schemas": [_LIST_SCHEMA],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }
