"""Text becomes drawable with whatever fonts there are: spelled, dropped or named, never a box."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.charts import glyphs
from thoroughness import some


@pytest.fixture
def only_dejavu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the one font that comes with matplotlib, as on a machine without any other."""
    drawn = glyphs._drawn_by("DejaVu Sans")
    monkeypatch.setattr(glyphs, "_covered", lambda: drawn)
    monkeypatch.setattr(glyphs, "families", lambda: ("DejaVu Sans",))


@pytest.mark.usefixtures("only_dejavu")
@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("आज़ाद मोबाइल", "Ajad Mobail"),
        ("ਪੰਜਾਬੀ", "Panjabi"),
        ("தமிழ்", "Tamizh"),
        ("コカコーラ", "Kokakora"),
        ("한국", "Hangug"),
        ("日本 Acme", "[CJK] Acme"),
        ("ไทย", "[Thai]"),
        ("ایکمی", "ایکمی"),
        ("Ünïcode Ωμέγα Жук", "Ünïcode Ωμέγα Жук"),
        ("Acme 🎉👩‍👩‍👧", "Acme"),
        ("🎉", ""),
    ],
)
def test_what_the_one_font_lacks_is_spelled_named_or_dropped(text: str, drawn: str) -> None:
    assert glyphs.drawable(text) == drawn


@pytest.mark.usefixtures("only_dejavu")
@settings(max_examples=some(60))
@given(st.text(max_size=40))
def test_whatever_comes_only_drawable_letters_are_left(text: str) -> None:
    left = set(glyphs.drawable(text).replace(r"\$", "$"))
    assert {c for c in left if ord(c) not in glyphs._covered()} == set()


def test_dollars_are_text_and_not_formulas() -> None:
    assert glyphs.drawable(r"$x^2$ \$") == r"\$x^2\$ \\$"


def test_a_latin_text_needs_one_font_only() -> None:
    assert glyphs.fonts_for("Acme 42 %") == ["DejaVu Sans"]
    assert glyphs.fonts_for("") == ["DejaVu Sans"]
