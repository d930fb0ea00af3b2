"""Say what a source, a scorer and a notifier must be, and what they hand over.

Everything that stands behind these interfaces, built-in or plug-in, is held to
the same contract suite (`listener.testing`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from listener.errors import TransientSourceError
    from listener.mention import Mention, Sentiment
    from listener.query import Query

__all__ = [
    "LanguageIdentifier",
    "LeavesAlone",
    "Metered",
    "Notification",
    "Notifier",
    "Page",
    "PageBound",
    "Price",
    "RecheckFacts",
    "RecheckPage",
    "Rechecks",
    "Resource",
    "Scorer",
    "ScoringTask",
    "Skipped",
    "Source",
    "SourceFacts",
    "StopSignal",
    "Window",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Name one stream of mentions that a source reads with a cursor of its own.

    `key` identifies it for ever within the source and changes whenever what it
    selects changes (put a version or hash of the native query into it).
    `lane` is the stable, readable name across versions, such as ``search`` or
    ``feed:https://example.org/rss``: coverage of a lane is the union over its
    versions. `native` is what the service is asked (a query, a URL, a
    subreddit). `brand` is the brand it serves, None where its mentions are
    matched against every brand. `brands` are those that one native query asks for
    together, where it does not ask for all: each is then covered by it, and its
    cost is shared among them.
    """

    key: str
    lane: str
    native: str
    brand: str | None = None
    brands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Ask for what was published in [since, until), aware UTC, whole seconds.

    `since` already reaches back by the source's overlap. `marker` is what the
    last drained window of the resource left in `Page.marker`, None at first.
    `size` is how many results the page may hold at most, because a budget has
    room for no more; None but for sources that are `Metered`.
    """

    since: datetime
    until: datetime
    marker: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Say that one item of an answer could not become a mention, and why."""

    id: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Hold one answer of a source, read as far as it could be.

    `mentions` in the order the service gave them, each id once. `cursor` is
    opaque, JSON text or a token, at most 4 kB: with it the same window goes on
    in another process. `exhausted` says that nothing of the window is left to
    read; exactly then `cursor` is None. An empty page need not be exhausted.
    `complete_since`: on an exhausted page, the instant back to which the window
    was really read, where the service ended before the window did (history
    limit, item limit, feed length); None: all of it. `lost_reason` then says
    why. `marker` is handed to the resource's next window once this one is
    drained. `requests` counts the calls made for this page; `items` what the
    service sent, mentions or not. `counted` is how many of the calls a cap of the
    service counts, None: all. `billed` names what a paid service charges for, each
    as (kind, id), the kind being that of a `Price`. `existing` says, on the first
    page of a window, how much the service says it has of spans of it: (since,
    until, count); what is received of them is held against it. `gone` are
    ids of mentions that the service says were taken away, `gone_authors` those of
    authors whose account was: whatever is stored of them is erased.
    """

    mentions: tuple[Mention, ...] = ()
    cursor: str | None = None
    exhausted: bool = True
    complete_since: datetime | None = None
    lost_reason: str | None = None
    marker: str | None = None
    skipped: tuple[Skipped, ...] = ()
    requests: int = 1
    items: int | None = None
    counted: int | None = None
    billed: tuple[tuple[str, str], ...] = ()
    existing: tuple[tuple[datetime, datetime, int], ...] = ()
    gone: tuple[str, ...] = ()
    gone_authors: tuple[str, ...] = ()


@runtime_checkable
class StopSignal(Protocol):
    """Tell a worker that it should end (threading.Event fits)."""

    def is_set(self) -> bool:
        """Say whether to stop as soon as what is in hand is safe."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds for the stop; True once it is set."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Say what a service charges for one thing, as read at `figure_from` on the day `seen` (ISO 8601).

    `kind` is ``request`` (each call of `Page.requests`), ``item`` (each of
    `Page.items`), or a kind of `Page.billed`. `once_a_day`: the same thing is
    charged for once in a UTC day, however often it is read.
    """

    kind: str
    usd: float
    figure_from: str
    seen: str
    once_a_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBound:
    """Say what reading one page can cost at most: calls, items, and things billed by kind."""

    requests: int
    items: int
    billed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """Say what is known of a source, for `listener sources` and the manual.

    `key_needed` names the credential or is "none"; `cost` and `sees` are one
    phrase each. `horizon` is how far back the service can be read, None where
    there is no limit. `overlap` is how far behind the last window is read again
    for items that were indexed late. `lag` is how long after its publication an
    item may first be readable: windows end that long before now.
    `every` and `lookback` are the defaults of the schedule and the first window.
    `resources_fail_alone` says that each resource may be another host (feeds,
    instances): what goes wrong with one says nothing about the others.
    `is_local` says that it reads what lies on this machine, such as files: that
    this works does not speak for this machine's clock.
    `prices` are what the service charges. `requests_a_day` is a cap of the service
    on calls in a day, `requests_a_day_with_key` the one where any secret of the
    options is set (None: the same); `cap_seen` is where and when the cap was read.
    A cap is a budget unless the configuration sets another.
    `retention` is how long the service's terms let texts be kept; the default of
    the source, None where they do not say. `items_a_page` is how many items one page
    holds at most, None where nobody says.
    """

    summary: str
    key_needed: str = "none"
    cost: str = "free"
    sees: str = ""
    horizon: timedelta | None = None
    overlap: timedelta = timedelta(minutes=30)
    lag: timedelta = timedelta()
    every: timedelta = timedelta(minutes=15)
    lookback: timedelta = timedelta(days=1)
    resources_fail_alone: bool = False
    is_local: bool = False
    prices: tuple[Price, ...] = ()
    requests_a_day: int | None = None
    requests_a_day_with_key: int | None = None
    cap_seen: str = ""
    retention: timedelta | None = None
    items_a_page: int | None = None


@runtime_checkable
class Source(Protocol):
    """Fetch mentions from one service.

    An implementer guarantees: `plan` and `fetch` touch nothing but the service;
    `fetch` with the same window and cursor may be called again and gives the
    same mentions or newer readings of them; it never sleeps for longer than a
    request takes (a limit is raised as RateLimitedError, not waited for); every
    failure is a SourceError; each request has a time-out; text is plain and NFC.
    One instance is used by one thread at a time.
    """

    name: str
    """Lower-case name, also the table in the config and the mentions' `source`."""

    Options: ClassVar[type]
    """Frozen dataclass of the source's own options (see `listener.options`)."""

    facts: ClassVar[SourceFacts]

    def plan(self, queries: Sequence[Query]) -> Sequence[Resource]:
        """Return the resources that together can see every match of `queries`.

        A brand's mentions are a superset: what was asked exactly is decided
        locally. Raises RejectedQueryError for a query the service cannot ask.
        """
        ...

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read one page of a window: its first where `cursor` is None."""
        ...

    def check(self) -> str:
        """Make one cheap call with the credentials; return one line on what answered.

        Raises a SourceError (CredentialsError where a key is missing or refused).
        """
        ...

    def close(self) -> None:
        """Release connections; the instance is not used afterwards."""
        ...


@runtime_checkable
class Metered(Protocol):
    """Say beforehand what a page may cost, so that a budget is never overrun.

    A source may implement this beside `Source`. Of one that does not, a page is held to
    the requests that were set aside for it where it sends through what this program offers (others:
    taken to cost no more than the dearest one so far); one may offer `requests_made`
    alone, so that a fetch that fails before it sends costs nothing. An implementer guarantees:
    no page of a window with a `size` costs more than `most(size)`, whatever the
    service answers.
    """

    @property
    def requests_made(self) -> int:
        """Return how many calls were sent so far, failed ones too; where a cap counts only some, those."""
        ...

    @property
    def page_sizes(self) -> tuple[int, int]:
        """Return the fewest results a page can be asked for, and how many it is without a limit."""
        ...

    def most(self, size: int) -> PageBound:
        """Return what a page of `size` results costs at most."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckFacts:
    """Say how a source looks again at mentions it gave before.

    `batch` mentions are looked at in one call of `recheck`, which takes
    `requests_a_batch` requests at most and brings `items_a_batch` things (0: as
    many as mentions), billed as `billed_as` (see `Price`) where the service
    charges by kind. `counted_a_batch` of the requests a cap of the service counts, None: all.
    `requests_per_day` is the default of the budget. `is_lookup`
    says that what `fetch` gives lacks something (the author's name, the counters)
    which looking again brings: the first look is then taken at once.
    """

    batch: int
    requests_a_batch: int = 1
    items_a_batch: int = 0
    billed_as: str | None = None
    requests_per_day: int = 200
    is_lookup: bool = False
    counted_a_batch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckPage:
    """Hold what became of mentions that were looked at again.

    `present` are those that are still there, as they are now; what a reading
    leaves out stays as it was stored. `gone` are the ids of those that their
    author or the service took away, by the service's own word: they are erased.
    `unsigned` are ids of those that stand and whose author is gone. Whatever is in
    none of them is unknown and stays. `left` are those of the unknown whose host, one of
    several, did not answer, as `problem` tells: they are looked at again soon.
    `requests`, `items`, `billed` and `counted` are those of a Page.
    """

    present: tuple[Mention, ...] = ()
    gone: tuple[str, ...] = ()
    unsigned: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    problem: str | None = None
    requests: int = 1
    items: int = 0
    billed: tuple[tuple[str, str], ...] = ()
    counted: int | None = None


