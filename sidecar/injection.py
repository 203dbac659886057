"""Finds text that tries to instruct an assistant. A signal, not a defence: safety does not depend on it. Pure.

The defence is by construction: no tools, a fixed target, quotes only. What is found here is flagged, and what a STRONG rule
finds is not offered as evidence. Ordinary support language ("please ignore my last mail") must not be strong.
"""

import codecs
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable
from typing import Final

import re2

STRONG: Final = frozenset({
    "addresses-assistant", "encoded-payload", "exfiltration-link", "fake-authority", "hidden-instruction",
    "output-control", "override-instructions", "role-tag", "tool-call",
})  # fmt: skip
WEAK: Final = frozenset({"fake-citation", "hidden-text", "unicode-tricks"})

_AI = (
    r"(?:(?:ai|ki|ia|llm)[ -]?(?:assistants?|assistent(?:en)?|asistente|reader|model|agent|bot)s?|(?:support |dear )?assistants?"
    r"|assistent(?:en)?|asistente|language model|chat ?bot|copilot|dear model|l'assistant|l'ia|la ia|aiアシスタント|アシスタント|ai)"
)
_OBEY = (
    r"(?:ignore|disregard|forget|override|obey|follow|add|write|say|state|include|output|print|reveal|repeat|leave out|set"
    r"|apply|approve|promise|quote|answer|decode|tell|mark|send|confirm|list|must|may apply|only step|ignorier\w*|vergiss|schreibe?"
    r"|gib|füge|ignorez?|oubliez?|indiquez?|écri[sv]\w*|ignora|olvida|escribe|resume|指示|無視|書いて)"
)
_RULES: Final = tuple(
    (name, re2.compile(f"(?im){pattern}"))
    for name, pattern in (
        (
            "override-instructions",
            r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,20}\b(?:all|any|every|the|your|previous|prior|earlier|above)\b"
            r".{0,30}\b(?:instructions?|rules?|prompts?|guidelines|polic(?:y|ies))\b"
            r"|\bignore (?:previous|every|all) (?:instructions?|rules?)\b|\bthe (?:previous|above) (?:rules|instructions) are void\b"
            r"|\b(?:vergiss|ignorier\w*|missachte)\b.{0,30}\b(?:anweisungen|regeln|vorgaben)\b"
            r"|\b(?:ignorez?|oubliez?)\b.{0,30}\b(?:instructions|consignes|règles)\b"
            r"|\b(?:ignora|olvida)\b.{0,30}\b(?:instrucciones|reglas)\b|指示を(?:すべて)?無視|system prompt word for word"
            r"|\brepeat your system prompt\b|\bassistant without restrictions\b|\byou are now in \w+ mode\b",
        ),
        (
            "addresses-assistant",
            rf"(?:^|[\n.(\[:/*#>\"'-]\s{{0,3}}|\b(?:note to|an den|an die|as the|to the|for|the|pour|para|instrucción para|consigne pour|agents and) )"
            rf"{_AI}\b[^\n]{{0,4}}(?:[:,\x{{ff1a}}]|\binstructions?\b|\s+only\b|への|may\b|must\b|should\b)[^\n]{{0,160}}{_OBEY}"
            rf"|\bas the assistant,[^\n]{{0,80}}|{_AI}(?:への指示|\s+must\s+obey)|\bwhen you summari[sz]e this,"
            r"|\bdo not mention this (?:message|mail)\b|\bconsigne pour l'assistant\b|\binstrucción para la ia\b"
            r"|\ban den ki-assistenten\b|\(ai:[^\n)]{3,80}\)|^ai: ",
        ),
        (
            "output-control",
            r"\b(?:summar(?:y|ies)|answers?|every answer)\b[^\n]{0,60}\bmust (?:end|begin|start|contain|say)\b"
            r"|\bwrite in the summary that\b|\bin every summary\b|\binclude (?:both|the text|it|them)\b[^\n]{0,60}\b(?:summary|answer)\b"
            r"|\bif anybody asks for the (?:next steps|summary)\b|\bthe only step is to\b"
            r"|\bread out the customer number\b|\bto the open promises that\b|\bmark this customer as\b|\bclose (?:it|the case) without\b",
        ),
        (
            "role-tag",
            r"<\|[a-z_]{2,20}\|>|</?(?:system|assistant|user|instructions?|data|passage)>|\[/?(?:INST|SYSTEM|SYS)\]|<<SYS>>"
            r"|\{\{#?(?:system|assistant|user)\}\}|^#{2,4}\s?(?:instruction|response|system)s?\s*:?\s*$|\bEND OF (?:CASE )?DATA\b"
            r"|^\s*(?:system|assistant)\s?:\s",
        ),
        (
            "tool-call",
            r"\"(?:tool_calls?|function_call|role)\"\s?:\s?[\[\"{]|\b(?:crm|tool|function)\.(?:update|delete|create|send)\b\W",
        ),
        (
            "exfiltration-link",
            r"!\[[^\]]{0,80}\]\(\s?https?://|https?://[^\s]{1,200}(?:=|/)(?:PUT|INSERT|SUMMARY|DATA)[A-Z_]*",
        ),
        (
            "fake-authority",
            r"\boverride code\b|\bmay apply without review\b|\b(?:this is a )?new policy for this case\b",
        ),
        ("fake-citation", r"\(source: passage \d+|\[\d+\]\[\d+\]|\bverified\)\.?$"),
    )
)
_BASE64: Final = re2.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
_HEX: Final = re2.compile(r"\b(?:[0-9a-fA-F]{2}[ :]?){24,}")
_ROT13: Final = re2.compile(r"(?i)\b(?:gur|naq|vtaber|nffvfgnag|cevag|frperg|cebzcg)\b")
"""Common words of an instruction, as ROT13 writes them."""
_SPACED: Final = re2.compile(r"\b(?:[A-Za-z][ .\-_]){8,}[A-Za-z]\b")
_TRICKS: Final = re.compile("[\u200b\u200c\u200d\u2060-\u2064\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
_OVERRIDE: Final = re.compile("[\u202d\u202e]([^\u202c\n]{3,2000})")
"""Text whose direction is forced: what is stored reads backwards on the screen, or the other way round."""
_MIXED: Final = re.compile(
    "[A-Za-z][\u0430\u0435\u0456\u043e\u0440\u0441\u0443\u0445]|[\u0430\u0435\u0456\u043e\u0440\u0441\u0443\u0445][A-Za-z]"
)
_TWINS: Final = str.maketrans("\u0430\u0435\u0456\u043e\u0440\u0441\u0445\u0443", "aeiopcxy")
_MANY: Final = 4
"""So many invisible characters in one field are no accident of a keyboard."""
_MUCH: Final = 12
"""So many letters made invisible are no tracking pixel."""


def scan(raw: str, text: str, hidden: str = "") -> tuple[str, ...]:
    """Names of the rules that fire on a field: `raw` as stored, `text` as seen, `hidden` as made invisible. Sorted."""
    found = _match(text)
    if not raw.isascii():
        found |= _unicode(raw, text)
    if hidden and sum(char.isalpha() for char in hidden) > _MUCH:
        found.add("hidden-text")
        if _match(hidden) or re.search(_OBEY, hidden, re.IGNORECASE):
            found.add("hidden-instruction")
    if _payload(text):
        found.add("encoded-payload")
    return tuple(sorted(found))


def is_strong(rules: Iterable[str]) -> bool:
    """Whether any rule is strong enough to keep a passage from being evidence."""
    return not STRONG.isdisjoint(rules)


def _match(text: str) -> set[str]:
    return {name for name, pattern in _RULES if pattern.search(text)}


def _unicode(raw: str, text: str) -> set[str]:
    found: set[str] = set()
    if len(_TRICKS.findall(raw)) >= _MANY:
        found.add("unicode-tricks")
        if re.search(_OBEY, _TRICKS.sub("", raw), re.IGNORECASE):
            found.add("hidden-instruction")
    for reversed_ in _OVERRIDE.findall(raw):
        found.add("unicode-tricks")
        if _match(reversed_[::-1]) or re.search(_OBEY, reversed_[::-1], re.IGNORECASE):
            found.add("hidden-instruction")
    if _MIXED.search(text):
        found |= {"unicode-tricks"} | _match(text.translate(_TWINS))
    return found


def _payload(text: str) -> bool:
    decoded = [_base64(run.group()) for run in _BASE64.finditer(text)]
    decoded += [_hex(run.group()) for run in _HEX.finditer(text)]
    decoded += [re.sub(r"\W", "", run.group()) for run in _SPACED.finditer(text)]
    if any(_readable(part) for part in decoded):
        return True
    return bool(_ROT13.search(text)) and bool(_match(codecs.encode(text, "rot13")))


def _base64(run: str) -> str:
    try:
        return b64decode(run + "=" * (-len(run) % 4)).decode("utf-8")
    except (Base64Error, ValueError):
        return ""


def _hex(run: str) -> str:
    try:
        return bytes.fromhex(re.sub(r"[ :]", "", run)).decode("utf-8")
    except ValueError:
        return ""


def _readable(text: str) -> bool:
    """Decoded bytes that read like a sentence, or letters that were spaced out into a command."""
    return (
        bool(text)
        and text.isprintable()
        and (" " in text or re.match(r"(?i)ignore|disregard|forget", text) is not None)
    )
