from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.protocols import Scorer, ScoringTask
from sentiment.build import shipped_routes
from sentiment.lexicon import LexiconRules, LexiconScorer, SymbolScorer
from sentiment.wordlists import Wordlist, shipped_languages
from thoroughness import some

REQUIRED = {
    *("hi", "ur", "ta", "pa", "bn", "te", "mr", "gu", "ml", "kn", "es", "fr", "de", "pt", "it", "ar"),
    *("id", "ms", "nl", "pl", "ru", "tr", "zh", "ja", "hi-Latn", "ta-Latn"),
}

OPPOSITES = {
    "hi": ("यह राउटर बहुत अच्छा है", "यह राउटर बिल्कुल बेकार है"),
    "ur": ("یہ راؤٹر بہت اچھا ہے", "یہ راؤٹر بالکل گھٹیا ہے"),
    "ta": ("ரூட்டர் அருமையாக உள்ளது அருமை", "ரூட்டர் மிகவும் மோசம்"),
    "pa": ("ਰਾਊਟਰ ਬਹੁਤ ਵਧੀਆ ਹੈ", "ਰਾਊਟਰ ਬੇਕਾਰ ਹੈ"),
    "bn": ("রাউটারটা খুব ভালো", "রাউটারটা জঘন্য"),
    "te": ("రౌటర్ చాలా బాగుంది", "రౌటర్ చాలా దారుణం"),
    "mr": ("राउटर खूप छान आहे", "राउटर एकदम फालतू आहे"),
    "gu": ("રાઉટર બહુ સરસ છે", "રાઉટર સાવ નકામું છે"),
    "ml": ("റൂട്ടർ വളരെ നല്ലത്", "റൂട്ടർ വളരെ മോശം"),
    "kn": ("ರೂಟರ್ ತುಂಬಾ ಚೆನ್ನಾಗಿದೆ", "ರೂಟರ್ ತುಂಬಾ ಕೆಟ್ಟ"),
    "es": ("El router es excelente", "El router es horrible"),
    "fr": ("Le routeur est excellent", "Le routeur est horrible"),
    "de": ("Der Router ist großartig", "Der Router ist furchtbar"),
    "pt": ("O roteador é excelente", "O roteador é péssimo"),
    "it": ("Il router è ottimo", "Il router è pessimo"),
    "ar": ("الجهاز ممتاز", "الجهاز مقرف"),
    "id": ("Perangkatnya bagus sekali", "Perangkatnya jelek sekali"),
    "ms": ("Peranti ini sangat bagus", "Peranti ini sangat teruk"),
    "nl": ("De router is geweldig", "De router is vreselijk"),
    "pl": ("Router jest świetny", "Router jest okropny"),
    "ru": ("Роутер отличный", "Роутер ужасный"),
    "tr": ("Cihaz harika", "Cihaz berbat"),
    "zh": ("路由器很好用,非常满意", "路由器是垃圾,很失望"),
    "ja": ("ルーターは最高です", "ルーターは最悪です"),
    "hi-Latn": ("router bahut accha hai", "router ekdam bekar hai"),
    "ta-Latn": ("router semma nalla iruku", "router romba mokka"),
    "ml-Latn": ("router adipoli aanu", "router koothara aanu"),
    "kn-Latn": ("router thumba chennagide", "router waste guru"),
}


def score(text: str, language: str) -> float | None:
    return LexiconScorer(language).score([ScoringTask(text=text, language=language)])[0].score


def test_every_language_promised_is_shipped_and_routed() -> None:
    assert set(shipped_languages()) >= REQUIRED
    assert set(shipped_routes()) == {*shipped_languages(), "en", "und"}


@pytest.mark.parametrize("language", OPPOSITES)
def test_praise_is_positive_and_blame_is_negative(language: str) -> None:
    praise, blame = (
        LexiconScorer(language).score([ScoringTask(text=text, language=language)])[0] for text in OPPOSITES[language]
    )
    assert (praise.label.word, blame.label.word) == ("positive", "negative")


