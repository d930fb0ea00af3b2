"""Hold words too common to be a reason, in the languages most mentions come in.

Short lists, written by hand for this program: the statistics already set aside
what is as common before as now; these only keep small samples readable.
"""

# ruff: noqa: RUF001 - Cyrillic and Turkish letters are meant

from __future__ import annotations

from typing import Final

__all__ = ["STOPWORDS"]

_ENGLISH = """
a about after again all also am an and any are aren't as at be because been before being both but by can can't cannot
could did didn't do does doesn't doing don't down during each even ever few for from further get gets getting go going
got had has have haven't having he her here hers him his how i i'd i'll i'm i've if in into is isn't it its itself just
let like lol made make many me more most much my no nor not now of off oh ok on once one only or other our ours out
over own please pls re really rt same say says she should so some still such than thanks that the their them then
there these they they're this those through to too u under until up us very via was wasn't way we well were what when
where which while who why will with won't would yeah yes yet you you're your yours im ive dont cant amp already
another first last next since
"""
_SPANISH = """
al algo como con cuando de del desde donde el ella ellos en entre era es esa ese eso esta este esto están está fue
han hasta hay la las le les lo los me mi muy más ni no nos o para pero por porque que qué se ser si sin sobre son
su sus sí también te tiene todo todos tu un una uno y ya yo
"""
_PORTUGUESE = """
ao aos com da das de do dos e ela ele eles em entre era essa esse esta este eu foi há isso isto já mais mas me meu
minha muito na nas no nos não num numa o os ou para pela pelo por que quem se sem ser seu sua são só também tem um
uma você à às é
"""
_FRENCH = """
à au aux avec c'est ce ces cette dans de des du elle elles en est et eux il ils j'ai je la le les leur lui ma mais
me mes moi mon même ne nos notre nous on ont ou où par pas plus pour qu'il que qui sa sans se ses si son sont sur ta
te tes toi ton tout très tu un une vos votre vous y été être
"""
_GERMAN = """
aber als am an auch auf aus bei bin bis da das dass dem den der des die doch du ein eine einem einen einer er es
euch für hab habe haben hat ich ihr im in ist ja kann kein keine man mich mir mit nach nicht noch nun nur ob oder
schon sehr sich sie sind so um und uns vom von vor war was wenn wer wie wir wird zu zum zur über
"""
_ITALIAN = """
ai al alla anche che chi ci come con da dal de dei del della di e ed era gli ha ho i il in io la le lei lo loro lui
ma mi molto ne nel nella no noi non o per perché più quando questa questo se si sono su sua suo ti tu un una voi è
"""
_DUTCH = """
aan als bij dat de deze die dit een en er haar had heb heeft het hij ik in is je kan maar me met mijn naar niet nog
of om ook op over te tot uit van voor was wat we wel werd wij ze zich zijn zo zou
"""
_INDONESIAN = """
ada adalah aja akan aku apa atau bisa buat dan dari dengan di dia gak ini itu jadi juga kalau kamu karena ke kita
lagi mau nya oleh pada saya sudah tidak tapi untuk ya yang
"""
_TURKISH = """
ama ben bir bu bunu çok da daha de değil diye en gibi ile için kadar ki mi mu mı ne o olan ve veya ya
"""
_HINDI = """
अपना अपनी अपने अब आप इस इसके इसी उन उस उसका उसकी उसे एक ऐसे और कर करता करती करते करना करने का कि किया की कुछ के
कैसे को कोई कौन क्या क्यों गई गए गया गयी गये जब जा जैसा जैसे जो तक तुम तो था थी थे दिया दी दो न नहीं ना ने पर फिर
बहुत भी मगर मुझे में मेरा मेरी मेरे मैं यह यही या ये रहा रही रहे लिए लिया लेकिन वह वही वाला वाली वाले वे वो सब सभी
साथ से हम ही हुआ हुई हुए हूँ हूं है हैं हो होता होती होने
"""
_HINGLISH = """
aap ab abhi aur bahut bhai bhi diya fir gai gaya gaye gayi hai hain ho hoon hu hua hue hui hum iska iski isko jaise
ka kaise kar karna karta karte karti ke ki kiya kiye ko koi kuch kya kyon kyu kyun lekin liya liye mai main me mein
mera mere meri mujhe na nahi nahin ne par pe phir raha rahe rahi sab se tha the thi to toh tum uska uski usko wala
wale wali wo woh ye yeh
"""
_URDU = """
آپ اب اس اسی اسے ان اور ایک بھی بہت تم تو تک تھا تھی تھے جب جو جیسے دیا رہا رہی رہے سب سے لیا لیکن لیے مجھے مگر
میرا میری میرے میں نہیں نے والا والی والے وہ پر پھر کا کر کرتا کرتی کرتے کرنا کرنے کو کوئی کون کچھ کہ کی کیا کیسے
کیوں کے گئی گئے گیا ہم ہو ہوئی ہوئے ہوا ہوں ہی ہیں ہے یا یہ
"""
_ARABIC = """
أن أنا أو إلى إن التي الذي بعد بين ثم حتى على عن في قد كان كل لا لم له ما مع من هذا هذه هو هي و يا
"""
_PUNJABI = """
ਅਤੇ ਅਸੀਂ ਆਪਣੇ ਇਸ ਇਸਨੂੰ ਇਹ ਇੱਕ ਉਸ ਉਹ ਕਰ ਕਿ ਕੀ ਕੁਝ ਕੇ ਕੋਈ ਗਈ ਗਏ ਗਿਆ ਜੋ ਤਾਂ ਤੁਸੀਂ ਤੇ ਤੋਂ ਦਾ ਦੀ ਦੇ ਨਹੀਂ ਨਾਲ ਨੂੰ ਨੇ ਪਰ
ਬਹੁਤ ਮੇਰਾ ਮੇਰੀ ਮੈਂ ਰਹੀ ਰਹੇ ਰਿਹਾ ਲਈ ਵਾਲਾ ਵਾਲੀ ਵਾਲੇ ਵਿੱਚ ਵੀ ਸਨ ਸੀ ਹਨ ਹੀ ਹੈ ਹੋ ਹੋਇਆ ਹੋਈ
"""
_TAMIL = """
அது அந்த அவர் ஆனால் இது இந்த இல்லை உள்ள என என்ற என்று ஒரு தான் நான் நீங்கள் மற்றும் மிகவும்
"""
_BENGALI = """
আমার আমি আর ই এ এই এক এবং ও কি কে করে কিন্তু তার তো থেকে না নিয়ে পর সে হয় হয়ে
"""
_RUSSIAN = """
а без бы был была было быть в вас все вы где да для до его если есть еще ещё же за и из или их как ко когда кто
ли мне мы на не нет но ну о об он она они от по под при с со так также там то только тут ты у уже что чтобы это я
"""
_JAPANESE = """
から けど ここ こと この これ した して する それ です でも ない など なる ので まで ます もの よう より
"""

_LISTS: Final = (
    _ENGLISH,
    _SPANISH,
    _PORTUGUESE,
    _FRENCH,
    _GERMAN,
    _ITALIAN,
    _DUTCH,
    _INDONESIAN,
    _TURKISH,
    _HINDI,
    _HINGLISH,
    _URDU,
    _ARABIC,
    _PUNJABI,
    _TAMIL,
    _BENGALI,
    _RUSSIAN,
    _JAPANESE,
)

STOPWORDS: Final = frozenset(word for listed in _LISTS for word in listed.split())
"""All of them together: a mention often mixes languages."""
