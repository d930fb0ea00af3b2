"""Draw tracked expressions for laws that must hold for all of them."""

from __future__ import annotations

from hypothesis import strategies as st

from listener.query import And, Hashtag, Node, Not, Or, Phrase


def phrases(words: st.SearchStrategy[str]) -> st.SearchStrategy[Phrase]:
    """Draw phrases of one word, of two, and of two with a hyphen between them."""
    return st.builds(
        Phrase, st.one_of(words, st.builds("{} {}".format, words, words), st.builds("{}-{}".format, words, words))
    )


def terms(words: st.SearchStrategy[str]) -> st.SearchStrategy[Node]:
    """Draw phrases and hashtags."""
    return st.one_of(phrases(words), st.builds(Hashtag, words))


def trees(leaves: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Draw everything that negation, conjunction and disjunction make of leaves."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(lambda nodes: And(tuple(nodes)), st.lists(inner, min_size=2, max_size=3)),
            st.builds(lambda nodes: Or(tuple(nodes)), st.lists(inner, min_size=2, max_size=3)),
        ),
        max_leaves=8,
    )


def askable_trees(leaves: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Draw trees that name something to look for: nothing is excluded but from something else."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(lambda a, b: Or((a, b)), inner, inner),
            st.builds(lambda a, b: And((a, b)), inner, inner),
            st.builds(lambda a, b: And((a, Not(b))), inner, inner),
        ),
        max_leaves=6,
    )