@pytest.mark.parametrize(
    ("language", "plain", "negated"),
    [
        ("es", "El router es bueno", "El router no es bueno"),
        ("de", "Der Router ist gut", "Der Router ist nicht gut"),
        ("fr", "Il est bon", "Il n'est pas bon"),
        ("hi", "राउटर अच्छा है", "राउटर अच्छा नहीं है"),
        ("ur", "راؤٹر اچھا ہے", "راؤٹر اچھا نہیں ہے"),
        ("tr", "Cihaz iyi", "Cihaz iyi değil"),
        ("ta", "ரூட்டர் நல்லா இருக்கு", "ரூட்டர் நல்லா இல்லை"),
        ("zh", "质量好", "质量不好"),
        ("hi-Latn", "router accha hai", "router accha nahi hai"),
    ],
)
def test_a_negator_turns_the_word_where_the_language_puts_it(language: str, plain: str, negated: str) -> None:
    assert (score(plain, language) or 0) > 0
    assert (score(negated, language) or 0) < 0


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("hi-Latn", "router kaam karta hi nahi, bakwas hai"),
        ("es", "No, gracias. Es un router terrible"),
        ("hi", "मुझे नहीं चाहिए। बेकार है"),
        ("zh", "不\uff0c质量很差"),
    ],
)
def test_a_negator_does_not_reach_into_the_next_clause(language: str, text: str) -> None:
    assert (score(text, language) or 0) < 0


def test_a_booster_strengthens_and_a_dampener_weakens() -> None:
    weak, plain, strong = (score(f"es {word} bueno", "es") or 0 for word in ("algo", "", "muy"))
    assert weak < plain < strong


def test_what_follows_a_but_weighs_more() -> None:
    assert (score("El cable es bueno pero el router es malo", "es") or 0) < 0
    assert (score("El router es malo pero el cable es bueno", "es") or 0) > 0


def test_vowel_signs_stay_in_their_words_and_punctuation_of_other_scripts_does_not() -> None:
    assert score("बढ़िया।", "hi") == score("बढ़िया", "hi") != 0
    assert score("اچھا، بہت", "ur") != 0


def test_stretched_and_unaccented_spellings_are_found() -> None:
    assert (score("buenoooooo", "es") or 0) > 0
    assert (score("pessimo roteador", "pt") or 0) < 0


def test_emoji_and_emoticons_count_in_every_language() -> None:
    assert all((score("xyz 😍", language) or 0) > 0 for language in shipped_languages())
    assert all((score("xyz :(", language) or 0) < 0 for language in shipped_languages() if language not in {"zh", "ja"})


def test_a_text_without_a_known_word_has_no_evidence() -> None:
    (result,) = LexiconScorer("es").score([ScoringTask(text="El router llegó el martes", language="es")])
    assert (result.label.name, result.score, result.evidence) == ("NO_EVIDENCE", 0.0, 0)


def test_romanised_text_is_marked_by_a_low_confidence() -> None:
    (romanised,) = LexiconScorer("hi-Latn").score([ScoringTask(text="accha hai", language="hi-Latn")])
    (native,) = LexiconScorer("hi").score([ScoringTask(text="अच्छा है", language="hi")])
    assert romanised.confidence is not None
    assert romanised.confidence < 0.5
    assert native.confidence is None
    assert isinstance(LexiconScorer("hi"), Scorer)


def test_a_brand_named_by_a_listed_word_does_not_score_by_its_name() -> None:
    (result,) = LexiconScorer("de").score(
        [ScoringTask(text="Der Klasse Router kam heute", language="de", masks=("Klasse",))]
    )
    assert result.evidence == 0


def test_longer_phrases_go_before_shorter_ones_and_single_words() -> None:
    rules = LexiconRules(
        Wordlist(language="xx", valences={"a": 1.0}, phrases={("a", "b"): -2.0, ("a", "b", "c"): 3.0}), {}, {}
    )
    assert rules.read("a").compound > 0
    assert rules.read("a b").compound < 0
    assert rules.read("a b c").compound > 0
    assert rules.read("a b c").evidence == 1


def test_a_word_without_accents_is_the_weakest_of_those_it_may_be_in_every_process() -> None:
    stems = [f"{one}{other}" for one in "abcdef" for other in "lmnr"]
    words = Wordlist(
        language="xx",
        valences={f"{stem}é": -1.5 for stem in stems} | {f"{stem}è": -1.1 for stem in stems} | {"zé": 2.0, "zè": 2.0},
    )
    assert words.plain == {f"{stem}e": f"{stem}è" for stem in stems} | {"ze": "zè"}
    assert LexiconRules(words, {}, {}).read("ble").compound == LexiconRules(words, {}, {}).read("blè").compound


