"""Replaces personal data by placeholders, one per value and request; some of them come back at the end. Pure.

Known people first: a case names its contact, owner and account, so their names, addresses and numbers are looked for
word by word. Then the recognisers. The way back lives in one `Placeholders` object that is never stored.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sidecar.recognisers import NEVER_RESTORED, Span, amounts, find, resolve

PLACEHOLDER: Final = re.compile(r"\[([A-Z_]{2,20})_(\d{1,6})\]")
_SHOWS_ITS_END: Final = frozenset({"card", "iban"})
_ALNUM: Final = re.compile(r"[^0-9A-Za-z]")
_WORD: Final = re.compile(r"\w+")
_IN_WORD: Final = re.compile(r"\w")
_GENITIVE: Final = re.compile(r"s\b")
_SPACELESS: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts that put no spaces around names."""
_HONORIFIC: Final = ("様", "さま", "さん", "氏", "殿", "先生")
_UMLAUTS: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "o", "ł": "l"}
)
_IN_NAME: Final = re.compile("['\u2019-]")
_MIN_NAME: Final = 3
_MIN_SECRET: Final = 6
_TITLES: Final = frozenset(
    {"dr", "prof", "mr", "mrs", "ms", "herr", "frau", "mme", "dipl", "ing", "van", "von", "der", "den"}
)


@dataclass(frozen=True, slots=True)
class Mask:
    """One masked value: what it was, and what a reader sees who may not have it back."""

    category: str
    value: str
    public: str

    def __repr__(self) -> str:
        return f"Mask({self.category})"


@dataclass(frozen=True, slots=True)
class _Form:
    """One way to write a known value. `offset` is where its first word begins in it."""

    text: str
    offset: int
    category: str
    exact: bool

    def stands(self, text: str, start: int, end: int) -> bool:
        """Whether the value stands at text[start:end], as a whole; a genitive ("Mayas") is allowed."""
        there = text[start:end]
        if (there if self.exact else there.lower()) != self.text:
            return False
        return not _IN_WORD.match(text, end) or (self.exact and _GENITIVE.match(text, end) is not None)


class Placeholders:
    """The masked values of one request. Its `repr` reveals counts, nothing else."""

    def __init__(self) -> None:
        self._masks: dict[str, Mask] = {}
        self._tokens: dict[tuple[str, str], str] = {}
        self._known: dict[str, list[_Form]] = {}
        self._east: list[str] = []
        self._numbers: dict[str, int] = {}
        self._learnt: set[tuple[str, str]] = set()

    def __repr__(self) -> str:
        return f"Placeholders({dict(self.counts())})"

    def learn(self, values: Mapping[str, Iterable[str]]) -> None:
        """Look for these values (by category) from now on: what the CRM's own fields tell of people."""
        for category, found in values.items():
            for value in found:
                if (category, value) not in self._learnt:
                    self._learnt.add((category, value))
                    self._add(category, " ".join(value.split()))

    def _add(self, category: str, value: str) -> None:
        if category == "person" and _SPACELESS.search(value):
            self._east = sorted({*self._east, *_eastern_forms(value)}, key=len, reverse=True)
            return
        for text, exact in _forms(category, value):
            if first := _WORD.search(text):
                form = _Form(text if exact else text.lower(), first.start(), category, exact)
                forms = self._known.setdefault(first.group().lower(), [])
                if form not in forms:
                    forms.append(form)
                    forms.sort(key=lambda known: -len(known.text))

    def token(self, category: str, value: str) -> str:
        """The placeholder of a value.

        What comes back must be what stood there, so each spelling has its own; of a value that never comes back, all
        spellings share one.
        """
        key = (category, _same(value) if category in NEVER_RESTORED else value)
        known = self._tokens.get(key)
        if known is None:
            number = self._numbers[category] = self._numbers.get(category, 0) + 1
            known = self._tokens[key] = f"[{category.upper()}_{number}]"
            self._masks[known] = Mask(category, value, _public(category, value))
        return known

    def known_spans(self, text: str) -> list[Span]:
        """Where a learned value stands. A single name counts only as it is written in the CRM (capitals matter)."""
        spans = []
        if self._east and not text.isascii():
            for name in self._east:
                spans += [Span(found.start(), found.end(), "person") for found in re.finditer(re.escape(name), text)]
        if self._known:
            for word in _WORD.finditer(text):
                for form in self._known_as(word.group().lower()):
                    start = word.start() - form.offset
                    end = start + len(form.text)
                    if start >= 0 and form.stands(text, start, end):
                        spans.append(Span(start, end, form.category))
                        break
        return spans

    def _known_as(self, word: str) -> Sequence[_Form]:
        return self._known.get(word, self._known.get(word.removesuffix("s"), ()))

    def sweep(self, text: str) -> str:
        """`text` without the values that never come back: one that was recognised once is hidden wherever it stands."""
        for placeholder, mask in self._masks.items():
            if mask.category in NEVER_RESTORED and len(mask.value) >= _MIN_SECRET and mask.value in text:
                text = re.sub(rf"(?<!\w){re.escape(mask.value)}(?!\w)", placeholder, text)
        return text

    def counts(self) -> Mapping[str, int]:
        """Distinct values by category; spellings of one value count once."""
        values = {(mask.category, _same(mask.value)) for mask in self._masks.values()}
        counts: dict[str, int] = {}
        for category, _ in values:
            counts[category] = counts.get(category, 0) + 1
        return counts

    def restore(self, text: str, categories: Collection[str]) -> str:
        """Put back values of `categories`; the others become what a reader may see of them."""

        def back(match: re.Match[str]) -> str:
            mask = self._masks.get(match.group())
            if mask is None:
                return match.group()
            return mask.value if mask.category in categories and mask.category not in NEVER_RESTORED else mask.public

        return PLACEHOLDER.sub(back, text)


