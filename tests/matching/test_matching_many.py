"""Many mentions are matched together as each is alone, and as the expressions say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from listener.matching import Matcher
from listener.mention import ASSIGNED_BRAND, Match, Mention
from listener.query import Query
from listener.query.build import build_query
from listener.query.evaluate import evaluate
from listener.query.parse import parse

EXPRESSIONS = [
    "acme",
    '"acme coffee" OR #acme',
    "acme (coffee OR चाय) -tea",
    "acme NEAR/2 coffee",
    "コカ",
    "コカ・コーラ",
    "삼성",
    "சேவை OR கோகோ",
    "คาเฟ่",
    "कॉफ़ी",
    "café",
    "c++ OR at&t",
    "car*",
    "\U0001f469\u200d\U0001f4bb OR \u2764",
    'raw:"Acme"',
    "title:globex",
    'hashtag:"acme coffee"',
    "globex OR tea OR Coffee",
    "tea",
    '"ll" OR tea',
]
QUERIES = [Query.of(f"brand {number}", parse(text)) for number, text in enumerate(EXPRESSIONS)]
MATCHER = Matcher(QUERIES)
WORDS = [
    *("acme", "Acme's", "ACME", "ac\u00adme", "acme\u200bcoffee", "coffee", "tea", "#acme", "#AcmeCoffee", "macme"),
    *("café", "cafe\u0301", "cars", "C++", "AT&T", "\u201cacme\u201d", "\uff21\uff23\uff2d\uff25", "globex"),
    *("चाय", "कॉफ़ी", "कॉफी", "சேவை", "மிகவும்", "คาเฟ่", "ร้านคาเฟ่ดี", "コカ・コーラ", "コカコーラ", "サービスが"),
    *("삼성은", "삼성전자", "\U0001f469\u200d\U0001f4bb", "\u2764\ufe0f", "\u200d", "\0", "\n", "\ud83d", "مقهى"),
]
PLAIN_WORDS = [
    *filter(str.isascii, WORDS),
    "steam",
    "Tea's",
    "'tea'",
    "_tea",
    "tea2",
    "tea-tea",
    "we'll",
    "@globex",
    "globex++",
]
TEXTS = st.sampled_from([WORDS, PLAIN_WORDS]).flatmap(
    lambda words: st.builds(str.join, st.sampled_from([" ", "", "\n"]), st.lists(st.sampled_from(words), max_size=12))
)
MENTIONS = st.builds(
    Mention,
    source=st.just("jsonl"),
    id=st.just("1"),
    text=TEXTS,
    published_at=st.none(),
    title=st.one_of(st.none(), TEXTS),
    hashtags=st.lists(st.sampled_from(["acme", "#AcmeCoffee", "Café", "コカ"]), max_size=2).map(tuple),
    extra=st.one_of(st.none(), st.just({ASSIGNED_BRAND: "Brand 3"})),
)


def mention(text, **fields):
    return Mention(source="jsonl", id="1", text=text, published_at=None, **fields)


def one_after_another(mentioned):
    """Return what each of the queries says by itself."""
    found = []
    for query in QUERIES:
        spans = evaluate(query.tree, mentioned)
        if spans is None and mentioned.extra and query.brand == "brand 3":
            spans = ()
        if spans is not None:
            found.append(Match(brand=query.brand, query_version=query.version, spans=spans))
    return tuple(found)


@given(st.lists(MENTIONS, max_size=8))
def test_many_mentions_match_together_what_each_matches_by_itself(mentions):
    wanted = [one_after_another(mentioned) for mentioned in mentions]
    assert [MATCHER.match(mentioned) for mentioned in mentions] == wanted
    assert MATCHER.match_many(mentions) == wanted


def test_of_a_word_said_without_end_the_same_places_are_reported_alone_and_together():
    mentions = [mention("Globex, tea; " * count) for count in (1, 32, 33, 64, 65, 200)]
    wanted = [one_after_another(mentioned) for mentioned in mentions]
    assert [MATCHER.match(mentioned) for mentioned in mentions] == wanted
    assert MATCHER.match_many(mentions) == wanted


def test_no_mentions_match_nothing():
    assert MATCHER.match_many([]) == []


def test_without_queries_nothing_matches():
    assert Matcher([]).match_many([mention("acme"), mention("café")]) == [(), ()]


def test_a_query_on_properties_alone_is_asked_of_every_mention():
    matcher = Matcher([build_query(brand="Acme"), Query.of("Fans", parse("likes>=0 OR has:link"))])
    found = matcher.match_many([mention("no"), mention("Acme", links=("https://acme.example/",))])
    assert [[match.brand for match in matches] for matches in found] == [[], ["Acme", "Fans"]]


def test_pages_longer_than_one_search_keep_their_order():
    texts = ["acme" if number % 7 == 0 else "é" * 600 if number % 3 else "a" * 600 for number in range(200)]
    found = MATCHER.match_many([mention(text) for text in texts])
    assert [bool(matches) for matches in found] == [text == "acme" for text in texts]


def test_what_ends_one_text_and_begins_the_next_is_no_match():
    assert MATCHER.match_many([mention("ac"), mention("me"), mention("コ"), mention("カ")]) == [()] * 4


def test_a_text_with_the_character_that_parts_texts_is_matched_like_others():
    found = MATCHER.match_many([mention("milk"), mention("\0acme\0"), mention("acme")])
    assert [[match.spans for match in matches][:1] for matches in found] == [
        [],
        [(("text", 1, 5),)],
        [(("text", 0, 4),)],
    ]


def test_an_invisible_break_in_one_text_does_not_let_words_of_others_match():
    found = MATCHER.match_many([mention("ab\u200bacme\u200bcd \u00e9"), mention("abacmecd \u00e9")])
    assert [bool(matches) for matches in found] == [True, False]
