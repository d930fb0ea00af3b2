"""Hold a trained model: weights over hashed pieces of words and some numbers, and its card.

A model is one block of bytes: a mark, a header in JSON, the weights as half
floats, packed, and a digest over all of it. Reading one runs nothing that
stands in it. Only numpy is needed to use one.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from listener.errors import StoreError
from sentiment.evaluation import CLASSES
from sentiment.features import BUCKETS, FEATURES_VERSION, N_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sentiment.features import Features

__all__ = ["MOST_BYTES", "Model", "pack", "unpack"]

MOST_BYTES: Final = 1_000_000
"""No model is larger than this on disk."""

_MARK: Final = b"LISTENER MODEL 1\n"
_HEAD: Final = struct.Struct(">I")
_DIGEST_SIZE: Final = 32
_MOST_HEADER: Final = 100_000
_MOST_DENSE: Final = 4_096


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """Hold what turns features into the chances of the three classes.

    `sparse` is (BUCKETS, 3), `dense` (3, N_NUMBERS + width of the encoder), `bias`
    (3,), the classes in the order of `CLASSES`. `languages` are the ones it is used
    for. `encoder` names what embeds texts beside the hashed pieces, None for
    nothing. `card` says what it was made from and how good it is.
    """

    version: str
    sparse: NDArray[np.float32]
    dense: NDArray[np.float32]
    bias: NDArray[np.float32]
    languages: tuple[str, ...]
    encoder: str | None
    card: Mapping[str, object]

    def chances(self, features: Features, embedding: Sequence[float] = ()) -> tuple[float, float, float]:
        """Return the chances of negative, neutral and positive; they add up to 1."""
        places = np.asarray(features.buckets, dtype=np.intp)
        pieces = self.sparse[places].sum(axis=0) / max(1.0, len(places) ** 0.5)
        numbers = np.asarray((*features.numbers, *embedding), dtype=np.float32)
        raised = np.asarray(pieces + self.dense @ numbers + self.bias, dtype=np.float64)
        grown = np.exp(raised - raised.max())
        negative, neutral, positive = (float(one) for one in grown / grown.sum())
        return negative, neutral, positive

    def knows(self, features: Features) -> bool:
        """Say whether anything of a text was there in what the model learned from."""
        return bool(np.any(self.sparse[np.asarray(features.buckets, dtype=np.intp)]))


def pack(
    *,
    sparse: NDArray[np.float64],
    dense: NDArray[np.float64],
    bias: NDArray[np.float64],
    languages: Sequence[str],
    encoder: str | None,
    card: Mapping[str, object],
) -> bytes:
    """Return a model as bytes; the same model gives the same bytes. The shapes are those of `Model`."""
    header = {
        "features": FEATURES_VERSION,
        "classes": CLASSES,
        "dense": dense.shape[1],
        "languages": sorted(languages),
        "encoder": encoder,
        "card": card,
    }
    head = json.dumps(header, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    weights = np.concatenate([sparse.ravel(), dense.ravel(), bias.ravel()]).astype("<f2")
    body = _MARK + _HEAD.pack(len(head)) + head + zlib.compress(weights.tobytes(), 9)
    return body + hashlib.sha256(body).digest()


def unpack(data: bytes) -> Model:
    """Read a model; raises StoreError, in one sentence, where the bytes are none or of another version."""
    body, digest = data[:-_DIGEST_SIZE], data[-_DIGEST_SIZE:]
    if len(data) > MOST_BYTES or not body.startswith(_MARK) or hashlib.sha256(body).digest() != digest:
        msg = 'the trained model is damaged, or is none; "listener train" makes it anew'
        raise StoreError(msg)
    header, rest = _header(body)
    width = header["dense"]
    n_weights = len(CLASSES) * (BUCKETS + width + 1)
    try:
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(rest, 2 * n_weights)
        weights = np.frombuffer(raw, dtype="<f2").astype(np.float32)
        if not unpacker.eof or len(weights) != n_weights or not np.isfinite(weights).all():
            raise ValueError
    except (ValueError, zlib.error):
        msg = 'the weights of the trained model cannot be read; "listener train" makes it anew'
        raise StoreError(msg) from None
    sparse, dense, bias = np.split(weights, [len(CLASSES) * BUCKETS, len(CLASSES) * (BUCKETS + width)])
    return Model(
        version=digest.hex()[:12],
        sparse=sparse.reshape(BUCKETS, len(CLASSES)),
        dense=dense.reshape(len(CLASSES), width),
        bias=bias,
        languages=tuple(header["languages"]),
        encoder=header["encoder"],
        card=header["card"],
    )


def _header(body: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the header and what comes after it."""
    start = len(_MARK) + _HEAD.size
    header: dict[str, Any] = {}
    size = width = 0
    made_for: object = None
    fits = False
    try:
        (size,) = _HEAD.unpack(body[len(_MARK) : start])
        header = json.loads(body[start : start + min(size, _MOST_HEADER)])
        made_for = (header["features"], tuple(header["classes"]))
        width = header["dense"]
        fits = isinstance(header["languages"], list) and isinstance(header["card"], dict)
        fits = fits and isinstance(width, int) and isinstance(header["encoder"], str | None)
    except (struct.error, ValueError, KeyError, TypeError, RecursionError):
        fits = False
    if made_for != (FEATURES_VERSION, CLASSES):
        msg = 'the trained model was made by another version of this program; "listener train" makes it anew'
        raise StoreError(msg)
    if not fits or not N_NUMBERS <= width <= _MOST_DENSE:
        msg = 'the header of the trained model cannot be read; "listener train" makes it anew'
        raise StoreError(msg)
    return header, body[start + size :]