def mask(text: str, placeholders: Placeholders, also: Collection[str] = ()) -> str:
    """`text` with every known and recognised value replaced; a forged placeholder loses its brackets.

    `also` names further kinds to hide: "amount", sums of money.
    """
    if "[" in text:
        text = PLACEHOLDER.sub(r"(\1 \2)", text)
    spans = resolve([*placeholders.known_spans(text), *find(text), *(amounts(text) if "amount" in also else ())])
    parts, position = [], 0
    for span in spans:
        parts += [text[position : span.start], placeholders.token(span.category, text[span.start : span.end])]
        position = span.end
    return "".join([*parts, text[position:]])


def generic(text: str) -> str:
    """`text` with placeholders as plain words: what is embedded must not depend on their numbering."""
    return PLACEHOLDER.sub(lambda match: match[1].lower().replace("_", " "), text) if "[" in text else text


def _forms(category: str, value: str) -> list[tuple[str, bool]]:
    """How a known value may be written, and whether capitals matter."""
    if len(value) < _MIN_NAME:
        return []
    if category != "person":
        return [(value, False)]
    words = [word for word in value.replace(",", " ").split() if word.strip(".").lower() not in _TITLES]
    forms = [(value, False)]
    if len(words) > 1:
        forms += [(" ".join(words), False), (f"{words[-1]}, {' '.join(words[:-1])}", False)]
    single = [
        word for word in words if len(word) >= _MIN_NAME and word[0].isupper() and _IN_NAME.sub("", word).isalpha()
    ]
    forms += [(form, True) for word in single for form in (word, word.upper())]
    plain = [(written, exact) for form, exact in forms for written in (_unaccented(form), form.translate(_UMLAUTS))]
    return list(dict.fromkeys([*forms, *plain]))


def _eastern_forms(value: str) -> list[str]:
    """A name in a script without spaces: whole, closed up, and each part; one of one character only when addressed."""
    parts = value.split()
    whole = [value, "".join(parts), "\u3000".join(parts)]
    short = [part + honorific for part in parts if len(part) == 1 for honorific in _HONORIFIC]
    return [form for form in (*whole, *parts) if len(form) > 1] + short


def _unaccented(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def _same(value: str) -> str:
    """What all spellings of a value have in common."""
    return "".join(char for char in value.casefold() if char.isalnum()) or value


def _public(category: str, value: str) -> str:
    if category == "link":
        return "[link]"
    if category in _SHOWS_ITS_END:
        return f"[{category} ending {_ALNUM.sub('', unicodedata.normalize('NFKC', value))[-4:]}]"
    return f"[{category.replace('_', ' ')} hidden]"
