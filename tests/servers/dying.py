"""Workers that are killed at an instant that hurts."""

from __future__ import annotations

import os
import signal
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from servers.world import make_judge

if TYPE_CHECKING:
    from listener.pipeline.judge import Judge

__all__ = ["judge_until_half_an_answer"]

_LONG = 5_000


def judge_until_half_an_answer() -> Judge:
    """Make the stages of a worker that is killed when half of its second long answer is written."""
    whole = Connection._send_bytes  # type: ignore[attr-defined]  # what puts a message on the pipe
    answers = 0

    def send(pipe: Connection, message: bytes) -> None:
        nonlocal answers
        answers += len(message) > _LONG
        if answers == 2:
            os.write(pipe.fileno(), len(message).to_bytes(4, "big") + bytes(message[: _LONG // 2]))
            os.kill(os.getpid(), signal.SIGKILL)
        whole(pipe, message)

    Connection._send_bytes = send  # type: ignore[attr-defined]
    return make_judge()
