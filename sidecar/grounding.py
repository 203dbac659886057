"""Grounding: does the cited passage really say it? Each claim is checked against its quote. Pure; never raises.

A claim is VERIFIED only when all of this holds, else UNSUPPORTED with score 0:
1. its quote stands word for word in its passage (white space and Unicode composition aside), and is not cut inside a
   word or number, behind a negation of the same sentence, or off from its condition;
2. every number, with its unit, every month, weekday, placeholder and name of the claim stands in the quote;
3. claim and quote hold the same negations and, of words with an opposite, the same side; a condition of the quote
   ("if the lab confirms it") is one of the claim;
4. at least half of the claim's content words stand in the quote, and of those that speak of money, of a promise or of
   the law every one;
5. a due date follows from the quote and the day of its message.

The score of a verified claim is support x (0.6 + 0.4 x confidence): support is the share of the claim's content words
that stand in the quote, confidence what the reasoner gave the sentence. A verbatim sentence so scores 0.6 to 1.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from sidecar import dates
from sidecar.date_patterns import MONTHS, WEEKDAYS
from sidecar.domain import Claim, Grounding, Passage
from sidecar.lexicon import NUMBERS
from sidecar.text import sentences
from sidecar.words import STOPWORDS, content, fold, spaceless, tokens, words

LEAST_SUPPORT: Final = 0.5
_NUMBER: Final = re.compile(r"\d+(?:[.,:/'\u2019\u202f-]\d+)*")
_UNIT: Final = re.compile(r"\s?([%‰€$£¥°]|[^\W\d_]{1,12})")
_IN_A_NAME: Final = re.compile(r"[^\W\d_]-?$")
_LINKS: Final = STOPWORDS | words("by to on at in of is as or de le la el en et y und am im zu si se al du et a à")
"""Words that may follow a number without saying what is counted."""
_CURRENCY: Final = re.compile(r"([€$£¥])\s?$")
_THOUSANDS: Final = re.compile(r"(?<=\d)[,'\u2019\u202f](?=\d{3}(?:\D|$))")
_PLACEHOLDER: Final = re.compile(r"\[[A-Z][A-Z_]*\d*\]")
_NAME: Final = re.compile(r"[^\W_]+(?:[-'\u2019.][^\W_]+)*")
_KATAKANA: Final = re.compile(r"[\u30a0-\u30ff]{2,}")
_SPACELESS_NEGATION: Final = re.compile(r"ない|なく|ません|ず(?:に|、)|不|没|無|未|ไม่")
_NEGATIONS: Final = words("""
    not no never none nothing nobody neither nor without cannot can't don't doesn't didn't won't isn't aren't wasn't
    weren't haven't hasn't hadn't couldn't shouldn't wouldn't mustn't unable nicht kein keine keinen keinem keiner
    keines nie niemals nichts niemand ohne weder noch ne n' pas jamais rien aucun aucune sans ni non nunca jamás nada
    nadie ningún ninguna ninguno sin tampoco mai senza nessun nessuno nessuna niente não nem sem nenhum nenhuma niet
    geen nooit zonder niets
""")
_CONDITIONS: Final = words("if unless whether wenn falls sofern ob si sauf indien mits tenzij caso")
_OPPOSITES: Final = tuple(
    tuple(words(side) for side in pair.split("|"))
    for pair in (
        "increase increased increases rose raised higher|decrease decreased decreases fell lowered lower",
        "accept accepted accepts approved approve|reject rejected rejects declined denied refused",
        "enable enabled enables|disable disabled disables",
        "before|after",
        "working works worked|broken fails failed failing",
        "open opened reopened|closed close closes",
        "resolved fixed solved|unresolved",
        "online|offline",
        "more|less",
        "always|sometimes rarely",
        "all every|some few",
        "success successful successfully|unsuccessful unsuccessfully",
        "possible|impossible",
        "complete completed|incomplete pending",
        "vor|nach",
        "mehr|weniger",
        "offen|geschlossen",
        "angenommen genehmigt|abgelehnt",
        "funktioniert|defekt ausgefallen",
        "avant|après",
        "plus|moins",
        "accepté acceptée|refusé refusée",
        "ouvert ouverte|fermé fermée",
        "antes|después",
        "más|menos",
        "aceptado aceptada|rechazado rechazada",
        "abierto abierta|cerrado cerrada",
    )
)
_WEIGHTY: Final = words("""
    refund reimburs compensat indemni credit discount waive free promis guarant warrant liab lawsuit legal fraud cancel
    terminat erstatt rückerstatt entschädig gutschrift rabatt kostenlos gratis versprech versproch garant haft kündig
    betrug rembours indemnis gratuit remise promet résili reembols descuento fraude rimbors risarc sconto terugbetal
    korting vergoed
