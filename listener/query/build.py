"""Make a query of what the configuration says about a brand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.errors import QueryError
from listener.query.parse import parse
from listener.query.terms import entity_key, read_name
from listener.query.tree import And, Author, Cashtag, Field, Handle, Hashtag, Node, Not, Or, Phrase, Query, TagWords

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["build_query", "read_exclusion", "read_word"]

_CONDITIONS: Final = frozenset({"author", "site", "subreddit"})
"""What may stand in `exclude` beside words, as in a query: by whom, or where."""


def build_query(
    *,
    brand: str,
    keywords: Sequence[str] = (),
    hashtags: Sequence[str] = (),
    exclude: Sequence[str] = (),
    context: Sequence[str] = (),
    own_accounts: Sequence[str] = (),
    languages: Sequence[str] = (),
    query: str | None = None,
    inside_hashtags: bool = False,
) -> Query:
    """Return the query of a brand: any keyword, hashtag or `query`, narrowed by the rest.

    The brand's name is the keyword where nothing else says what to look for. A
    mention with a word of `exclude` (or by an ``author:``, on a ``site:`` or in a
    ``subreddit:`` named there), or written by one of `own_accounts`, does not match; where `context` has words, at least one of them must stand in it
    too. With `languages` (BCP 47) the identified language must be one of them. A word with #, @ or $ before it is a hashtag, a handle or a ticker symbol.
    With `inside_hashtags` the words and phrases count inside hashtags in CamelCase too
    (#LoveAcmeCoffee), wherever these come along.
    Raises QueryError naming the option that cannot be read.
    """
    if not brand.strip():
        msg = "name: a brand needs a name"
        raise QueryError(msg)
    wanted = [read_word(keyword, "keywords") for keyword in keywords]
    wanted += [_hashtag(tag, "hashtags") for tag in hashtags]
    if query is not None:
        wanted.append(_parsed(query))
    if not wanted:
        wanted = [read_word(brand, "name")]
    if inside_hashtags:
        wanted += [TagWords(node.text, is_met=True) for node in wanted if isinstance(node, Phrase)]
    parts = [_any(wanted)]
    if context:
        parts.append(_any([read_word(word, "context") for word in context]))
    if languages:
        parts.append(_any([Field("lang", tag.strip().lower()) for tag in languages]))
    parts += [Not(read_exclusion(word, "exclude")) for word in exclude]
    parts += [Not(_account(handle)) for handle in own_accounts]
    tree = parts[0] if len(parts) == 1 else And(tuple(parts))
    names = dict.fromkeys(
        [brand.strip(), *(word.strip() for word in keywords), *(tag.strip().lstrip("#") for tag in hashtags)]
    )
    return Query.of(brand, tree, tuple(names))


def read_exclusion(text: str, option: str) -> Node:
    """Return what an entry of `exclude` stands for: a word, or a condition such as ``site:example.org``.

    Raises QueryError naming the `option`.
    """
    name, colon, value = text.strip().partition(":")
    if not colon or name not in _CONDITIONS or not value or value[0].isspace():
        return read_word(text, option)
    written = value if value.startswith('"') else f'"{value}"'
    try:
        return parse(f"{name}:{written}")
    except QueryError as error:
        msg = f"{option}: {text}: {error}"
        raise QueryError(msg) from None


def _parsed(query: str) -> Node:
    """Return the tree of an expression, the option named in front of what is wrong with it."""
    try:
        return parse(query)
    except QueryError as error:
        msg = f"query: {error}"
        raise QueryError(msg) from None


def _any(nodes: list[Node]) -> Node:
    """Return the alternative of nodes, each once; a single one stands for itself."""
    distinct = tuple(dict.fromkeys(nodes))
    return distinct[0] if len(distinct) == 1 else Or(distinct)


def read_word(text: str, option: str) -> Node:
    """Return the leaf that a word of the configuration stands for; raises QueryError naming the `option`."""
    stripped = text.strip()
    rest = stripped[1:]
    if stripped[:1] in {"#", "\uff03"} and entity_key(rest):
        return _hashtag(stripped, option)
    if stripped[:1] == "@" and rest:
        return Handle(rest)
    if stripped[:1] == "$" and rest.isascii() and rest.isalpha():
        return Cashtag(rest)
    if not read_name(stripped).pieces:
        msg = f'{option}: "{text}" holds nothing that can be searched for; write a word, a name or a phrase'
        raise QueryError(msg)
    return Phrase(stripped)


def _hashtag(text: str, option: str) -> Node:
    """Return the hashtag of a word, written with or without #."""
    tag = text.strip().lstrip("#\uff03")
    key = entity_key(tag)
    if not key or len(read_name(tag).pieces) != 1 or not read_name(tag).is_plain:
        msg = f'{option}: "{text}" is not a hashtag; write one word of letters, digits or _, such as AcmeCoffee'
        raise QueryError(msg)
    return Hashtag(tag)


def _account(text: str) -> Node:
    """Return the author condition of an account of one's own."""
    handle = text.strip().lstrip("@")
    if not handle or any(character.isspace() for character in handle):
        msg = f'own_accounts: "{text}" is not an account name; write one such as @acme'
        raise QueryError(msg)
    return Author(handle)
