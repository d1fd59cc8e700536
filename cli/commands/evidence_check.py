"""Whether what a file of evidence says fits together. The signature is checked in services.inbox_api.evidence."""

from collections import Counter
from typing import Any

from services.inbox_api.evidence import FORMAT, MANIFEST, RECIPIENT, Fault
from shared import acknowledgements

# Which statuses of people each number of the manifest counts.
_COUNTED = {
    "acknowledged": ("acknowledged",),
    "outstanding": ("outstanding", "overdue"),
    "overdue": ("overdue",),
    "left": ("left",),
    "no_longer_asked": ("no_longer_asked",),
}


class Contents:
    """Takes the lines one by one and keeps no person."""

    def __init__(self) -> None:
        self.manifest: dict[str, Any] = {}
        self._faults: list[Fault] = []
        self._statuses: Counter[str] = Counter()

    def add(self, number: int, found: dict[str, Any] | Fault) -> None:
        if isinstance(found, Fault):
            self._faults.append(found)
        elif number == 1:
            self.manifest = found
        elif found.get("type") != RECIPIENT:
            self._faults.append(Fault(number, "it is neither a recipient nor the signature"))
        else:
            self._statuses[found["status"]] += 1
            if found["status"] == "acknowledged" and found["content_hash"] != self._hash:
                self._faults.append(Fault(number, "this person acknowledged another text"))

    def faults(self) -> list[Fault]:
        """Those of the lines; without any, those of the whole."""
        return self._faults or self._check_manifest()

    @property
    def _hash(self) -> Any:
        return self.manifest.get("message", {}).get("content_hash")

    def _check_manifest(self) -> list[Fault]:
        if self.manifest.get("type") != MANIFEST or self.manifest.get("format") != FORMAT:
            return [Fault(1, f"it is no manifest of the format {FORMAT}")]
        found, message, counts = [], self.manifest["message"], self.manifest["counts"]
        digest = acknowledgements.content_hash(
            title=message["title"], body=message["body"], statement=message["statement"]
        )
        if acknowledgements.format_hash(digest) != self._hash:
            found.append(Fault(1, "the hash is not of the message's text"))
        counted = {name: sum(self._statuses[one] for one in statuses) for name, statuses in _COUNTED.items()}
        counted["recipients"] = self._statuses.total()
        found += [
            Fault(1, f"it counts {counts.get(name)} {name}, the lines have {number}")
            for name, number in counted.items()
            if counts.get(name) != number
        ]
        return found
