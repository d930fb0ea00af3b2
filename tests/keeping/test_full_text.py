"""Words are found in every script and among any signs; what is shown is the text as it was written."""

# ruff: noqa: RUF001 - letters that look like others are meant

from __future__ import annotations

import sqlite3
import tracemalloc
import unicodedata
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listener.fulltext import excerpt, find_words, former_index_form, index_form, words_expression
from listener.mention import Engagement
from listener.search import MentionFilter, Reader
from listener.store import Store
from listener.store.rewording import INDEX, UNINDEX
from servers.world import NOW, make_mention, store_mentions
from thoroughness import some

TEXTS = {
    "好き": "Acmeのマグが大好きです",
    "東京": "Acme will open in 東京都 next year",
    "ソニー": "Acmeはソニーより安い",
    "猫": "Acmeの箱に猫",
    "ไทย": "ซื้อAcmeในประเทศไทยวันนี้",
    "ខ្មែរ": "ទិញAcmeនៅខ្មែរថ្ងៃនេះ",
    "ລາວ": "ຊື້Acmeຢູ່ລາວມື້ນີ້",
    "हिन्दी": "Acme का डिब्बा #हिन्दी में",
    "மூடி": "Acme மூடி நல்லது",
    "삼성": "Acme 와 삼성 비교",
    "strasse": "Acme in der Straße",
    "naïve": "A naive view of Acme",
    "fine": "ﬁne work, Acme",
    "#lid": "the Acme #lid again",
    "$ACM": "Acme $ACM rises",
    "@acme": "thanks @acme",
    "C++": "Acme in C++…",
    "😍": "Acme 😍😍😍",
    "🇮🇳": "Acme 🇩🇪🇮🇳",
    "👍": "Acme 👍🏽 yes",
    "rock'n'roll": "Acme is rock’n’roll",
    "e-mail": "Acme's e-mail (again!)",
}


def fill(store: Store) -> None:
    store_mentions(store, [make_mention(number, text) for number, text in enumerate(TEXTS.values(), start=1)])


def found(store: Store, words: str) -> list[str]:
    with Reader(store.path) as reader:
        return [one.text or "" for one in reader.mentions(MentionFilter(text=words))]


def test_a_word_is_found_in_the_text_that_holds_it_whatever_the_script(store: Store) -> None:
    fill(store)
    for words, text in TEXTS.items():
        assert text in found(store, words), words
        assert len(found(store, words)) <= 2, words


def test_a_part_of_a_word_is_not_the_word_but_a_name_inside_a_sentence_without_spaces_is(store: Store) -> None:
    fill(store)
    for part in ("हिन", "strass", "li", "மூ", "fin"):
        assert found(store, part) == [], part
    for name in ("大好き", "東京都", "京都", "ソニ", "ประเทศไทย", "箱に猫"):
        assert len(found(store, name)) == 1, name
    assert found(store, "京東") == []


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Acmeコーヒー", ["Acme", "コーヒー"]),
        ("#コーヒー", ["コーヒー"]),
        ("กาแฟAcme", ["Acme", "กาแฟ"]),
        ("«커피»,", ["커피"]),
        ("கோகோ?", ["கோகோ"]),
    ],
)
def test_the_parts_of_what_was_asked_for_are_shown_where_the_whole_is_not(words: str, shown: list[str]) -> None:
    text = "Acmeのコーヒー กาแฟ 커피 கோகோ"
    assert [text[start:end] for start, end in find_words(text, words)] == shown


def test_a_name_of_several_words_is_found_in_a_hashtag_too(store: Store) -> None:
    texts = ["Acme and #covid-19", "@acme's lid"]
    store_mentions(store, [make_mention(number, text) for number, text in enumerate(texts, start=1)])
    assert found(store, "covid-19") == [texts[0]]
    assert found(store, "acme's") == [texts[1]]
    assert found(store, "acme-19") == []


