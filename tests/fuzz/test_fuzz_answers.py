"""Whatever a service answers, a source reads it or raises what it declares: never anything else, in bounded time."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bounds import within_a_minute
from chaos.services import Service, when
from chaos.table import SERVICES
from chaos.world import DAY, HOUR, World
from fuzz.mutations import mutated_bytes, mutated_json, mutated_markup
from listener import wiring
from listener.api import Page, SourceError, Window
from listener.config import load_config
from listener.interchange import mention_to_json
from listener.protocols import Rechecks, Source
from listener.store import Store
from servers.web import Answer, Request
from servers.world import make_judge
from stores import lay_store

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
NOW = int(time.time()) // 60 * 60
RECORDED = {
    "x": "x",
    "reddit": "reddit",
    "hackernews": "hackernews",
    "mastodon": "mastodon",
    "bluesky": "bluesky",
    "rss": "feeds_wellformed",
    "stackexchange": "stackexchange",
    "github": "github",
    "discourse": "discourse",
    "gdelt": "gdelt",
    "appstore": "appstore",
    "youtube": "youtube",
}


class Impatient:
    """Never stop, and never wait for another try."""

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float | None = None) -> bool:
        return False


class Crooked:
    """One service with a week of posts whose answers are changed before they are sent."""

    def __init__(self, service: Service, folder: Path, recorded: list[bytes]) -> None:
        self.service = service
        self.folder = folder
        self.recorded = recorded
        self.dice = random.Random(f"{SEED}-{service.name}")
        self.world = World([service], self.dice, start=NOW - HOUR)
        self.world.advance(NOW)
        self.is_crooked = False
        self.says: bytes | None = None
        self._honest = service.server.route
        service.server.route = self._route  # type: ignore[method-assign]

    def _route(self, request: Request) -> Answer:
        try:
            answer = self._honest(request)
        except (ValueError, KeyError, AssertionError):
            if not self.is_crooked:
                raise
            return Answer.json({"error": "asked with what another service gave"}, status=400)
        if self.says is not None and self.service.is_question(request):
            return Answer(body=self.says, headers={"Content-Type": "application/json"})
        if not self.is_crooked or not self.service.is_question(request):
            return answer
        if self.recorded and self.dice.random() < 0.3:
            answer = replace(answer, status=200, body=self.dice.choice(self.recorded))
        return replace(answer, body=mutated(self.dice, answer.body))

    def source(self) -> Source:
        (self.folder / "config.toml").write_text(
            f'[[brands]]\nname = "Acme"\nkeywords = ["acme"]\n\n{self.service.table()}', encoding="utf-8"
        )
        config = load_config(self.folder / "config.toml")
        self.queries = wiring.build_queries(config)
        return wiring.build_source(config, self.service.name, Impatient())


def mutated(dice: random.Random, body: bytes) -> bytes:
    if body[:1] in {b"{", b"["}:
        return mutated_json(dice, json.loads(body))
    return mutated_markup(dice, body) if body[:1] == b"<" else mutated_bytes(dice, body)


@pytest.fixture(params=SERVICES, ids=lambda kind: kind.name)
def crooked(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crooked]:
    service = request.param()
    for name, value in service.keys.items():
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:
        made = Crooked(service, tmp_path, list(recorded_bodies(service.name)))
        service.server.clock = None
        service.enter(stack)
        yield made


def recorded_bodies(name: str) -> Iterator[bytes]:
    shared = Path(os.environ.get("LISTENER_SHARED") or Path(__file__).parents[3] / "shared")
    folder = shared / "recorded" / RECORDED.get(name, name)
    for file in sorted(folder.glob("*"))[:40] if folder.is_dir() else []:
        body = file.read_bytes()
        if not file.name.startswith("_") and len(body) < 200_000 and _is_readable(body):
            yield body


def _is_readable(body: bytes) -> bool:
    if body[:1] not in {b"{", b"["}:
        return True
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def check_page(page: Page) -> None:
    assert page.exhausted == (page.cursor is None)
    assert page.cursor is None or len(page.cursor) <= 4096
    assert len({one.id for one in page.mentions}) == len(page.mentions)
    for one in page.mentions:
        assert one.id
        assert one.published_at is None or one.published_at.utcoffset() is not None
        json.dumps(mention_to_json(one), ensure_ascii=False).encode("utf-8")
        assert "\0" not in one.text


@pytest.mark.parametrize("count", [EXAMPLES, pytest.param(8 * EXAMPLES, marks=pytest.mark.slow)])
def test_crooked_answers_are_read_or_refused_as_declared(crooked: Crooked, count: int) -> None:
    window = Window(since=when(NOW - 7 * DAY + HOUR), until=when(NOW - HOUR // 2))
    judge, found = make_judge(), 0
    with closing(crooked.source()) as source, Store(lay_store(crooked.folder / "listener.db")) as store:
        store.register([("Acme", "own"), ("Globex", "competitor")], [], now=when(NOW))
        resources = list(source.plan(crooked.queries))
        crooked.is_crooked = True
        for _ in range(count):
            cursor, resource = None, crooked.dice.choice(resources)
            with within_a_minute(), suppress(SourceError):
                for _ in range(3):
                    page = source.fetch(resource, window, cursor)
                    check_page(page)
                    found += len(page.mentions)
                    judged = judge.judge(page.mentions, {}, now=when(NOW), keep_unmatched=True)
                    store.save_page(judged.judged, now=when(NOW))
                    cursor = page.cursor
                    if cursor is None:
                        break
        assert found or count < 50 or crooked.service.name == "bluesky"


@pytest.mark.parametrize(
    "body",
    [b'{"error": "internal"}', b'{"errors": [{"message": "internal", "code": 131}]}', b'{"status": 500}', b"[1]"],
)
def test_an_error_that_is_answered_with_200_is_no_quiet_hour(crooked: Crooked, body: bytes) -> None:
    window = Window(since=when(NOW - DAY), until=when(NOW - HOUR // 2))
    if crooked.service.name == "bluesky":
        pytest.skip("its windows are read from a stream, not by questions")
    with closing(crooked.source()) as source:
        resources = {one.lane.partition(":")[0]: one for one in source.plan(crooked.queries)}
        crooked.says = body
        for resource in resources.values():
            with pytest.raises(SourceError):
                source.fetch(resource, window, None)


@pytest.mark.slow
def test_what_is_looked_at_again_is_read_or_refused_as_declared(crooked: Crooked) -> None:
    window = Window(since=when(NOW - DAY), until=when(NOW - HOUR // 2))
    with closing(crooked.source()) as source:
        if not isinstance(source, Rechecks):
            pytest.skip(f"{source.name} does not look again")
        mentions = [
            one for resource in source.plan(crooked.queries) for one in source.fetch(resource, window, None).mentions
        ]
        crooked.is_crooked = True
        for _ in range(2 * EXAMPLES):
            try:
                source.recheck(mentions[: source.recheck_facts.batch])
            except SourceError:
                continue
