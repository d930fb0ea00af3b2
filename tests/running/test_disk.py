"""A full disk, a store that may not be written, a damaged one: one clear sentence, nothing lost, the next run goes on."""

from __future__ import annotations

import os
import pwd
import resource
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import pytest

from running.site import SEEN, Ended, Site, hackernews_table, hits, spans
from servers.hackernews import HackerNews

Dump = dict[str, list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def server() -> Iterator[HackerNews]:
    with HackerNews(hits(120)) as running:
        yield running


@pytest.fixture(scope="module")
def table(server: HackerNews) -> str:
    return hackernews_table(server, hits_per_page=10)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, table: str) -> Site:
    """Return a site whose store nobody changes: it is copied."""
    site = Site(tmp_path_factory.mktemp("filled"), table)
    assert site.collect().code == 0
    return site


@pytest.fixture(scope="module")
def expected(filled: Site) -> Dump:
    return filled.dump()


def copied(filled: Site, folder: Path, table: str) -> Site:
    site = Site(folder, table)
    shutil.copy(filled.database, site.database)
    return site


def one_sentence(ended: Ended) -> str:
    """Return the one error line of a run; fail where there is a traceback or more than one sentence."""
    lines = [line for line in ended.err.splitlines() if " INFO " not in line and " WARNING " not in line]
    assert len(lines) == 1, ended.err
    assert lines[0].startswith("Error: ")
    return lines[0]


def assert_same(site: Site, expected: Dump) -> None:
    found = site.dump()
    for name in SEEN:
        assert found[name] == expected[name], name
    assert spans(found) == spans(expected)


