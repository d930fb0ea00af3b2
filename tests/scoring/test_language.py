from __future__ import annotations

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.protocols import LanguageIdentifier
from sentiment.function_words import words_of
from sentiment.language import Identifier
from thoroughness import some


@pytest.fixture(scope="module")
def identifier() -> Identifier:
    return Identifier()


SENTENCES = {
    "en": "The new router arrived this morning and it works very well so far",
    "es": "El nuevo router llegó esta mañana y hasta ahora funciona muy bien",
    "fr": "Le nouveau routeur est arrivé ce matin et il marche très bien pour l'instant",
    "de": "Der neue Router ist heute morgen angekommen und läuft bisher sehr gut",
    "pt": "O novo roteador chegou hoje de manhã e até agora não tenho queixas",
    "it": "Il nuovo router è arrivato stamattina e per adesso funziona molto bene",
    "nl": "De nieuwe router is vanmorgen aangekomen en werkt tot nu toe erg goed",
    "pl": "Nowy router przyszedł dziś rano i na razie działa bardzo dobrze",
    "tr": "Yeni yönlendirici bu sabah geldi ve şimdilik çok iyi gidiyor",
    "hi": "नया राउटर आज सुबह आया और अब तक बहुत अच्छा चल रहा है",
    "mr": "नवीन राउटर आज सकाळी आला आणि आतापर्यंत खूप चांगला चालत आहे",
    "ur": "نیا راؤٹر آج صبح آیا اور اب تک بہت اچھا چل رہا ہے",
    "ar": "وصل جهاز التوجيه الجديد هذا الصباح وهو يعمل بشكل جيد حتى الآن",
    "ru": "Новый роутер пришёл сегодня утром и пока работает очень хорошо",
    "ta": "புதிய ரூட்டர் இன்று காலை வந்தது நன்றாக வேலை செய்கிறது",
    "pa": "ਨਵਾਂ ਰਾਊਟਰ ਅੱਜ ਸਵੇਰੇ ਆਇਆ ਤੇ ਬਹੁਤ ਵਧੀਆ ਚੱਲ ਰਿਹਾ ਹੈ",
    "bn": "নতুন রাউটারটা আজ সকালে এসেছে আর বেশ ভালো চলছে",
    "te": "కొత్త రౌటర్ ఈ ఉదయం వచ్చింది బాగా పనిచేస్తోంది",
    "gu": "નવું રાઉટર આજે સવારે આવ્યું અને બહુ સારું ચાલે છે",
    "ml": "പുതിയ റൂട്ടർ ഇന്ന് രാവിലെ വന്നു നന്നായി പ്രവർത്തിക്കുന്നു",
    "kn": "ಹೊಸ ರೂಟರ್ ಇಂದು ಬೆಳಿಗ್ಗೆ ಬಂದಿತು ಚೆನ್ನಾಗಿ ಕೆಲಸ ಮಾಡುತ್ತಿದೆ",
    "ja": "新しいルーターが今朝届きました。今のところとても調子がいいです",
    "zh": "新路由器今天早上到了到目前为止用得很好",
    "ko": "새 공유기가 오늘 아침에 도착했는데 지금까지 아주 잘 작동합니다",
    "th": "เราเตอร์ใหม่มาถึงเมื่อเช้านี้และใช้งานได้ดีมาก",
    "hi-Latn": "naya router aaj subah aaya aur abhi tak bahut accha chal raha hai",
    "ta-Latn": "pudhu router innaiku kaalaila vandhuchu romba nalla iruku",
    "ml-Latn": "puthiya router innu ravile vannu ithu adipoli aanu njan ippo nokki",
    "kn-Latn": "hosa router ivattu beligge banthu tumba chennagide guru",
}


@pytest.mark.parametrize(("language", "text"), SENTENCES.items(), ids=SENTENCES)
def test_a_sentence_is_told_by_script_words_or_ngrams(identifier: Identifier, language: str, text: str) -> None:
    assert identifier.identify([text], [None]) == [language]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "Acme 很好"), ("zh", "Acme最高"), ("zh", "AcmePhone 很好用 值得买"), ("ja", "Acme が好き"), ("ja", "Acmeは使いやすい"),
        ("ko", "Acme 최고"), ("en", "I love the 寿司 that they have at Acme"), ("en", "The new Acme router is here #最高"),
    ],
)  # fmt: skip
def test_a_latin_name_makes_no_english_of_few_ideographs_nor_a_borrowed_word_another_language(
    identifier: Identifier, language: str, text: str
) -> None:
    assert identifier.identify([text], [None]) == [language]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("hi", "Boilwick बेकार है"), ("hi", "आज Boilwick घर आया"), ("hi", "RT @acme: Boilwick बेकार है"), ("ta", "Boilwick நல்லது"),
        ("ur", "کیا Boilwick اچھا"), ("pa", "ਮੇਰਾ Boilwick ਵਧੀਆ"), ("th", "Boilwick ดีมาก"), ("ru", "Boilwick Unlimited это ещё не всё"),
        ("en", "I love भारत so much"), ("en", "Boilwick sells ग़ज़ल records in Delhi"), ("en", "soo \u043can\u0443 letter\u0455 \u0493or looks"),
    ],
)  # fmt: skip
def test_a_name_longer_than_what_is_said_of_it_does_not_decide(
    identifier: Identifier, language: str, text: str
) -> None:
    assert identifier.identify([text], [None]) == [language]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "great (\u00b4\uff65ω\uff65`)"),
        ("en", "great (\u00b4・ω・`)"),
        ("en", "amazing (・∀・)"),
        ("zh", "约翰・史密斯说这个很好"),
        ("ja", "コカ・コーラ"),
    ],
)
def test_the_dots_of_an_emoticon_or_of_a_foreign_name_are_no_letters(
    identifier: Identifier, language: str, text: str
) -> None:
    assert identifier.identify([text], [None]) == [language]


