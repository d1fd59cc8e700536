"""The scopes that a sender chose, and the SQL of the recipients: the user ids in these scopes as of a directory version.

A membership is valid only while its user is active, and a user has a row for every scope they belong to, ancestors included. So the
ids of a scope are one range of an index, and they never change for a given version.
"""

# ruff: noqa: S608 (only constants are put into statements)

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared import follow_ups, versions

_MEMBERS = f"""
    SELECT m.user_id FROM memberships m
    WHERE m.scope_id = {{scope_id}} AND m.user_id > :after_user_id AND m.user_id <= :up_to_user_id{{role}}
      AND {versions.valid_at("m", ":version")}
"""
# A user has at most one valid row in a scope, so the ids of one scope need no DISTINCT and come in the index's order.
_ONE = _MEMBERS.format(scope_id=":scope_id", role="")
# Scope by scope, so that each is one range of the index.
_MANY_ROWS = f"""
    SELECT found.user_id FROM unnest(CAST(:scope_ids AS bigint[])) AS chosen(id)
    CROSS JOIN LATERAL ({_MEMBERS.format(scope_id="chosen.id", role="{role}")}) AS found
"""
_MANY = f"SELECT DISTINCT user_id FROM ({_MANY_ROWS.format(role='')}) AS found"
# Only those with a role in a chosen scope.
_OF_ROLE = (
    f"SELECT DISTINCT user_id FROM ({_MANY_ROWS.format(role=' AND m.role = CAST(:role AS membership_role)')}) AS found"
)
# All possible values of `Audience.sql`: of messages that are no follow-ups, and of all.
PEOPLE = (_ONE, _MANY)
_OF_FOLLOW_UP = {people: follow_ups.recipients(people) for people in PEOPLE}
STATEMENTS = (*PEOPLE, *_OF_FOLLOW_UP.values(), _OF_ROLE)
_COUNT_ONE = f"SELECT count(*) FROM ({_ONE}) AS found"
# Three times as fast as counting the rows of _MANY, which spills to disk while it hashes.
_COUNT_MANY = f"SELECT count(DISTINCT user_id) FROM ({_MANY_ROWS.format(role='')}) AS found"

# Below and above all user ids.
NO_USER = 0
LAST_USER = 2**63 - 1


@dataclass(frozen=True)
class ChosenScopes:
    """An audience as its sender chose it, by external ids in the order of the choice.

    A viewer who may not see all of it gets the scopes they may see, and the number of the others. `out_of_reach`: of a follow-up, the
    scopes of the earlier message that are not addressed.
    """

    everyone: bool
    organisations: tuple[str, ...] = ()
    clinics: tuple[str, ...] = ()
    other_scopes: int = 0
    out_of_reach: int = 0


@dataclass(frozen=True)
class Audience:
    """The users of one or more scopes, as of a directory version; of a follow-up only its recipients among them, with a role only those who
    have it in one of the scopes.
    """

    scope_ids: Sequence[int]
    version: int
    follow_up_id: uuid.UUID | None = None
    role: str | None = None

    @property
    def sql(self) -> str:
        """A SELECT of user ids, in no order, with the parameters of `parameters(…)`."""
        if self.role is not None:
            return _OF_ROLE
        people = _ONE if len(self.scope_ids) == 1 else _MANY
        return people if self.follow_up_id is None else _OF_FOLLOW_UP[people]

    @property
    def count_sql(self) -> str:
        """A SELECT of the number of users that `sql` finds, with the same parameters."""
        return _COUNT_ONE if len(self.scope_ids) == 1 else _COUNT_MANY

    def parameters(self, *, after_user_id: int = NO_USER, up_to_user_id: int = LAST_USER) -> dict[str, Any]:
        """The parameters of `sql` for the users with after_user_id < id <= up_to_user_id."""
        chosen: dict[str, Any] = {"scope_ids": list(self.scope_ids)}
        if self.role is not None:
            chosen["role"] = self.role
        elif len(self.scope_ids) == 1:
            chosen = {"scope_id": self.scope_ids[0]}
        if self.follow_up_id is not None:
            chosen["follow_up_id"] = self.follow_up_id
        return {**chosen, "version": self.version, "after_user_id": after_user_id, "up_to_user_id": up_to_user_id}
