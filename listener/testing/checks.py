"""Check the promises of sources, scorers and notifiers."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Final

from listener.api import (
    KINDS,
    DeliveryError,
    Label,
    Mention,
    Metered,
    Notification,
    Notifier,
    OptionInfo,
    Page,
    RecheckFacts,
    Rechecks,
    Resource,
    Scorer,
    ScoringTask,
    Secret,
    Sentiment,
    Source,
    SourceFacts,
)
from listener.testing.shapes import misfits

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from listener.api import Query, Window

__all__ = [
    "check_mention",
    "check_notifier",
    "check_options",
    "check_page",
    "check_scorer",
    "check_source",
]

_OPTION: Final = "listener.option"
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_MARKUP: Final = re.compile(r"</?(?:p|br|div|span|a\s+href=[^>]*)\s*/?>", re.IGNORECASE)
_HALVES: Final = re.compile("[\ud800-\udfff]")
_LONGEST_CURSOR_BYTES: Final = 4096
_MOST_PAGES: Final = 1000
_PIXEL: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a4944415478da63f80f0001"
    "0101001cb08c990000000049454e44ae426082"
)


def check_options(options: type) -> None:
    """Check that an options class is a frozen dataclass whose every field has a default and says what it means."""
    name = getattr(options, "__name__", "Options")
    _hold(dataclasses.is_dataclass(options), f"{name} is not a dataclass")
    parameters = getattr(options, "__dataclass_params__", None)
    _hold(bool(getattr(parameters, "frozen", False)), f"{name} is not frozen")
    for each in dataclasses.fields(options):
        info = each.metadata.get(_OPTION)
        if not isinstance(info, OptionInfo):
            msg = f"{name}.{each.name} is not declared with option(...)"
            raise AssertionError(msg)  # noqa: TRY004 - what every check raises
        _hold(bool(info.help.strip()), f"{name}.{each.name} has no help text")
        has_default = each.default is not dataclasses.MISSING or each.default_factory is not dataclasses.MISSING
        _hold(has_default, f"{name}.{each.name} has no default")
        if info.choices and each.default is not dataclasses.MISSING:
            _hold(each.default in info.choices, f"{name}.{each.name} has a default that is none of its choices")
        if isinstance(each.default, (int, float)):
            is_within = (info.minimum is None or info.minimum <= each.default) and (
                info.maximum is None or each.default <= info.maximum
            )
            _hold(is_within, f"{name}.{each.name} has a default outside its own limits")
        is_pasted = isinstance(each.default, str) and bool(re.search(r"token|secret|password|api_key", each.name))
        _hold(not is_pasted, f"{name}.{each.name} holds a secret and must be a {Secret.__name__}")
    options()


def check_source(
    make_source: Callable[[], Source],
    queries: Sequence[Query],
    window: Window,
    *,
    sources: Collection[str] = (),
) -> tuple[Mention, ...]:
    """Check the promises of a source against the service that `make_source` is pointed at; return what it read.

    `make_source` returns a new instance each time. The service must answer the
    same during the check. `sources` are the names its mentions may bear where
    that is not the source's own.
    """
    with _opened(make_source) as source:
        _check_identity(source)
        planned = source.plan(queries)
        _hold(isinstance(planned, Sequence), f"{source.name}: plan() returns {type(planned).__name__} and no sequence")
        resources = tuple(planned)
        _check_plan(resources, resources, queries, source.name)
        names = frozenset(sources) or {source.name}
        found = {resource.key: _sweep(lambda: source, resource, window, names) for resource in resources}
        for resource in resources:
            again = source.fetch(resource, window, None)
            once_more = source.fetch(resource, window, None)
            _hold(
                _keys(again.mentions) == _keys(once_more.mentions),
                f"{source.name}: fetching the first page of {resource.lane} twice gives other mentions",
            )
            _check_meter(source, resource, window)
        if isinstance(source, Rechecks):
            _check_recheck_facts(source)
        line = source.check()
        _hold(
            isinstance(line, str) and bool(line.strip()) and "\n" not in line,
            f"{source.name}: check() does not return one line",
        )
    with _opened(make_source) as other:
        _check_plan(resources, tuple(other.plan(queries)), queries, other.name)
    for resource in resources:
        resumed = _resumed(make_source, resource, window)
        _hold(
            set(_keys(resumed)) == set(_keys(found[resource.key])),
            f"{resource.lane}: going on with the cursor in a new instance gives other mentions than one sweep",
        )
    return tuple(mention for mentions in found.values() for mention in mentions)


def _check_meter(source: Source, resource: Resource, window: Window) -> None:
    """Check of a source that is Metered that pages cost no more than it says beforehand."""
    if not isinstance(source, Metered):
        return
    fewest, usual = source.page_sizes
    _hold(0 < fewest <= usual, f"{source.name}: page_sizes are not in order")
    for size in (fewest, usual):
        before, bound = source.requests_made, source.most(size)
        page = source.fetch(resource, dataclasses.replace(window, size=size), None)
        where = f"{source.name}: a page of {size} of {resource.lane}"
        counted = page.requests if page.counted is None else page.counted
        _hold(source.requests_made - before == counted, f"{where} counts its requests wrongly")
        _hold(counted <= bound.requests, f"{where} takes more requests than most() says")
        items = len(page.mentions) if page.items is None else page.items
        _hold(items <= bound.items, f"{where} holds more items than most() says")
        kinds = [kind for kind, _ in page.billed]
        over = [kind for kind in kinds if kinds.count(kind) > bound.billed.get(kind, 0)]
        _hold(not over, f"{where} is charged for more of {', '.join(sorted(set(over)))} than most() says")
    known = {price.kind for price in source.facts.prices}
    _hold(set(source.most(usual).billed) <= known, f"{source.name}: most() names kinds that have no price")


def _check_recheck_facts(source: Rechecks) -> None:
    facts = source.recheck_facts
    _hold(isinstance(facts, RecheckFacts), f"{source.name}: recheck_facts is not a {RecheckFacts.__name__}")
    least = min(facts.batch, facts.requests_a_batch, facts.requests_per_day)
    _hold(least > 0, f"{source.name}: recheck_facts has a batch, requests a batch or requests a day below one")
    is_enough = facts.requests_per_day >= facts.requests_a_batch
    _hold(is_enough, f"{source.name}: the requests a day of recheck_facts do not last for one batch")


def check_page(page: Page, window: Window, names: Collection[str]) -> None:
    """Check what holds for every page: its cursor, its bounds, each of its mentions."""
    _check_shape(page, Page, "a page")
    _hold((page.cursor is None) == page.exhausted, "a page has a cursor exactly where it is not exhausted")
    size = len((page.cursor or "").encode())
    _hold(size <= _LONGEST_CURSOR_BYTES, f"a cursor is {size} bytes long; at most {_LONGEST_CURSOR_BYTES} are allowed")
    keys = _keys(page.mentions)
    _hold(len(set(keys)) == len(keys), "a page holds a mention twice")
    if page.complete_since is not None:
        _hold(page.exhausted, "complete_since is said on a page that is not exhausted")
        _hold(bool(page.lost_reason), "complete_since is said without a lost_reason")
        _check_instant(page.complete_since, "complete_since")
        _hold(window.since <= page.complete_since <= window.until, "complete_since is outside the window")
    _hold(page.requests >= 0 and (page.items is None or page.items >= 0), "a page counts below zero")
    _hold(all(page.gone) and all(page.gone_authors), "a page says that something without an id is gone")
    _hold(not {one.id for one in page.mentions} & set(page.gone), "a page holds a mention that it says is gone")
    _hold(all(skipped.reason.strip() for skipped in page.skipped), "an item is skipped without a reason")
    for mention in page.mentions:
        check_mention(mention, window, names)


def check_mention(mention: Mention, window: Window, names: Collection[str]) -> None:
    """Check what holds for every mention: identity, plain clean text, times in UTC, counts and links."""
    where = f"mention {getattr(mention, 'source', None)}:{getattr(mention, 'id', None)}"
    _check_shape(mention, Mention, where)
    _hold(mention.source in names, f"{where}: the source should be {' or '.join(sorted(names))}")
    _hold(bool(mention.id) and mention.id == mention.id.strip(), f"{where}: the id is empty or has blanks at its ends")
    _hold(mention.kind in KINDS, f"{where}: the kind {mention.kind} is none of {', '.join(KINDS)}")
    says = bool(mention.text or mention.title or mention.url) or mention.rating is not None
    _hold(says, f"{where}: there is no text, no title and no url, nor a rating")
    _check_text(mention.text, f"{where}: the text")
    _check_text(mention.title or "", f"{where}: the title")
    if mention.published_at is not None:
        _check_instant(mention.published_at, f"{where}: published_at")
        _hold(window.since <= mention.published_at < window.until, f"{where}: published_at is outside the window")
    if mention.edited_at is not None:
        _check_instant(mention.edited_at, f"{where}: edited_at")
    _hold(mention.rating is None or 0 <= mention.rating <= 1, f"{where}: the rating is not between 0 and 1")
    counts = [getattr(mention.engagement, name) for name in ("likes", "reposts", "replies", "views")]
    counts += [mention.author.followers if mention.author else None]
    _hold(all(count is None or (type(count) is int and count >= 0) for count in counts), f"{where}: a count is wrong")
    addresses = [*mention.links, *([mention.url] if mention.url else [])]
    of_the_web = all(re.match(r"https?://[^\s]+\Z", address) for address in addresses)
    _hold(of_the_web, f"{where}: a link is not an http(s) address")
    _hold(not any(tag.startswith("#") for tag in mention.hashtags), f"{where}: a hashtag begins with #")
    handle = mention.author.handle if mention.author else None
    _hold(not (handle or "").startswith("@"), f"{where}: the author's handle begins with @")
    for text in _texts_in(mention):
        _hold(not _HALVES.search(text), f"{where}: {text[:40]!a} holds half of a surrogate pair")


def _texts_in(value: object) -> Iterator[str]:
    """Yield every text in a mention, however deep: its author's, its links and tags, what `extra` keeps."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from chain.from_iterable(map(_texts_in, chain.from_iterable(value.items())))
    elif isinstance(value, (list, tuple)):
        yield from chain.from_iterable(map(_texts_in, value))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from chain.from_iterable(_texts_in(getattr(value, one.name)) for one in dataclasses.fields(value))


