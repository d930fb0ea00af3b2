"""The scorer `onnx` with a tiny model that is made here: a word is worth what its row says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from listener.errors import PluginError, UsageError
from listener.mention import Label
from listener.protocols import ScoringTask
from listener.testing import check_options, check_scorer
from sentiment.transformer import OnnxOptions, OnnxScorer
from servers.web import Answer, SimulatedServer

if TYPE_CHECKING:
    from servers.web import Request

pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
tokenizers = pytest.importorskip("tokenizers", reason="the extra onnx is not installed")
onnx = pytest.importorskip("onnx", reason="the package onnx, which makes the tiny model, is not installed")

WORDS = {
    "[UNK]": (0, 1, 0),
    "florpy": (0, 0, 9),
    "grubbed": (9, 0, 0),
    "lid": (0, 3, 0),
    "user": (0, 1, 0),
    "http": (0, 1, 0),
}
CARDIFF = ("LABEL_0", "LABEL_1", "LABEL_2")


def make_model(
    folder: Path,
    *,
    labels: tuple[str, ...] = CARDIFF,
    inputs: tuple[str, ...] = ("input_ids", "attention_mask"),
    file: str = "model.onnx",
    columns: tuple[int, ...] = (0, 1, 2),
) -> Path:
    """Write a model whose output is the mean of the rows of its words."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"id2label": dict(enumerate(labels))}), encoding="utf-8")
    vocabulary = {word: place for place, word in enumerate(WORDS)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    helper, kind = onnx.helper, onnx.TensorProto
    rows = np.asarray([[row[column] for column in columns] for row in WORDS.values()], dtype=np.float32)
    table = onnx.numpy_helper.from_array(rows, "rows")
    axis = onnx.numpy_helper.from_array(np.asarray([1], dtype=np.int64), "axis")
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["rows", inputs[0]], ["taken"]),
            helper.make_node("ReduceMean", ["taken", "axis"], ["logits"], keepdims=0),
        ],
        "tiny",
        [helper.make_tensor_value_info(name, kind.INT64, ["texts", "tokens"]) for name in inputs],
        [helper.make_tensor_value_info("logits", kind.FLOAT, ["texts", len(columns)])],
        [table, axis],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    (folder / file).parent.mkdir(exist_ok=True)
    onnx.save(model, str(folder / file))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_model(tmp_path / "tiny")


def task(text: str, *, language: str = "en", target: tuple[str, ...] = ()) -> ScoringTask:
    return ScoringTask(text=text, language=language, brand=target[0] if target else None, target=target, masks=target)


def labels(scorer: OnnxScorer, *texts: str) -> list[str]:
    return [one.reason or one.label.word for one in scorer.score([task(text) for text in texts])]


def test_a_model_in_a_folder_labels_texts(folder: Path) -> None:
    scorer = OnnxScorer(OnnxOptions(folder=folder))
    good, bad, plain = scorer.score([task("florpy"), task("grubbed lid"), task("lid")])
    assert (good.label, good.score, good.confidence) == (Label.POSITIVE, 0.9996, 0.9998)
    assert (bad.label, plain.label) == (Label.NEGATIVE, Label.NEUTRAL)
    assert good.version == scorer.version
    assert good.scorer == "onnx"


def test_it_keeps_the_promises_of_every_scorer(folder: Path) -> None:
    check_options(OnnxOptions)
    asked = [task(text) for text in ("florpy", "grubbed lid", "lid " * 5_000, "", "\ud800", "@florpy http://x.example")]
    check_scorer(OnnxScorer(OnnxOptions(folder=folder, languages=("en",))), [*asked, task("florpy", language="tlh")])


def test_the_part_about_the_brand_is_scored_and_the_whole_kept_beside_it(folder: Path) -> None:
    text = "Acme is florpy florpy florpy. Globex is grubbed grubbed grubbed grubbed"
    both = ("Acme", "Globex")
    asked = [ScoringTask(text=text, language="en", brand=name, target=(name,), masks=both) for name in both]
    first, second = OnnxScorer(OnnxOptions(folder=folder)).score(asked)
    assert (first.label, second.label) == (Label.POSITIVE, Label.NEGATIVE)
    assert first.whole_text_score == second.whole_text_score
    assert first.whole_text_score is not None