def test_a_korean_word_is_found_with_a_particle_written_onto_it_and_not_inside_another(store: Store) -> None:
    texts = ["Acme 와 삼성은 다르다", "#삼성은 Acme", "Acme A-삼성에서 산", "Acme 삼성전자"]
    store_mentions(store, [make_mention(number, text) for number, text in enumerate(texts, start=1)])
    assert sorted(found(store, "삼성")) == sorted(texts[:3])
    assert found(store, "A-삼성") == [texts[2]]
    assert found(store, "#삼성") == [texts[1]]
    assert found(store, "삼성은은") == []
    shown, hits = excerpt(texts[0], "삼성")
    assert [shown[start:end] for start, end in hits] == ["삼성"]


NOT_SEEN = {
    "a joiner between spaces": "Acme \u200d \u200d lid here",
    "a joiner before a word": "Acme \u200dlid here",
    "a joiner between emoji and word": "Acme 😍\u200dlid\u200d😍 here",
    "a joiner after a sign": "Acme!\u200dlid\u200d: here",
    "joiners in a row": "Acme 👩\u200d\u200dlid here",
    "a joiner between signs": "Acme +\u200d+ lid here",
    "a zero-width space": "the\u200blid\u200bof Acme",
    "zero-width spaces in every word": "A\u200bcme \u200b lid\u200b \u200bhere",
    "a middle dot": "Acme・lid・jar",
    "a narrow middle dot": "Acme･lid",
    "a middle dot amid a sentence without spaces": "これはAcme・lidのマグです",
    "a middle dot after a sign": "(e-pot)・lid・Acme",
}


@pytest.mark.parametrize("text", NOT_SEEN.values(), ids=NOT_SEEN)
def test_a_word_beside_what_is_not_seen_and_joins_nothing_is_found_and_shown(store: Store, text: str) -> None:
    store_mentions(store, [make_mention(1, text), make_mention(2, "Acme has none")])
    assert found(store, "lid") == [text]
    shown, hits = excerpt(text, "lid")
    assert "lid" in [shown[start:end] for start, end in hits]


JOINED = {
    "👩\u200d💻": ("Acme 👩\u200d💻 👩🏽\u200d💻yes", ["👩", "💻"]),
    "🏳\ufe0f\u200d🌈": ("Acme 🏳️\u200d🌈🏳️\u200d🌈", ["🏳", "🌈"]),
    "❤\u200d🔥": ("Acme ❤️\u200d🔥.", ["❤", "🔥"]),
    "🧑\u200d➡": ("Acme 🧑\u200d➡️", ["🧑", "➡"]),
    "👨\u200d👩\u200d👧": ("Acme 👨\u200d👩\u200d👧!", ["👨", "👩\u200d👧"]),
    "श्रीमान्\u200dजी": ("Acme श्रीमान्\u200dजी का", ["श्रीमान्", "जी"]),
    "ශ්\u200dරී": ("Acme ශ්\u200dරී ලංකා", ["ශ්", "රී"]),
    "می\u200cخواهم": ("Acme می\u200cخواهم", ["می", "خواهم"]),
    "Auf\u200clage": ("Acme Auf\u200clage zwei", ["Auf", "lage"]),
    "foobar": ("Acme foo\u200bbar", ["fooba"]),
    "foo\u200bbar": ("Acme foo・bar", ["foobarfoo"]),
    "e-foo・bar-x": ("Acme e-foo・bar-x", ["xe"]),
}


@pytest.mark.parametrize("words", JOINED)
def test_what_a_joiner_makes_one_is_one_word(store: Store, words: str) -> None:
    text, others = JOINED[words]
    store_mentions(store, [make_mention(1, text), make_mention(2, "Acme has none")])
    assert found(store, words) == [text]
    for other in others:
        assert found(store, other) == [], other


def test_a_character_is_indexed_the_same_whether_the_python_that_runs_knows_it_or_not(store: Store) -> None:
    assert tuple(map(int, unicodedata.unidata_version.split("."))) <= (18, 0, 0), "list what is new in query/later.py"
    for later in ("🩷", "🫩", "🛘", "𞓐", "𑼄", "ᲊ", "𲎰"):
        assert index_form(f"Acme{later}é") == f"acme {later} e"
    for number in range(1, 5):
        store_mentions(store, [make_mention(number, "Acme🩷‍🔥")])
    assert found(store, "🩷") == found(store, "acme🩷🔥") == ["Acme🩷‍🔥"] * 4
    for number in range(1, 5):
        store.erasure.forget_mention(number, now=NOW)
    assert found(store, "🔥") == []


