"""The demo makes its folder ready: it empties one of its own, leaves the folder itself where it is, and touches no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from listener.demo.show import _prepare, run_demo
from listener.errors import ListenerError


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Return a folder as a demo leaves it that was stopped: its mark, and what it had written."""
    folder = tmp_path / "shown"
    folder.mkdir()
    (folder / ".listener-demo").write_text("made by listener demo\n", encoding="utf-8")
    (folder / "listener.db").write_bytes(b"no store")
    (folder / "trend.png").write_bytes(b"no picture")
    (folder / "more").mkdir()
    (folder / "more" / "page.html").write_text("old", encoding="utf-8")
    return folder


def begin(folder: Path) -> list[str]:
    """Let a demo make its folder ready, and do nothing else, which takes long; return what is in it then."""
    _prepare(folder)
    return sorted(entry.name for entry in folder.iterdir())


def test_a_folder_of_an_earlier_demo_is_emptied_and_stays_itself(made: Path) -> None:
    number = made.stat().st_ino
    assert begin(made) == [".listener-demo", "config.toml"]
    assert made.stat().st_ino == number  # a mounted folder, or a container's volume, cannot be made anew


def test_the_folder_one_stands_in_and_a_link_to_one_are_emptied_too(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    link.symlink_to(made)
    assert begin(link) == [".listener-demo", "config.toml"]
    assert link.is_symlink()
    (made / "more").mkdir()
    monkeypatch.chdir(made)
    assert begin(Path()) == [".listener-demo", "config.toml"]


def test_what_a_link_in_the_folder_leads_to_is_left_alone(made: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter").write_text("dear", encoding="utf-8")
    (made / "linked").symlink_to(mine)
    assert begin(made) == [".listener-demo", "config.toml"]
    assert (mine / "letter").read_text(encoding="utf-8") == "dear"


def test_a_new_disk_is_taken_and_keeps_what_is_the_disk_s(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    assert begin(tmp_path) == [".listener-demo", "config.toml", "lost+found"]
    assert begin(tmp_path) == [".listener-demo", "config.toml", "lost+found"]


def test_a_folder_with_anything_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear", encoding="utf-8")
    with pytest.raises(ListenerError, match="was not made by the demo"):
        run_demo(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["letter"]


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("dear", encoding="utf-8")
    with pytest.raises(ListenerError, match="cannot write there: File exists"):
        run_demo(tmp_path / "file")