def test_a_brand_that_is_a_word_of_the_model_carries_nothing(folder: Path) -> None:
    (result,) = OnnxScorer(OnnxOptions(folder=folder)).score([task("Grubbed lid", target=("Grubbed",))])
    assert result.label is Label.NEUTRAL


@pytest.mark.parametrize(
    ("named", "columns", "expected"),
    [
        (("Negative", "Neutral", "Positive"), (0, 1, 2), ["positive", "negative"]),
        (("positive", "negative"), (2, 0), ["positive", "negative"]),
        (("1 star", "2 stars", "3 stars", "4 stars", "5 stars"), (0, 0, 1, 2, 2), ["positive", "negative"]),
        (("POS", "NEU", "NEG"), (2, 1, 0), ["positive", "negative"]),
    ],
)
def test_the_names_of_a_models_labels_are_understood(
    tmp_path: Path, named: tuple[str, ...], columns: tuple[int, ...], expected: list[str]
) -> None:
    made = make_model(tmp_path / "tiny", labels=named, columns=columns)
    assert labels(OnnxScorer(OnnxOptions(folder=made)), "florpy", "grubbed") == expected


def test_labels_that_nobody_can_tell_are_asked_for(tmp_path: Path) -> None:
    made = make_model(tmp_path / "tiny", labels=("joy", "anger", "LABEL_9"))
    with pytest.raises(UsageError, match=r"says joy, anger, LABEL_9; write what they mean"):
        OnnxScorer(OnnxOptions(folder=made))
    named = OnnxScorer(OnnxOptions(folder=made, labels=("positive", "neutral", "negative")))
    assert labels(named, "florpy", "grubbed") == ["negative", "positive"]


def test_the_version_changes_with_the_model_and_the_options(folder: Path, tmp_path: Path) -> None:
    other = make_model(tmp_path / "tiny2" / "tiny", labels=("NEG", "NEU", "POS"))
    options = (OnnxOptions(folder=folder), OnnxOptions(folder=other), OnnxOptions(folder=folder, longest=9))
    assert len({OnnxScorer(one).version for one in options}) == 3
    assert OnnxScorer(options[0]).version == OnnxScorer(options[0]).version


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.onnx"])
def test_a_folder_that_lacks_a_file_is_told_at_once(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(UsageError, match=f"there is no {missing}"):
        OnnxScorer(OnnxOptions(folder=folder))


@pytest.mark.parametrize("options", [OnnxOptions(), OnnxOptions(folder=Path("x"), hub="made/up")])
def test_a_folder_or_a_hub_must_be_named(options: OnnxOptions) -> None:
    with pytest.raises(UsageError, match="either the folder of a model or a model on the hub"):
        OnnxScorer(options)


@pytest.mark.parametrize("url", ["https://me:made-up@hub.example", "https://hub.example/?token=made-up", "hub.example"])
def test_the_address_of_a_hub_holds_no_secret(url: str) -> None:
    with pytest.raises(ValueError, match="hub_url: ") as caught:
        OnnxOptions(hub="made/up", hub_url=url)
    assert "made-up" not in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda folder: (folder / "model.onnx").write_bytes(b"no model"), "cannot be loaded"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "cannot be loaded"),
        (lambda folder: make_model(folder, inputs=("pixels",)), "takes pixels"),
        (lambda folder: make_model(folder, columns=(0, 2)), "not one number for each of 3 labels"),
    ],
)
def test_a_model_that_cannot_be_used_leaves_texts_unscored_and_is_told_once(
    folder: Path, caplog: pytest.LogCaptureFixture, spoil: Any, problem: str
) -> None:
    spoil(folder)
    scorer = OnnxScorer(OnnxOptions(folder=folder))
    assert labels(scorer, "florpy", "lid") == ["model_unavailable"] * 2
    assert labels(scorer, "florpy") == ["model_unavailable"]
    assert [problem in record.getMessage() for record in caplog.records] == [True]