@runtime_checkable
class Rechecks(Protocol):
    """Look again at mentions of a source: what a source may offer beside `Source`.

    An implementer guarantees what `Source.fetch` guarantees, and: silence, a
    refusal and an answer it does not understand are never taken for a deletion.
    """

    name: str
    recheck_facts: ClassVar[RecheckFacts]

    def recheck(self, mentions: Sequence[Mention]) -> RecheckPage:
        """Look at up to `recheck_facts.batch` stored mentions of this source again; raises a SourceError."""
        ...


@runtime_checkable
class ReadsThreads(Protocol):
    """Read threads for what a brand's own accounts answered; a source may offer it.

    An implementer guarantees what `Source.fetch` does. A source that offers this
    is asked about recent mentions that nobody answered yet.
    """

    threads_at_once: int
    """How many threads one call may name; 0 where threads are not to be read."""

    def replies(self, mentions: Sequence[Mention], accounts: Sequence[str]) -> Page:
        """Return replies in the threads of these mentions, the newest where not all fit into one answer.

        Each mention stands for one thread; of it `id`, `thread`, `url`, `published_at` and
        `extra` are given as this source gave them. Others than those of `accounts`
        (handles without @) may be among the replies, whose text is not looked at. Each reply's
        `thread` is that of the mention it was read for, or its id where it has none. The page
        is exhausted; `skipped` are the ids of mentions whose threads could not be read.
        Raises a SourceError; NotFoundError where a thread is gone.
        """
        ...