def check_scorer(scorer: Scorer, tasks: Sequence[ScoringTask]) -> None:
    """Check the promises of a scorer on `tasks`, which should hold texts it can and texts it cannot judge."""
    _hold(isinstance(scorer, Scorer), f"{type(scorer).__name__} lacks a part of the Scorer interface")
    named = all(isinstance(one, str) and one for one in (scorer.name, scorer.version))
    _hold(named, "a scorer has no name or no version, in words")
    _hold(list(scorer.score([])) == [], f"{scorer.name}: no tasks give results")
    given = scorer.score(tasks)
    _hold(isinstance(given, Sequence), f"{scorer.name}: score() returns {type(given).__name__} and no sequence")
    results = list(given)
    _hold(len(results) == len(tasks), f"{scorer.name}: {len(tasks)} tasks give {len(results)} results")
    for task, result in zip(tasks, results, strict=True):
        _check_sentiment(result, f'{scorer.name}: "{task.text[:40]}"')
        if not scorer.supports(task.language):
            is_unscored = result.label is Label.UNSCORED
            _hold(is_unscored, f"{scorer.name}: a text in {task.language}, which is not supported, is scored")
    alone = [scorer.score([task])[0] for task in tasks]
    _hold(alone == results, f"{scorer.name}: a text scores otherwise alone than among others, or not in input order")
    with ThreadPoolExecutor(4) as pool:
        rounds = list(pool.map(lambda _: list(scorer.score(tasks)), range(8)))
    _hold(all(each == results for each in rounds), f"{scorer.name}: several threads get other results than one")


