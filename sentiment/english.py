"""Say how English is read where it differs from VADER.

VADER asks whether a text feels good. Of what people write about brands that is
too much: who wishes, hopes, plays or prays is not praising anything, and who calls
a thing slow or a film tedious uses a word that VADER does not list. So its rules
work over a changed lexicon: words for faults and merits of things, services and
works come in, words that judge nothing and those too faintly positive to tell go
out. A few fixed phrases stand for one word, and "like" counts only where it can be a verb.
All words and phrases are an own list; valences are on VADER's scale.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sentiment.rulesets import reserved_token
from sentiment.target import MASK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["english_lexicon", "may_change", "prepared", "taken_out"]

_LEAST_PRAISE: Final = 1.2
"""Positive words of VADER's below this ("sentence", "matter", "swears") describe more than they praise."""

_VALENCES: Final[Mapping[str, float]] = {
    word: valence
    for valence, words in (
        (2.4, "flavorful flavourful mouthwatering must-have"),
        (
            2.2,
            """gripping riveting captivating mesmerizing mesmerising enthralling spellbinding masterful masterfully must-see
            must-read must-watch unforgettable memorable exquisite sublime stellar impeccable top-notch first-rate
            world-class spot-on unbeatable awe-inspiring""",
        ),
        (1.9, "prefer outperforms outclasses beats preferable"),
        (
            1.8,
            """witty absorbing touching poignant thought-provoking well-written well-acted well-crafted evocative immersive
            stunningly refreshing refreshingly hilariously uplifting insightful inventive imaginative nuanced""",
        ),
        (
            1.6,
            """fast quick speedy lightweight sturdy durable quiet affordable sleek crisp intuitive attentive
            cozy reasonable reasonably tender tasty inexpensive well-made roomy compact""",
        ),
        (1.5, "faster cheaper lighter quieter simpler smoother sturdier preferred"),
        (-1.5, "slower pricier heavier louder buggier clunkier flimsier costlier"),
        (
            -1.6,
            """slow slowly slowed laggy loud bulky heavy pricey overpriced bland soggy stale mediocre overrated cramped
            unresponsive flimsy outdated inattentive overcooked undercooked greasy dusty smeary scratches scratched
            leaking leaks cheaply clunky""",
        ),
        (
            -1.6,
            """tedious predictable unfunny lifeless cliched clich\u00e9d cliche clich\u00e9 cliches clich\u00e9s contrived
            forgettable pretentious overlong bloated incoherent amateurish cheesy formulaic uneven shallow plodding
            hackneyed convoluted uninspired uninteresting unconvincing unimaginative half-baked one-dimensional
            by-the-numbers humourless stilted muddled meandering heavy-handed preachy tiresome unoriginal soulless
            overblown pointless""",
        ),
        (
            -1.8,
            """overhyped cringe cringey cringy cringeworthy garbage trash trashy rubbish ripoff rip-off clickbait shady
            sketchy scummy yikes yuck hypocrite hypocrites hypocrisy disgraceful insufferable eyesore letdown let-down""",
        ),
        (
            -2.0,
            """overheats overheating overheated crashes crashed crashing froze frozen unusable unreliable glitchy buggy
            breaks malfunction malfunctioned malfunctioning refund inedible tasteless flavorless bug bugs unwatchable
            unreadable unplayable unbearable abysmal atrocious""",
        ),
    )
    for word in words.split()
}
"""Faults and merits, and what comparisons between brands need; VADER's own value goes before."""

_KEPT: Final = """
    well worth solid recommended recommends top fine smooth smoothly stable safe safely steady warm easier improved
    improvement improve improves improving upgrade worthwhile adequate sufficient satisfactory functional decent ease
    eases
"""
"""Faint, yet praise of a thing."""

_NO_PRAISE: Final = """
    accept acceptance accepting accepts achievable active actively admiral admirals agree alert alive amusement asset attachment
    attract attracted attraction attractions attracts award awarded awards beneficiaries care cares certainly champagne
    championship championships chance charity clearly comedian comedians commit credit credited credits dear desire
    determination determined diamond dreams dynamic dynamical engage engaged ensure exclusive expand faith favor favored
    favoring festival festivals fiesta fiestas free freed freedom friend friends gain gained gaining gains gift giver giving god
    grant granting greet greeting greetings growth hand harmonic harmony heaven help helper helping helps highlight honestly
    honor honored honors hope hoped hopes hoping immune importance important incentive incentives increase innocence innocent
    integrity intellectual intellectuals intelligence interest interested invite join justice lord mature merit merits merry
    motivation natural number ok okay opportunities opportunity optimal optimisation optimise optimised optimization optimize
    optimizer optimizes original parties party partying peace play played playing plays please popular pray praying prays
    privilege privileges prize prizes profit profited profits progress prominent promise promised promises promote promoted
    promotes promoting prospect prospects protect protected protects ready rescued rescues resolve resolvers resolving
    respective respectively responsible revive revives reward rewards safeguard safeguards safety save saved secured secures
    securing securities security share shared shares sharing solution solving special strength strengthen strengths
    support supported supporters supporting supportive supports supreme sure surviving survivor talent talents tolerance true
    truth unified united validate validates validating valued values vital vitamin want wanted wants wealth wealthy win wish
    wished yeah yep yes
"""
"""Requests, answers, activities, wishes, greetings, the help desk, topics of the news, and terms of trades."""

