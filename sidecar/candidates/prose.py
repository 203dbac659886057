"""What of a text is prose to quote: greetings are cut off, courtesies, signatures and pastes left out. Pure.

Letters and talk differ: a letter has a greeting, a closing and sentences of some length; in talk (a chat, a call) a
word or a name may be all that somebody says.
"""

import re
from collections.abc import Sequence
from typing import Final

from sidecar.cues import Cues
from sidecar.words import spaceless

MAX_CHARS: Final = 400
"""A longer sentence is a list or a paste; nobody reads it in a summary."""
_MIN_WORDS: Final = 3
_MIN_CHARS_SPACELESS: Final = 6
_MIN_LETTERS: Final = 0.6
_MIN_LETTERS_SPACELESS: Final = 0.4
_SYMBOLS_OF_CODE: Final = re.compile(r"[{}<>|\\=;_#]|::|->|/\w+/|\w\.\w+\.\w+|0x[0-9a-f]+", re.IGNORECASE)
_LOG: Final = re.compile(
    r"^\s*(?:\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d\d:\d\d:\d\d|\[?(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|TRACE)\b[\]: ]"
    r"|at [\w.$]+\(|Traceback|File \"|[A-Z][\w-]+: \S+@|>)"
)
_BULLET: Final = re.compile(r"^(?:[-*\u2022\u00b7\u2013]\s+|\(?\d{1,2}[.)]\s+)+")
_GREETING: Final = re.compile(
    r"^(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings"
    r"|hallo|guten (?:tag|morgen|abend)|moin|liebe[rs]?|sehr geehrte[rs]?|grüß gott|bonjour|bonsoir|cher|chère|madame"
    r"|monsieur|hola|buenos días|buenas tardes|buenas|estimad[oa]s?|querid[oa]s?|ciao|buongiorno|gentile"
    r"|olá|bom dia|boa tarde|prezad[oa]s?|beste|geachte|goedemorgen)\b[^,.!:;?\n]{0,60}(?:[,!:]\s*|$))+",
    re.IGNORECASE,
)
_MENTIONS: Final = re.compile(r"^(?:@\w{2,30}[,:]?\s+)+(?=\S)")
_TAIL: Final = re.compile(
    r"\s+(?:https?://\S+|[\^*~][A-Z][A-Za-z]{0,7})(?:\s+(?:https?://\S+|[\^*~][A-Z][A-Za-z]{0,7}))*$"
)
_COURTESY_LEAD: Final = re.compile(
    r"^(?:(?:many )?thanks|thank you|vielen dank|danke|merci|gracias|grazie|obrigad[oa]|bedankt)[^,.!;?\n]{0,60}[,!.]"
    r"\s+(?=\S)",
    re.IGNORECASE,
)
_JAPANESE_GRAMMAR: Final = re.compile(r"[\u3041-\u3096]{2}.*(?<!\u69d8)(?<!\u6bbf)$", re.DOTALL)
"""A Japanese sentence has hiragana and does not end in a form of address; a name or a firm alone is none."""
_HAN_ONLY: Final = re.compile(r"^[^\u3040-\u30ff]*[\u3002\uff01\uff1f\u0e00-\u0e7f]")
_CLOSING: Final = re.compile(
    r"^[ \t]*(?:(?:with )?(?:kind|best|warm|many)? ?(?:regards|wishes|thanks)|cheers|sincerely|yours|thank you|thanks"
    r"|mit (?:freundlichen|besten|herzlichen)|(?:freundliche|viele|schöne|beste|herzliche|liebe) grüße|danke|gruß"
    r"|(?:bien )?cordialement|salutations|bien à vous|merci|(?:un )?(?:cordial )?saludos?|atentamente|gracias|cordiali"
    r"|(?:distinti )?saluti|atenciosamente|obrigad[oa]|met vriendelijke|groeten|敬具)\b[^\n.!?]{0,40}$"
    r"|^[^\n]{0,20}(?:よろしくお願い)[^\n]{0,20}$",
    re.IGNORECASE | re.MULTILINE,
)
"""The line that closes a letter: below it stand a signature and disclaimers."""
_LEAST_BEFORE_CLOSING: Final = 20
_POLITE_ONLY: Final = 14
"""A sentence of at most so many words that carries a courtesy and no other cue says nothing."""
_LINKS_OF_NAMES: Final = frozenset({"und", "and", "et", "y", "de", "der", "von", "van", "|", "/", "\u00b7", "&"})
_MOST_NAMES: Final = 8
_MIN_LETTERS_TALK: Final = 0.4


def letter(text: str) -> str:
    """`text` down to the line that closes a letter."""
    closing = _CLOSING.search(text, _LEAST_BEFORE_CLOSING)
    return text[: closing.start()] if closing else text


def greets(text: str) -> bool:
    """Whether it begins as a letter does: a greeting that is all of the first line."""
    match = _GREETING.match(text)
    return match is not None and text[match.end() : match.end() + 1] in {"", "\n"}


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without white space, bullets, a greeting, a leading courtesy, and the marks of posts: who is meant, who signs."""
    while start < end and text[end - 1].isspace():
        end -= 1
    tail = _TAIL.search(text, start, end)
    if tail and tail.end() == end:
        end = tail.start()
    for lead in (_BULLET, _MENTIONS, _GREETING, _COURTESY_LEAD):
        while start < end and text[start].isspace():
            start += 1
        match = lead.match(text[start:end])
        if match:
            start += match.end()
    return start, end


def prose(sentence: str, *, title: bool, talk: bool) -> bool:
    """Whether people would say this to each other: no log line, no table, no name that stands alone."""
    if len(sentence) > MAX_CHARS or _LOG.match(sentence):
        return False
    letters = sum(map(str.isalpha, sentence)) + sentence.count(" ")
    dense = spaceless(sentence)
    least = _MIN_LETTERS_SPACELESS if dense else _MIN_LETTERS_TALK if talk else _MIN_LETTERS
    if letters < least * len(sentence) or not letters:
        return False
    words = sentence.split()
    if len(_SYMBOLS_OF_CODE.findall(sentence)) > max(talk, len(words) // 6):
        return False
    if talk:
        return True
    if dense:
        return len(sentence) >= _MIN_CHARS_SPACELESS and bool(
            _JAPANESE_GRAMMAR.search(sentence) or _HAN_ONLY.search(sentence)
        )
    return len(words) >= _MIN_WORDS and (title or not _names_only(words))


def _names_only(words: Sequence[str]) -> bool:
    """A line of capitalised words and no stop: a name, a title, a firm."""
    if len(words) > _MOST_NAMES or words[-1].endswith((".", "!", "?")):
        return False
    return all(word[0].isupper() or word[0] == "[" or word in _LINKS_OF_NAMES for word in words)


def small_talk(marks: Cues, count: int) -> bool:
    """Whether a sentence of `count` words is a courtesy and nothing else."""
    substance = marks.problem or marks.attempt or marks.done or marks.state
    return bool(marks.polite) and count <= _POLITE_ONLY and not substance