def check_notifier(
    notifier: Notifier,
    received: Callable[[], int],
    *,
    secrets: Collection[str] = (),
    broken: Notifier | None = None,
) -> None:
    """Check the promises of a notifier.

    `received` returns how many messages the destination has accepted so far.
    `secrets` must not show in the destination. `broken` is a notifier whose
    destination refuses or is not there.
    """
    _hold(isinstance(notifier, Notifier), f"{type(notifier).__name__} lacks a part of the Notifier interface")
    named = all(isinstance(one, str) and one for one in (notifier.name, notifier.destination))
    _hold(named, "a notifier has no name or no destination, in words")
    shown = [secret for secret in secrets if secret in notifier.destination]
    _hold(not shown, f"{notifier.name}: the destination shows a secret")
    for number, notification in enumerate(_notifications(), start=1):
        before = received()
        notifier.send(notification)
        _hold(received() == before + 1, f"{notifier.name}: message {number} was not accepted once when send returned")
    if broken is None:
        return
    try:
        broken.send(_notifications()[0])
    except DeliveryError as problem:
        told = str(problem)
        _hold(not any(secret in told for secret in secrets), f"{broken.name}: a failure shows a secret")
        return
    _hold(holds=False, otherwise=f"{broken.name}: a delivery that cannot succeed raised no DeliveryError")


def _notifications() -> tuple[Notification, ...]:
    """Return a plain message and one with everything a message may have."""
    return (
        Notification(
            key="check-1", kind="alert", subject="Acme: more mentions than usual", text="42 mentions in 1 h\n"
        ),
        Notification(
            key="check-2",
            kind="digest",
            subject="Acme \u2013 Tagesbericht \U0001f4c8",
            text="Zwei Zeilen\n\u4e8c\u884c\u76ee\n",
            html='<p>Zwei Zeilen<br>\u4e8c\u884c\u76ee</p><img src="cid:trend" alt="trend">',
            images=(("trend", _PIXEL, "trend"),),
        ),
    )


