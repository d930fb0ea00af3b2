"""Read what was learned from the labels of brands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from listener.clock import from_epoch
from listener.frozen import dataclass

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["StoredModel", "read_models"]

_MODELS: Final = """
SELECT brands.name, trained_at, is_on, card, model
FROM trained_models JOIN brands ON brands.id = brand_id ORDER BY brands.name
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredModel:
    """Hold the last training of a brand; `data` is None where no model came out of it."""

    brand: str
    trained_at: datetime
    is_on: bool
    card: Mapping[str, Any]
    data: bytes | None


def read_models(connection: sqlite3.Connection) -> tuple[StoredModel, ...]:
    """Return the last training of every brand that has one, in order of the names."""
    return tuple(
        StoredModel(brand=brand, trained_at=from_epoch(at), is_on=bool(is_on), card=_card(card), data=data)
        for brand, at, is_on, card, data in connection.execute(_MODELS)
    )


def _card(text: str) -> Mapping[str, Any]:
    """Return a card; an empty one where the column was damaged, so that the rest can be told."""
    try:
        card = json.loads(text)
    except ValueError:
        return {}
    return card if isinstance(card, dict) else {}
