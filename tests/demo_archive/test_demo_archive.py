from __future__ import annotations

import gzip
import io
from collections import Counter
from datetime import UTC, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from listener.clock import from_epoch
from listener.config import load_config
from listener.demo import world
from listener.demo.build import ARCHIVE, line_of, main, pack
from listener.demo.simulate import Draft, simulate
from listener.interchange import read_lines
from listener.matching import Matcher
from listener.mention import Mention
from listener.query.build import build_query
from listener.stories import normal_text, story_keys

if TYPE_CHECKING:
    from pathlib import Path

    from listener.query import Query

RESERVED = ("example.com", "example.org", "example")


@pytest.fixture(scope="module")
def drafts() -> list[Draft]:
    return simulate()


@pytest.fixture(scope="module")
def archive() -> list[Mention]:
    lines = list(read_lines(io.BytesIO(gzip.decompress(ARCHIVE.read_bytes()))))
    bad = [line for line in lines if not isinstance(line, Mention)]
    assert bad == []
    return [line for line in lines if isinstance(line, Mention)]


@pytest.fixture(scope="module")
def queries() -> tuple[Query, ...]:
    config = load_config(ARCHIVE.with_name("demo.toml"))
    return tuple(
        build_query(
            brand=brand.name,
            keywords=brand.keywords,
            hashtags=brand.hashtags,
            exclude=brand.exclude,
            own_accounts=brand.own_accounts,
        )
        for brand in config.brands
    )


