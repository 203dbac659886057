"""Sums of money in text, as people write them: looked for only where a purpose hides them. Linear time. Pure.

A text is read as figures, scales ("million", "k"), currencies and the words that may stand between them. A run of these
with a figure and a currency is a sum, whichever comes first; so are a figure that is written as money is ("12,400.-",
"45k") and one behind a word such as "price". To hide too much costs a word; to hide too little, a sum.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from itertools import pairwise
from typing import Final

from sidecar.lexicon import NUMBERS
from sidecar.words import words

_TOKEN: Final = re.compile(
    r"(?P<sign>(?:\b(?:US|CA|A|HK|S|NZ|R))?[$¢£¤¥֏؋৲৳฿៛\u20a0-\u20cf﷼￠￡￥￦]|[円元원]|\u0440\u0443\u0431\w*|रुपय?[ेएा]?)"
    r"|(?P<number>\d(?:[\d.,'\u2019\u00a0\u2009\u202f]*\d)?(?P<even>[.,][-\u2013\u2014]{1,2})?)"
    r"|(?P<east>[万億千百兆])"
    r"|(?P<word>[^\W\d_](?:[^\W\d_円元원万億千百兆])*)"
)
_GAP: Final = re.compile(r"[\s*_~:=().'\u2019\u2013\u2014-]{0,3}")
"""What may stand between two parts of a sum: blanks, a line end, emphasis, a colon, a dash."""
_SCALES: Final = words("""
    k m mm mn mio b bn mrd t tsd lakh lakhs crore crores mil mille million millions millionen milliard milliards
    milliarden billion billions billionen trillion trillions millón millones millions mila milione milioni miljoen
    miljard milhão milhões
""")
_LONG: Final = 4
"""Letters of a scale that is a figure by itself ("million dollars")."""
_BIG: Final = (
    "hundert",
    "tausend",
    "hundred",
    "thousand",
    "zig",
    "ßig",
    "teen",
    "million",
    "millionen",
    "mila",
    "cento",
)
_TENS: Final = words(
    "twenty thirty forty fifty sixty seventy eighty ninety dozen dutzend veinte vingt trente cien cent"
)
_CODES: Final = words("""
    usd eur gbp chf jpy cny rmb cad aud nzd sgd hkd twd krw inr sek nok dkk isk pln czk huf ron bgn rub uah brl mxn zar
    ils aed sar thb idr myr vnd egp ngn kes pkr clp btc teur keur meur tusd kusd tchf kchf tgbp rs zł kč kr
""")
_NAMES: Final = words("""
    dollar dollars dólar dólares buck bucks euro euros pound pounds sterling pfund quid pence franc francs francos
    franken rappen centime centimes cent cents centavos yen yuan renminbi rupee rupees rupie rupien rouble roubles ruble
    rubles rubel kroner kronen kronor krone zloty zlotys złoty forint lei koruna peso pesos reais lira liras libras
    livres dirham dirhams riyal riyals shekel shekels baht grand
""")
_SHOUTED: Final = words("TRY COP ARS PEN Ft")
"""Codes that are words as well: only in this spelling, and behind a figure."""
_BETWEEN: Final = words("in of d de us u s swiss british canadian australian schweizer suisses")
_RANGES: Final = words("to bis à a")
_PAIRS: Final = words("and or und oder et ou y o")
_LABELS: Final = words("""
    amount amounts price priced budget worth value valued arr mrr acv tcv revenue fee fees cost costs discount deal
    betrag preis wert umsatz kosten rabatt prix montant coût coûte precio importe coste valor fr sfr
