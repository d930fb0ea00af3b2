"""Files of mentions are read window by window, resumed at the byte, and say which lines are bad."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import sys
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

import pytest

from listener.api import (
    ForbiddenError,
    NotFoundError,
    PermanentSourceError,
    UnavailableError,
    UnexpectedAnswerError,
    Window,
    from_epoch,
)
from listener.errors import StoppedError
from running.site import NOW, Site
from servers.reading import drained
from sources.jsonl import JsonlOptions, JsonlSource

if TYPE_CHECKING:
    from pathlib import Path

    from listener.api import Mention, Page

BASE = 1_780_000_000
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 1000))


def line(number: int, *, source: str = "forum", second: int | None = None) -> bytes:
    at = from_epoch(BASE + (number if second is None else second)).isoformat()
    return (
        json.dumps({"source": source, "id": str(number), "text": f"Acme {number}", "published_at": at}).encode() + b"\n"
    )


def read_all(*paths: str, window: Window = WINDOW, **options: object) -> tuple[list[Mention], list[Page]]:
    """Read every page, each with a new instance."""

    def anew() -> JsonlSource:
        return JsonlSource(JsonlOptions(paths=paths, **options))

    return drained(anew(), [], window, anew=anew)


def test_files_are_read_in_the_order_of_their_names_and_resumed_at_the_byte(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(b"".join(line(n) for n in range(10, 25)))
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(line(n).strip() for n in range(10)))
    mentions, pages = read_all(str(tmp_path / "*.jsonl"), page_size=4)
    assert [mention.id for mention in mentions] == [str(n) for n in range(25)]
    assert {mention.source for mention in mentions} == {"forum"}
    assert [len(page.mentions) for page in pages] == [4, 4, 4, 4, 4, 4, 1]


def test_only_what_was_published_in_the_window_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"".join(line(n, second=n * 100) for n in range(20)))
    mentions, _ = read_all(str(file), window=Window(since=from_epoch(BASE + 300), until=from_epoch(BASE + 600)))
    assert [mention.id for mention in mentions] == ["3", "4", "5"]


def test_one_source_of_an_archive_is_read_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(gzip.compress(line(1, source="x") + line(2, source="rss") + line(3, source="x")))
    mentions, _ = read_all(str(file), only="x", page_size=1)
    assert [(mention.source, mention.id) for mention in mentions] == [("x", "1"), ("x", "3")]
    assert JsonlSource(JsonlOptions(only="x")).name == "jsonl"


def test_bad_lines_are_told_with_their_number_even_after_a_resumption(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(line(1) + b"\n" + line(2) + b"{broken\n\n" + line(3) + b'{"source": "forum"}')
    mentions, pages = read_all(str(file), page_size=1)
    assert [mention.id for mention in mentions] == ["1", "2", "3"]
    reasons = [skipped.reason for page in pages for skipped in page.skipped]
    assert [reason.partition(": ")[0] for reason in reasons] == ["a.jsonl, line 4", "a.jsonl, line 7"]


def test_a_file_that_comes_later_is_read_though_it_holds_what_is_older(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    site = Site(tmp_path / "site", f'[sources.jsonl]\npaths = ["{inbox}/*.jsonl"]\n')
    now = int(NOW.timestamp())
    (inbox / "a.jsonl").write_bytes(line(1, second=now - BASE - 600))
    assert site.collect().rows()["jsonl"]["new"] == 1
    (inbox / "b.jsonl").write_bytes(line(2, second=now - BASE - 6 * 86_400) + line(3, second=now - BASE - 8 * 86_400))
    assert site.collect(now=NOW + timedelta(hours=1)).rows()["jsonl"]["new"] == 1
    assert site.collect(now=NOW + timedelta(hours=2)).rows()["jsonl"]["new"] == 0
    assert site.rows("SELECT native_id FROM mentions ORDER BY 1") == [("1",), ("2",)]


def test_a_file_is_read_again_where_it_changed_or_holds_what_belongs_to_a_later_window(tmp_path: Path) -> None:
    ahead, file = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    ahead.write_bytes(line(1) + line(2, second=1500))
    file.write_bytes(line(3) + line(4))
    source = JsonlSource(JsonlOptions(paths=(tmp_path / "*.jsonl",)))
    (resource,) = source.plan([])
    first = source.fetch(resource, WINDOW, None)
    later = Window(since=from_epoch(BASE), until=from_epoch(BASE + 2000), marker=first.marker)
    second = source.fetch(resource, later, None)
    assert (first.items, second.items, [one.id for one in second.mentions]) == (4, 2, ["1", "2"])
    latest = Window(since=from_epoch(BASE), until=from_epoch(BASE + 3000), marker=second.marker)
    assert source.fetch(resource, latest, None).items == 0
    file.write_bytes(line(3) + line(4) + line(5))
    assert source.fetch(resource, latest, None).items == 3
    earlier = Window(since=from_epoch(BASE - 1), until=from_epoch(BASE + 3000), marker=second.marker)
    assert source.fetch(resource, earlier, None).items == 5


def test_a_file_of_several_pages_is_not_read_again_until_it_changes(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"".join(line(n) for n in range(10)))
    (tmp_path / "b.jsonl").write_bytes(line(11) + line(12, second=1500) + line(13) + line(14))  # of a later window too
    (tmp_path / "c.jsonl").write_bytes(b"".join(line(n) for n in range(15, 20)))
    pattern = str(tmp_path / "*.jsonl")
    _, pages = read_all(pattern, page_size=3)
    assert [page.marker is None for page in pages] == [True] * (len(pages) - 1) + [False]
    later = Window(since=from_epoch(BASE), until=from_epoch(BASE + 2000), marker=pages[-1].marker)
    mentions, again = read_all(pattern, page_size=3, window=later)
    assert [mention.id for mention in mentions] == ["11", "12", "13", "14"]
    assert sum(page.items or 0 for page in again) == 4
    latest = Window(since=from_epoch(BASE), until=from_epoch(BASE + 3000), marker=again[-1].marker)
    assert [page.items for page in read_all(pattern, page_size=3, window=latest)[1]] == [0]
    (tmp_path / "c.jsonl").write_bytes(line(15))
    assert [mention.id for mention in read_all(pattern, window=latest)[0]] == ["15"]


def test_a_cursor_stays_short_however_many_files_there_are(tmp_path: Path) -> None:
    for number in range(1_000):
        (tmp_path / f"{number:04}.jsonl").write_bytes(line(number % 900))
    pattern = str(tmp_path / "*.jsonl")
    _, pages = read_all(pattern, page_size=600)
    assert [len((page.cursor or "").encode()) < 4_096 for page in pages] == [True, True]
    again = Window(since=WINDOW.since, until=WINDOW.until, marker=pages[-1].marker)
    assert sum(page.items or 0 for page in read_all(pattern, window=again)[1]) == 500  # the last 500 are known


def test_what_is_known_of_files_is_forgotten_where_the_end_of_the_window_moves(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"".join(line(n, second=n * 100) for n in range(8)))
    source = JsonlSource(JsonlOptions(paths=(tmp_path / "*.jsonl",), page_size=3))
    (resource,) = source.plan([])
    first = source.fetch(resource, WINDOW, None)
    shorter = Window(since=WINDOW.since, until=from_epoch(BASE + 200))
    last = source.fetch(resource, shorter, first.cursor)
    rest = Window(since=WINDOW.since, until=WINDOW.until, marker=last.marker)
    assert [one.id for one in read_all(str(tmp_path / "*.jsonl"), window=rest)[0]] == [str(n) for n in range(8)]


def test_a_later_line_of_a_mention_wins(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(line(1) + line(1, second=7))
    mentions, _ = read_all(str(file))
    assert [mention.published_at for mention in mentions] == [from_epoch(BASE + 7)]


def test_the_standard_input_is_read_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"".join(line(n) for n in range(5)))))
    source = JsonlSource(JsonlOptions(paths=("-",), page_size=3))
    (resource,) = source.plan([])
    first = source.fetch(resource, WINDOW, None)
    second = source.fetch(resource, WINDOW, first.cursor)
    again = source.fetch(resource, WINDOW, None)
    source.close()
    assert [mention.id for page in (first, second) for mention in page.mentions] == ["0", "1", "2", "3", "4"]
    assert again == first


def test_a_pattern_without_files_is_empty_and_a_missing_file_is_not_there(tmp_path: Path) -> None:
    mentions, pages = read_all(str(tmp_path / "*.jsonl"))
    assert (mentions, pages[0].exhausted) == ([], True)
    with pytest.raises(NotFoundError, match=r"no file .*a\.jsonl"):
        read_all(str(tmp_path / "a.jsonl"))


def test_a_broken_archive_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(line(1) * 500)[:-20])
    (tmp_path / "b.gz").write_bytes(line(1))
    for name in ("a.gz", "b.gz"):
        with pytest.raises(UnexpectedAnswerError, match="not a whole gzip file"):
            read_all(str(tmp_path / name))


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(line(1))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(io, "open", refuse)
    with pytest.raises(ForbiddenError, match="may not be read"):
        read_all(str(file))


def test_a_stop_is_obeyed(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(line(1) * 3)
    stop = threading.Event()
    stop.set()
    source = JsonlSource(JsonlOptions(paths=(str(file),)), stop=stop)
    with pytest.raises(StoppedError):
        source.fetch(source.plan([])[0], WINDOW, None)


@pytest.mark.parametrize("cursor", ["", "{}", "[1]", '["a", "b", 0]', "null"])
def test_a_cursor_that_is_none_is_refused(tmp_path: Path, cursor: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(line(1))
    source = JsonlSource(JsonlOptions(paths=(str(tmp_path / "a.jsonl"),)))
    with pytest.raises(UnexpectedAnswerError, match="cursor"):
        source.fetch(source.plan([])[0], WINDOW, cursor)


def test_a_check_counts_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(line(1))
    assert JsonlSource(JsonlOptions(paths=(str(tmp_path / "*"),))).check() == "1 file to read"
    assert JsonlSource(JsonlOptions(paths=("b*.jsonl",))).check() == "0 files to read: there is none like b*.jsonl"
    with pytest.raises(PermanentSourceError, match="set paths"):
        JsonlSource(JsonlOptions()).check()


def test_a_folder_that_is_gone_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    """What it holds would count as read: a disk that is not mounted may come back after the seven days."""
    inbox, away = tmp_path / "inbox", tmp_path / "away"
    inbox.mkdir()
    source = JsonlSource(JsonlOptions(paths=(str(inbox / "*.jsonl"),)))
    resource = source.plan([])[0]
    assert source.fetch(resource, WINDOW, None).exhausted
    inbox.rename(away)
    for ask in (source.check, lambda: source.fetch(resource, WINDOW, None)):
        with pytest.raises(NotFoundError, match=f"^jsonl: there is no folder {inbox}$"):
            ask()
    away.rename(inbox)
    (inbox / "a.jsonl").write_bytes(line(1))
    assert len(source.fetch(resource, WINDOW, None).mentions) == 1


@pytest.mark.parametrize(("number", "kind"), [(errno.EACCES, ForbiddenError), (errno.ESTALE, UnavailableError)])
def test_a_folder_that_cannot_be_looked_into_is_not_taken_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    def refuse(folder: object) -> NoReturn:
        raise OSError(number, os.strerror(number), str(folder))

    monkeypatch.setattr(os, "scandir", refuse)
    source = JsonlSource(JsonlOptions(paths=(str(tmp_path / "*.jsonl"),)))
    with pytest.raises(kind, match=f"^jsonl: {tmp_path} "):
        source.fetch(source.plan([])[0], WINDOW, None)


def test_an_empty_window_of_a_long_file_is_read_in_bounded_pages(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(line(1) * 20_500)
    window = Window(since=WINDOW.until, until=WINDOW.until + timedelta(hours=1))
    mentions, pages = read_all(str(file), window=window)
    assert (mentions, [page.items for page in pages]) == ([], [20_000, 500])