""")
"""Beginnings of words that nobody may add to what was said."""
_ARTICLES: Final = words("one ein einem einer eine einen un une uno una um uma een")
"""Words for the number one that mostly are articles or pronouns."""
_COMMON_OPENERS: Final = words("""
    a an the this that these those he she it they we i you there here customer agent user caller contact client support
    case and but so then however also since when while after before if as at in on for with by to from der die das ein
    eine er sie es wir ich kunde kundin seit le la les un une il elle ils nous cliente el los las una ellos nosotros
""")


def verify(claims: Sequence[Claim], passages: Sequence[Passage]) -> tuple[Claim, ...]:
    """The same claims in the same order, with `quote`, `start`, `end`, `grounding` and `score` set."""
    by_number = {passage.number: passage for passage in passages}
    return tuple(_verified(claim, by_number) for claim in claims)


def supports(text: str, quote: str) -> bool:
    """Whether `quote` says what `text` says, as far as words can show it: rules 2, 3 and 4 of the module."""
    return (
        not _placeholders(text) - _placeholders(quote)
        and not _numbers(text) - _numbers(quote)
        and not _calendar(text) - _calendar(quote)
        and _names_stand(text, quote)
        and _negations(text) == _negations(quote)
        and not _opposed(text, quote)
        and _conditional(text) >= _conditional(quote)
        and _weighty(text) <= _weighty(quote)
        and _support(text, quote) >= LEAST_SUPPORT
    )


def _verified(claim: Claim, passages: Mapping[int, Passage]) -> Claim:
    refused = replace(claim, grounding=Grounding.UNSUPPORTED, score=0.0)
    passage = passages.get(claim.passage)
    span = _locate(claim, passage.text) if passage else None
    if passage is None or span is None:
        return replace(refused, start=0, end=0)
    start, end = span
    quote = passage.text[start:end]
    placed = replace(refused, quote=quote, start=start, end=end)
    if _cut_off(passage.text, start, end) or not supports(claim.text, quote) or not _dated(claim, quote, passage):
        return placed
    support = _support(claim.text, quote)
    confidence = min(1.0, max(0.0, claim.score))
    return replace(placed, grounding=Grounding.VERIFIED, score=round(support * (0.6 + 0.4 * confidence), 3))


def _locate(claim: Claim, text: str) -> tuple[int, int] | None:
    """Where the quote stands: at its given offsets, else at its first exact place, else its first composed one."""
    quote = claim.quote
    if not quote.strip() or not claim.text.strip():
        return None
    if 0 <= claim.start < claim.end and text[claim.start : claim.end] == quote:
        return claim.start, claim.end
    at = text.find(quote)
    if at >= 0:
        return at, at + len(quote)
    folded, offsets = fold(text)
    wanted = fold(quote)[0].strip()
    at = folded.find(wanted)
    return (offsets[at], offsets[at + len(wanted)]) if at >= 0 else None


def _cut_off(text: str, start: int, end: int) -> bool:
    """Whether the quote ends inside a word or number, or leaves out a negation or condition of its sentence."""
    if _joined(text, start) or _joined(text, end):
        return True
    for first, last in sentences(text):
        before = text[first:start] if first < start < last else ""
        after = text[end:last] if first < end < last else ""
        if _negations(before) or _conditional(before) or _conditional(after):
            return True
        if _negations(after) and not _clause_ends(text[:end], after):
            return True
    return False


def _clause_ends(before: str, after: str) -> bool:
    return before.rstrip()[-1:] in ".;:!?\u3002\uff01\uff1f" or after.lstrip()[:1] in ".,;:!?\u3002\uff01\uff1f"


def _joined(text: str, at: int) -> bool:
    if at <= 0 or at >= len(text) or spaceless(text[at - 1 : at + 1]):
        return False
    one, two = text[at - 1], text[at]
    if one.isalnum() and two.isalnum():
        return True
    digits_beyond = text[at + 1 : at + 2].isdigit() if one.isdigit() else text[at - 2 : at - 1].isdigit()
    return digits_beyond and (two in ".,:/" if one.isdigit() else one in ".,:/-" and two.isdigit())


def _dated(claim: Claim, quote: str, passage: Passage) -> bool:
    if not claim.due:
        return True
    written = passage.when.date() if passage.when else None
    named = {
        m.day.isoformat() for code in ("", "en_US", "en_GB") for m in dates.mentions(quote, written, language=code)
    }
    return claim.due in named


def _placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def _numbers(text: str) -> set[str]:
    """The numbers of a text in digits, each also with the unit or word beside it unless it is part of a name."""
    text = unicodedata.normalize("NFKC", text)
    found: set[str] = set()
    for match in _NUMBER.finditer(text):
        number = _THOUSANDS.sub("", match[0])
        found.add(number)
        if _IN_A_NAME.search(text, max(0, match.start() - 2), match.start()):
            continue
        marks = (_UNIT.match(text, match.end()), _CURRENCY.search(text, max(0, match.start() - 2), match.start()))
        found.update(f"{number} {mark[1].casefold()}" for mark in marks if mark and mark[1].casefold() not in _LINKS)
    for word in tokens(text):
        if word in NUMBERS and word not in _ARTICLES:
            found.add(str(NUMBERS[word]))
    return found


def _calendar(text: str) -> set[str]:
    words = tokens(text)
    months = {f"month {MONTHS[word]}" for word in words if len(word) > 3 and word in MONTHS}  # noqa: PLR2004 - "may", "set"
    return months | {f"weekday {WEEKDAYS[word]}" for word in words if word in WEEKDAYS}


def _names_stand(claim: str, quote: str) -> bool:
    """Capitalised words, words with digits and katakana words of the claim stand in the quote."""
    claim, quote = unicodedata.normalize("NFC", claim), unicodedata.normalize("NFC", quote)
    known = {word.casefold() for word in _NAME.findall(quote)} | set(tokens(quote))
    for match in _NAME.finditer(claim):
        word = match[0]
        named = any(map(str.isalpha, word)) and any(char.isupper() or char.isdigit() for char in word)
        opens = not claim[: match.start()].strip(" \"'“„«([-*") or claim[: match.start()].rstrip()[-1:] in ".!?:"
        folded = word.casefold()
        if (
            named
            and folded not in known
            and not known.issuperset(tokens(word))
            and not (opens and folded in _COMMON_OPENERS)
        ):
            return False
    return all(word in quote for word in _KATAKANA.findall(claim))


def _negations(text: str) -> Counter[str]:
    """How many negations a text holds; the words themselves do not matter ("is not" and "isn't")."""
    if spaceless(text):
        return Counter({"negation": len(_SPACELESS_NEGATION.findall(text))})
    return Counter("negation" for word in tokens(text) if word in _NEGATIONS or word.startswith("n'"))


def _conditional(text: str) -> bool:
    return not _CONDITIONS.isdisjoint(tokens(text))


def _opposed(claim: str, quote: str) -> bool:
    """Whether the claim holds one side of a pair of opposites and the quote only the other."""
    said, stands = set(tokens(claim)), set(tokens(quote))
    for sides in _OPPOSITES:
        for one, other in (sides, sides[::-1]):
            if said & one and not stands & one and stands & other:
                return True
    return False


def _weighty(text: str) -> set[str]:
    """The beginnings of a text's weighty words; "non-refundable" is one, too."""
    parts = [part for word in tokens(text) for part in word.split("-")]
    return {start for start in _WEIGHTY for part in parts if part.startswith(start)}


def _support(claim: str, quote: str) -> float:
    """Share of the claim's content words that stand in the quote; 1 when it has none."""
    wanted = content(tokens(unicodedata.normalize("NFC", claim)))
    present = content(tokens(unicodedata.normalize("NFC", quote)))
    return len(wanted & present) / len(wanted) if wanted else 1.0