_NO_FAULT: Final = """
    alarm alarms amorphous amortised amortize argument arguments axe battle battles bore borer borers critic critics cutting
    defeat demand demanded demanding dragged drop dumplings emergency exclude excluded exclusion exhaustive exhaustively expose
    exposes exposing fighters fought freezers funky gag geek geeks geeky ghost gossip gravel graves hid hide hides hiding hunger
    idk impose inhibition inhibitor inhibitors isolate isolated isolates isolation killer loom looms lower lowered lowering
    lowland miss missed nah nerd nerves pay pileup preventing questioned rig risk risks screw screws serious seriously shake
    shaking shook shoot sin stealth strikers struck suspect suspects tease teaser teasers tension tough trap trick tricks wag
    wars warships weapon weapons
"""
"""Doings, things, places and topics that say nothing against whoever they are told of."""

_NO_WORDS: Final = r"""
    $: %) &: (% (* (8 *) .-: /: /= 0-8 0:03 10q 1337 143 1432 14aa41 182 187 2g2b4g 2g2bt 2qt 4col 4q 5fs 8) 86 8d aas amazons
    aml aug-00 ayor bfe bl btd d8 d: dx ff fkm foaf fwb g1 gga gigo gl gla gn h&k hak hho1/2k iyq j/p j/t j/w j4f j4g jw k4y kfy
    kia kk l l&r laoj leet lts ly lya lyb m8 mia mml n1 nbif nfc nh nimjd nimq nme np ntmu po ptl pu qq qt r&r s: tia tx urw vbg
    vbs vip vwd vwp warsaw warsaws wd xp xqzt
"""
"""Numbers, signs and short forms that VADER knows from chats, and that are mostly something else: a price (182), a quarter
(4Q), a place (TX), a drive (D:), an item of a list (8), a product or a technique (Kia, XP, Qt, NFC, LTS)."""

_LIKING: Final = frozenset(
    [
        "i",
        "you",
        "u",
        "we",
        "they",
        "ya",
        "people",
        "who",
        "would",
        "to",
        "do",
        "don't",
        "dont",
        "doesn't",
        "didn't",
        "does",
        "did",
        "really",
        "also",
        "not",
        "never",
        "i'd",
        "still",
        "n't",
        "kinda",
        "actually",
        "all",
        "guys",
        "girls",
        "fans",
        "and",
        "just",
    ]
)
"""Right behind one of these "like" can be a verb."""
_COMPARING_LIKE: Final = re.compile(
    rf"""(?<!\S)(?=\S++\s++like\b)         # what stands before "like" is looked at only where there is one
    ((?!(?:{"|".join(sorted(_LIKING))})\s)\S++\s++)like\b
    |^\W*like\b""",
    re.IGNORECASE | re.VERBOSE,
)
""""Looks like", "something like", "a day like this": the commonest false praise."""

