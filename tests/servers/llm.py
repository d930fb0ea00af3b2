"""A language model's service that answers as it is told to: OpenAI's chat completions, as documented in 2026-11."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from servers.web import Answer, SimulatedServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers.web import Request


def by_words(text: str) -> dict[str, Any]:
    """Label a text as a very simple model would."""
    if "good" in text:
        return {"label": "positive", "score": 0.8}
    if "bad" in text:
        return {"label": "negative", "score": -0.7}
    return {"label": "neutral", "score": 0}


class LlmServer(SimulatedServer):
    """Answer with `content_of(texts)`, each text with id, target and text; bill as `usage` says."""

    def __init__(self) -> None:
        super().__init__()
        self.content_of: Callable[[list[dict[str, Any]]], str] = lambda texts: json.dumps(
            {"items": [{"id": one["id"], **by_words(one["text"])} for one in texts]}
        )
        self.usage: dict[str, Any] | None = {"prompt_tokens": 100, "completion_tokens": 20}
        self.finish_reason = "stop"

    @property
    def texts(self) -> list[dict[str, Any]]:
        """Return every text that was asked about, in order."""
        return [one for request in self.requests for one in texts_of(request)]

    def route(self, request: Request) -> Answer:
        """Answer one completion, or the list of models."""
        if request.path == "/v1/models":
            return Answer.json({"object": "list", "data": [{"id": "made-up:latest"}, {"id": "other"}]})
        assert request.path == "/v1/chat/completions"
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": self.content_of(texts_of(request))},
            "finish_reason": self.finish_reason,
        }
        return Answer.json({"object": "chat.completion", "choices": [choice], "usage": self.usage})


def texts_of(request: Request) -> list[dict[str, Any]]:
    """Return the texts of one request."""
    texts: list[dict[str, Any]] = json.loads(request.json()["messages"][1]["content"])["texts"]
    return texts