def test_what_the_index_holds_in_another_way_is_erased_all_the_same(store: Store) -> None:
    texts = {number: f"Acme is so good that there is nothing more to say {number}" for number in range(1, 9)}
    store_mentions(store, [make_mention(number, text) for number, text in texts.items()])
    for number, text in texts.items():  # as a Python left it that knows fewer characters
        store._connection.execute(UNINDEX, (number, None, text))
        store._connection.execute(INDEX, (number, None, "acme good"))
    store.erasure.erase([1, 2, 3, 4, 5, 6], now=NOW)
    assert found(store, "nothing") == [texts[7], texts[8]]
    store.erasure.erase([7], now=NOW)
    store_mentions(store, [make_mention(8, "Acme is bad")])
    assert (found(store, "nothing"), found(store, "acme")) == ([], ["Acme is bad"])


def test_an_index_that_is_made_anew_takes_no_more_memory_than_some_mentions(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.store.rewording._ANEW", 2)
    store_mentions(store, [make_mention(number, f"Acme {number} is good") for number in range(1, 81)])
    long = "so " * 10_000
    store._connection.execute("INSERT INTO mention_texts (mention_texts) VALUES ('delete-all')")
    store._connection.execute("UPDATE mentions SET text = text || ' ' || ?", (long,))
    tracemalloc.start()
    store.erasure.erase([1], now=NOW)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 40 * len(long)
    assert store._connection.execute(
        "SELECT count(*) FROM mention_texts WHERE mention_texts MATCH 'so'"
    ).fetchone() == (79,)


def test_parts_of_broken_words_make_the_index_no_larger_than_twice_the_text() -> None:
    for text in ("東京・" * 2000, "ก\u200bข" * 2000, "ジョン・スミス" * 1000):
        assert index_form(text) == former_index_form(text)
    for text in ("a・" * 5000, "é\u200b" * 5000, "東京a・b" * 1000):
        assert len(index_form(text)) < 2 * len(former_index_form(text)) + len(text)


def test_a_plain_word_finds_the_hashtag_the_account_and_the_ticker_and_a_marked_one_only_itself(store: Store) -> None:
    store_mentions(
        store, [make_mention(n, f"Acme {word}") for n, word in enumerate(["lid", "#lid", "@lid", "$lid"], start=1)]
    )
    assert len(found(store, "lid")) == 4
    assert found(store, "#lid") == ["Acme #lid"]


@settings(max_examples=some(150), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.text(max_size=30) | st.text(alphabet="\"'*()-:^+#@${}[]!? ANDORNEAR", max_size=20))
def test_no_sign_is_an_operator_and_no_question_an_error(store: Store, words: str) -> None:
    for given_words in (words, f"acme {words}"):
        assert isinstance(found(store, given_words), list)


@settings(max_examples=some(150))
@given(st.text(max_size=40) | st.text(alphabet="ab #@-+é東ไ🇩🇪😡\u200d\u200b・\u0301ガß", max_size=12))
def test_a_text_is_always_indexed_the_same_and_its_own_words_ask_for_it(text: str) -> None:
    assert index_form(text) == index_form(text)
    asked = words_expression(text)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            "CREATE VIRTUAL TABLE texts USING fts5 (text, content='', tokenize=\"ascii tokenchars '#@$+_'\")"
        )
        connection.execute("INSERT INTO texts (rowid, text) VALUES (1, ?)", (index_form(text).replace("\0", " "),))
        if asked:
            assert connection.execute("SELECT rowid FROM texts WHERE texts MATCH ?", (asked,)).fetchall() == [(1,)]


@settings(max_examples=some(150))
@given(st.text(max_size=40) | st.text(alphabet="ab #@+é東ไ🇩🇪😡\u200d\u200b・\u0301ガ\u3099ß", max_size=12))
def test_words_are_indexed_the_same_whatever_is_written_after_them(text: str) -> None:
    text = f"é {text} é"
    after = "ü 東京 🇩🇪 #"
    assert index_form(f"{text} {after}").split() == [*index_form(text).split(), *index_form(after).split()]


