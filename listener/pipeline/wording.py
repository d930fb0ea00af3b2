"""Compare what is said in two spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.alerts.why import Item, explaining_terms
from listener.search import TermRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listener.search import Wording

__all__ = ["contrast_terms", "item_of"]


def contrast_terms(
    present: Sequence[Wording],
    before: Sequence[Wording],
    names: Sequence[str],
    *,
    limit: int,
    weights: tuple[float, float] = (1.0, 1.0),
) -> tuple[TermRow, ...]:
    """Return the terms that stand in surely more of `present` than of `before`, by posts beyond their usual share.

    The brand's own `names` are left out; an author and a story count once. At most `limit` terms.
    `weights` say for how many mentions one of `present` and one of `before` stands, where they are samples.
    """
    found = explaining_terms(
        [item_of(wording) for wording in present],
        [item_of(wording) for wording in before],
        names=names,
        n_terms=limit,
    )
    return tuple(
        TermRow(
            term=factor.value,
            now=round(factor.count * weights[0]),
            before=round(factor.usual * len(before) * weights[1]),
            expected=round(factor.usual * factor.total * weights[0], 2),
            excess=round(factor.excess * weights[0], 2),
            zeta=round(factor.zeta, 2),
        )
        for factor in found
    )


def item_of(wording: Wording) -> Item:
    """Return a stored wording as explaining takes it."""
    return Item(
        id=str(wording.number),
        text=wording.text,
        source=wording.source,
        published_at=wording.published_at,
        author=wording.author,
        story=str(wording.story),
        links=wording.links,
        hashtags=wording.hashtags,
        language=wording.language,
        label=wording.label,
        is_repost=wording.is_repost,
    )
