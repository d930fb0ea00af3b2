"""Score with a language model behind an OpenAI-compatible service, local or not.

Off unless the configuration names it. Texts go out redacted, in batches, within
a daily budget that no process passes; answers are remembered, so that none is
paid for twice. A text without a valid answer is unscored, with the reason.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Final

import tenacity

from listener.api import Sentiment, utc_now
from sentiment.llm_book import Bought, Charge, MemoryBook
from sentiment.llm_client import LlmClient, Reply
from sentiment.llm_cost import most_of, price_of
from sentiment.llm_options import LlmOptions
from sentiment.llm_prompt import (
    INSTRUCTIONS_VERSION,
    Question,
    question_of,
    read_answers,
    request_body,
)
from sentiment.scope import whole_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from listener.api import ScoringTask
    from sentiment.llm_book import Book

__all__ = ["LlmScorer"]

logger: Final = logging.getLogger(__name__)

_TRIES: Final = 2
_LONGEST_PAUSE: Final = 10.0
_DAY_SECONDS: Final = 86_400
_MILLION: Final = 1_000_000
_NO_CAP: Final = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """Hold what came of one batch; `is_over` says that it is no use to ask further now."""

    bought: Mapping[bytes, Bought]
    reason: str
    is_over: bool = False


class LlmScorer:
    """Ask a language model for the feeling of texts (see `listener.api.Scorer`).

    `book` remembers and keeps account; None remembers as long as the process
    runs. `now` and `sleep` are the clock. After a request that failed for good the
    rest of a call is unscored too, with the same reason: nobody waits through it.
    """

    name: ClassVar[str] = "llm"
    Options: ClassVar[type] = LlmOptions

    def __init__(
        self,
        options: LlmOptions,
        book: Book | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._options = options
        self._book: Book = book or MemoryBook()
        self._client = LlmClient(options)
        self._now = now
        self._sleep = sleep
        decides = repr((INSTRUCTIONS_VERSION, options.base_url, options.model, options.longest))
        self.version = f"{options.model}+{hashlib.sha256(decides.encode()).hexdigest()[:8]}"

    def supports(self, language: str) -> bool:
        """Say whether texts of this language can be scored."""
        return not self._options.languages or language in self._options.languages

    def check(self) -> str:
        """Say in one line whether the service answers; raises a SourceError where not. Costs nothing."""
        return self._client.check()

    def score(self, tasks: Sequence[ScoringTask]) -> Sequence[Sentiment]:
        """Return (n_tasks,) sentiments in input order; texts that are alike are asked about once."""
        reasons = [self._unfit(task) for task in tasks]
        questions = [
            None if reason else question_of(task, self._options) for task, reason in zip(tasks, reasons, strict=True)
        ]
        different = {one.digest: one for one in questions if one is not None}
        bought = dict(self._book.recall(list(different)))
        failed = self._buy([one for digest, one in different.items() if digest not in bought], bought)
        return [
            Sentiment.unscored(task.language, reason or "")
            if question is None
            else self._sentiment(task, bought.get(question.digest), failed.get(question.digest))
            for task, question, reason in zip(tasks, questions, reasons, strict=True)
        ]

    def _unfit(self, task: ScoringTask) -> str | None:
        if not self.supports(task.language):
            return "unsupported_language"
        return None if whole_text(task).strip() else "empty"

    def _sentiment(self, task: ScoringTask, bought: Bought | None, reason: str | None) -> Sentiment:
        if bought is None:
            return Sentiment.unscored(task.language, reason or "llm_missing_answer")
        return Sentiment(
            score=bought.score,
            label=bought.label,
            language=task.language,
            scorer=self.name,
            version=self.version,
            evidence=1,
        )

    def _buy(self, questions: Sequence[Question], bought: dict[bytes, Bought]) -> dict[bytes, str]:
        """Ask batch after batch and put the answers into `bought`; return why the others have none."""
        failed: dict[bytes, str] = {}
        waiting = iter(questions)
        over: str | None = None
        counts: Counter[str] = Counter()
        while batch := list(islice(waiting, self._options.batch)):
            if over is None:
                outcome = self._ask(batch)
                self._book.keep(outcome.bought, most=self._options.remembered)
                bought.update(outcome.bought)
                over = outcome.reason if outcome.is_over else None
            reason = over or outcome.reason
            left = [one.digest for one in batch if one.digest not in bought]
            failed.update(dict.fromkeys(left, reason))
            counts[reason] += len(left)
        for reason, n in (+counts).items():
            logger.warning("texts left unscored n=%d reason=%s", n, reason)
        return failed

    def _ask(self, batch: Sequence[Question]) -> _Outcome:
        """Ask about one batch, once more where the service asks to come back soon."""
        body = request_body(batch, self._options)
        most = most_of(body, len(batch), self._options)
        again = tenacity.Retrying(
            retry=tenacity.retry_if_result(_is_worth_another_try),
            stop=tenacity.stop_after_attempt(_TRIES),
            wait=_asked_pause,
            sleep=self._sleep,
            retry_error_callback=_last_reply,
        )
        reply: Reply = again(self._pay, body, most)
        if reply.content is None:
            is_over = reply.reason != "llm_invalid_answer"
            return _Outcome(bought={}, reason=reply.reason or "llm_unavailable", is_over=is_over)
        answers = read_answers(reply.content, batch)
        if answers is None:
            return _Outcome(bought={}, reason="llm_invalid_answer")
        return _Outcome(bought=answers, reason="llm_missing_answer")

    def _pay(self, body: bytes, most: Charge) -> Reply:
        """Reserve the most a request can cost, send it, and put what it did cost into the account."""
        options = self._options
        usd = _NO_CAP if options.usd_a_day is None else round(options.usd_a_day * _MILLION)
        day = int(self._now().timestamp()) // _DAY_SECONDS
        if not self._book.reserve(day, most, Charge(options.requests_a_day, options.tokens_a_day, usd)):
            return Reply(reason="llm_budget", is_free=True)
        reply = self._client.ask(body)
        self._book.settle(day, most, self._charge(reply, most))
        return reply

    def _charge(self, reply: Reply, most: Charge) -> Charge:
        """Return what a request has cost; the most that it can have, where nobody knows."""
        if reply.is_free:
            return Charge(requests=int(reply.is_sent))
        if reply.sent is None or reply.received is None:
            return most
        return Charge(1, reply.sent + reply.received, price_of(reply.sent, reply.received, self._options))


def _is_worth_another_try(reply: Reply) -> bool:
    return reply.pause is not None and reply.pause <= _LONGEST_PAUSE


def _asked_pause(state: tenacity.RetryCallState) -> float:
    reply = state.outcome.result() if state.outcome is not None else None
    return 0.0 if reply is None else float(reply.pause or 0.0)


def _last_reply(state: tenacity.RetryCallState) -> Reply:
    """Return the last reply instead of raising."""
    return state.outcome.result() if state.outcome is not None else Reply(reason="llm_unavailable")
