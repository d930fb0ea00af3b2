"""Score with a fine-tuned transformer in ONNX format, from a folder or from a model hub.

Off unless the configuration names it; onnxruntime and tokenizers (the extra
``onnx``) are loaded with the first text. A folder holds what exporters write:
``config.json`` with the names of the labels, ``tokenizer.json`` and the ONNX
file. Texts are read one by one, so that neighbours in a batch change nothing.
Handles and links are written "@user" and "http" and masked brands "@user", as
the models of TweetEval are trained (F. Barbieri et al., arXiv 2010.12421).
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from listener.api import Label, Sentiment, option
from listener.errors import PluginError, UsageError
from sentiment.addresses import checked_address
from sentiment.scope import scope_of
from sentiment.target import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from listener.api import ScoringTask

__all__ = ["OnnxOptions", "OnnxScorer"]

logger: Final = logging.getLogger(__name__)

_FILES: Final = ("model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx")
_INPUTS: Final = frozenset({"input_ids", "attention_mask", "token_type_ids"})
_CLASSES: Final = ("negative", "neutral", "positive")
_LABELS: Final = (Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE)
_HANDLE: Final = re.compile(r"@\S+")
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+")
_REMEMBERED: Final = 4_096
_MOST_CHARACTERS: Final = 20_000
_LARGEST_CONFIG: Final = 1 << 20
_UNAVAILABLE: Final = "model_unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxOptions:
    """Say which model is used, and how."""

    folder: Path | None = option(  # noqa: RUF009 - a frozen record
        "Folder with config.json, tokenizer.json and the ONNX file; relative to this file.",
        default=None,
        example="models/sentiment",
    )
    hub: str = option(
        "Instead of a folder: name of a model on the hub, downloaded with the first text.",
        default="",
        example="owner/model",
    )
    revision: str = option("Version of the model on the hub: a commit keeps what was tried.", default="main")
    hub_url: str = option("Address of the hub.", default="https://huggingface.co")
    cache: Path | None = option(  # noqa: RUF009 - a frozen record
        "Folder for what is downloaded; without it the hub's own.", default=None, example="models/cache"
    )
    file: str = option("Name of the ONNX file, where it is not model.onnx.", default="", example="onnx/model_int8.onnx")
    labels: tuple[str, ...] = option(
        "What the outputs of the model mean, in order, where its config.json does not say it: negative, neutral, positive.",
        default=(),
    )
    languages: tuple[str, ...] = option(
        "Languages the model knows, as BCP 47 tags; empty: every one it is chosen for.",
        default=(),
        example=("en", "hi"),
    )
    longest: int = option("Tokens of a text that are read.", default=256, minimum=8, maximum=8_192)
    threads: int = option("Threads for one text.", default=1, minimum=1, maximum=64)

    def __post_init__(self) -> None:
        """Raise ValueError where the address of the hub is none, or holds what is no part of it."""
        checked_address("hub_url", self.hub_url, schemes="https://", instead="write the address of the hub alone")


class OnnxScorer:
    """Score with an ONNX model (see `listener.api.Scorer`).

    The score is the chance of positive less that of negative. Where the model
    cannot be loaded, texts are unscored with reason ``model_unavailable`` and the
    log says why, once. Raises UsageError where the options name nothing that can be, PluginError
    where the extra is not installed.
    """

    name: ClassVar[str] = "onnx"
    Options: ClassVar[type] = OnnxOptions

    def __init__(self, options: OnnxOptions) -> None:
        if find_spec("onnxruntime") is None or find_spec("tokenizers") is None:
            msg = "needs onnxruntime and tokenizers, which are not installed; pip install 'social-listener[onnx]'"
            raise PluginError(msg)
        if bool(options.hub) == (options.folder is not None):
            msg = "name either the folder of a model or a model on the hub"
            raise UsageError(msg)
        self._options = options
        self._lock = threading.Lock()
        self._loaded: Callable[[str], tuple[float, ...]] | None = None
        self._is_broken = False
        if options.folder is not None:
            model = _in_folder(options.folder, options.file)
            _classes(options.folder, options.labels)
            parts = [options.folder.name, str(model.stat().st_size), _digest(options.folder / "config.json")]
            decides = [*parts, _digest(options.folder / "tokenizer.json")]
            name = options.folder.name
        else:
            decides = [options.hub, options.revision, options.file]
            name = f"{options.hub}@{options.revision}"
        decides += [*options.labels, str(options.longest)]
        self.version = f"{name}+{hashlib.sha256(repr(decides).encode()).hexdigest()[:8]}"
        self._chances = lru_cache(maxsize=_REMEMBERED)(self._run)

    def supports(self, language: str) -> bool:
        """Say whether texts of this language can be scored."""
        return not self._options.languages or language in self._options.languages

    def check(self) -> str:
        """Load the model and say so; raises PluginError or UsageError where it cannot be."""
        _load(self._options)
        return f"{self._options.hub or self._options.folder} loads"

    def score(self, tasks: Sequence[ScoringTask]) -> Sequence[Sentiment]:
        """Return (n_tasks,) sentiments in input order."""
        return [self._score_one(task) for task in tasks]

    def _score_one(self, task: ScoringTask) -> Sentiment:
        if not self.supports(task.language):
            return Sentiment.unscored(task.language, "unsupported_language")
        scope = scope_of(task)
        if not scope.whole.strip():
            return Sentiment.unscored(task.language, "empty")
        if not self._is_ready():
            return Sentiment.unscored(task.language, _UNAVAILABLE)
        whole = self._chances(_prepared(scope.whole))
        about = whole if not scope.local else self._chances(_prepared(scope.local))
        best = max(range(len(about)), key=about.__getitem__)
        return Sentiment(
            score=round(about[2] - about[0], 4),
            label=_LABELS[best],
            language=task.language,
            scorer=self.name,
            version=self.version,
            evidence=1,
            confidence=round(about[best], 4),
            whole_text_score=round(whole[2] - whole[0], 4) if scope.local else None,
        )

    def _is_ready(self) -> bool:
        """Load the model if that was not tried yet; say whether it can be used."""
        with self._lock:
            if self._loaded is None and not self._is_broken:
                try:
                    self._loaded = _load(self._options)
                except (PluginError, UsageError) as error:
                    self._is_broken = True
                    logger.error("model cannot be used scorer=onnx problem=%s", error)  # noqa: TRY400 - the cause is in the sentence
            return self._loaded is not None

    def _run(self, text: str) -> tuple[float, ...]:
        if self._loaded is None:
            msg = "the model is not loaded"
            raise PluginError(msg)
        return self._loaded(text)


def _prepared(text: str) -> str:
    plain = text[:_MOST_CHARACTERS].replace(MASK, "@user")
    return _LINK.sub("http", _HANDLE.sub("@user", plain)).encode("utf-8", "replace").decode()


def _in_folder(folder: Path, file: str) -> Path:
    """Return the ONNX file of a folder; raises UsageError naming what is missing."""
    for needed in ("config.json", "tokenizer.json"):
        if not (folder / needed).is_file():
            msg = f"{folder}: there is no {needed} in it; export the model with its tokenizer"
            raise UsageError(msg)
    names = (file,) if file else _FILES
    for name in names:
        if (folder / name).is_file():
            return folder / name
    msg = f"{folder}: there is no {' nor '.join(names)} in it"
    raise UsageError(msg)


def _classes(folder: Path, written: Sequence[str]) -> tuple[int, ...]:
    """Return which class each output of the model is; raises UsageError where nobody can tell."""
    names = list(written) or _label_names(folder)
    found = [_class_of(name, len(names)) for name in names]
    known = tuple(one for one in found if one is not None)
    if len(known) != len(names) or not {0, 2} <= set(known):
        shown = ", ".join(names) or "nothing"
        msg = f'labels: the model\'s config.json says {shown}; write what they mean, such as ["negative", "neutral", "positive"]'
        raise UsageError(msg)
    return known


def _label_names(folder: Path) -> list[str]:
    """Return the labels that config.json names, in the order of the outputs."""
    try:
        with (folder / "config.json").open("rb") as stream:
            config = json.loads(stream.read(_LARGEST_CONFIG))
        named: Mapping[str, Any] = config["id2label"]
        return [str(named[place]) for place in sorted(named, key=int)]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []


def _class_of(name: str, n_labels: int) -> int | None:
    """Return the class that a label of a model means: by its word, by its stars, by its number."""
    word = name.strip().lower()
    for place, known in enumerate(_CLASSES):
        if word.startswith(known[:3]):
            return place
    stars = re.fullmatch(r"([1-5]) stars?", word)
    if stars:
        return (0, 0, 1, 2, 2)[int(stars[1]) - 1]
    number = re.fullmatch(r"label_([0-2])", word)
    return int(number[1]) if number and n_labels == len(_CLASSES) else None


def _load(options: OnnxOptions) -> Callable[[str], tuple[float, ...]]:
    """Return what turns a text into the chances of negative, neutral and positive; raises PluginError or UsageError saying why it cannot."""
    folder = _downloaded(options) if options.hub else options.folder
    assert folder is not None  # noqa: S101 - the constructor has seen to it
    path = _in_folder(folder, options.file)
    classes = _classes(folder, options.labels)
    import numpy as np  # noqa: PLC0415 - loaded with the first text

    # unless told before it is loaded, it sends its maker what it does, under an identifier that it keeps (Privacy.md of 1.32)
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415 - of the extra
    from tokenizers import Tokenizer  # noqa: PLC0415 - of the extra

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(options.longest)
    except Exception as error:  # both raise whatever their native code makes of a file
        msg = f"{folder}: the model cannot be loaded: {type(error).__name__}: {str(error)[:200]}"
        raise PluginError(msg) from error
    wanted = [one.name for one in session.get_inputs()]
    if not {"input_ids"} <= set(wanted) <= _INPUTS:
        msg = f"{path}: takes {', '.join(wanted)}; a classifier of texts takes {', '.join(sorted(_INPUTS))}"
        raise PluginError(msg)
    output = session.get_outputs()[0]
    if len(output.shape) != 2 or output.shape[1] not in {len(classes), None}:  # noqa: PLR2004 - texts by labels
        msg = f"{path}: its output has the shape {output.shape}, not one number for each of {len(classes)} labels"
        raise PluginError(msg)

    def run(text: str) -> tuple[float, ...]:
        encoded = tokenizer.encode(text)
        columns = {
            "input_ids": encoded.ids,
            "attention_mask": encoded.attention_mask,
            "token_type_ids": encoded.type_ids,
        }
        feed = {name: np.asarray([columns[name]], dtype=np.int64) for name in wanted}
        raised = np.asarray(session.run([output.name], feed)[0][0], dtype=np.float64)
        grown = np.exp(raised - raised.max())
        chances = [0.0] * len(_CLASSES)
        for place, value in zip(classes, grown / grown.sum(), strict=True):
            chances[place] += float(value)
        return tuple(chances)

    return run


def _downloaded(options: OnnxOptions) -> Path:
    """Return the folder of a model on the hub, downloaded if it is not there yet."""
    from huggingface_hub import hf_hub_download  # noqa: PLC0415 - of the extra

    def get(name: str) -> Path:
        return Path(
            hf_hub_download(
                options.hub, name, revision=options.revision, endpoint=options.hub_url, cache_dir=options.cache
            )
        )

    try:
        folder = get("config.json").parent
        get("tokenizer.json")
        for place, name in enumerate(names := (options.file,) if options.file else _FILES):
            try:
                get(name)
                break
            except Exception:  # the next name may be there
                if place + 1 == len(names):
                    raise
    except Exception as error:  # the hub's client raises errors of several libraries
        msg = f"{options.hub}: cannot be downloaded: {type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}"
        raise PluginError(msg) from error
    return folder


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:12]