def limit_files_to(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("kilobytes", [1, *(pytest.param(size, marks=pytest.mark.slow) for size in (40, 300, 700))])
def test_a_full_disk_is_said_in_a_sentence_and_the_next_run_goes_on(
    kilobytes: int, tmp_path: Path, table: str, expected: Dump
) -> None:
    site = Site(tmp_path, table)
    ended = site.process("collect", prepare=limit_files_to(kilobytes << 10))
    assert ended.code == 1
    assert "the disk is full" in one_sentence(ended)
    stored = {row[1] for row in site.dump()["mentions"]} if kilobytes > 300 else set()
    assert site.collect().code == 0
    assert_same(site, expected)
    assert stored <= {row[1] for row in expected["mentions"]}
    assert bool(stored) == (kilobytes > 300)


@pytest.fixture
def mounted() -> Iterator[Callable[..., Path]]:
    """Return what mounts something, or skips where that is not allowed; what was mounted is taken away."""
    places: list[Path] = []

    def mount(*arguments: str, at: Path) -> Path:
        at.mkdir(exist_ok=True)
        done = subprocess.run(
            ["/usr/bin/env", "mount", *arguments, str(at)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
        if at not in places:
            places.append(at)
        return at

    yield mount
    for place in places:
        subprocess.run(["/usr/bin/env", "umount", str(place)], check=True)


def test_a_file_system_that_runs_full_loses_nothing(
    tmp_path: Path, table: str, expected: Dump, mounted: Callable[..., Path]
) -> None:
    small = mounted("-t", "tmpfs", "-o", "size=1M", "tmpfs", at=tmp_path / "small")
    site = Site(small, table)
    ended = site.run("collect")
    assert ended.code == 1
    assert "the disk is full" in one_sentence(ended)
    again = site.run("collect")
    assert again.code == 1
    assert "the disk is full" in one_sentence(again)
    mounted("-o", "remount,size=64M", at=small)
    assert site.run("collect").code == 0
    assert_same(site, expected)


def test_a_store_on_a_read_only_file_system_is_not_collected_into_and_can_be_read(
    tmp_path: Path, filled: Site, table: str, expected: Dump, mounted: Callable[..., Path]
) -> None:
    real = copied(filled, tmp_path / "real", table)
    place = mounted("--bind", str(real.folder), at=tmp_path / "readonly")
    mounted("-o", "remount,ro,bind", at=place)
    real.folder = place
    real.database, real.config = place / "listener.db", place / "config.toml"
    ended = real.run("collect")
    assert ended.code == 1
    assert "may not be written" in one_sentence(ended)
    shown = real.run("trend", "Acme", "--since", "2d", "--format", "json")
    assert (shown.code, shown.err) == (0, "")
    assert '"mentions": ' in shown.out
    daemon = real.run("run", now=None)
    assert daemon.code == 1
    assert "may not be written" in one_sentence(daemon)
    assert_same(filled, expected)


@pytest.fixture
def public() -> Iterator[Path]:
    """Return a folder that every user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="listener-", dir="/tmp"))  # what TMPDIR names may be closed to others
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def nobody() -> Iterator[None]:
    """Be another user within the block; skip where this one may not."""
    if os.geteuid() != 0:
        pytest.skip("only root may become another user")
    user = pwd.getpwnam("nobody")
    os.setegid(user.pw_gid)
    os.seteuid(user.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def test_a_user_without_write_permission_reads_and_is_told_why_nothing_is_collected(
    public: Path, filled: Site, table: str
) -> None:
    site = copied(filled, public, table)
    site.config.chmod(0o644)
    site.database.chmod(0o644)
    ask_trend = ["trend", "Acme", "--since", "2d"]
    expected = site.run(*ask_trend)  # also loads what another user may not read
    with nobody():
        ended, shown = site.run("collect"), site.run(*ask_trend)
    assert ended.code == 1
    assert "may not be written" in one_sentence(ended)
    assert (shown.code, shown.out, shown.err) == (0, expected.out, "")


def test_a_store_in_a_folder_that_may_not_be_written_can_be_checked(public: Path, filled: Site, table: str) -> None:
    site = copied(filled, public, table)
    site.config.chmod(0o644)
    site.database.chmod(0o644)
    expected = site.run("check")  # also loads what another user may not read
    assert (expected.code, f"{site.database} reads well\n" in expected.out) == (0, True)
    for ending in ("-wal", "-shm"):
        site.database.with_name(site.database.name + ending).unlink(missing_ok=True)
    with nobody():
        ended = site.run("check")
    assert (ended.code, ended.err) == (0, "")
    assert "warn  store" in ended.out
    assert f"{site.database} reads well, and may not be written here; " in ended.out
    assert sorted(one.name for one in public.iterdir()) == ["config.toml", "listener.db"]


def test_a_store_that_may_not_be_read_is_said_to_be_that_with_its_owner_and_mode(
    public: Path, filled: Site, table: str
) -> None:
    site = copied(filled, public, table)
    site.config.chmod(0o644)
    asked = (["trend", "Acme", "--since", "2d"], ["status"], ["collect"], ["check"])
    for words in asked:
        site.run(*words)  # loads what another user may not read
    for mode in (0o600, 0o000):
        site.database.chmod(mode)
        with nobody():
            told = [site.run(*words) for words in asked]
        why = (
            f"{site.database}: the store may not be read; it belongs to {site.database.owner()} with mode {mode:03o}: "
            f"run as {site.database.owner()}, or have its owner let you"
        )
        assert [one.code for one in told] == [1, 1, 1, 3]
        assert [one_sentence(one) for one in told[:3]] == [f"Error: {why}"] * 3
        assert f"FAIL  store         {why}\n" in told[3].out


def test_the_owner_of_a_store_that_may_not_be_read_is_told_how_to_change_that(
    public: Path, filled: Site, table: str
) -> None:
    site = copied(filled, public, table)
    site.config.chmod(0o644)
    site.run("status")
    site.database.chmod(0o000)
    if os.geteuid() == 0:
        user = pwd.getpwnam("nobody")
        os.chown(site.database, user.pw_uid, user.pw_gid)
    with nobody() if os.geteuid() == 0 else nullcontext():
        told = site.run("status")
    assert one_sentence(told) == (
        f"Error: {site.database}: the store may not be read; it is yours with mode 000: chmod 600 lets you"
    )


def test_a_folder_that_may_not_be_looked_into_is_no_missing_store(public: Path, filled: Site, table: str) -> None:
    site = copied(filled, public / "closed", table)
    config = public / "config.toml"
    config.write_text(site.config.read_text(encoding="utf-8"), encoding="utf-8")
    config.chmod(0o644)
    site.config = config
    words = ("trend", "Acme", "--since", "2d", "--database", str(site.database))
    site.run(*words)
    site.folder.chmod(0o700)
    with nobody():
        told = site.run(*words)
    assert (told.code, f"check the owner and mode of {site.folder}" in one_sentence(told)) == (1, True)


def test_a_read_only_copy_with_unwritten_pages_beside_it_is_not_read_without_them(
    tmp_path: Path, filled: Site, table: str, mounted: Callable[..., Path]
) -> None:
    site = copied(filled, tmp_path / "copy", table)
    with closing(sqlite3.connect(site.database)) as writer:
        writer.execute("UPDATE sources SET name = 'hackernews'")
        writer.commit()
        wal = site.database.with_name("listener.db-wal").read_bytes()
    site.database.with_name("listener.db-wal").write_bytes(wal)
    place = mounted("--bind", str(site.folder), at=tmp_path / "readonly")
    mounted("-o", "remount,ro,bind", at=place)
    site.folder, site.database, site.config = place, place / "listener.db", place / "config.toml"
    shown = site.run("trend", "Acme", "--since", "2d")
    assert shown.code == 1
    assert "listener.db-wal" in one_sentence(shown)


def damage_beginning(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[:16] = b"no such format!!"
    path.write_bytes(content)


def damage_pages(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


def write_text(path: Path) -> None:
    path.write_text("a shopping list, and no store\n" * 200, encoding="utf-8")


def make_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (damage_beginning, "damaged or not a store"),
        (damage_pages, "damaged or not a store"),
        (write_text, "damaged or not a store"),
        (make_newer, "newer version"),
    ],
    ids=["first bytes", "pages", "text file", "newer version"],
)
@pytest.mark.parametrize(
    "command", [["collect"], ["trend", "Acme", "--since", "2d"], ["mentions", "Acme"]], ids=lambda words: words[0]
)
def test_a_file_that_is_no_store_of_this_version_is_refused_and_left_as_it_is(
    spoil: Callable[[Path], None], words: str, command: list[str], tmp_path: Path, filled: Site
) -> None:
    site = copied(filled, tmp_path, "[sources.hackernews]")
    spoil(site.database)
    before = site.database.read_bytes()
    ended = site.run(*command)
    assert ended.code == 1
    assert words in one_sentence(ended)
    assert site.database.read_bytes() == before


@pytest.mark.parametrize("command", ["collect", "run"])
@pytest.mark.parametrize("place", ["missing/listener.db", "folder"])
def test_a_store_that_cannot_be_there_is_said_in_a_sentence(
    command: str, place: str, tmp_path: Path, table: str
) -> None:
    site = Site(tmp_path, table)
    (tmp_path / "folder").mkdir()
    ended = site.run(command, "--database", str(tmp_path / place), now=None)
    assert ended.code in {1, 2}
    assert place.partition("/")[0] in ended.err
    assert "Traceback" not in ended.err
    assert "internal error" not in ended.err
