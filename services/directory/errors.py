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


def _listed(removals: tuple[report.Removal, ...]) -> str:
    return " and ".join(map(str, removals))
