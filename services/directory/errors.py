"""The errors of the directory, each with a sentence that says what to do. Raised by `actions`, shown by the command line."""

from services.directory import report


class DirectoryError(Exception):
    """The directory was not changed; the text says why and what to do. `code` names the reason in the audit trail."""

    code = "refused"

    @property
    def numbers(self) -> str:
        """The details that the audit trail stores."""
        return ""


class BadPlatformError(DirectoryError):
    """The platform cannot be created or updated with these values."""

    code = "bad-platform"


class UnknownPlatformError(DirectoryError):
    """There is no platform with this key."""

    code = "unknown-platform"

    def __init__(self, key: str) -> None:
        super().__init__(
            f'There is no platform "{key}". Make it first: message-hub platform {key} --name NAME --plan PLAN'
        )


class UnknownUserError(DirectoryError):
    """The platform has no user with this external id."""

    code = "unknown-user"

    def __init__(self, external_id: str) -> None:
        super().__init__(f'The platform has no user "{external_id}".')


class UserNotDisabledError(DirectoryError):
    """Only a user who has left can be erased: the next import would bring the name of another back."""

    code = "user-not-disabled"

    def __init__(self, external_id: str, status: str) -> None:
        super().__init__(
            f"The user {external_id} is {status}. Import a directory without them, or with the status disabled, first."
        )


class DirectoryBusyError(DirectoryError):
    """Another import or command is changing this platform's directory."""

    code = "directory-busy"

    def __init__(self, key: str) -> None:
        super().__init__(
            f'The directory of platform "{key}" is being changed by another import or command. '
            "Nothing was changed; try again when that one has finished."
        )


class BadFilesError(DirectoryError):
    """The files have `count` bad lines. `first` holds some; all were passed to `Progress.bad_line`."""

    code = "bad-files"

    def __init__(self, count: int, first: tuple[report.BadLine, ...]) -> None:
        lines = "1 bad line" if count == 1 else f"{count:,} bad lines"
        super().__init__(f"{lines}. Nothing was changed; correct the files and import them again.")
        self.count = count
        self.first = first

    @property
    def numbers(self) -> str:
        return f"{self.count} bad lines"


class RemovalsRefusedError(DirectoryError):
    """The import would end what probably should stay. `refused` is its report."""

    def __init__(self, reason: str, refused: report.ImportReport) -> None:
        super().__init__(f"{reason} Nothing was changed.")
        self.refused = refused


class EmptyFileError(RemovalsRefusedError):
    """A file has a header only, and the platform has rows of its kind."""

    code = "empty-file"

    def __init__(self, file: str, ending: int, refused: report.ImportReport) -> None:
        super().__init__(f"{file} has no rows, and the platform has {ending:,}: the file is not complete.", refused)
        self._numbers = f"{file} would end {ending:,} rows"

    @property
    def numbers(self) -> str:
        return self._numbers


class TooManyRemovalsError(RemovalsRefusedError):
    """The import would end more of a kind than is allowed without a request."""

    code = "too-many-removals"

    def __init__(self, removals: tuple[report.Removal, ...], refused: report.ImportReport) -> None:
        super().__init__(
            f"This import would end {_listed(removals)}. More than {report.FREE_REMOVALS_PERCENT}% "
            f"(and more than {report.FREE_REMOVALS}) end only on request. Check that the files are complete; "
            f"if so, import them again with --allow-removals {max(removal.ending for removal in removals)}.",
            refused,
        )
        self.removals = removals

    @property
    def numbers(self) -> str:
        return f"would end {_listed(self.removals)}"


class NoAdministratorError(RemovalsRefusedError):
    """No active user would administer the platform."""

    code = "no-administrator"

    def __init__(self, refused: report.ImportReport) -> None:
        super().__init__(
            "No active platform administrator would be left. Check that users.csv and memberships.csv are complete; "
            "if so, import them again with --allow-no-administrator.",
            refused,
        )


class TooManyTokensError(DirectoryError):
    """The platform has as many valid directory tokens as are allowed."""

    code = "too-many-tokens"

    def __init__(self, key: str, maximum: int) -> None:
        super().__init__(
            f'The platform "{key}" has {maximum} valid directory tokens. '
            f"Revoke the one that is no longer used: message-hub scim-token list --platform {key}"
        )


class UnknownTokenError(DirectoryError):
    """The platform has no directory token with this number."""

    code = "unknown-token"

    def __init__(self, key: str, token_id: int) -> None:
        super().__init__(f'The platform "{key}" has no directory token {token_id}.')


class ManagedByScimError(DirectoryError):
    """An identity provider changes this directory; an import would undo that."""

    code = "directory-managed-by-scim"

    def __init__(self, key: str) -> None:
        super().__init__(
            f'The directory of platform "{key}" is managed over SCIM, so no files are imported. '
            f"To import again: message-hub platform {key} --managed-by csv"
        )


class ManagedByImportsError(DirectoryError):
    """This directory is imported from files, so nothing is provisioned."""

    code = "directory-managed-by-csv"

    def __init__(self, key: str) -> None:
        super().__init__(
            f'The directory of platform "{key}" is imported from files. '
            f"To have it managed over SCIM: message-hub platform {key} --managed-by scim"
        )


class ChoosePlatformError(DirectoryError):
    """It is not clear which platform is meant."""

    code = "choose-platform"

    def __init__(self, keys: list[str]) -> None:
        super().__init__(
            f"Say which platform: {', '.join(sorted(keys))} are managed over SCIM."
            if keys
            else "No platform is managed over SCIM: message-hub platform KEY --managed-by scim"
        )


class UnknownGroupError(DirectoryError):
    """The platform has no group with this name or number."""

    code = "unknown-group"

    def __init__(self, key: str, group: str) -> None:
        super().__init__(f'The platform "{key}" has no group "{group}". See: message-hub scim groups --platform {key}')


class UnknownScopeError(DirectoryError):
    """The platform has no such scope."""

    code = "unknown-scope"

    def __init__(self, level: str, external_id: str) -> None:
        super().__init__(f'The platform has no {level} "{external_id}".')


class ScimError(Exception):
    """A SCIM request is refused: status and scimType as in RFC 7644, 3.12; `code` for log and audit trail."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        scim_type: str = "",
        code: str = "refused",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.scim_type = scim_type
        self.code = code
        self.headers = headers or {}


class MassDeactivationError(ScimError):
    """The brake on mass deactivation is on."""

    def __init__(self) -> None:
        super().__init__(
            429,
            "Unusually many users were deactivated within an hour. No more are until an administrator allows it on the page "
            "Provisioning, or an operator with: message-hub scim resume",
            code="mass-deactivation",
            headers={"Retry-After": "3600"},
        )


def _listed(removals: tuple[report.Removal, ...]) -> str:
    return " and ".join(map(str, removals))
