"""Keep what is learned from the labels of a brand: the model, its card, and whether it is used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from listener.clock import to_epoch
from listener.database import write_transaction
from listener.errors import UsageError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path


__all__ = ["ModelWriter"]


class ModelWriter:
    """Write the table of trained models: one row a brand, its last training."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def save(self, brand: str, *, card: Mapping[str, object], model: bytes | None, now: datetime) -> None:
        """Keep the outcome of a training in place of the last one; with a model it is used from now on."""
        text = json.dumps(card, ensure_ascii=False, separators=(",", ":"))
        with write_transaction(self._connection, self._path):
            self._connection.execute(
                "INSERT INTO trained_models (brand_id, trained_at, is_on, card, model) "
                "SELECT id, ?, ?, ?, ? FROM brands WHERE name = ? "
                "ON CONFLICT (brand_id) DO UPDATE SET trained_at = excluded.trained_at, is_on = excluded.is_on, "
                "card = excluded.card, model = excluded.model",
                (to_epoch(now), int(model is not None), text, model, brand),
            )

    def switch(self, brand: str, *, is_on: bool) -> None:
        """Use the model of a brand, or use it no longer; raises UsageError where there is none to use."""
        with write_transaction(self._connection, self._path):
            found = self._connection.execute(
                "UPDATE trained_models SET is_on = ? WHERE brand_id = (SELECT id FROM brands WHERE name = ?) "
                "AND model IS NOT NULL",
                (int(is_on), brand),
            )
        if not found.rowcount:
            msg = f'there is no model of {brand} to switch; "listener train --show" says why'
            raise UsageError(msg)
