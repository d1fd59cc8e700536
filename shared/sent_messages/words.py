"""SQL: the words of a message's title and body, as compose_api stores them and the sent history searches them.

PostgreSQL's text search with the configuration `simple`: words in lower case, of every language, without stems or stop words. The
message's platform and category are two more words, in upper case, which no text contains: so the index finds the messages of one platform
and of one category.
"""

from dataclasses import dataclass
from typing import Self

from shared import text as characters


@dataclass(frozen=True)
class Search:
    """What is searched for: all of `words`, what begins as `prefix` does, and a category. None: anything."""

    words: str | None
    prefix: str | None
    category: str | None

    @classmethod
    def parse(cls, text: str | None, category: str | None) -> Self:
        """The words of `text`, cleaned as the texts of messages are; the last one may be unfinished."""
        if text is None:
            return cls(None, None, category)
        *complete, last = characters.nfc(characters.remove_invisible(text), maximum=len(text)).split() or [""]
        return cls(" ".join(complete), last, category)

    @property
    def is_empty(self) -> bool:
        return self.words is None and self.category is None


ANY = Search(None, None, None)


def _category(name: str) -> str:
    return f"'C' || md5({name})"


def vector(*, platform_id: str, title: str, body: str, category: str) -> str:
    """The words of a message. The arguments are expressions."""
    words = f"strip(to_tsvector('simple', {title} || ' ' || {body}))"
    others = f"array_remove(ARRAY['P' || CAST({platform_id} AS text), {_category(category)}], NULL)"
    return f"{words} || array_to_tsvector({others})"


def person(*, platform_id: str, name: str) -> str:
    """The words of a user's name. The arguments are expressions; the index users_by_name has this one."""
    return f"strip(to_tsvector('simple', {name})) || array_to_tsvector(ARRAY['P' || CAST({platform_id} AS text)])"


# What has all of :words, and words that begin as :prefix does, of the :category on the platform :platform_id; null where :words and
# :prefix are given and hold no word. PostgreSQL splits both into words, so any text is a query; one with a hyphen or a web address is
# several words.
QUERY = f"""
    (SELECT CASE WHEN numnode(wanted.query) > 0 OR CAST(:words AS text) IS NULL
                 THEN coalesce(wanted.query, '') && CAST('P' || CAST(:platform_id AS bigint) AS tsquery)
                      && coalesce(CAST({_category("CAST(:category AS text)")} AS tsquery), '') END
     FROM (SELECT plainto_tsquery('simple', :words)
                  && COALESCE(CAST(string_agg(quote_literal(lexeme) || ':*', ' & ') AS tsquery), '') AS query
           FROM unnest(to_tsvector('simple', :prefix))) AS wanted)"""  # noqa: S608 (a constant)