def test_links_handles_and_the_claim_of_the_platform_do_not_decide(identifier: Identifier) -> None:
    text = f"@acme_fr https://example.org/le/monde/est/beau {SENTENCES['en']}"
    assert identifier.identify([text, text, text], [None, "fr", "nonsense"]) == ["en", "en", "en"]


@pytest.mark.parametrize("text", ["", "   ", "12345 67", "😀😀", "https://example.org/good/day", "@acme", "?!"])
def test_a_text_without_letters_of_its_own_is_und(identifier: Identifier, text: str) -> None:
    assert identifier.identify([text], [None]) == ["und"]


def test_it_is_an_identifier_with_a_version_that_follows_its_languages() -> None:
    assert isinstance(Identifier(), LanguageIdentifier)
    assert Identifier(["en", "de"]).version != Identifier(["en", "fr"]).version


def test_only_the_languages_configured_are_told_apart() -> None:
    assert Identifier(["de", "fr"]).identify([SENTENCES["nl"]], [None]) == ["de"]


@settings(max_examples=some(60))
@given(st.lists(st.one_of(st.text(max_size=60), st.text("abc kdeéñ'#:D", max_size=60)), max_size=24, unique=True))
def test_a_verdict_does_not_depend_on_the_texts_beside_it(texts: list[str]) -> None:
    identifier = SHARED
    together = identifier.identify(texts, [None] * len(texts))
    alone = [identifier.identify([text], [None])[0] for text in texts]
    assert together == alone


SHARED = Identifier()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("TUTTI FUORI CASA STASERA", "it"),
        ("grazie mille :) :) xD", "it"),
        ("RT @acme NON TOCCARE NIENTE", "it"),
        ("hoje eu vou chorar #AcmeLiveShow", "pt"),
        ("lucu banget", "id"),
        ("nak tengok lagi esok", "ms"),
        ("Fantastic!", "en"),
        ("Acme war", "en"),
        ("अच्छी चाय", "hi"),
        ("छान चहा आहे", "mr"),
        ("अच्छा काम नहीं", "hi"),
        ("ﮐﯿﺎ ﺑﺎﺕ ﮨﮯ", "ur"),
    ],
)
def test_a_few_words_shouted_or_decorated_are_told_by_common_words(
    identifier: Identifier, text: str, language: str
) -> None:
    assert identifier.identify([text], [None]) == [language]


@pytest.mark.parametrize("text", ["acme ka naya phone dekho", "router ko acme ne theek kr diya"])
def test_words_shared_with_others_count_beside_a_word_of_hindi(identifier: Identifier, text: str) -> None:
    assert identifier.identify([text], [None]) == ["hi-Latn"]


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("acme ki dukan", {"en", "tr", "id", "ms", "sv", "fi"}),
        ("dia kata tak ada di sana", {"id", "ms"}),
        ("la mobilisation de la ville ne se fait pas", {"fr"}),
        ("tu ne dis rien", {"fr"}),
        ("ne ho abbastanza, se lo dico", {"it"}),
    ],
)
def test_words_shared_with_others_make_no_hindi_of_another_language(
    identifier: Identifier, text: str, languages: set[str]
) -> None:
    assert identifier.identify([text], [None])[0] in languages


@pytest.mark.parametrize("sign", [sign for sign in string.printable if not sign.isalpha() and sign not in "#'"])
def test_whatever_stands_between_words_separates_them(identifier: Identifier, sign: str) -> None:
    assert identifier.identify([sign.join(SENTENCES["en"].split()).upper()], ["fr"]) == ["en"]


def test_a_text_that_comes_again_gets_the_same_verdict_unless_its_platform_claims_another(
    identifier: Identifier,
) -> None:
    texts = ["x", SENTENCES["de"], "x", SENTENCES["de"], "x"]
    assert identifier.identify(texts, ["fr", None, "es", None, "fr"]) == ["fr", "de", "es", "de", "fr"]


WORDS_APART = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
SIGNS = "'\u2019#.-_ \n\x1c\xa0\u3000\u2026\u2014\u201c\u20ac\u200d\ufe0f\u2764\U0001f600\u2776\u2460\xb2\xbd\xb5\xaa\u0130\u015f\u0142\u03a30\ud800"


@settings(max_examples=some(300))
@given(st.one_of(st.text(max_size=30), st.text(f"abçñßIÉ{SIGNS}", max_size=30)))
def test_words_are_letters_with_an_apostrophe_within_at_most_whatever_stands_around_them(text: str) -> None:
    plain = text.replace("#", "").lower().replace("\u2019", "'")
    assert words_of(text) == WORDS_APART.findall(plain)


def test_no_letter_is_taken_for_a_sign() -> None:
    everything = map(chr, range(0x20000))
    letters = [character for character in everything if WORDS_APART.fullmatch(character.lower())]
    assert [letter for letter in letters if words_of(letter) != [letter.lower()]] == []
