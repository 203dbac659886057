"""Words of a text for comparing, in any script: tokens, content words, overlap. Pure and fast; no language model."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from sidecar.lexicon import LANGUAGES

_TOKEN: Final = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_SCRIPT_WITHOUT_SPACES: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]+")
_ELISION: Final = 2
_SHORT: Final = 3


def words(text: str) -> frozenset[str]:
    """The white-space separated words of a list."""
    return frozenset(text.split())


STOPWORDS: Final = words("""
    the and for are was were been this that these those with from you your our they them their has have had will would
    can could not but its it's all any also just there here what when which who how than then into out about over please
    der die das den dem des ein eine einen einem einer und oder ist sind war waren wir ich sie ihr ihre uns mit von für
    auf aus bei nach auch noch nicht dass wird werden haben hat habe hatte sich als wie wenn aber nur les une est sont
    que qui dans pour sur avec pas plus nous vous votre notre vos nos mais par aux été ont avons los las una unos del
    por para con sin sobre sus muy más pero como está han hemos ser son gli che non per sono della nel dos com uma não
    het een van voor met dat zijn niet
""")


def tokens(text: str) -> list[str]:
    """The words of `text`, case-folded, in order; French elisions ("l'erreur") are split."""
    found: list[str] = []
    for word in _TOKEN.findall(text.casefold().replace("\u2019", "'")):
        head, apostrophe, tail = word.partition("'")
        if apostrophe and len(head) <= _ELISION and len(tail) >= _SHORT:
            found += [head + "'", tail]
        else:
            found.append(word)
    return found


def content(words: Iterable[str]) -> frozenset[str]:
    """The tokens that carry meaning: no stop words; runs of Japanese, Chinese or Thai become character pairs."""
    kept: set[str] = set()
    for word in words:
        run = None if word.isascii() else _SCRIPT_WITHOUT_SPACES.search(word)
        if run:
            kept.update(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        elif (len(word) >= _SHORT or word.isdigit()) and word not in STOPWORDS:
            kept.add(word)
    return frozenset(kept)


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared words as a share of the smaller set, 0 to 1."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0


def spaceless(text: str) -> bool:
    """Whether `text` holds a script that puts no spaces between words."""
    return not text.isascii() and _SCRIPT_WITHOUT_SPACES.search(text) is not None


def fold(text: str) -> tuple[str, list[int]]:
    """`text` in NFC with runs of white space as one space, and for each character its offset in `text`.

    The list has one more entry than the folded text: the end.
    """
    folded: list[str] = []
    offsets: list[int] = []
    position = 0
    while position < len(text):
        start = position
        position += 1
        if text[start].isspace():
            while position < len(text) and text[position].isspace():
                position += 1
            piece = " "
        else:
            while position < len(text) and unicodedata.combining(text[position]):
                position += 1
            piece = unicodedata.normalize("NFC", text[start:position])
        folded.append(piece)
        offsets += [start] * len(piece)
    return "".join(folded), [*offsets, len(text)]


def language(found: Iterable[str]) -> str:
    """The two-letter code of the language whose function words stand most among these tokens, or ""."""
    present = list(found)
    counts = {code: sum(word in known for word in present) for code, known in LANGUAGES.items()}
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] else ""
