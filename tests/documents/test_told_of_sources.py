"""What pages say of sources by name is said of all of them, and of no other."""

from __future__ import annotations

import re

from documents.pages import ROOT
from listener.errors import SourceError
from listener.pipeline.collect import failure_state
from listener.wiring.sources import BUILT_IN_SOURCES, source_class

SOURCES = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
BUDGETS = (ROOT / "docs" / "budgets.md").read_text(encoding="utf-8")


def offering(name: str) -> set[str]:
    """Return the sources that offer a method or say a fact."""
    classes = {source: source_class(source) for source in BUILT_IN_SOURCES}
    return {
        source for source, kind in classes.items() if hasattr(kind, name) or getattr(kind.facts, name, None) is True
    }


def kinds_of_failure(kind: type[SourceError]) -> set[str]:
    """Return the states that the kinds of an error lead to which name one."""
    own = {state} if (state := failure_state(kind("x"))) not in {"unavailable", "failed"} else set()
    return own.union(*map(kinds_of_failure, kind.__subclasses__()))


def test_the_table_of_threads_has_a_row_for_each_source_that_reads_them() -> None:
    table = SOURCES.split("## Answers in threads")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| ([a-z]+) \|", table, re.MULTILINE)) - {"source"} == offering("replies")


def test_the_sources_that_go_on_where_one_host_fails_are_named() -> None:
    (named,) = re.findall(r"Sources that read several hosts or files \(([^)]*)\)", BUDGETS)
    assert set(re.findall(r"`([a-z]+)`", named)) == offering("resources_fail_alone")


def test_every_state_that_a_failure_leads_to_is_explained() -> None:
    table = BUDGETS.split("## When a source fails")[1]
    told = set(re.findall(r"^\| [^|]* \| `([a-z_]+)` \|", table, re.MULTILINE))
    assert told >= kinds_of_failure(SourceError) | {"unavailable", "broken"}
