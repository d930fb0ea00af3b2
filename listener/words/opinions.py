"""Hold words that say how something is felt and not what it is about.

Written by hand for this program, in the languages most mentions come in. A theme
called "awful" would tell nobody what to mend.
"""

from __future__ import annotations

from typing import Final

__all__ = ["OPINIONS"]

_ENGLISH = """
absolutely actually again almost already always amazing angry annoyed annoying another anyone avoid awesome awful bad
beautiful best better big bit brilliant buy buying came cheated come complain completely cool crap day days definitely
delighted disappointed disappointing disappointment disgusting disgusted else enough even everyone everything excellent
experience fan fantastic far feel felt finally fine fun furious glad gladly gonna good gorgeous great guess happy happier
hate hated hates heard highly honest honestly hope hopes horrible impressed impressive incredible joke kind lol long look
looks lot love loved lovely loves loving made mad maybe mess month months need never new nice nothing often old
pathetic people perfect perfectly please pleasant pleased pleasure pleasantly poor post pretty problem problems put
quick quite rant read recommend recommended regret review ridiculous rubbish sad saw say see seems shame
shameful sorry stuff stupid suck sucks super sure surprise surprised surprisingly take terrible thank thanks thing
things think tired today tomorrow totally treat truly try trying ugh unacceptable update upset use used useful useless
using want wanted wants warning waste way week weeks well whole wonderful wonder work worked working works worse worst
worth wow wrong year years yesterday
back everywhere forever four frustrated frustrating half high least lost morning nobody one second seven six stayed takes ten
three time times today two unbelievable vez wish yaar
"""
_SPANISH = """
ahora aquí bien bueno buena buenos buenas contenta contento decepcionada decepcionado encanta encantó excelente
fatal feliz genial gracias horrible hoy increíble mal mala malo malísimo mejor nada nunca odio peor perfecta perfecto
pésima pésimo recomiendo siempre terrible triste vergüenza
"""
_HINGLISH = """
accha acchi achha achhi acha achi badhiya bahut bakwas bekar bekaar bohot ekdum ghatiya kamaal kharab khush mast
mazaa maza mat pasand pyaar pyar shandar shaandar zabardast
"""
_HINDI = """
करना करो चाहिए लगता लगती रही रहा वालों पहली
अच्छा अच्छी अच्छे आज कमाल खराब ख़राब खुश घटिया निराश पसंद प्यार बकवास बढ़िया बहुत बेकार मत शानदार धन्यवाद
"""
_URDU = """
اچھا اچھی بہترین بہت بیکار پسند خراب خوش شاندار شکریہ گھٹیا مایوس
"""
_PUNJABI = """
ਸ਼ਾਨਦਾਰ ਖ਼ਰਾਬ ਖਰਾਬ ਖੁਸ਼ ਘਟੀਆ ਚੰਗਾ ਚੰਗੀ ਬਹੁਤ ਬੇਕਾਰ ਮਾੜਾ ਮਾੜੀ ਵਧੀਆ
"""
_TAMIL = """
அருமை ஏமாற்றம் நன்றி நல்ல மகிழ்ச்சி மிகவும் மோசம் மோசமான ரொம்ப
"""

_LISTS: Final = (_ENGLISH, _SPANISH, _HINGLISH, _HINDI, _URDU, _PUNJABI, _TAMIL)

OPINIONS: Final = frozenset(word for listed in _LISTS for word in listed.split())
"""All of them together: a mention often mixes languages."""
