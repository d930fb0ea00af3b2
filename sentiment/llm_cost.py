"""Say what a request to a language model may cost at most, before it is sent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from sentiment.llm_book import Charge
from sentiment.llm_prompt import Question, answer_limit, request_body

if TYPE_CHECKING:
    from sentiment.llm_options import LlmOptions

__all__ = ["full_request", "least_request", "most_of", "price_of"]

_TOKENS_OF_FRAME: Final = 64
"""What a service adds around two messages, generously."""


def most_of(body: bytes, n_questions: int, options: LlmOptions) -> Charge:
    """Return the most that a request with this body can cost: no token is less than a byte."""
    sent, received = len(body) + _TOKENS_OF_FRAME, answer_limit(n_questions)
    return Charge(1, sent + received, price_of(sent, received, options))


def least_request(options: LlmOptions) -> Charge:
    """Return what is set aside for the smallest request there is: with less left, none is sent."""
    return _request_of(1, 1, options)


def full_request(options: LlmOptions) -> Charge:
    """Return what is set aside for a request with as many texts as one may hold, each as long as it may be, in plain letters."""
    return _request_of(options.batch, options.longest, options)


def price_of(sent: int, received: int, options: LlmOptions) -> int:
    """Return the price of tokens in millionths of a dollar, rounded up."""
    return math.ceil(
        sent * (options.usd_per_million_sent or 0.0) + received * (options.usd_per_million_received or 0.0)
    )


def _request_of(n_texts: int, letters: int, options: LlmOptions) -> Charge:
    text = Question(digest=bytes(32), target=None, text="x" * letters)
    return most_of(request_body([text] * n_texts, options), n_texts, options)