""")
_ABOUT: Final = words("of is about around von ist de at ca")
_GROUPED: Final = re.compile(r"\d{3,}(?:[.,]\d{1,2})?|\d{1,3}(?:[.,'\u2019\u00a0\u2009\u202f]\d{3})+(?:[.,]\d{1,2})?")
_SHORT: Final = re.compile(r"\d[\d.,]+")


class _Kind(Enum):
    FIGURE = auto()
    SCALE = auto()
    CURRENCY = auto()
    BETWEEN = auto()
    RANGE = auto()
    PAIR = auto()
    OTHER = auto()


_MONEY: Final = frozenset({_Kind.FIGURE, _Kind.SCALE, _Kind.CURRENCY})
_SIGNS: Final = {"number": _Kind.FIGURE, "sign": _Kind.CURRENCY, "east": _Kind.SCALE}
_KNOWN: Final = {
    **dict.fromkeys(_RANGES, _Kind.RANGE),
    **dict.fromkeys(_PAIRS, _Kind.PAIR),
    **dict.fromkeys(_BETWEEN, _Kind.BETWEEN),
    **dict.fromkeys(_TENS, _Kind.FIGURE),
    **{word: _Kind.FIGURE if len(word) >= _LONG else _Kind.SCALE for word in _SCALES},
    **dict.fromkeys(_CODES | _NAMES, _Kind.CURRENCY),
}
_WHOLE: Final = frozenset({_Kind.FIGURE, _Kind.CURRENCY})


class _Run:
    """Parts that stand together: from `start` to `end` those that money is made of, to `reach` all of them."""

    def __init__(self) -> None:
        self.kinds: set[_Kind] = set()
        self.start = self.end = self.reach = 0

    def take(self, match: re.Match[str], kind: _Kind) -> None:
        """One part more."""
        if not self.kinds:
            self.start = match.start()
        self.kinds.add(kind)
        self.reach = match.end()
        if kind in _MONEY:
            self.end = match.end()

    def is_whole(self) -> bool:
        """Whether it is a sum."""
        return self.kinds >= _WHOLE

    def sum(self) -> Iterator[tuple[int, int]]:
        """Where it stands, if it is one."""
        if self.is_whole():
            yield self.start, self.end


def amounts(plain: str) -> Iterator[tuple[int, int]]:
    """Where sums of money stand in a text whose digits and letters have their plain width; spans may overlap."""
    parts = [(match, _kind(match)) for match in _TOKEN.finditer(plain)]
    yield from _marked([match for match, _ in parts])
    run = _Run()
    for at, (match, kind) in enumerate(parts):
        if run.kinds and not _GAP.fullmatch(plain, run.reach, match.start()):
            yield from run.sum()
            run = _Run()
        apart = kind is _Kind.PAIR or (kind is _Kind.RANGE and _another(parts, at))
        if kind is _Kind.OTHER or (apart and run.is_whole()):
            yield from run.sum()
            run = _Run()
        elif run.kinds or kind in _MONEY:
            run.take(match, kind)
    yield from run.sum()


def _kind(match: re.Match[str]) -> _Kind:
    if match.lastgroup != "word":
        return _SIGNS[match.lastgroup or ""]
    written, word = match["word"], match["word"].casefold()
    if written in _SHOUTED:
        return _Kind.CURRENCY
    counts = NUMBERS.get(word, 0) > 1 or word.endswith(_BIG)
    return _KNOWN.get(word, _Kind.FIGURE if counts else _Kind.OTHER)


def _another(parts: list[tuple[re.Match[str], _Kind]], at: int) -> bool:
    """Whether a sum with a currency of its own follows: "EUR 5 to 9 EUR" is two sums, "EUR 5 to 9" is one."""
    following = [kind for _, kind in parts[at + 1 : at + 4]]
    return _Kind.CURRENCY in following[: 2 + (_Kind.SCALE in following)]


def _marked(found: list[re.Match[str]]) -> Iterator[tuple[int, int]]:
    """Figures that are written as money is, or that a word says to be money."""
    labelled = False
    for match, following in pairwise([*found, None]):
        if match is None:
            return
        word = (match["word"] or "").casefold()
        if match["even"]:
            yield match.span()
        if match["number"] and labelled and _GROUPED.fullmatch(match["number"]):
            yield match.span()
        if following and match["number"] and match.end() == following.start():
            short = (following["word"] or "").casefold() == "k" and _SHORT.fullmatch(match["number"])
            if short or following["east"] in ("万", "億"):
                yield match.start(), following.end()
        labelled = word in _LABELS or (labelled and word in _ABOUT)
