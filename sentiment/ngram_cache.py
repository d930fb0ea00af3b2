"""Keep py3langid's model unpacked in the user's cache folder, so that a process need not unpack it again.

Unpacking takes most of a second of each process that tells languages, and 70 MB of its
memory; mapped from a file, only the pages that are looked at are loaded, and all processes share them. The file
holds plain arrays and is believed only where it is of this very model, whole (CRC-32), and nobody else's to write.
Whatever is wrong with it, or where no file can be kept, costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import shutil
import stat
import sys
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from platformdirs import user_cache_path
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from numpy.typing import NDArray

__all__ = ["Unpacked", "load_model"]

_FORMAT: Final = 1
_PREFIX: Final = "ngrams-"
_UNFINISHED: Final = ".part"
_HEAD: Final = 8192
"""Bytes before the arrays: a line of JSON, filled up with spaces."""
_ALIGNED: Final = 64
_PIECE: Final = 1 << 20
_NOT_THERE: Final = (OSError, ValueError, KeyError, TypeError, RecursionError)
"""What comes of reading a file that is not there, or not what it was."""
_KEPT: Final = 2
"""Files that there may be, the newest: installations beside one another may have different models."""
_ROOM: Final = 10
"""A file is kept where the disk has room for so many of it."""


class Unpacked(NamedTuple):
    """Hold the model: what follows each state and byte, and what each n-gram says for each language.

    `moves` has a row of 256 next states for each `rows`, the row of each state;
    `features` has the n-gram that ends at a state, -1 where none does. `weights` is
    (languages, n-grams), `prior` (languages,).
    """

    languages: list[str]
    moves: NDArray[np.uint32]
    rows: NDArray[np.uint32]
    features: NDArray[np.int32]
    weights: NDArray[np.float16]
    prior: NDArray[np.float32]


_TYPES: Final = ("uint32", "uint32", "int32", "float16", "float32")
"""Of the arrays, in order."""


def load_model(source: Path = MODEL_DIR / MODEL_FILE, *, folder: Path | None = None) -> Unpacked:
    """Return the model at `source`, the installed py3langid's, from `folder`, the user's cache, where it is there."""
    digest = hashlib.sha256(f"{_FORMAT} {sys.byteorder} ".encode() + source.read_bytes()).hexdigest()
    file = (folder or user_cache_path("listener", appauthor=False)) / f"{_PREFIX}{digest[:32]}.bin"
    with suppress(*_NOT_THERE):
        return _read(file, digest)
    model = _unpack(source)
    with suppress(OSError):
        _keep(file, digest, model)
    return model


def _unpack(source: Path) -> Unpacked:
    """Return the model as the package unpacks it."""
    model = LanguageIdentifier.from_model_file(source)
    return Unpacked(
        languages=[str(language) for language in model.nb_classes],
        moves=np.asarray(model.tk_nextmove, dtype=np.uint32),
        rows=np.asarray(model.tk_row, dtype=np.uint32),
        features=np.asarray(model.tk_output, dtype=np.int32),
        weights=np.asarray(model.nb_ptc, dtype=np.float16).T,
        prior=np.asarray(model.nb_pc, dtype=np.float32),
    )


def _read(path: Path, digest: str) -> Unpacked:
    """Return the model that a file holds; raises OSError or ValueError where it is not to be believed."""
    flags = sum(getattr(os, name, 0) for name in ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
    descriptor = os.open(path, flags)  # no link is followed, and no pipe waited for
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not _is_our_own(status):
            msg = "somebody else may write it"
            raise ValueError(msg)
        head = json.loads(file.read(_HEAD))
        shapes = [tuple(map(int, shape)) for shape in head["shapes"]]
        *places, end = _places(shapes)
        if head["digest"] != digest or status.st_size != end or head["crc"] != _checksum(file):
            msg = "not whole, or of another model"
            raise ValueError(msg)
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    arrays = [
        np.frombuffer(mapped, dtype=np.dtype(name), count=_count(shape), offset=place).reshape(shape)
        for name, shape, place in zip(_TYPES, shapes, places, strict=True)
    ]
    return Unpacked([str(language) for language in head["languages"]], *arrays)


def _is_our_own(status: os.stat_result) -> bool:
    """Say whether a file is one that nobody else can write; where users have no number, its folder sees to that."""
    mine = getattr(os, "geteuid", lambda: status.st_uid)()
    others = 0 if os.name == "nt" else stat.S_IWGRP | stat.S_IWOTH
    return stat.S_ISREG(status.st_mode) and status.st_uid == mine and not status.st_mode & others


def _keep(path: Path, digest: str, model: Unpacked) -> None:
    """Write the model to a file of its own, at once or not at all, and take away those of other models."""
    arrays: list[NDArray[Any]] = [model.moves, model.rows, model.features, model.weights, model.prior]
    *places, end = _places([array.shape for array in arrays])
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(path.parent).free < _ROOM * end:
        return
    _clear(path)
    number, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(number, "w+b") as file:
            for array, place in zip(arrays, places, strict=True):
                file.seek(place)
                for row in array if array.ndim > 1 else (array,):  # a row at a time: the copies are small
                    file.write(np.ascontiguousarray(row).data)
            file.truncate(end)
            file.seek(_HEAD)
            head = {
                "digest": digest, "crc": _checksum(file), "languages": model.languages,
                "shapes": [array.shape for array in arrays],
            }  # fmt: skip
            file.seek(0)
            file.write(json.dumps(head).encode().ljust(_HEAD))
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _clear(path: Path) -> None:
    """Take away what was not finished, and all but the newest files beside `path`; whoever is at one unpacks again."""
    for unfinished in path.parent.glob(f"{_PREFIX}*{_UNFINISHED}"):
        unfinished.unlink(missing_ok=True)
    others = [other for other in path.parent.glob(f"{_PREFIX}*.bin") if other != path]
    for other in sorted(others, key=lambda one: one.lstat().st_mtime)[: -(_KEPT - 1)]:
        other.unlink(missing_ok=True)


def _places(shapes: Iterable[tuple[int, ...]]) -> Iterator[int]:
    """Yield where each array begins, and at last where the file ends."""
    place = _HEAD
    for name, shape in zip(_TYPES, shapes, strict=True):
        yield place
        place += -(-_count(shape) * np.dtype(name).itemsize // _ALIGNED) * _ALIGNED
    yield place


def _count(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))


def _checksum(file: BinaryIO) -> int:
    """Return the CRC-32 of the rest of a file, read piece by piece: mapped, it would all be memory of this process."""
    sum_ = 0
    while piece := file.read(_PIECE):
        sum_ = zlib.crc32(piece, sum_)
    return sum_
