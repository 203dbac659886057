"""One record on its way through the firewall: each field is sanitised, scanned, cut and masked. No I/O."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from connectors.interfaces import Audience, Record
from sidecar import injection
from sidecar.chunks import chunk
from sidecar.domain import LINE_BREAK, OWN_MARK, Flag, Passage, PassageKey, Role, raw_text
from sidecar.masking import Placeholders, mask
from sidecar.policy import Facts, FieldVerdict, Policy
from sidecar.replies import own_words
from sidecar.sanitise import Clean, clean, is_html

INDEX: Final = "index"
CONTENT: Final = frozenset({"user.content", "system.knowledge"})
"""Categories whose text becomes passages. Other fields only describe."""
ALTERNATIVES: Final = {"HtmlBody": "TextBody", "hs_email_html": "hs_email_text"}
"""A field that repeats another: used when the other is empty, and looked at for hidden text all the same."""
MESSAGES: Final = frozenset(
    {"TextBody", "HtmlBody", "Description", "CommentBody", "content", "hs_email_text", "hs_email_html", "hs_note_body"}
)
"""Fields in which people quote and sign."""
PAGED: Final = frozenset({"FileText"})
"""Fields that hold the pages of a file, one HTML document each."""
PAGE_BREAK: Final = "\f"
TOO_LONG: Final = "too-long"
_OWN: Final = re.compile(re.escape(OWN_MARK) + r"\w")
"""The trailer of a text that the assistant wrote. A customer may quote it: then only her own words count."""
_INSTANT: Final = re.compile(r"^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d\S*$")
"""A moment; in a line its day says enough."""
_SUSPICIOUS: Final = re.compile(
    r"<!--|hidden|display|visibility|opacity|font-size:\s?0|color:|-\d{3,}px|<img|[^\x00-\u2000]"
)
"""What makes the HTML body of a message worth a look although its plain text is used."""


class Gate:
    """One record on its way through: the steps that every field of it takes."""

    def __init__(
        self,
        record: Record,
        policy: Policy,
        fingerprint: Callable[[str], str],
        placeholders: Placeholders,
        *,
        facts: Facts,
        hide: Collection[str],
        related: bool,
    ) -> None:
        self._record = record
        self._policy = policy
        self._index = policy.purpose(INDEX)
        self._fingerprint = fingerprint
        self._placeholders = placeholders
        self._facts = facts
        self._hide = hide
        self._author = mask(record.author, placeholders) if record.author else ""
        self._related = related
        # Everyone who reads the record reads the record; what the customer has of it, only the connector can know.
        root = record.parent is None and not related
        self._shared = max(Audience.RECORD, record.audience) if root else record.audience

    def pass_field(self, name: str, verdict: FieldVerdict) -> tuple[list[Passage], list[Flag]]:
        """The passages of one field that may be used, and what was found in it."""
        raw = self._record.fields.get(name)
        if not isinstance(raw, str) or not raw or verdict.categories.isdisjoint(CONTENT):
            return [], []
        if name in PAGED:
            return self._pages(name, raw, verdict)
        repeats = name in ALTERNATIVES and bool(self._record.fields.get(ALTERNATIVES[name]))
        if repeats and not _SUSPICIOUS.search(raw):
            return [], []
        seen, flags = self._look(name, raw)
        text = own_words(seen.text) if name in MESSAGES else seen.text
        if _OWN.search(text if self._record.inbound else seen.text):
            # In a customer's own words it is forged, or copied by hand: no evidence either, but said.
            return [], [*flags, *([Flag(self._record.ref, name, "own-mark")] if self._record.inbound else [])]
        if repeats:
            return [], flags
        rules = tuple(flag.rule for flag in flags if flag.rule != TOO_LONG)
        return self._passages(name, _Part(text, self._fingerprint(raw)), verdict, rules), flags

    def pass_line(
        self, parts: Mapping[str, str], verdicts: Mapping[str, FieldVerdict]
    ) -> tuple[list[Passage], list[Flag]]:
        """One passage of several fields, "Jane Doe · Head of IT"; `parts` maps a field to the word before its value.

        Only fields that pass and hold something stand in it. A line with an instruction in it is no evidence.
        """
        fields = self._record.fields
        names = [name for name in parts if verdicts[name].passes and fields.get(name) not in (None, "", False)]
        said: list[str] = []
        flags: list[Flag] = []
        for name in names:
            seen, found = self._look(name, str(fields[name]))
            flags += found
            said.append(" ".join([*parts[name].split(), *_INSTANT.sub(r"\1", seen.text).split()]))
        text = LINE_BREAK.join(said)
        if len(said) > 1:  # an instruction may be spread over several fields
            rules = {*injection.scan(text, text)} - {flag.rule for flag in flags}
            strong = sorted(rule for rule in rules if injection.is_strong([rule]))
            flags += [Flag(self._record.ref, "+".join(names), rule) for rule in strong]
        if not text or _OWN.search(text) or injection.is_strong([flag.rule for flag in flags]):
            return [], flags
        part = _Part(text, self._fingerprint(raw_text(fields, names)))
        return self._passages("+".join(names), part, verdicts[names[0]], ()), flags

    def _pages(self, name: str, raw: str, verdict: FieldVerdict) -> tuple[list[Passage], list[Flag]]:
        """A file: each page is looked at for itself, and passages are numbered through all of them."""
        hash_ = self._fingerprint(raw)
        passages: list[Passage] = []
        flags: list[Flag] = []
        first = 0
        for page, html in enumerate(raw.split(PAGE_BREAK), 1):
            seen, found = self._look(name, html)
            flags += found
            if not _OWN.search(seen.text):
                rules = tuple(flag.rule for flag in found if flag.rule != TOO_LONG)
                passages += self._passages(name, _Part(seen.text, hash_, page, first), verdict, rules)
            first += len(chunk(seen.text))
        return passages, list({flag.rule: flag for flag in flags}.values())

    def _look(self, name: str, raw: str) -> tuple[Clean, list[Flag]]:
        seen = clean(raw, html=is_html(name, raw))
        rules = injection.scan(raw, seen.text, seen.hidden, seen.alt)
        flags = [Flag(self._record.ref, name, rule, strong=injection.is_strong([rule])) for rule in rules]
        return seen, [*flags, *([Flag(self._record.ref, name, TOO_LONG, strong=False)] if seen.truncated else [])]

    def _passages(self, name: str, part: "_Part", verdict: FieldVerdict, rules: tuple[str, ...]) -> list[Passage]:
        record = self._record
        indexable = self._policy.passes(record.ref.object, name, purpose=self._index).passes
        audience = min(self._policy.audience(record.ref.object, field, self._facts) for field in name.split("+"))
        spans = chunk(part.text)
        hostile = _hostile(part.text, spans) if rules else frozenset()
        return [
            Passage(
                number=0,
                key=PassageKey(record.ref, name, part.first + ordinal),
                text=mask(part.text[start:end], self._placeholders, self._hide),
                hash=part.hash,
                root=record.parent or record.ref,
                role=_role(record, verdict),
                author=self._author,
                when=record.at,
                label=verdict.label,
                related=self._related,
                indexable=indexable,
                flags=rules,
                page=part.page,
                offset=start,
                audience=min(audience, self._shared),
            )
            for ordinal, (start, end) in enumerate(spans)
            if ordinal not in hostile
        ]


@dataclass(frozen=True, slots=True)
class _Part:
    """Visible text of a field, or of one page of it; `first` is the number of its first passage in the field."""

    text: str
    hash: str
    page: int = 0
    first: int = 0


def _hostile(text: str, spans: Sequence[tuple[int, int]]) -> frozenset[int]:
    """Which passages are no evidence: those that read like an instruction, alone or with the next one.

    What follows in the same paragraph goes with them. When the text as a whole reads like an instruction and no part of
    it does, nothing of it is evidence.
    """

    def strong(start: int, end: int) -> bool:
        return injection.is_strong(injection.scan(text[start:end], text[start:end]))

    found = {i for i, span in enumerate(spans) if strong(*span)}
    for i, ((start, middle), (_, end)) in enumerate(pairwise(spans)):
        if i not in found and i + 1 not in found and strong(start, end):
            found |= {i, i + 1}
        elif i in found and "\n\n" not in text[middle : spans[i + 1][0]]:
            found.add(i + 1)
    if not found and strong(0, len(text)):
        return frozenset(range(len(spans)))
    return frozenset(found)


def _role(record: Record, verdict: FieldVerdict) -> Role:
    if "system.knowledge" in verdict.categories:
        return Role.ARTICLE
    if record.inbound is None:
        return Role.RECORD
    return Role.CUSTOMER if record.inbound else Role.AGENT