def _check_shape(record: object, kind: type, where: str) -> None:
    """Check that something is a record of a kind, each of its fields of the type that is declared."""
    _hold(isinstance(record, kind), f"{where} is of type {type(record).__name__} and no {kind.__name__}")
    wrong = next(misfits(record, where), "")
    _hold(not wrong, wrong)


def _hold(holds: bool, otherwise: str) -> None:
    """Raise AssertionError with the sentence `otherwise` unless a promise holds, also under python -O."""
    if not holds:
        raise AssertionError(otherwise)


class _opened:  # noqa: N801 - used as a function
    """Make a source and close it at the end."""

    def __init__(self, make_source: Callable[[], Source]) -> None:
        self._source = make_source()

    def __enter__(self) -> Source:
        return self._source

    def __exit__(self, *_: object) -> None:
        self._source.close()


def _check_identity(source: Source) -> None:
    kind = type(source).__name__
    _hold(isinstance(source, Source), f"{kind} lacks a part of the Source interface")
    _hold(
        isinstance(source.name, str) and bool(_NAME.fullmatch(source.name)),
        f"{kind}: the name {source.name!r} is not lower-case letters and digits",
    )
    check_options(source.Options)
    facts = source.facts
    _hold(isinstance(facts, SourceFacts), f"{source.name}: facts is not a SourceFacts")
    _hold(bool(facts.summary.strip() and facts.sees.strip()), f"{source.name}: facts lack a summary or what it sees")
    positive = facts.every > timedelta() and facts.lookback > timedelta()
    _hold(positive, f"{source.name}: facts.every and facts.lookback must be longer than nothing")
    _hold(facts.overlap >= timedelta() and facts.lag >= timedelta(), f"{source.name}: overlap or lag is negative")


def _check_plan(first: Sequence[Resource], second: Sequence[Resource], queries: Sequence[Query], name: str) -> None:
    _hold(list(first) == list(second), f"{name}: two instances plan the same queries differently")
    for resource in first:
        _check_shape(resource, Resource, f"{name}: a resource")
    keys = [resource.key for resource in first]
    _hold(len(set(keys)) == len(keys), f"{name}: two resources have the same key")
    brands = {query.brand for query in queries} | {None}
    for resource in first:
        _hold(bool(resource.key and resource.lane and resource.native), f"{name}: a resource has an empty field")
        _hold(resource.brand in brands, f"{name}: a resource is for {resource.brand}, which was not asked for")
        _hold(set(resource.brands) <= brands, f"{name}: a resource is shared by brands that were not asked for")
        _hold(not (resource.brand and resource.brands), f"{name}: a resource is for one brand and shared as well")


def _sweep(
    source_for: Callable[[], Source], resource: Resource, window: Window, names: Collection[str]
) -> tuple[Mention, ...]:
    """Read a window to its end, checking every page."""
    mentions: list[Mention] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = source_for().fetch(resource, window, cursor)
        check_page(page, window, names)
        mentions += page.mentions
        cursor = page.cursor
        if page.exhausted:
            return tuple(mentions)
    msg = f"{resource.lane}: a window does not end within {_MOST_PAGES} pages"
    raise AssertionError(msg)


def _resumed(make_source: Callable[[], Source], resource: Resource, window: Window) -> tuple[Mention, ...]:
    """Read a window to its end, every page with a new instance."""
    mentions: list[Mention] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        with _opened(make_source) as source:
            page = source.fetch(resource, window, cursor)
        mentions += page.mentions
        cursor = page.cursor
        if page.exhausted:
            break
    return tuple(mentions)


def _keys(mentions: Sequence[Mention]) -> list[tuple[str, str]]:
    return [mention.key for mention in mentions]


def _check_text(text: str, what: str) -> None:
    _hold(unicodedata.is_normalized("NFC", text), f"{what} is not in NFC")
    harmful = [each for each in text if each not in "\n\t" and unicodedata.category(each) in {"Cc", "Cs"}]
    _hold(not harmful, f"{what} holds a control character or half of a surrogate pair")
    _hold(not _MARKUP.search(text), f"{what} holds markup; plain text is wanted")


def _check_instant(instant: datetime, what: str) -> None:
    _hold(instant.utcoffset() == timedelta(), f"{what} is not an aware time in UTC")


def _check_sentiment(result: Sentiment, where: str) -> None:
    _check_shape(result, Sentiment, where)
    is_unscored = result.label is Label.UNSCORED
    _hold(result.problem() is None, f"{where} {result.problem()}")
    _hold(not is_unscored or bool(result.reason), f"{where} is unscored without a reason")