@settings(max_examples=some(80))
@given(st.text(max_size=80), st.sampled_from(["es", "hi", "ar", "zh", "ja", "hi-Latn"]))
def test_any_string_reads_within_bounds(text: str, language: str) -> None:
    (result,) = LexiconScorer(language).score([ScoringTask(text=text, language=language)])
    assert result.score is None or -1 <= result.score <= 1


def test_every_folder_of_lists_carries_its_licence() -> None:
    folders = [entry for entry in files("sentiment").joinpath("data", "lexicons").iterdir() if entry.is_dir()]
    assert {folder.name for folder in folders} == {"afinn", "vader-fr"}
    assert all(folder.joinpath("NOTICE.md").is_file() for folder in folders)
    assert "Open Database License" in files("sentiment").joinpath("data/lexicons/afinn/NOTICE.md").read_text("utf-8")


def test_a_text_of_unknown_language_is_scored_by_its_emoji_or_not_at_all() -> None:
    loved, unknown = SymbolScorer().score(
        [ScoringTask(text="😍😍", language="und"), ScoringTask(text="ok good", language="und")]
    )
    assert loved.label.word == "positive"
    assert (unknown.score, unknown.reason) == (None, "unsupported_language")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("hi-Latn", "ha bhai, us ne kia bola wo bad me dekhte ty, pita ji ka gaon ban gaya"),
        ("ml-Latn", "first like adi"),
        ("es", "La lista: 7) tazas 8) mesas (en %)"),
        ("es", "Solo es tiempo de series: el banco y el perro negro"),
        ("pt", "Há uma entrada simples, com atenção ao autor"),
        ("fr", "Comment aller de France à la Seine, une fois de plus, la nuit"),
        ("it", "Subito la mostra: il periodo e il genere della serie"),
        ("de", "Bitte oben klicken, es wurde schon den Kindern gegeben"),
        ("nl", "Waar moet alles heen? Klaar als een soort winter"),
        ("pl", "Kolejny czas na drogę, sam na wyjść"),
        ("ru", "Как просто: больше детский мир, другой долго на дороге"),
        ("tr", "Sen yeni çocuk, eski karar, bayan"),
        ("id", "Seperti hal itu dilakukan siap dan sederhana"),
        ("ms", "Bahagian kacang sahaja, kira bayi"),
        ("ar", "الذي قد هنا مليون شيء مثل النظام"),
        ("hi", "कुछ बना और दुकान वापसी"),
        ("ur", "دل اور بچے تیار"),
        ("bn", "প্রতি বাড়ি মত"),
        ("ta", "பெண் லட்சம் பணம்"),
        ("te", "బృందం ధ్వని అర్ధం కాలం"),
        ("mr", "पाणी फोन फुले आणि हात"),
        ("gu", "દલિત શિશુ બદામ લઈ"),
        ("pa", "ਵਾਲਾ ਕਿਤਾਬ ਕੁੜੀ ਧਰਮ ਰੇਲਵੇ"),
        ("kn", "ಆಹಾರ ಹೆಸರಾಗಿದೆ ಒಟ್ಟು"),
        ("ml", "കോഴി പുതിയ പോലെ ചിത്രം"),
        ("zh", "小姐利用小说的重点"),
        ("ja", "女の文章に影響、小説の点"),
        ("ja", "黒人の衣"),
        ("es", "Pollo por la tarde, doña"),
        ("fr", "Le beurre, la pêche et la bière"),
        ("it", "La palla, la torta e la citazione"),
        ("de", "Die Mode und der Stahl sind angekündigt"),
        ("ar", "تكلفة الميناء وإجمالي العميل"),
        ("ur", "سلیم نگر دہی"),
        ("ta", "சுரேஷ் கடையில்"),
        ("id", "kacamata dan seragam, mode"),
    ],
)
def test_a_word_is_not_felt_for_a_word_of_another_language_or_form_that_it_looks_like(language: str, text: str) -> None:
    assert LexiconScorer(language).score([ScoringTask(text=text, language=language)])[0].evidence == 0
