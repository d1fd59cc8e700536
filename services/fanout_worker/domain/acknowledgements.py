"""Whether a message's acknowledgements are its recipients', of its text, and counted."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Acknowledgements:
    """The acknowledgements of a message. Wrong are those of people who are no recipients, of another text, of before it was sent.

    `asked`: it asks for them. `counted`: how many the counts and their queue have together, `counted_recipients` how many recipients;
    None before the worker has counted.
    """

    asked: bool
    number: int
    strangers: int
    other_texts: int
    too_early: int
    counted: int | None
    counted_recipients: int | None

    def disagreements(self, planned: int) -> Iterator[str]:
        """Sentences; `planned` is the number of recipients."""
        if self.number and not self.asked:
            yield f"{self.number} acknowledgements, yet the message asks for none"
        if self.strangers:
            yield f"{self.strangers} acknowledgements are of people who are no recipients"
        if self.other_texts:
            yield f"{self.other_texts} acknowledgements are of another text than the message's"
        if self.too_early:
            yield f"{self.too_early} acknowledgements are older than the message"
        if self.counted is not None and self.counted != self.number:
            yield f"{self.counted} acknowledgements are counted, there are {self.number}"
        if self.counted_recipients is not None and self.counted_recipients != planned:
            yield f"acknowledgements are counted of {self.counted_recipients} recipients, the directory has {planned}"
