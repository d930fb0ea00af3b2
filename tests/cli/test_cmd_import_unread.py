"""Lines that cannot be read: told one by one while they are few, counted by what is wrong beyond; and files of which nothing can be."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from mention_lines import jsonl, lines_of

if TYPE_CHECKING:
    from conftest import Place


def test_one_line_that_cannot_be_read_is_told_as_one(place: Place) -> None:
    file = place.folder / "rows.jsonl"
    file.write_bytes(jsonl(lines_of(1)) + b"{\n")
    assert place.run("import", str(file)).err.endswith("; 1 line could not be read\n")


def bad_lines(count: int) -> bytes:
    return b"".join(b"{%d\n" % number if number % 3 else b'{"source": "x%d"}\n' % number for number in range(count))


def test_a_huge_line_in_a_small_packed_file_is_passed_over(place: Place) -> None:
    packed = place.folder / "bomb.jsonl.gz"
    packed.write_bytes(gzip.compress(b" " * (16 << 20) + b"\n" + jsonl(lines_of(1))))
    answer = place.run("import", str(packed))
    assert answer.code == 3
    assert "line 1: the line is longer than" in answer.err
    assert "1 new" in answer.err


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"Source,ID,Text,published_at\n", "missing: source, id, text; found: Source, ID, Text, published_at"),
        ("a.csv", "source,id,text,published_at\n".encode("utf-16"), "the first row is not UTF-8; save the file as CSV"),
        ("a.csv.gz", b"source,id,text,published_at\n", "a.csv.gz is damaged or not gzip"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_told_for_what_it_is_and_makes_no_store(
    place: Place, name: str, content: bytes, told: str
) -> None:
    (place.folder / name).write_bytes(content)
    done = place.run("import", name)
    assert done.code in (1, 2)
    assert told in done.err
    assert "stored" not in done.err
    assert not place.database.exists()


def test_of_many_lines_that_cannot_be_read_the_first_are_named_and_the_others_counted_by_what_is_wrong(
    place: Place,
) -> None:
    file = place.folder / "rows.jsonl"
    file.write_bytes(bad_lines(1_600) + jsonl(lines_of(1)))
    answer = place.run("import", str(file), "--workers", "0")
    lines = answer.err.splitlines()
    assert answer.code == 3
    assert [line.partition(":")[0] for line in lines[:1_000]] == [f"line {number}" for number in range(1, 1_001)]
    assert lines[1_000:] == [
        "600 more lines could not be read; --tell-all names each. By what is wrong:",
        "  400: not JSON: Expecting property name enclosed in double quotes at column …",
        "  200: id: wanted a text or a whole number",
        "1 mention read: 1 new, 0 changed, 0 known, 0 of no brand; 1600 lines could not be read",
    ]
    everything = place.run("import", str(file), "--workers", "0", "--tell-all").err.splitlines()
    assert [line.partition(":")[0] for line in everything[:-1]] == [f"line {number}" for number in range(1, 1_601)]


@pytest.mark.parametrize("command", [("score",), ("match", "acme"), ("evaluate",)])
def test_commands_that_read_lines_name_as_many_of_those_they_cannot_read(
    place: Place, command: tuple[str, ...]
) -> None:
    file = place.folder / "rows.jsonl"
    file.write_bytes(b"{\n" * 1_001 + jsonl([{**lines_of(1)[0], "label": "positive"}]))
    lines = place.run(*command, str(file), now=None).err.splitlines()
    assert lines[999:1_001] == [
        "line 1000: not a JSON object in UTF-8",
        "1 more line could not be read; --tell-all names each. By what is wrong:",
    ]
    assert "line 1001: not a JSON object in UTF-8" in place.run(*command, str(file), "--tell-all", now=None).err


def test_reasons_of_endless_kinds_are_not_all_held(place: Place) -> None:
    file = place.folder / "rows.jsonl"
    kinds = (b'{"source": "x", "id": 1, "text": "", "published_at": "2026-11-20T07:00:00Z", "kind": "%s"}\n',)
    file.write_bytes(b"".join(kinds[0] % (b"k" * (number % 60 + 1)) for number in range(1_500)))
    told = place.run("import", str(file), "--workers", "0").err.splitlines()
    assert len(told) <= 1_000 + 1 + 21 + 1
