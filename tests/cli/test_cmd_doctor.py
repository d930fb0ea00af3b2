from __future__ import annotations

import os
import sqlite3
import sys
import zoneinfo
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from listener.disk import network_of, other_name

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Answer, Place

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def states(answer: Answer) -> dict[str, str]:
    """Return what was looked at with its state, the worst where it comes twice."""
    found: dict[str, str] = {}
    for line in answer.out.splitlines():
        state, name = line[:4].strip(), line[6:18].strip()
        found[name] = "FAIL" if "FAIL" in {state, found.get(name)} else state
    return found


def spoil(place: Place, statement: str) -> None:
    with closing(sqlite3.connect(place.database)) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_sound_installation_with_a_sound_store_is_all_ok(filled: Place) -> None:
    assert filled.run("rescore").code == 0  # the mentions of these tests are scored by hand

    answer = filled.run("doctor")

    assert answer.code == 0
    assert set(states(answer).values()) == {"ok"}
    assert {
        "python",
        "program",
        "packages",
        "names",
        "plug-ins",
        "config",
        "sqlite",
        "time zones",
        "clock",
        "store",
    } <= (set(states(answer)))


def test_without_configuration_and_store_the_rest_is_examined(place: Place) -> None:
    place.config_file.unlink()

    answer = place.run("doctor", config=False)

    assert answer.code == 0
    assert states(answer)["config"] == "skip"
    assert states(answer)["store"] == "skip"
    assert states(answer)["sqlite"] == "ok"


def test_counts_that_differ_from_the_rows_are_found_and_mended(filled: Place) -> None:
    spoil(filled, "UPDATE rollup_quarter SET mentions = mentions + 1")

    sick = filled.run("doctor")
    mended = filled.run("doctor", "--rebuild")
    after = filled.run("doctor")

    assert (sick.code, mended.code, after.code) == (1, 0, 0)
    assert states(sick)["store"] == "FAIL"
    assert "rollup_quarter" in sick.out
    assert '"listener doctor --rebuild" mends counts' in sick.out
    assert states(mended)["rebuild"] == "ok"


def test_a_damaged_file_is_named_and_the_rest_examined(place: Place) -> None:
    place.database.write_bytes(b"a text, no store " * 500)
    place.database.chmod(0o600)

    answer = place.run("doctor")

    assert answer.code == 1
    assert states(answer)["store"] == "FAIL"
    assert states(answer)["plug-ins"] == "ok"


def test_an_sqlite_that_is_too_old_is_a_finding(filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.31.1")
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 1))
    answer = filled.run("doctor")
    assert answer.code == 1
    assert "version 3.31.1 is too old; 3.37.0 or later is needed" in answer.out
    assert states(answer)["sqlite"] == "FAIL"
    assert states(answer)["store"] == "ok"


