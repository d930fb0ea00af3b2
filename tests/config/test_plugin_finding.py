"""Finding parts by name: built-ins first, then entry points of installed distributions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from listener.errors import PluginError
from listener.plugins import SOURCES, find_plugins, load_plugin

if TYPE_CHECKING:
    from pathlib import Path

BUILTINS = {"decoder": "json:JSONDecoder"}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a made-up distribution with a good plug-in, broken ones and one that takes a taken name."""
    info = tmp_path / "made_up-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[listener.sources]\n"
        "good = made_up_plugin:Inner.source\n"
        "missing = made_up_nowhere:Source\n"
        "lacking = made_up_plugin:Other\n"
        "crashing = made_up_crash:Source\n"
        "decoder = made_up_plugin:Inner\n",
        encoding="utf-8",
    )
    (tmp_path / "made_up_plugin.py").write_text("class Inner:\n    source = 42\n", encoding="utf-8")
    (tmp_path / "made_up_crash.py").write_text("raise RuntimeError('at import')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)


def test_a_built_in_is_loaded_without_looking_at_what_is_installed() -> None:
    import json

    assert load_plugin(SOURCES, "decoder", BUILTINS) is json.JSONDecoder


@pytest.mark.usefixtures("installed")
def test_an_installed_plug_in_is_found_and_loaded() -> None:
    assert load_plugin(SOURCES, "good", BUILTINS) == 42
    assert find_plugins(SOURCES, BUILTINS)["good"].distribution == "made-up"


@pytest.mark.usefixtures("installed")
def test_finding_plug_ins_imports_none_of_them() -> None:
    sys.modules.pop("made_up_plugin", None)
    assert {"decoder", "good", "missing"} <= set(find_plugins(SOURCES, BUILTINS))
    assert "made_up_plugin" not in sys.modules


@pytest.mark.usefixtures("installed")
def test_a_plug_in_cannot_take_the_name_of_a_built_in() -> None:
    assert find_plugins(SOURCES, BUILTINS)["decoder"].distribution is None


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ["missing", "lacking", "crashing"])
def test_a_broken_plug_in_is_named_with_its_distribution(name: str) -> None:
    with pytest.raises(PluginError, match=f"plug-in {name} of made-up does not load"):
        load_plugin(SOURCES, name, BUILTINS)


def test_an_unknown_name_names_the_near_miss() -> None:
    with pytest.raises(PluginError, match='sources: there is no "decodr"; did you mean "decoder"'):
        load_plugin(SOURCES, "decodr", BUILTINS)