_PHRASES: Final = (
    (r"can(?:no|'|\ no)?t\ wait(?!\ (?:any|in|on|around|here|there)\b)", 2.0),
    (r"look(?:s|ing|ed)?\ forward\ to", 1.5),
    (r"hats\ off", 1.8),
    (r"thumbs\ up", 1.8),
    (r"thumbs\ down", -1.8),
    (r"let(?:s|ting)?\ (?:(?:me|us|you|him|her|them|everyone|everybody|people|customers|fans)\ )?down", -2.0),
    (r"ripp?(?:ed|ing|s)?\ (?:(?:me|us|you|people|customers|fans)\ )?off", -2.0),
    (r"fed\ up", -2.0),
    (r"(?:what\ a|is\ a|are\ a|such\ a|complete|total|absolute|utter)\ joke", -2.0),
    (r"f[ae]ll(?:s|ing|en)?\ apart", -1.8),
)
"""Phrases that mean other than their words, with what they are worth."""
_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    " wait": ("can",),
    "forward": ("look",),
    " off": ("hats", "rip"),
    "thumbs": ("thumbs",),
    " down": ("let", "thumbs"),
    "fed up": ("fed up",),
    " joke": (" joke",),
    " apart": ("fall", "fell"),
}
"""Each phrase holds one of these, with one of what is given for it: most texts hold none, and need no further look."""
_PEOPLE: Final = frozenset(
    ["me", "us", "you", "people", "customers", "fans", "him", "her", "them", "everyone", "everybody"]
)
_BEFORE: Final[Mapping[str, tuple[frozenset[str], tuple[str, ...]]]] = {
    "wait": (frozenset(), ("can't", "cannot", "cant", "not")),
    "forward": (frozenset(), ("look", "looks", "looking", "looked")),
    "off": (_PEOPLE, ("hats", "rip", "ripp", "ips", "ipps", "iped", "ipped", "iping", "ipping")),
    "down": (_PEOPLE, ("thumbs", "let", "lets", "letting")),
    "joke": (frozenset("a"), ("complete", "total", "absolute", "utter")),
    "apart": (frozenset(), ("all", "ell", "alls", "ells", "alling", "elling", "allen", "ellen")),
}
"""The last words of phrases, each with the words that may stand before it, and how such tokens may end."""
_HINT: Final = re.compile(r"^(?:wait|forward$|off|down|joke|apart)\b|(?:thumbs|fed)$|like\b", re.IGNORECASE)
"""Where a phrase or a "like" that compares is found, one token has this; words may be put right before it as emoji are."""
_VALENCE_OF: Final = tuple(valence for _, valence in _PHRASES)
_PHRASE: Final = re.compile(rf"\b(?:{'|'.join(f'({pattern})' for pattern, _ in _PHRASES)})\b", re.IGNORECASE)


def english_lexicon(lexicon: Mapping[str, float]) -> dict[str, float]:
    """Return VADER's `lexicon` as it counts in what is written about brands."""
    left_out = {*_NO_PRAISE.split(), *_NO_FAULT.split(), *_NO_WORDS.split()}
    faint_praise = set(_KEPT.split())
    kept = {
        word: valence
        for word, valence in lexicon.items()
        if word not in left_out
        and (valence < 0 or valence >= _LEAST_PRAISE or word in faint_praise or not word.isalpha())
    }
    return {**_VALENCES, **kept}


def prepared(text: str) -> str:
    """Return `text` with straight apostrophes, phrases as tokens of their valence, and no "like" that compares."""
    if not text.isascii():
        text = text.replace("\u2019", "'")
    lower = text.lower()
    if _may_hold_phrase(lower):
        text = _PHRASE.sub(_valued, text)
    return _COMPARING_LIKE.sub(_masked_like, text) if "like" in lower else text


def _may_hold_phrase(lower: str) -> bool:
    """Say whether a text in lower case is worth a search for phrases."""
    only_ascii = lower.isascii()  # other letters may count as those of ASCII where case is ignored
    for part, companions in _PARTS.items():
        if part in lower and (not only_ascii or any(companion in lower for companion in companions)):
            return True
    return False


def may_change(token: str) -> bool:
    """Say whether `prepared` may do more than straighten apostrophes in a text for this token of it."""
    return _HINT.search(token) is not None


def taken_out(tokens: Sequence[str], hinted: Sequence[int]) -> Sequence[int] | None:
    """Return the places of the tokens that `prepared` masks in a text of `tokens`: a "like" that compares.

    `hinted` are the places for which `may_change` holds, in order. None where it may do anything
    else, or where that is not as plain.
    """
    taken: list[int] = []
    last = -2
    for place in hinted:
        before = tokens[place - 1].lower() if place else ""
        if tokens[place] != "like":
            if _may_change_beside(tokens, place, before):
                return None
        elif place - 1 == last or (place and not (before.isascii() and any(map(str.isalnum, before)))):
            return None
        else:
            last = place
            if before not in _LIKING:
                taken.append(place)
    return taken


def _may_change_beside(tokens: Sequence[str], place: int, before: str) -> bool:
    """Say whether `prepared` may do more for a token, given those beside it."""
    own = tokens[place].lower()
    behind = tokens[place + 1].lower() if place + 1 < len(tokens) else ""
    if not (own.isascii() and before.isascii() and behind.isascii()):
        return True  # other letters may count as those of ASCII where case is ignored
    if "like" in own or (behind.startswith(("up", "down")) and own.endswith(("thumbs", "fed"))):
        return True
    for word, (words, endings) in _BEFORE.items():
        if own.startswith(word) and (before in words or before.endswith(endings)):
            return True
    return False


def _valued(found: re.Match[str]) -> str:
    return f" {reserved_token(_VALENCE_OF[(found.lastindex or 1) - 1])} "


def _masked_like(found: re.Match[str]) -> str:
    return f"{found[1] or ''}{MASK}"
