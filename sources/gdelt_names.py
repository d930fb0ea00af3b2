"""Turn GDELT's English names of languages and countries into codes.

Languages are those that GDELT Translingual reads (blog.gdeltproject.org, list of
65 languages, seen 2026-11-22); countries are those of outlets, in the names of
the FIPS 10-4 list that GDELT keeps to. A name that is not known gives None.
"""

from __future__ import annotations

from typing import Final

__all__ = ["country_code", "language_tag"]

_LANGUAGES: Final = """
af afrikaans|sq albanian|ar arabic|hy armenian|az azerbaijani|bn bengali|bs bosnian|bg bulgarian|ca catalan
zh chinese|zh-Hant chineset|hr croatian|cs czech|da danish|nl dutch|en english|et estonian|fi finnish|fr french
gl galician|ka georgian|de german|el greek|gu gujarati|he hebrew|hi hindi|hu hungarian|is icelandic|id indonesian
it italian|ja japanese|kn kannada|kk kazakh|ko korean|lv latvian|lt lithuanian|mk macedonian|ms malay|ml malayalam
mr marathi|mn mongolian|ne nepali|no norwegian|nn norwegiannynorsk|nb norwegianbokmal|or oriya|ps pashto|fa persian
pl polish|pt portuguese|pa punjabi|ro romanian|ru russian|sr serbian|si sinhalese|sk slovak|sl slovenian|so somali
es spanish|sw swahili|sv swedish|ta tamil|te telugu|th thai|bo tibetan|tr turkish|uk ukrainian|ur urdu|vi vietnamese
km khmer|lo lao|my burmese|eu basque|cy welsh|ga irish|mt maltese|am amharic|uz uzbek|ky kyrgyz|tg tajik|be belarusian
fil filipino|tl tagalog|as assamese|sd sindhi|ku kurdish
"""

_COUNTRIES: Final = """
AF afghanistan|AL albania|DZ algeria|AD andorra|AO angola|AG antigua and barbuda|AR argentina|AM armenia|AW aruba
AU australia|AT austria|AZ azerbaijan|BS bahamas|BH bahrain|BD bangladesh|BB barbados|BY belarus|BE belgium|BZ belize
BJ benin|BM bermuda|BT bhutan|BO bolivia|BA bosnia-herzegovina|BA bosnia and herzegovina|BW botswana|BR brazil|BN brunei
BG bulgaria|BF burkina faso|MM burma|MM myanmar|BI burundi|KH cambodia|CM cameroon|CA canada|CV cape verde
KY cayman islands|CF central african republic|TD chad|CL chile|CN china|CO colombia|KM comoros|CG congo
CD democratic republic of the congo|CR costa rica|CI cote d'ivoire|CI ivory coast|HR croatia|CU cuba|CW curacao|CY cyprus
CZ czech republic|CZ czechia|DK denmark|DJ djibouti|DM dominica|DO dominican republic|TL east timor|TL timor-leste
EC ecuador|EG egypt|SV el salvador|GQ equatorial guinea|ER eritrea|EE estonia|SZ eswatini|SZ swaziland|ET ethiopia
FO faroe islands|FJ fiji|FI finland|FR france|GF french guiana|PF french polynesia|GA gabon|GM gambia|GE georgia
DE germany|GH ghana|GI gibraltar|GR greece|GL greenland|GD grenada|GP guadeloupe|GU guam|GT guatemala|GG guernsey
GN guinea|GW guinea-bissau|GY guyana|HT haiti|HN honduras|HK hong kong|HU hungary|IS iceland|IN india|ID indonesia
IR iran|IQ iraq|IE ireland|IM isle of man|IL israel|IT italy|JM jamaica|JP japan|JE jersey|JO jordan|KZ kazakhstan
KE kenya|KI kiribati|XK kosovo|KW kuwait|KG kyrgyzstan|LA laos|LV latvia|LB lebanon|LS lesotho|LR liberia|LY libya
LI liechtenstein|LT lithuania|LU luxembourg|MO macau|MK macedonia|MK north macedonia|MG madagascar|MW malawi|MY malaysia
MV maldives|ML mali|MT malta|MH marshall islands|MQ martinique|MR mauritania|MU mauritius|MX mexico|FM micronesia
MD moldova|MC monaco|MN mongolia|ME montenegro|MA morocco|MZ mozambique|NA namibia|NR nauru|NP nepal|NL netherlands
NC new caledonia|NZ new zealand|NI nicaragua|NE niger|NG nigeria|KP north korea|NO norway|OM oman|PK pakistan|PW palau
PS gaza strip|PS west bank|PS palestine|PA panama|PG papua new guinea|PY paraguay|PE peru|PH philippines|PL poland
PT portugal|PR puerto rico|QA qatar|RE reunion|RO romania|RU russia|RW rwanda|KN saint kitts and nevis|LC saint lucia
VC saint vincent and the grenadines|WS samoa|SM san marino|ST sao tome and principe|SA saudi arabia|SN senegal|RS serbia
SC seychelles|SL sierra leone|SG singapore|SK slovak republic|SK slovakia|SI slovenia|SB solomon islands|SO somalia
ZA south africa|KR south korea|SS south sudan|ES spain|LK sri lanka|SD sudan|SR suriname|SE sweden|CH switzerland
SY syria|TW taiwan|TJ tajikistan|TZ tanzania|TH thailand|TG togo|TO tonga|TT trinidad and tobago|TN tunisia|TR turkey
TM turkmenistan|TV tuvalu|UG uganda|UA ukraine|AE united arab emirates|GB united kingdom|US united states|UY uruguay
UZ uzbekistan|VU vanuatu|VA vatican city|VE venezuela|VN vietnam|VI virgin islands|YE yemen|ZM zambia|ZW zimbabwe
"""


def _table(listing: str) -> dict[str, str]:
    pairs = (entry.strip().partition(" ") for entry in listing.strip().replace("\n", "|").split("|"))
    return {name: code for code, _, name in pairs}


_TAGS: Final = _table(_LANGUAGES)
_CODES: Final = _table(_COUNTRIES)


def language_tag(name: str | None) -> str | None:
    """Return the BCP 47 tag of a language by its English name; None where it is not known."""
    return _TAGS.get((name or "").casefold().replace(" ", ""))


def country_code(name: str | None) -> str | None:
    """Return the ISO 3166 code of a country by its English name; None where it is not known."""
    return _CODES.get((name or "").casefold().strip())
