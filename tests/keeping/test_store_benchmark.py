"""The stores that are measured hold what the pipeline would have stored, and the measurements agree with plain tables."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from listener.store import Store
from stores import lay_store

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def made_stores() -> ModuleType:
    spec = importlib.util.spec_from_file_location("made_stores", BENCHMARKS / "made_stores.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)  # where its neighbours lie
        spec.loader.exec_module(module)
    return module


def every_table(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables of a store, and what its index holds."""
    with closing(sqlite3.connect(path)) as connection:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if not name.startswith(("sqlite_", "_sqlite", "mention_texts"))
        ]
        connection.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab (main, mention_texts, instance)")
        tables = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}  # noqa: S608 - its tables
        tables["words"] = connection.execute("SELECT * FROM temp.words").fetchall()
    return {name: sorted(rows, key=repr) for name, rows in tables.items()}


def test_a_store_made_the_quick_way_equals_the_one_the_pipeline_writes_cell_by_cell(
    tmp_path: Path, made_stores: ModuleType
) -> None:
    made_stores.write_bulk(tmp_path / "quick.db", made_stores.made(800))
    made_stores.write_pages(tmp_path / "paged.db", made_stores.made(800))
    assert every_table(tmp_path / "quick.db") == every_table(tmp_path / "paged.db")


def test_a_multiplied_store_has_counts_that_equal_its_rows(tmp_path: Path, made_stores: ModuleType) -> None:
    made_stores.write_bulk(tmp_path / "store.db", made_stores.made(300))
    made_stores.multiply(tmp_path / "store.db", 3)
    with Store(lay_store(tmp_path / "store.db")) as store:
        assert store.check() == []
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        assert connection.execute("SELECT count(*) FROM mentions").fetchone() == (900,)


def test_the_store_and_plain_tables_answer_alike(tmp_path: Path) -> None:
    report = tmp_path / "figures.json"
    subprocess.run(
        [sys.executable, str(BENCHMARKS / "store.py"), "--mentions", "1500", "--rounds", "1", "--json", str(report)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    figures = json.loads(report.read_text(encoding="utf-8"))["figures"]
    assert {one["name"] for one in figures} >= {
        "daily trend of a year",
        "percentiles of a year",
        "listener trend, from cold",
    }
    assert all(one["milliseconds"] > 0 for one in figures)
