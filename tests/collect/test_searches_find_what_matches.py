"""Whatever satisfies an expression is found by one of the searches that a service is asked for it.

The services are read by `servers.wordsearch`, which knows nothing of the program. Accents are left out:
whether a service compares them is not documented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.api import Mention, Query, compile_query
from listener.errors import RejectedQueryError
from listener.query import Phrase
from listener.query.evaluate import evaluate
from query.expressions import askable_trees, terms
from servers.lemmy import comment, post
from servers.wordsearch import finds_letters, read_search
from sources import bluesky, mastodon, rss
from sources.lemmy import LemmyOptions, LemmySource, read_view
from thoroughness import some

if TYPE_CHECKING:
    from listener.api import Dialect

BASE = 1_780_000_000
WORDS = st.sampled_from(["acme", "pie", "tea"])
TREES = askable_trees(terms(WORDS))
SAID = st.sampled_from(["acme", "PIE", "tea", "pie", "Acme's", "#acme", "#tea", "acme-pie", "(tea)", "acmepie"])
TEXTS = st.lists(SAID, min_size=1, max_size=8).map(" ".join)


def searches(tree: Any, dialect: Dialect) -> list[str]:
    """Return what a service is asked; nothing where the expression is refused."""
    try:
        return [native.text for native in compile_query(Query.of("Acme", tree), dialect)]
    except RejectedQueryError:
        return []


@pytest.mark.parametrize("dialect", [mastodon.DIALECT, bluesky.DIALECT, rss.DIALECT], ids=lambda dialect: dialect.name)
@settings(max_examples=some(150))
@given(tree=TREES, text=TEXTS)
def test_a_search_for_words_finds_every_text_that_matches(dialect: Dialect, tree: Any, text: str) -> None:
    asked = [read_search(native) for native in searches(tree, dialect)]
    mention = Mention(source=dialect.name, id="1", text=text, published_at=None)
    if asked and evaluate(tree, mention) is not None:
        assert any(finds(text) for finds in asked)


@settings(max_examples=some(150))
@given(tree=TREES, name=TEXTS, body=TEXTS, is_comment=st.booleans())
def test_lemmy_finds_every_post_and_comment_that_matches(tree: Any, name: str, body: str, *, is_comment: bool) -> None:
    view = comment(1, BASE, body) if is_comment else post(1, BASE, name, body)
    mention = read_view(view, "home.example")
    source = LemmySource(LemmyOptions(instances=("https://home.example",)))
    try:
        asked = [resource.native for resource in source.plan([Query.of("Acme", tree)])]
    except RejectedQueryError:
        return
    finally:
        source.close()
    if isinstance(mention, Mention) and evaluate(tree, mention) is not None:
        texts = [body] if is_comment else [name, body]
        assert any(finds_letters(native, text) for native in asked for text in texts)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("acme-cola", "my Acme Cola"),
        ("acme cola", "acme-cola"),
        ("Ada's", "Ada\u2019s pie"),
        ("acme-cola", "acme\u2011cola"),
    ],
)
def test_lemmy_finds_a_name_however_its_parts_are_joined(name: str, text: str) -> None:
    source = LemmySource(LemmyOptions(instances=("https://home.example",)))
    asked = [resource.native for resource in source.plan([Query.of("Acme", Phrase(name))])]
    source.close()
    assert evaluate(Phrase(name), Mention(source="lemmy", id="1", text=text, published_at=None)) is not None
    assert all(finds_letters(native, text) for native in asked)


@pytest.mark.parametrize("dialect", [mastodon.DIALECT, bluesky.DIALECT, rss.DIALECT], ids=lambda dialect: dialect.name)
def test_most_expressions_can_be_asked(dialect: Dialect) -> None:
    @settings(max_examples=some(60))
    @given(TREES)
    def ask(tree: Any) -> None:
        asked.append(bool(searches(tree, dialect)))

    asked: list[bool] = []
    ask()
    assert sum(asked) > len(asked) / 4