def hourly(drafts: list[Draft]) -> Counter[int]:
    own = (draft for draft in drafts if draft.brand == world.OWN_BRAND)
    return Counter(int((draft.published_at - world.ARCHIVE_START) // timedelta(hours=1)) for draft in own)


def test_the_bundled_archive_holds_what_the_generator_makes(drafts: list[Draft]) -> None:
    made = "".join(line_of(draft.mention) for draft in drafts)

    assert gzip.decompress(ARCHIVE.read_bytes()).decode() == made


def test_building_again_gives_the_same_bytes(tmp_path: Path, drafts: list[Draft]) -> None:
    again = tmp_path / "again.jsonl.gz"

    main([str(again)])

    assert again.read_bytes() == pack("".join(line_of(draft.mention) for draft in drafts))


def test_the_packed_archive_carries_no_time_and_no_name() -> None:
    packed = pack("{}\n")

    assert packed[3] == 0
    assert packed[4:8] == bytes(4)


def test_another_seed_gives_another_world(drafts: list[Draft]) -> None:
    assert [draft.mention for draft in simulate(1)[:50]] != [draft.mention for draft in drafts[:50]]


def test_the_archive_reads_back_as_the_mentions_that_were_made(archive: list[Mention], drafts: list[Draft]) -> None:
    assert archive == [draft.mention for draft in drafts]


def test_the_archive_is_small_and_has_enough_to_look_at(archive: list[Mention]) -> None:
    assert ARCHIVE.stat().st_size < 700_000
    assert 6_000 <= len(archive) <= 9_000


def test_every_mention_has_its_own_identity(archive: list[Mention]) -> None:
    assert len({mention.key for mention in archive}) == len(archive)


def test_the_archive_is_in_the_order_of_time_within_its_ninety_days(archive: list[Mention]) -> None:
    times = [mention.published_at or from_epoch(0) for mention in archive]

    assert all(earlier <= later for earlier, later in pairwise(times))
    assert times[0] >= world.ARCHIVE_START
    assert times[-1] < world.ARCHIVE_END
    assert all(time.tzinfo is UTC for time in times)


def test_all_sources_brands_and_languages_are_spoken(drafts: list[Draft]) -> None:
    sources = Counter(draft.mention.source for draft in drafts)
    brands = Counter(draft.brand for draft in drafts)
    languages = Counter(draft.language for draft in drafts)

    assert set(sources) == set(world.SOURCES)
    assert min(sources.values()) > 300
    assert set(brands) == {brand.name for brand in world.BRANDS}
    assert min(brands.values()) > 1_000
    assert set(languages) == set(world.LANGUAGES)
    assert min(languages.values()) > 150
    assert 0.4 < languages["en"] / len(drafts) < 0.6


@pytest.mark.parametrize("claim", ["hi", "en", None])
def test_platforms_do_not_know_hinglish(drafts: list[Draft], claim: str | None) -> None:
    claims = {draft.mention.language for draft in drafts if draft.language == "hi-Latn" and draft.mention.source == "x"}

    assert claim in claims
    assert "hi-Latn" not in claims


def test_nights_are_quiet_where_the_brand_lives(archive: list[Mention]) -> None:
    zone = ZoneInfo(world.TIME_ZONE)
    hours = Counter(mention.published_at.astimezone(zone).hour for mention in archive if mention.published_at)
    night = sum(hours[hour] for hour in range(1, 5)) / 4
    evening = sum(hours[hour] for hour in range(18, 22)) / 4

    assert night < evening / 10


def test_weekends_are_quieter_than_working_days(drafts: list[Draft]) -> None:
    zone = ZoneInfo(world.TIME_ZONE)
    calm = [draft.published_at.astimezone(zone) for draft in drafts if draft.event is None]
    days = Counter(moment.date() for moment in calm)
    weekend = [count for day, count in days.items() if day.weekday() >= 5]
    working = [count for day, count in days.items() if day.weekday() < 5]

    assert sum(weekend) / len(weekend) < 0.95 * sum(working) / len(working)


def test_the_crisis_is_eight_to_fifteen_times_the_usual_and_still_open_at_the_end(drafts: list[Draft]) -> None:
    crisis = next(event for event in world.EVENTS if event.name == "crisis")
    counts = hourly(drafts)
    first = int((crisis.start - world.ARCHIVE_START) // timedelta(hours=1))
    height = range(first + 4, world.ARCHIVE_DAYS * 24)
    # The usual: the same hours of the day over the four weeks before.
    usual = [counts[hour - 24 * back] for hour in height for back in range(1, 29)]
    ratio = (sum(counts[hour] for hour in height) / len(height)) / (sum(usual) / len(usual))

    assert crisis.end == world.ARCHIVE_END
    assert 8 <= ratio <= 15
    assert min(counts[hour] for hour in list(height)[-2:]) >= 8


def test_the_crisis_breaks_out_on_reddit_and_spreads_in_all_languages(drafts: list[Draft]) -> None:
    crisis = [draft for draft in drafts if draft.event == "crisis"]
    early = [d for d in crisis if d.published_at < crisis[0].published_at + timedelta(hours=2)]

    assert crisis[0].mention.source == "reddit"
    assert {draft.mention.source for draft in crisis} == set(world.SOURCES)
    assert {draft.language for draft in crisis} == set(world.LANGUAGES)
    assert sum(d.mention.source == "reddit" for d in early) > len(early) / 2
    assert sum(d.role == "repost" for d in crisis) > len(crisis) / 10
    assert sum(d.label == "negative" for d in crisis) > 0.95 * len(crisis)


@pytest.mark.parametrize(("name", "label"), [("outage", "negative"), ("launch", "positive")])
def test_earlier_events_are_loud_and_then_over(drafts: list[Draft], name: str, label: str) -> None:
    event = next(event for event in world.EVENTS if event.name == name)
    counts = hourly(drafts)
    first = int((event.start - world.ARCHIVE_START) // timedelta(hours=1))
    during = sum(counts[hour] for hour in range(first, first + 8))
    week_after = sum(counts[hour + 7 * 24] for hour in range(first, first + 8))
    told = [draft for draft in drafts if draft.event == name]

    assert during > 3 * week_after
    assert event.end < world.ARCHIVE_END - timedelta(days=20)
    assert sum(draft.label == label for draft in told) > 0.9 * len(told)


def test_reposts_replies_and_quotes_lead_to_what_was_said_before(archive: list[Mention]) -> None:
    seen: dict[tuple[str, str], Mention] = {}
    reposts = 0
    for mention in archive:
        if mention.repost_of is not None:
            original = seen[mention.source, mention.repost_of]
            assert original.text == mention.text
            assert original.repost_of is None
            reposts += 1
        if mention.quote_of is not None:
            assert (mention.source, mention.quote_of) in seen
        if mention.reply_to is not None and mention.kind == "post":
            assert (mention.source, mention.reply_to) in seen
        seen[mention.key] = mention

    assert reposts > 300
    assert sum(mention.quote_of is not None for mention in archive) > 50
    assert sum((m.source, m.reply_to) in seen for m in archive if m.reply_to) > 400


def test_nothing_leads_into_the_window_that_is_lost(archive: list[Mention]) -> None:
    lost = {
        mention.id
        for mention in archive
        if mention.source == world.OUTAGE_SOURCE
        and mention.published_at
        and world.OUTAGE_SINCE <= mention.published_at < world.OUTAGE_UNTIL
    }
    edges = {
        target
        for mention in archive
        if mention.source == world.OUTAGE_SOURCE and mention.id not in lost
        for target in (mention.reply_to, mention.repost_of, mention.quote_of)
    }

    assert len(lost) >= 5
    assert not lost & edges
    assert timedelta(hours=14) == world.OUTAGE_UNTIL - world.OUTAGE_SINCE
    assert all(not (event.start < world.OUTAGE_UNTIL and event.end > world.OUTAGE_SINCE) for event in world.EVENTS)


def test_articles_are_submitted_elsewhere_under_the_same_address(archive: list[Mention]) -> None:
    articles = {mention.url: mention for mention in archive if mention.source == "rss"}
    submitted = [mention for mention in archive if mention.source == "hackernews" and mention.links]

    assert len(submitted) > 20
    for mention in submitted:
        article = articles[mention.links[0]]
        assert {*story_keys(article).numbers} & {*story_keys(mention).numbers}


def test_the_same_words_are_sent_in_other_sources(drafts: list[Draft]) -> None:
    copies = [draft for draft in drafts if draft.role == "copy"]
    words: dict[str, set[str]] = {}
    for draft in drafts:
        words.setdefault(normal_text(draft.mention.text), set()).add(draft.mention.source)

    assert len(copies) > 80
    assert all(len(words[normal_text(draft.mention.text)]) > 1 for draft in copies)


def test_most_people_write_something_of_their_own(drafts: list[Draft]) -> None:
    own_words = [d for d in drafts if d.role not in {"repost", "copy", "link"} and d.language == "en"]
    texts = {normal_text(draft.mention.text) for draft in own_words}

    assert len(texts) > 0.8 * len(own_words)


def test_every_address_is_on_a_domain_reserved_for_examples(archive: list[Mention]) -> None:
    addresses = [url for mention in archive for url in (mention.url, *mention.links) if url]
    hosts = {urlsplit(url).hostname or "" for url in addresses}
    in_texts = {
        urlsplit(word).hostname or ""
        for mention in archive
        for word in mention.text.split()
        if word.startswith(("http:", "https:"))
    }

    assert len(addresses) >= len(archive)
    assert in_texts
    for host in hosts | in_texts:
        assert host in RESERVED or host.endswith(tuple(f".{name}" for name in RESERVED)), host


def test_no_slot_of_a_phrase_is_left_open(archive: list[Mention]) -> None:
    for mention in archive:
        assert not set("{}") & set(mention.text + (mention.title or ""))


def test_the_config_finds_what_was_made_for_a_brand_and_nothing_else(
    drafts: list[Draft], queries: tuple[Query, ...]
) -> None:
    matcher = Matcher(queries)
    accounts = {account for brand in world.BRANDS for account in brand.accounts}
    left_out = Counter[str]()
    for draft in drafts:
        brands = {match.brand for match in matcher.match(draft.mention)}
        author = draft.mention.author.handle if draft.mention.author else None
        if draft.role == "other_sense" or author in accounts:
            assert draft.brand not in brands, draft.mention.text
            left_out["own" if author in accounts else "other sense"] += 1
        else:
            assert draft.brand in brands, draft.mention.text

    assert left_out["own"] > 40
    assert left_out["other sense"] > 40


def test_comparisons_name_two_brands(drafts: list[Draft], queries: tuple[Query, ...]) -> None:
    matcher = Matcher(queries)
    compared = [draft for draft in drafts if draft.role == "versus"]

    assert len(compared) > 200
    assert all(len(matcher.match(draft.mention)) == 2 for draft in compared)


def test_brand_names_are_no_words_with_a_feeling() -> None:
    lexicon = SentimentIntensityAnalyzer().lexicon

    assert not {brand.name.lower() for brand in world.BRANDS} & set(lexicon)


def test_english_texts_say_clearly_what_they_feel(drafts: list[Draft]) -> None:
    analyzer = SentimentIntensityAnalyzer()
    plain = [d for d in drafts if d.language == "en" and d.role not in {"versus", "other_sense", "own"}]
    agreed = Counter[str]()
    for draft in plain:
        text = draft.mention.text or draft.mention.title or ""
        score = analyzer.polarity_scores(text)["compound"]
        found = "positive" if score >= 0.05 else "negative" if score <= -0.05 else "neutral"
        agreed[draft.label] += found == draft.label

    for label, told in Counter(draft.label for draft in plain).items():
        assert agreed[label] > 0.9 * told, label


def test_a_few_people_are_followed_by_very_many_and_most_by_few(archive: list[Mention]) -> None:
    followers = {m.author.id: m.author.followers for m in archive if m.author and m.author.followers is not None}
    large = [count for count in followers.values() if count > 30_000]

    assert 3 <= len(large) < len(followers) / 20
    assert sorted(followers.values())[len(followers) // 2] < 1_000


def test_counters_are_those_the_source_shows(archive: list[Mention]) -> None:
    for mention in archive:
        counts = mention.engagement
        assert (counts.views is not None) == (mention.source == "x" and mention.repost_of is None)
        if mention.source == "rss":
            assert counts.total is None
        if mention.repost_of is not None:
            assert counts.total == 0