def test_what_is_shown_is_as_it_was_written_with_the_places_of_the_words(store: Store) -> None:
    text = "x" * 100 + " In der Straße gibt es ＮＩＭＢＵＳ — und ソニーのTV 😍😍"
    shown, hits = excerpt(text, "strasse nimbus ソニー 😍")
    assert shown in text
    assert [shown[start:end] for start, end in hits] == ["Straße", "ＮＩＭＢＵＳ", "ソニー", "😍😍"]
    assert len(shown) <= 240


ASKED_WITH_SIGNS = {
    '"acme rockets"': ["acme", "rockets"],
    "acme,": ["acme"],
    "(acme) rockets!": ["acme", "rockets"],
    "*rockets*": ["rockets"],
    "fast-rockets": ["rockets", "fast"],
    "「東京」": ["東京"],
    "東京。": ["東京"],
    "“#lid”": ["#lid"],
    "c++?": ["C++"],
    "rock": [],
}


def test_a_word_asked_for_with_signs_around_it_is_shown_where_it_stands_without_them() -> None:
    text = f"{'and so on ' * 30}acme rockets are fast in 東京都 with #lid and C++ alone"
    for words, places in ASKED_WITH_SIGNS.items():
        shown, hits = excerpt(text, words)
        assert [shown[start:end] for start, end in hits] == places, words


def test_a_word_that_stands_with_its_signs_is_shown_with_them() -> None:
    text = "AT&T and at t, e-mail and e mail"
    assert [text[start:end] for start, end in find_words(text, "at&t")] == ["AT&T"]
    assert [text[start:end] for start, end in find_words(text, "e-mail")] == ["e-mail"]


@settings(max_examples=some(100))
@given(st.text(max_size=60), st.text(max_size=10))
def test_places_lie_within_the_text_in_order_and_apart(text: str, words: str) -> None:
    places = find_words(text, words)
    edges = [edge for place in places for edge in place]
    assert edges == sorted(edges)
    assert all(0 <= start < end <= len(text) for start, end in places)


def test_newer_counters_never_touch_the_index(store: Store) -> None:
    fill(store)

    def index() -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(store.path)) as connection:
            return connection.execute("SELECT id, block FROM mention_texts_data ORDER BY id").fetchall()

    before = index()
    mentions = [make_mention(n, text) for n, text in enumerate(TEXTS.values(), start=1)]
    store_mentions(store, [replace(one, engagement=Engagement(likes=5000, reposts=7)) for one in mentions])
    assert index() == before


def test_an_erased_text_leaves_no_pair_of_letters_in_the_files(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acmeの魍魎は鬱陶しい"), make_mention(2, "Acmeは良い")])
    secret = "魍魎".encode()
    files = list(store.path.parent.glob("listener.db*"))
    assert any(secret in file.read_bytes() for file in files)
    store.erasure.forget_mention(1, now=NOW)
    assert not any(secret in file.read_bytes() for file in store.path.parent.glob("listener.db*"))
    assert found(store, "魍魎") == []
    assert found(store, "良い") == ["Acmeは良い"]


def test_of_very_many_hits_the_newest_come_first_whatever_the_order_they_were_stored_in(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.search.mentions._FEW_HITS", 5)
    monkeypatch.setattr("listener.search.mentions._SLICE_LEAST", 3)
    monkeypatch.setattr("listener.search.mentions._SLICE_MOST", 3)
    order = [(17 * n) % 60 for n in range(60)]
    store_mentions(
        store,
        [
            make_mention(
                n + 1, f"Acme lid{' globex' * (n % 3 == 0)}", published_at=NOW - timedelta(minutes=minutes // 2)
            )
            for n, minutes in enumerate(order)
        ],
    )
    with Reader(store.path) as reader:
        for brand, limit in ((None, 7), ("Acme", 7), ("Globex", 30), ("Acme", 100)):
            searched = reader.mentions(MentionFilter(brand=brand, text="lid", limit=limit))
            assert searched == reader.mentions(MentionFilter(brand=brand, limit=limit))
            times = [one.published_at for one in searched]
            assert times == sorted(times, reverse=True)


def test_a_word_that_is_there_many_times_is_asked_for_once() -> None:
    once = words_expression("Acme lid acme-lid 日本")
    assert words_expression("Acme lid acme-lid 日本 " * 1_000) == once
    assert words_expression("lid, lid. lid") == words_expression("lid")
