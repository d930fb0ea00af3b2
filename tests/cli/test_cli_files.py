"""What a command writes into a file is there whole or not at all."""

from __future__ import annotations

import errno
import gzip
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cli.conftest import NOW
from listener.cli.files import replacing, write_file
from listener.errors import ListenerError
from listener.parts import clear_parts, name_part, put_new
from unmeasured import environment

if TYPE_CHECKING:
    from cli.conftest import Place

PROGRAM = [sys.executable, "-c", "from listener.cli.main import main; main()"]
SMALL = 300_000


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL))


@pytest.mark.parametrize("number", [errno.EIO, errno.EDQUOT, errno.ENOTSUP])
def test_what_the_disk_refuses_when_it_is_synced_takes_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A full disk of a network tells it then; a file system that cannot sync is another matter."""
    file = tmp_path / "chart.png"
    file.write_bytes(b"before")

    def refuse(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    if number == errno.ENOTSUP:
        write_file(file, b"after")
    else:
        with pytest.raises(ListenerError, match=f"cannot be written: {os.strerror(number)}"):
            write_file(file, b"after")
    after = b"after" if number == errno.ENOTSUP else b"before"
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"chart.png": after}


@pytest.mark.parametrize("fault", [PermissionError(1, "Operation not permitted"), KeyboardInterrupt()], ids=repr)
def test_what_ends_while_the_mode_is_taken_over_leaves_nothing_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    file = tmp_path / "chart.png"
    file.write_bytes(b"before")

    def refuse(*_: object, **_options: object) -> None:
        raise fault

    with monkeypatch.context() as refusing:
        refusing.setattr(os, "chmod", refuse)
        with pytest.raises(type(fault)), replacing(file):
            pass
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"chart.png": b"before"}


def test_what_fails_or_is_interrupted_leaves_what_was_there_before(tmp_path: Path) -> None:
    file = tmp_path / "chart.png"
    file.write_bytes(b"before")

    def fail(fault: BaseException) -> None:
        with replacing(file) as place:
            place.write_bytes(b"half")
            raise fault

    for fault in (OSError(28, "full"), KeyboardInterrupt()):
        with pytest.raises(type(fault)):
            fail(fault)
        assert file.read_bytes() == b"before"
        assert list(tmp_path.iterdir()) == [file]


def no_process() -> int:
    """Return the number of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def part_of(name: str, process: int) -> str:
    """Return what the part of a file is called that a process here writes."""
    return name_part(Path(name)).name.replace(f".{os.getpid()}-", f".{process}-")


def test_what_a_killed_process_left_is_taken_away(tmp_path: Path) -> None:
    file = tmp_path / "out[1].csv"
    gone, here = no_process(), os.getpid()
    taken = (part_of(file.name, gone), part_of(file.name, here))
    kept = (
        part_of(file.name, here), ".out[1].csv.mine.part", part_of("out1.csv", gone),
        f"{part_of(file.name, gone)}.txt", part_of("out[1].csv.x", gone), part_of(file.name, 10**30),
    )  # fmt: skip
    for name in (*taken, *kept):
        (tmp_path / name).write_text("half")
    for name in (taken[1], kept[1]):
        os.utime(tmp_path / name, (1, 1))
    write_file(file, b"whole")
    assert file.read_bytes() == b"whole"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([file.name, *kept])


def test_only_a_day_tells_that_a_part_is_left_where_processes_cannot_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [part_of("all.csv", no_process()) for _ in range(2)]
    for name in names:
        (tmp_path / name).write_text("half")
    os.utime(tmp_path / names[0], (1, 1))
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("listener.parts._IS_POSIX", False)
        clear_parts(tmp_path / "all.csv")
    assert [one.name for one in tmp_path.iterdir()] == [names[1]]


def test_only_a_day_tells_that_a_part_of_another_container_is_left(tmp_path: Path) -> None:
    """Its process may live, though here nobody has that number."""
    names = [f".all.csv.{no_process()}-{number:016}.part" for number in (1, 2)]
    for name in names:
        (tmp_path / name).write_text("half")
    os.utime(tmp_path / names[0], (1, 1))
    clear_parts(tmp_path / "all.csv")
    assert [one.name for one in tmp_path.iterdir()] == [names[1]]


def test_what_another_life_with_the_same_number_left_does_not_make_a_file_be_written_in_its_place(
    tmp_path: Path,
) -> None:
    file = tmp_path / "all.csv"
    file.write_bytes(b"before")
    (tmp_path / f".all.csv.{os.getpid()}.part").write_bytes(b"half")
    with replacing(file) as place:
        place.write_bytes(b"half of what comes")
        assert file.read_bytes() == b"before"