def test_the_file_may_be_elsewhere_in_the_folder(tmp_path: Path) -> None:
    made = make_model(tmp_path / "tiny", file="onnx/model.onnx")
    assert labels(OnnxScorer(OnnxOptions(folder=made)), "florpy") == ["positive"]
    with pytest.raises(UsageError, match=r"no model_int8\.onnx"):
        OnnxScorer(OnnxOptions(folder=made, file="model_int8.onnx"))


def test_nothing_is_loaded_before_the_first_text(folder: Path) -> None:
    code = (
        "import sys, pathlib; from sentiment.transformer import OnnxOptions, OnnxScorer;"
        "OnnxScorer(OnnxOptions(folder=pathlib.Path(sys.argv[1])));"
        "print(sorted({'numpy', 'onnxruntime', 'tokenizers', 'huggingface_hub'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "[]"


def test_nobody_is_told_that_a_text_was_scored(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    code = (
        "import sys, pathlib; from listener.protocols import ScoringTask;"
        "from sentiment.transformer import OnnxOptions, OnnxScorer;"
        "scorer = OnnxScorer(OnnxOptions(folder=pathlib.Path(sys.argv[1])));"
        "print(scorer.score([ScoringTask(text='florpy', language='en')])[0].label.word)"
    )
    bare = {name: value for name, value in os.environ.items() if name in {"PATH", "PYTHONPATH"}} | {"HOME": str(home)}
    ran = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True, timeout=60, env=bare
    )
    assert ran.stdout == "positive\n"
    assert [
        file for file in home.rglob("*") if file.is_file()
    ] == []  # where the library keeps what it is about to send


def test_without_the_extra_it_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentiment.transformer.find_spec", lambda _name: None)
    with pytest.raises(PluginError, match=r"pip install 'social-listener\[onnx\]'"):
        OnnxScorer(OnnxOptions(folder=folder))


class Hub(SimulatedServer):
    """Hand out the files of a folder as the hub's file addresses do."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def route(self, request: Request) -> Answer:
        file = self._folder / request.path.partition("/resolve/main/")[2]
        if not request.path.startswith("/made/tiny/resolve/main/") or not file.is_file():
            return Answer.json({"error": "not here"}, status=404, headers={"X-Error-Code": "EntryNotFound"})
        body = file.read_bytes()
        headers = {"ETag": f'"{len(body)}-{file.name}"', "X-Repo-Commit": "c" * 40, "Accept-Ranges": "none"}
        return Answer(body=body, headers=headers)


def test_a_model_of_a_hub_is_downloaded_with_the_first_text_and_kept(tmp_path: Path) -> None:
    made = make_model(tmp_path / "tiny", file="onnx/model.onnx")
    with Hub(made) as hub:
        options = OnnxOptions(hub="made/tiny", hub_url=hub.url, cache=tmp_path / "cache")
        scorer = OnnxScorer(options)
        assert hub.requests == []
        assert labels(scorer, "florpy", "grubbed") == ["positive", "negative"]
        downloads = sum(request.method == "GET" for request in hub.requests)
        assert labels(OnnxScorer(options), "lid") == ["neutral"]
        assert sum(request.method == "GET" for request in hub.requests) == downloads


def test_a_hub_that_does_not_have_it_leaves_texts_unscored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Hub(tmp_path) as hub:
        scorer = OnnxScorer(OnnxOptions(hub="made/other", hub_url=hub.url, cache=tmp_path / "cache"))
        assert labels(scorer, "florpy") == ["model_unavailable"]
    assert "made/other: cannot be downloaded" in caplog.text


def test_a_check_loads_the_model_or_says_why_not(folder: Path) -> None:
    assert OnnxScorer(OnnxOptions(folder=folder)).check() == f"{folder} loads"
    (folder / "model.onnx").write_bytes(b"no model")
    with pytest.raises(PluginError, match="cannot be loaded"):
        OnnxScorer(OnnxOptions(folder=folder)).check()
