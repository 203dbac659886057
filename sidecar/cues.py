"""Cues: which words show that a sentence states a problem, an attempt, a state, a promise or a request.

The word lists are in `sidecar.lexicon`; here are the verb forms that mark past and future in English, German, French,
Spanish, Italian and Dutch, and Japanese as patterns. A sentence in another language simply has no cues.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sidecar.lexicon import (
    DONE,
    FIRST_PERSON,
    FUTURE,
    JAPANESE,
    NOT_FUTURE,
    POLITE,
    PROBLEM,
    REQUEST,
    STATE,
    TRIED,
    entries,
)
from sidecar.words import language, spaceless

_PAST_AUX: Final = {
    "en": entries("i, we, have, has, had, was, were, been, i've, we've, he, she, they, it, already, also, then"),
    "de": entries("habe, haben, hat, hatte, hatten, wurde, wurden, worden"),
    "fr": entries("j'ai, ai, avons, a, ont, été, avait, avions, ayant"),
    "es": entries("he, hemos, ha, han, fue, fueron, había, habíamos"),
    "it": entries("ho, abbiamo, ha, hanno, stato, stata, stati"),
    "nl": entries("heb, hebben, heeft, werd, is, zijn"),
}
_ENDINGS: Final = {
    "en": re.compile(r"^(?!need|indeed|speed|exceed|proceed|succeed|feed|red$|bed$)[a-z-]{2,}ed$"),
    "de": re.compile(r"^(?:\w{0,8}ge\w{3,}(?:t|en)|\w+iert|(?:ver|be|er|über|unter)\w{3,}t)$"),
    "fr": re.compile(r"^\w{3,}(?:ée?s?|i|is|it|ert)$"),
    "es": re.compile(r"^\w{2,}(?:ado|ido|cho|sto)s?$"),
    "it": re.compile(r"^\w{2,}(?:ato|ito|uto)$"),
    "nl": re.compile(r"^(?:\w{0,6}ge\w{2,}(?:d|t|en)|(?:ver|her|be)\w{2,}(?:d|t))$"),
}
"""Past participles and past tenses, by how they end. Only looked for near an auxiliary."""
_REACH: Final = {"en": 3, "de": 30, "fr": 3, "es": 2, "it": 2, "nl": 30}
"""How many words after the auxiliary its participle may stand; German and Dutch put it last."""
_FUTURE_ENDINGS: Final = ("rai", "rons", "rez", "ront", "ré", "remos", "rán", "rá", "rò", "remo", "rei")
_JAPANESE: Final = {kind: re.compile(pattern) for kind, pattern in JAPANESE.items()}
_SHORTEST_FUTURE: Final = 5

_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "problem": PROBLEM,
    "attempt": TRIED,
    "state": STATE,
    "promise": FUTURE,
    "request": REQUEST,
    "polite": POLITE,
    "done": DONE,
    "first_person": FIRST_PERSON,
}
_KINDS_OF: Final[dict[str, tuple[str, ...]]] = {
    entry: tuple(kind for kind, entries in _KINDS.items() if entry in entries)
    for entry in frozenset().union(*_KINDS.values())
}
_PHRASE_STARTS: Final = frozenset(entry.partition(" ")[0] for entry in _KINDS_OF if " " in entry)
_LONGEST_PHRASE: Final = max(entry.count(" ") for entry in _KINDS_OF) + 1
_LANGUAGES_OF_AUX: Final[dict[str, tuple[str, ...]]] = {
    word: tuple(language for language, words in _PAST_AUX.items() if word in words)
    for word in frozenset().union(*_PAST_AUX.values())
}


@dataclass(frozen=True, slots=True)
class Cues:
    """What the words of one sentence hint at, each from 0 (nothing) to 1."""

    problem: float
    attempt: float
    state: float
    promise: float
    request: float
    polite: float
    done: float
    first_person: bool


def cues(text: str, words: list[str]) -> Cues:
    """The cues of one sentence; `words` are its tokens."""
    if spaceless(text):
        return Cues(
            **{name: float(bool(pattern.search(text))) for name, pattern in _JAPANESE.items()}, first_person=False
        )
    hits = _hits(words)
    past = "attempt" in hits or _past(words)
    future = "promise" in hits or any(word.endswith(_FUTURE_ENDINGS) and _is_future(word, words) for word in words)
    return Cues(
        problem=_strength(hits, "problem"),
        attempt=past * (0.5 if future else 1.0),
        state=_strength(hits, "state"),
        promise=float(future),
        request=float("request" in hits),
        polite=_strength(hits, "polite"),
        done=float("done" in hits and not future),
        first_person="first_person" in hits or "we'll" in words or "i'll" in words,
    )


def _hits(words: list[str]) -> dict[str, int]:
    """How many entries of each kind of list stand in the sentence."""
    hits: dict[str, int] = {}
    for i, word in enumerate(words):
        found = _KINDS_OF.get(word, ())
        if word in _PHRASE_STARTS:
            phrase = word
            for following in words[i + 1 : i + _LONGEST_PHRASE]:
                phrase = f"{phrase} {following}"
                found += _KINDS_OF.get(phrase, ())
        for kind in found:
            hits[kind] = hits.get(kind, 0) + 1
    return hits


def _strength(hits: Mapping[str, int], kind: str) -> float:
    return 1.0 - 0.5 ** hits.get(kind, 0)


def _is_future(word: str, sentence: list[str]) -> bool:
    """Spanish "-ré" is also the ending of French participles ("préparé")."""
    if len(word) < _SHORTEST_FUTURE or word in NOT_FUTURE:
        return False
    return not word.endswith("ré") or language(sentence) == "es"


def _past(words: list[str]) -> bool:
    """Whether an auxiliary (or, in English, a subject) stands shortly before a past participle or past tense."""
    for i, word in enumerate(words):
        for code in _LANGUAGES_OF_AUX.get(word, ()):
            ending = _ENDINGS[code]
            if any(ending.match(following) for following in words[i + 1 : i + 1 + _REACH[code]]):
                return True
    return False