def test_a_system_without_time_zones_is_a_finding(filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tzdata", *(one for one in sys.modules if one.startswith("tzdata."))):
        monkeypatch.setitem(sys.modules, name, None)
    zoneinfo.reset_tzpath(to=[])
    zoneinfo.ZoneInfo.clear_cache()
    try:
        answer = filled.run("doctor")
    finally:
        zoneinfo.reset_tzpath()
    assert answer.code == 1
    assert states(answer)["time zones"] == "FAIL"
    assert "install the package tzdata" in answer.out
    assert states(answer)["sqlite"] == "ok"


def test_a_program_that_lacks_a_package_says_which(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    whole = metadata.version

    def version(name: str) -> str:
        if name == "click":
            raise metadata.PackageNotFoundError(name)
        return whole(name)

    monkeypatch.setattr(metadata, "version", version)
    answer = place.run("doctor")
    assert answer.code == 1
    assert "click is missing; install social-listener again" in answer.out
    assert states(answer)["program"] == "ok"


def test_a_store_that_others_can_read_is_a_finding(filled: Place) -> None:
    filled.database.chmod(0o644)

    answer = filled.run("doctor")

    assert answer.code == 1
    assert "can be read by others (mode 644)" in answer.out


@pytest.mark.parametrize(("kind", "is_told"), [("nfs4", True), ("ext4", False)])
def test_a_store_that_other_machines_may_reach_is_warned_of(
    filled: Place, monkeypatch: pytest.MonkeyPatch, kind: str, is_told: bool
) -> None:
    mounts = filled.folder / "a b" / "mountinfo"
    mounts.parent.mkdir()
    point = str(filled.folder).replace(" ", r"\040")
    mounts.write_text(
        f"24 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 24 0:40 / {point} rw shared:1 - {kind} server:/share rw\n"
        f"31 30 0:41 / {point}/a\\040b rw - ext4 /dev/sdb1 rw\nodd line\n",
        "utf-8",
    )
    monkeypatch.setattr("listener.disk._MOUNTS", mounts)
    answer = filled.run("doctor")
    assert answer.code == 0
    assert (f"file system of a network ({kind})" in answer.out) is is_told
    assert network_of(mounts) is None


def test_a_store_that_has_another_name_is_warned_of(filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert other_name(filled.database) is None
    link = filled.folder / "other.db"
    os.link(filled.database, link)
    answer = filled.run("doctor")
    assert (answer.code, states(answer)["disk"]) == (0, "warn")
    assert "listener.db has 2 names (hard links): keep one; what is written under two names" in answer.out
    link.unlink()

    mounts = filled.folder / "mountinfo"
    mounts.write_text(
        f"24 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 24 8:1 /listener.db {filled.database} rw - ext4 /dev/sda1 rw\n"
    )
    monkeypatch.setattr("listener.disk._MOUNTS", mounts)
    assert "listener.db is mounted without its folder: mount the folder; what is" in filled.run("doctor").out
    assert other_name(mounts) is None


def test_where_nothing_is_told_of_mounts_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listener.disk._MOUNTS", tmp_path / "none")
    assert network_of(tmp_path) is None


def test_a_clock_behind_the_store_is_a_finding(filled: Place) -> None:
    with filled.store() as store:
        store.reports.beat("daemon", 1, started_at=NOW, now=NOW + timedelta(days=2))

    assert states(filled.run("doctor"))["clock"] == "FAIL"


def test_a_store_of_another_version_is_left_alone(filled: Place) -> None:
    spoil(filled, "PRAGMA user_version = 99")

    answer = filled.run("doctor", "--rebuild")

    assert answer.code == 1
    assert "made by a newer version" in answer.out


def test_every_problem_of_the_configuration_is_a_line(place: Place) -> None:
    place.configure('[brand]\n[listener]\ntime_zone = "Mars/Olympus"\n')

    answer = place.run("doctor")

    assert answer.code == 1
    assert sum(line.startswith("FAIL  config") for line in answer.out.splitlines()) == 2
    assert "internal" not in answer.err


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("top_level.txt", "sources\n"),
        (
            "RECORD",
            "rival/sources/__init__.py,,\nsources/__init__.py,sha256=aa,1\nrival_sources-1.0.dist-info/RECORD,,\n",
        ),
        ("RECORD", "sources.py,sha256=aa,1\n"),
    ],
)
def test_another_distribution_that_owns_a_name_is_named(
    place: Place, monkeypatch: pytest.MonkeyPatch, file: str, content: str
) -> None:
    stranger = place.folder / "site" / "rival_sources-1.0.dist-info"
    stranger.mkdir(parents=True)
    (stranger / "METADATA").write_text("Metadata-Version: 2.1\nName: rival-sources\nVersion: 1.0\n", encoding="utf-8")
    (stranger / file).write_text(content, encoding="utf-8")
    monkeypatch.syspath_prepend(str(stranger.parent))

    answer = place.run("doctor")

    assert answer.code == 1
    assert 'the package "sources" is also brought by rival-sources' in answer.out


def test_a_plugin_that_does_not_load_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = place.folder / "site" / "rival_plugin-1.0.dist-info"
    broken.mkdir(parents=True)
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: rival-plugin\nVersion: 1.0\n", encoding="utf-8")
    (broken / "entry_points.txt").write_text("[listener.sources]\nforum = no_such_module:Forum\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(broken.parent))

    answer = place.run("doctor")
    listed = place.run("sources", "--format", "jsonl")

    assert answer.code == 1
    assert "plug-in forum of rival-plugin does not load" in answer.out
    assert '"state": "broken"' in listed.out


def test_feelings_that_other_rules_told_are_counted_until_they_are_scored_anew(filled: Place) -> None:
    answer = filled.run("doctor")

    assert answer.code == 0
    assert states(answer)["scores"] == "warn"
    assert "20 feelings were told by other rules than today's (vader " in answer.out
    assert filled.run("rescore").code == 0
    assert states(filled.run("doctor"))["scores"] == "ok"
