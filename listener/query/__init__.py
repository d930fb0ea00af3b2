"""Read, evaluate and compile the tracked expression of a brand.

`parse` turns text and config words into a tree, `evaluate` decides exactly
whether a mention satisfies it, `compile` widens it to what a service can search.
"""

from listener.query.tree import (
    And,
    Author,
    Bound,
    Cashtag,
    Field,
    Handle,
    Hashtag,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Raw,
    TagWords,
    Title,
    canonical,
    format_tree,
)

__all__ = [
    "And",
    "Author",
    "Bound",
    "Cashtag",
    "Field",
    "Handle",
    "Hashtag",
    "Near",
    "Node",
    "Not",
    "Or",
    "Phrase",
    "Prefix",
    "Query",
    "Raw",
    "TagWords",
    "Title",
    "canonical",
    "format_tree",
]
