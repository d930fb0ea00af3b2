from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from documents.pages import PAGES, ROOT
from listener import wiring
from listener.cli import COMMANDS
from sentiment.build import shipped_routes


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("manual_generator", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_generated_parts_are_what_the_program_says_today(generate: ModuleType) -> None:
    stale = [file.name for file, text in generate.wanted().items() if file.read_text(encoding="utf-8") != text]
    assert stale == [], "run make docs"


def test_every_generated_part_has_its_page(generate: ModuleType) -> None:
    marks = {name for page in PAGES for name in re.findall(r"<!-- generated: ([a-z-]+) -->", page.read_text("utf-8"))}
    assert marks == set(generate.PARTS)


def test_what_a_built_in_type_says_of_itself_describes_no_part_of_the_interface(generate: ModuleType) -> None:
    spoken = {(kind.__doc__ or "").partition("\n")[0] for kind in (str, tuple, dict, list, frozenset, int, float)}
    assert [line for line in generate.api_names().splitlines() if line.split(" | ")[-1].strip(" |") in spoken] == []


def test_generating_twice_changes_nothing(generate: ModuleType) -> None:
    page = ROOT / "docs" / "configuration.md"
    once = generate.fill(page.read_text(encoding="utf-8"))
    assert generate.fill(once) == once


def test_every_command_named_on_a_page_exists() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        named = set(re.findall(r"`listener ([a-z]+)", text))
        assert named <= set(COMMANDS), f"{page.name} advertises {named - set(COMMANDS)}"


def test_every_link_between_pages_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_link_to_a_part_of_a_page_leads_to_a_heading() -> None:
    for page in PAGES:
        for target, part in re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)", page.read_text(encoding="utf-8")):
            headings = re.findall(
                r"^#+ (.*)$", ((page.parent / target) if target else page).read_text("utf-8"), re.MULTILINE
            )
            parts = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert part in parts, f"{page.name} links to {target}#{part}"


def test_every_picture_is_described_and_light_enough_to_load() -> None:
    for page in PAGES:
        for words, target in re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            picture: Path = page.parent / target
            assert len(words) > 20, f"{page.name}: {target} is not described"
            assert picture.stat().st_size < 250_000


def test_every_source_has_a_section_of_its_own() -> None:
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    assert [name for name in wiring.BUILT_IN_SOURCES if f"\n## {name}\n" not in text] == []


def test_the_readme_counts_the_languages_right() -> None:
    languages = set(shipped_routes()) - {"und"}
    assert f"in {len(languages)} languages" in (ROOT / "README.md").read_text(encoding="utf-8")
