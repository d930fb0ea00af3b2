"""Let what a person says of a mention stand before what scorers say.

The person's label is what counts in every share. The scorer's score stays in
the means where its own label is the person's; where the person contradicts it,
the score is in no mean: a label has a side, but no strength to put in its place.
The scorer's own verdict is kept beside it, so that scorers can be measured
against people and a label can be taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from listener.mention import Label

if TYPE_CHECKING:
    import sqlite3

__all__ = ["PERSON_LABELS", "Effective", "effective", "labels_of", "write_label"]

PERSON_LABELS: Final = (Label.POSITIVE, Label.NEUTRAL, Label.NEGATIVE, Label.IRRELEVANT)
"""What a person can say of a mention."""


class Effective(NamedTuple):
    """Hold what a match counts as, and the scorer's own where a person's label took its place.

    Scores are x 10 000, None where there is none.
    """

    label: Label
    score: int | None
    scorer_label: Label | None
    scorer_score: int | None


def effective(label: Label, score: int | None, said: Label | None) -> Effective:
    """Return what counts of a scorer's `label` and `score` where a person `said` something, or None."""
    if said is None:
        return Effective(label, score, None, None)
    own = Label.NEUTRAL if label is Label.NO_EVIDENCE else label
    return Effective(said, score if said is own else None, label, score)


def labels_of(connection: sqlite3.Connection, number: int) -> dict[int, Label]:
    """Return what people said of a mention, by brand key."""
    rows = connection.execute("SELECT brand_id, label FROM labels WHERE mention_id = ?", (number,))
    return {brand_id: Label(label) for brand_id, label in rows}


def write_label(connection: sqlite3.Connection, number: int, brand_id: int, said: Label | None, now: int) -> None:
    """Keep what a person says of a mention towards a brand, and of which wording; None takes it back."""
    if said is None:
        connection.execute("DELETE FROM labels WHERE mention_id = ? AND brand_id = ?", (number, brand_id))
        return
    connection.execute(
        "INSERT INTO labels (mention_id, brand_id, label, labelled_at, text_hash) "
        "SELECT id, ?, ?, ?, text_hash FROM mentions WHERE id = ? "
        "ON CONFLICT (mention_id, brand_id) DO UPDATE SET label = excluded.label, "
        "labelled_at = excluded.labelled_at, text_hash = excluded.text_hash",
        (brand_id, int(said), now, number),
    )