@runtime_checkable
class LeavesAlone(Protocol):
    """Keep from asking a host that wants to be left alone; a source of several hosts may offer it."""

    def leave_alone(self, resource: Resource, error: TransientSourceError) -> None:
        """Ask nothing of the host behind `resource` any more, for looks and threads neither: `error` is what it said."""
        ...


@runtime_checkable
class MeteredThreads(ReadsThreads, Metered, Protocol):
    """Say beforehand what reading threads may cost, where the service charges for what is found in them.

    An implementer guarantees: no call with a `size` costs more than `most_of_replies(size)`.
    """

    def most_of_replies(self, size: int) -> PageBound:
        """Return what `size` replies cost at most; `size` is one of `page_sizes`."""
        ...

    def replies(self, mentions: Sequence[Mention], accounts: Sequence[str], size: int | None = None) -> Page:
        """Return the newest replies as `ReadsThreads` does, `size` of them at most where it is given."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringTask:
    """Ask for the feeling of one text towards one brand.

    `language` is the identified language (BCP 47, ``und`` where unknown,
    ``hi-Latn`` for romanised Hindi or Urdu). `target` are the brand's names, empty
    for the whole text. `spans` are code-point ranges of the brand in `text`.
    `masks` are the names of all tracked brands: words that must not carry
    sentiment by themselves.
    """

    text: str
    language: str
    title: str | None = None
    brand: str | None = None
    target: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    masks: tuple[str, ...] = field(default=())


@runtime_checkable
class Scorer(Protocol):
    """Score texts.

    An implementer guarantees: results in input order, one each; the same input
    gives the same result under the same `version`; a text it cannot judge is
    returned unscored with a reason, never neutral; safe to use from several threads.
    """

    name: str
    version: str

    def supports(self, language: str) -> bool:
        """Say whether texts of this language can be scored."""
        ...

    def score(self, tasks: Sequence[ScoringTask]) -> Sequence[Sentiment]:
        """Return (n_tasks,) sentiments in input order."""
        ...


@runtime_checkable
class LanguageIdentifier(Protocol):
    """Tell the language of texts; deterministic, safe to use from several threads."""

    version: str

    def identify(self, texts: Sequence[str], claims: Sequence[str | None]) -> Sequence[str]:
        """Return (n_texts,) BCP 47 tags in input order, ``und`` where unknown.

        `claims` are the platforms' own (may be wrong or None): a prior, not a verdict.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Hold one message to people: an alert or a digest, rendered.

    `key` is the idempotency key: the same key is delivered once to a destination.
    `text` is the plain twin of `html`, equal in content. `images` are
    (content id, PNG bytes, alt text) that the HTML shows inline.
    """

    key: str
    kind: str
    subject: str
    text: str
    html: str | None = None
    images: tuple[tuple[str, bytes, str], ...] = ()


@runtime_checkable
class Notifier(Protocol):
    """Hand a notification to one destination.

    An implementer guarantees: `send` returns only after the destination accepted
    the message; raises TransientDeliveryError or PermanentDeliveryError
    otherwise; bounded in time.
    """

    name: str
    destination: str
    """Readable, free of secrets; with the key it identifies a delivery."""

    def send(self, notification: Notification) -> None:
        """Deliver, or raise a DeliveryError."""
        ...
