"""N-grams are counted as py3langid counts them, and its model is the same from the cache."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier, visit_counts
from py3langid.modelio import save_model

from bounds import assert_linear
from sentiment.ngram_cache import load_model
from sentiment.ngrams import NgramModel
from thoroughness import some

MODEL = NgramModel([("en", "fr")])
THEIRS = LanguageIdentifier.from_model_file(MODEL_FILE)
NOT_ON_WINDOWS = pytest.mark.skipif(os.name == "nt", reason="modes, links and pipes are others there")
BASES = [row << 8 for row in THEIRS.tk_row]


def counted(text: bytes) -> list[tuple[int, int]]:
    """Return what py3langid counts, in its order."""
    return list((visit_counts(THEIRS.tk_nextmove, BASES, THEIRS.tk_output, text) or {}).items())


def ours(texts: list[bytes]) -> list[list[tuple[int, int]]]:
    """Return what we count of each text, in the order in which it is told."""
    found: list[list[tuple[int, int]]] = [[] for _ in texts]
    for text, feature, count in zip(*(column.tolist() for column in MODEL.visits(texts)), strict=True):
        found[text].append((feature, count))
    return found


@settings(max_examples=some(80))
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40), st.text(max_size=40).map(str.encode), st.text("ab ", max_size=99).map(str.encode)
        ),
        max_size=8,
    ),
    st.sampled_from([1, 8]),
)
def test_the_ngrams_of_any_texts_are_counted_as_py3langid_counts_them_few_or_many(
    texts: list[bytes], times: int
) -> None:
    assert ours(texts * times) == [counted(text) for text in texts * times]


def test_the_ngrams_of_real_texts_are_counted_as_py3langid_counts_them(shared: Path) -> None:
    files = sorted((shared / "benchmarks" / "sentiment").glob("*.jsonl"))
    for file in files:
        with file.open(encoding="utf-8") as lines:
            texts = [json.loads(line)["text"].encode() for _, line in zip(range(60), lines, strict=False)]
        assert ours(texts) == [counted(text) for text in texts]
    assert files


def test_counting_takes_time_in_proportion_to_the_text() -> None:
    assert_linear(lambda size: MODEL.visits([b"the cat sat on the mat " * size]), 2_000)
    assert_linear(lambda size: MODEL.visits([b"the cat sat on the mat " * 20] * size), 200)


def test_the_whole_model_of_the_package_is_read_from_the_cache_as_it_is_unpacked(tmp_path: Path) -> None:
    first, again = load_model(folder=tmp_path), load_model(folder=tmp_path)
    assert not again.moves.flags.owndata
    assert not again.moves.flags.writeable
    for model in (first, again):
        assert model.languages == THEIRS.nb_classes
        assert np.array_equal(model.moves, THEIRS.tk_nextmove)
        assert np.array_equal(model.rows, THEIRS.tk_row)
        assert np.array_equal(model.features, THEIRS.tk_output)
        assert np.array_equal(model.weights.T, THEIRS.nb_ptc)
        assert np.array_equal(model.prior, THEIRS.nb_pc)


def small_model(path: Path, *, languages: tuple[str, ...] = ("en", "fr")) -> Path:
    """Write a model of two states, which py3langid can read."""
    weights = np.arange(len(languages) * 3, dtype=np.float16).reshape(3, len(languages))
    moves = np.ones(256 * 2, dtype=np.uint16)
    save_model(path, (weights, np.zeros(len(languages)), list(languages), moves, np.array([0, 1]), [-1, 2]))
    return path


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 1)


def change(file: Path) -> None:
    held = bytearray(file.read_bytes())
    held[-70] ^= 1
    file.write_bytes(held)


def garble(file: Path) -> None:
    file.write_bytes(b"[" * file.stat().st_size)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def say_of_another(file: Path) -> None:
    held = file.read_bytes()
    digest = json.loads(held[:8192])["digest"]
    file.write_bytes(held.replace(digest.encode(), digest[::-1].encode(), 1))


def let_others_write(file: Path) -> None:
    file.chmod(0o666)


def link(file: Path) -> None:
    elsewhere = file.with_name("elsewhere")
    file.rename(elsewhere)
    file.symlink_to(elsewhere)


def put_a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize(
    "harm",
    [
        cut, change, garble, empty, say_of_another,
        *(pytest.param(harm, marks=NOT_ON_WINDOWS) for harm in (let_others_write, link, put_a_pipe)),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_was_kept_is_not_believed_and_kept_anew(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    source, folder = small_model(tmp_path / "model.xz"), tmp_path / "cache"
    load_model(source, folder=folder)
    (file,) = folder.iterdir()
    good = file.read_bytes()
    harm(file)
    model = load_model(source, folder=folder)
    assert model.moves.flags.writeable  # unpacked: what is kept is read only
    assert model.weights.tolist() == [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]
    assert file.read_bytes() == good
    assert not file.is_symlink()
    assert not load_model(source, folder=folder).moves.flags.writeable


@NOT_ON_WINDOWS
def test_what_is_kept_is_for_its_user_alone_and_there_are_two_files_at_most(tmp_path: Path) -> None:
    folder = tmp_path / "above" / "cache"
    for number in range(4):
        (folder / f"ngrams-{number}.part").touch() if folder.exists() else None
        load_model(small_model(tmp_path / "model.xz", languages=("en", f"x{number}")), folder=folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    files = sorted(folder.iterdir())
    assert [file.suffix for file in files] == [".bin", ".bin"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_where_nothing_can_be_kept_the_model_is_unpacked(tmp_path: Path) -> None:
    source, folder = small_model(tmp_path / "model.xz"), tmp_path / "file"
    folder.write_text("no folder", encoding="utf-8")
    assert load_model(source, folder=folder).languages == ["en", "fr"]
    assert folder.read_text(encoding="utf-8") == "no folder"


def test_the_model_of_the_package_is_where_it_is_looked_for() -> None:
    assert (MODEL_DIR / MODEL_FILE).is_file()


def test_nothing_is_kept_on_a_disk_that_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=20_000))
    source, folder = small_model(tmp_path / "model.xz"), tmp_path / "cache"
    assert load_model(source, folder=folder).languages == ["en", "fr"]
    assert list(folder.iterdir()) == []
