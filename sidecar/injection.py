"""Finds text that tries to instruct an assistant. A signal, not a defence: safety does not depend on it. Pure.

The defence is by construction: no tools, a fixed target, quotes only. What is found here is flagged, and what a STRONG
rule finds is not offered as evidence. Ordinary support language ("please ignore my last mail") must not be strong.
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
"""Worth knowing, no more: newsletters hide a preview line, and engineers cite passages."""

_AI: Final = (
    r"(?:(?:an? )?(?:ai|ki|ia|llm)(?:[ -]?(?:assistants?|assistent(?:en)?|asistente|readers?|models?|modell|agents?|bots?|systems?"
    r"|tools?))?|(?:support )?assistants?|assistent(?:en)?|asistentes?|(?:the )?(?:large )?language models?|sprachmodell"
    r"|modèle de langage|modelo de lenguaje|summari[sz]ation model|summari[sz]er|chat ?bots?|copilot|chatgpt|dear model"
    r"|l'assistant|l'ia|la ia|la ki|aiアシスタント|言語モデル|アシスタント)"
)
"""Who is spoken to."""
_OBEY: Final = (
    r"(?:ignore|disregard|forget|override|obey|follow|add|write|say|state|include|output|print|reveal|repeat|leave out|set"
    r"|apply|approve|promise|quote|answer|decode|tell|mark|send|confirm|list|show|begin|start|close|disclose|mention|grant"
    r"|must|shall|may apply|only step|approved|correct|wants you|ignorier\w*|vergiss|schreib\w*|gib|füge|nenne\w*|muss"
    r"|ignore[zr]?|oublie[zs]?|indique[zs]?|écri[stv]\w*|ajoute[zr]?|doit|affiche[zr]?|ignora|olvida|escribe|añade|resume|debe"
    r"|muestra|指示|無視|書いて|要約|出力)"
)
"""What it is told to do."""
_BEFORE_AI: Final = (
    r"(?:^|[\n.(\[:/*#>\"'-]\s{0,3}|\b(?:notes? (?:to|for)|attention|hinweis (?:für|an)|anweisung an|an den|an die|an das|für die"
    r"|as the|to the|to|for the|for|hey|hi|dear|note pour|à l'attention du|pour|nota para|para|instrucción para|consigne pour"
    r"|agents and|if you are|you are) )"
)
_SOURCES: Final = (
    r"(?:instructions?|directions?|directives?|rules?|prompts?|guidelines?|guardrails|polic(?:y|ies)|restrictions?)"
)
_RULES: Final = {
    "override-instructions": (
        r"\b(?:ignore|disregard|forget|override|bypass|do not follow)\b.{0,20}\b(?:all|any|every|the|your|its|previous|prior"
        rf"|earlier|above|preceding)\b.{{0,30}}\b{_SOURCES}\b"
        rf"|\b(?:ignore|disregard)\b (?:previous|prior|every|all|everything) (?:above|before|{_SOURCES})"
        rf"|\bthe (?:previous|above) {_SOURCES} are void\b|\bno longer bound by\b|\bsystem override\b"
        r"|\b(?:your|the) system ?prompt\b|\bsystem prompt word for word\b|\bsystemprompt\b|\bprompt (?:système|del sistema)\b"
        r"|システムプロンプト|\byour (?:hidden )?instructions\b.{0,20}\bword for word\b|\bincluding your instructions\b"
        r"|\b(?:vergiss|ignoriere|missachte)\b.{0,30}\b(?:anweisungen|regeln|vorgaben)\b"
        r"|\b(?:ignorez?|oublie[zs]?)\b.{0,30}\b(?:instructions|consignes|règles)\b"
        r"|\b(?:ignora|olvida)\b.{0,30}\b(?:instrucciones|reglas)\b|指示を?は?(?:すべて|全て)?を?無視"
        r"|\b(?:assistant|assistent|asistente|ai|ki|ia)\b.{0,10}\b(?:without|ohne|sans|sin) (?:any )?(?:restrictions|einschränkungen"
        r"|restricciones)\b|制限のないアシスタント|\bhave no restrictions\b|\b(?:act as|you are now) (?:an? )?(?:unrestricted|dan\b)"
        r"|\byou are now in \w+ mode\b.{0,3}[^\n]{0,40}\b(?:output|print|show|reveal|ignore|list)\b|\bstop summari[sz]ing\b"
        r"|\bdo not summari[sz]e\b|\byour new task is\b|\bas your developer\b"
    ),
    "addresses-assistant": (
        rf"{_BEFORE_AI}{_AI}\b[^\n]{{0,40}}(?:[:,\x{{ff1a}}]|\binstructions?\b|\s+only\b|への|\b(?:may|must|should|shall)\b)"
        rf"[^\n]{{0,160}}\b{_OBEY}"
        rf"|(?:ai|言語モデル|アシスタント)(?:への指示|へ[:\x{{ff1a}}])|{_AI}\s+must\s+(?:now|obey)|\bas the assistant, (?:apply|ignore|write|do|send)"
        r"|\bwhen (?:you )?(?:summari[sz]e?(?:ing)?|generating|writing) (?:this|the summary)\b[^\n]{0,30},"
        rf"[^\n]{{0,80}}\b(?:leave|say|state|must|write|include|mention)\b|\bdo not mention this (?:message|mail)\b"
        r"|\b(?:consigne pour l'assistant|instrucción para la ia|an den ki-assistenten|llm instruction)\b|\(ai:[^\n)]{3,80}\)"
        r"|^ai: (?:state|say|write|approve|ignore|tell|add|mark|set|close|include|list)\b|\bnew instructions? for the\b"
        r"|\byou are a(?:n ai| helpful)\b|\bthe assistant (?:must now|may show|may apply|is allowed)\b"
    ),
    "output-control": (
        r"\b(?:summar(?:y|ies)|every answer)\b[^\n]{0,60}\bmust (?:end|begin|start|contain|say) (?:with|the)\b"
        r"|\b(?:zusammenfassung muss|résumé doit|resumen debe)\b|\bin your (?:output|summary)\b|\banswer only with\b"
        r"|\breply only with\b|\bbegin every answer\b|\bwrite the summary as\b|\bwrites? in the summary that\b|\bin every summary\b"
        r"|\binclude (?:both|the text|it|them|the phrase)\b[^\n]{0,60}\b(?:summary|output)\b"
        r"|\bif anybody asks for the (?:next steps|summary)\b|\bthe only step is to forward\b"
        r"|\bread out the customer number\b|\bto the open promises that\b|\bmark this customer as\b|と要約して|と要約に"
        r"|\b(?:tasks created from this case must|must also be assigned to)\b"
    ),
    "role-tag": (
        r"<\|[a-z_]{2,20}\|?>|</?(?:system|assistant|instructions?|passage)>|</data></|\[/?(?:INST|SYSTEM|SYS)\]|<<SYS>>"
        r"|\{\{#?(?:system|assistant)\}\}|^#{2,4}\s?(?:instruction|system)s?\s*:?\s*$|\b(?:BEGIN|END) (?:OF )?(?:CASE |ADMIN )?"
        r"(?:DATA|CONTEXT|MESSAGE|PROMPT|INSTRUCTIONS)\b\W{0,6}(?:\"|begin|new|the|end|now|$)|^\s*assistant\s?:\s"
    ),
    "tool-call": (
        r"\"(?:tool_calls?|function_call)\"\s?:\s?[\[\"{]|\"role\"\s?:\s?\"(?:assistant|system|tool)\""
        r"|\b(?:crm|tool|function)\.(?:update|delete|create|send)\(\{"
    ),
    "exfiltration-link": (
        r"!\[[^\]\n]{0,80}\]\(\s?https?://|https?://[^\s]{1,200}(?:=|/)(?-i:PUT|INSERT|SUMMARY|DATA)[A-Z_]*"
        r"|https?://[^\s]{1,200}[=/]\{[a-z_]{2,20}\}"
    ),
    "fake-authority": (
        r"\boverride code \d|\bmay apply without review\b|\bnew policy for this case\b"
        r"|\bdisable the masking\b|\bunmasked card numbers\b"
    ),
    "fake-citation": r"\(source: passage \d+|\[\d+\]\[\d+\]|\bpassage \d+, verified\)",
}
"""Rule -> what fires it. Case does not count; `^` and `$` are the ends of a line."""
_ROOM: Final = re2.Options()
_ROOM.max_mem = 64 << 20
"""Bytes that RE2's automaton may take for one rule; with too little it falls back to a slower one."""
_ROOM.log_errors = False  # RE2 would write to stderr on its own
_COMPILED: Final = {name: re2.compile(f"(?im){pattern}", _ROOM) for name, pattern in _RULES.items()}
_TALK: Final = re2.compile(
    r"(?i)\b(?:my|our|his|her|their) (?:\w+ )?(?:instructions?|rules?|guidelines?|polic(?:y|ies))\b|\b(?:safety|firewall|spam|mail|traffic"
    r"|default) (?:rules?|settings)\b|\b(?:old|paper|printed) guide\b|\bon the (?:panel|display|screen)\b|\b(?:in|of) the (?:manual|guide"
    r"|handbook|firewall)\b|\bdes firewall\b|\bim handbuch\b|\bdu manuel\b|\bdel (?:manual|cortafuegos)\b"
)
"""Customers also talk of rules and instructions: their own, a manual's, a firewall's."""
_ABOUT_RULES: Final = 40
"""Characters behind a match in which such a word excuses it."""
_IMPERATIVE: Final = re2.compile(
    rf"(?im)(?:^|[.!?:,;\n]\s{{0,3}}|\b(?:please|bitte|veuillez|por favor|then|and|und|et|y)\s){_OBEY}\b"
    rf"|\bmust\b|\bassistant\b"
    r"|\b(?:leave out|close it|do not (?:mention|tell|show))\b|してください|せよ"
)
"""An order, as it stands where nobody sees it. Far too wide for text that people read."""
_BASE64: Final = re2.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
_HEX: Final = re2.compile(r"\b(?:[0-9a-fA-F]{2}[ :]?){24,}")
_ROT13: Final = re2.compile(r"(?i)\b(?:gur|naq|vtaber|nffvfgnag|cevag|frperg|cebzcg)\b")
"""Common words of an instruction, as ROT13 writes them."""
_SPACED: Final = re2.compile(r"\b(?:[A-Za-z][ .\-_]{1,3}){8,}[A-Za-z]\b")
_COMMAND: Final = re.compile(r"ignore|disregard|forget|instructions|systemprompt|assistant", re.IGNORECASE)
_TRICKS: Final = re.compile("[\u200b\u200c\u200d\u2060-\u2064\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
_OVERRIDE: Final = re.compile("[\u202d\u202e]([^\u202c\n]{3,2000})")
"""Text whose direction is forced: what is stored reads backwards on the screen, or the other way round."""
_MIXED: Final = re.compile(
    "[A-Za-z][\u0430\u0435\u0456\u043e\u0440\u0441\u0443\u0445]|[\u0430\u0435\u0456\u043e\u0440\u0441\u0443\u0445][A-Za-z]"
)
_TWINS: Final = str.maketrans("\u0430\u0435\u0456\u043e\u0440\u0441\u0445\u0443", "aeiopcxy")
_WRAPPED: Final = re.compile(r"(?<!\n)\n(?!\n)")
"""Mail programs break lines inside sentences."""
_MANY: Final = 4
"""So many invisible characters in one field are no accident of a keyboard."""
_MUCH: Final = 12
"""So many letters made invisible are no tracking pixel."""


def scan(raw: str, text: str, hidden: str = "", alt: str = "") -> tuple[str, ...]:
    """Names of the rules that fire on a field, sorted.

    `raw` is the field as stored, `text` as seen, `hidden` what was made invisible, `alt` what stands for images.
    """
    found = _match(text)
    if "\n" in text:
        found |= _match(_WRAPPED.sub(" ", text))
    if not raw.isascii():
        raw = raw.encode("utf-8", "replace").decode()  # RE2 reads no lone surrogates
        found |= _unicode(raw, text)
    if hidden and sum(char.isalpha() for char in hidden) > _MUCH:
        found.add("hidden-text")
    if (hidden and _orders(hidden)) or (alt and _orders(alt)):
        found.add("hidden-instruction")
    if _payload(text):
        found.add("encoded-payload")
    return tuple(sorted(found))


def is_strong(rules: Iterable[str]) -> bool:
    """Whether any rule is strong enough to keep a passage from being evidence."""
    return not STRONG.isdisjoint(rules)


def _match(text: str) -> set[str]:
    found = {name: match for name, pattern in _COMPILED.items() if (match := pattern.search(text))}
    override = found.get("override-instructions")
    if override and _TALK.search(text[override.start() : override.end() + _ABOUT_RULES]):
        del found["override-instructions"]
    return set(found)


def _orders(text: str) -> bool:
    """Whether text that nobody sees tells somebody to do something."""
    return bool(_match(text) & STRONG) or _IMPERATIVE.search(text) is not None


def _unicode(raw: str, text: str) -> set[str]:
    found: set[str] = set()
    if len(_TRICKS.findall(raw)) >= _MANY:
        found.add("unicode-tricks")
        if _orders(_TRICKS.sub("", raw)):
            found.add("hidden-instruction")
    for reversed_ in _OVERRIDE.findall(raw):
        found.add("unicode-tricks")
        if _orders(reversed_[::-1]) or _orders(reversed_):
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
    return bool(text) and text.isprintable() and (" " in text or _COMMAND.search(text) is not None)