@pytest.mark.parametrize("has_links", [True, False])
def test_a_new_file_takes_no_place_that_is_taken_and_is_there_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    file, part = tmp_path / "config.toml", tmp_path / "part"

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    if not has_links:
        monkeypatch.setattr(os, "link", refuse)
    part.write_bytes(b"whole")
    put_new(part, file)
    assert (file.read_bytes(), file.stat().st_nlink, list(tmp_path.iterdir())) == (b"whole", 1, [file])
    part.write_bytes(b"another")
    with pytest.raises(FileExistsError):
        put_new(part, file)
    assert file.read_bytes() == b"whole"
    if not has_links:
        monkeypatch.setattr(type(part), "replace", refuse)
        with pytest.raises(PermissionError):
            put_new(part, tmp_path / "new.toml")
        assert not (tmp_path / "new.toml").exists()


def test_a_file_keeps_its_mode_and_a_link_goes_on_being_one(tmp_path: Path) -> None:
    file, link = tmp_path / "all.csv", tmp_path / "link.csv"
    file.write_bytes(b"before")
    file.chmod(0o640)
    link.symlink_to(file)
    with replacing(link) as place:
        place.write_bytes(b"after")
    assert (link.is_symlink(), file.read_bytes(), file.stat().st_mode & 0o777) == (True, b"after", 0o640)


def test_devices_and_files_of_several_names_are_written_to_themselves(tmp_path: Path) -> None:
    file, other = tmp_path / "all.csv", tmp_path / "other.csv"
    file.write_bytes(b"before")
    os.link(file, other)
    with replacing(file) as place:
        place.write_bytes(b"after")
    assert other.read_bytes() == b"after"
    with replacing(tmp_path / "/dev/null") as place:
        assert str(place) == "/dev/null"


def test_a_file_that_is_mounted_without_its_folder_is_written_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As into a container: no other can take its place."""
    file, mounts = tmp_path / "all.csv", tmp_path / "mountinfo"
    file.write_bytes(b"before")
    mounts.write_text(f"24 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 24 8:1 /all.csv {file} rw - ext4 /dev/sda1 rw\n")
    monkeypatch.setattr("listener.disk._MOUNTS", mounts)
    mounted = file.stat().st_ino
    write_file(file, b"after")
    assert (file.read_bytes(), file.stat().st_ino) == (b"after", mounted)


@pytest.mark.parametrize("name", ["all.jsonl", "all.csv"])
def test_an_export_that_finds_no_room_leaves_the_last_one(place: Place, name: str) -> None:
    long = {"source": "x", "text": "Acme " + "fine " * 2_000, "published_at": "2026-11-19T08:00:00Z"}
    lines = "".join(json.dumps({**long, "id": str(number)}) + "\n" for number in range(60))
    (place.folder / "long.jsonl").write_text(lines, encoding="utf-8")
    assert place.run("import", str(place.folder / "long.jsonl")).code == 0
    file = place.folder / name
    file.write_text("before", encoding="utf-8")
    command = ["export", "--output", str(file), "--config", str(place.config_file), "--now", NOW.isoformat()]
    done = subprocess.run(
        [*PROGRAM, *command], check=False, capture_output=True, env=environment(), preexec_fn=small_files
    )
    assert (done.returncode, done.stderr.decode()) == (1, f"Error: {file} cannot be written: File too large\n")
    assert file.read_text() == "before"
    assert not list(place.folder.glob(".*"))
    assert place.run(*command[:3]).code == 0
    assert file.stat().st_size > SMALL


def test_a_packed_export_bears_the_name_it_was_asked_for(filled: Place) -> None:
    file = filled.folder / "all.jsonl.gz"
    assert filled.run("export", "--output", str(file)).code == 0
    assert len(gzip.decompress(file.read_bytes()).splitlines()) == 20
    assert b"all.jsonl\0" in file.read_bytes()[:40]
    assert b".part" not in file.read_bytes()[:80]


def test_a_configuration_that_finds_no_room_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    done = subprocess.run(
        [*PROGRAM, "init", str(file)],
        check=False, capture_output=True, env=environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
    )  # fmt: skip
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [])


def test_an_export_to_a_dash_goes_to_standard_output(filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(filled.folder)
    assert filled.run("export", "--output", "-").out == filled.run("export").out != ""
    assert not (filled.folder / "-").exists()


def test_an_export_that_asks_for_what_is_not_there_empties_no_file_of_several_names(filled: Place) -> None:
    file = filled.folder / "all.jsonl"
    file.write_text("precious", encoding="utf-8")
    os.link(file, filled.folder / "other.jsonl")
    answer = filled.run("export", "--source", "nowhere", "--output", str(file))
    assert (answer.code, answer.out) == (2, "")
    assert file.read_text("utf-8") == "precious"
