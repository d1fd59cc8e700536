"""SQL: the words of a message's title and body, as compose_api stores them and the sent history searches them.

PostgreSQL's text search with the configuration `simple`: words in lower case, of every language, without stems or stop words. The
message's platform is one more word, in upper case, which no text contains: so the index finds the messages of one platform.
"""

from dataclasses import dataclass
from typing import Self

from shared import text as characters


@dataclass(frozen=True)
class Words:
    """What is searched for: all of `complete`, and what begins as `prefix` does."""

    complete: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The words of `text`, cleaned as the texts of messages are; the last one may be unfinished."""
        *complete, last = characters.nfc(characters.remove_invisible(text), maximum=len(text)).split() or [""]
        return cls(" ".join(complete), last)


def parameters(words: Words | None) -> dict[str, str | None]:
    """The parameters of `QUERY` but :platform_id; all None where nothing is searched for."""
    return {"words": words.complete if words else None, "prefix": words.prefix if words else None}


def vector(*, platform_id: str, title: str, body: str) -> str:
    """The words of a message. The arguments are expressions."""
    words = f"strip(to_tsvector('simple', {title} || ' ' || {body}))"
    return f"{words} || array_to_tsvector(ARRAY['P' || CAST({platform_id} AS text)])"


# What has all of :words, and words that begin as :prefix does, on the platform :platform_id; null where neither holds a word.
# PostgreSQL splits both into words, so any text is a query; one with a hyphen or a web address is several words.
QUERY = """
    (SELECT CASE WHEN numnode(wanted.query) > 0 THEN wanted.query && CAST('P' || CAST(:platform_id AS bigint) AS tsquery) END
     FROM (SELECT plainto_tsquery('simple', :words)
                  && COALESCE(CAST(string_agg(quote_literal(lexeme) || ':*', ' & ') AS tsquery), '') AS query
           FROM unnest(to_tsvector('simple', :prefix))) AS wanted)"""
