"""The data firewall: admit() decides what a reasoner and the index may see; release() checks what leaves again. No I/O.

    records -> own text out -> label and purpose per field -> minimise -> sanitise -> mask -> scan -> Admitted
    claims  -> markup and links off -> leak check -> placeholders back for those who may see them -> Released

`Admitted` is built here and nowhere else (a test walks the syntax tree), and reasoner and index take nothing else.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from connectors.interfaces import Record
from sidecar import injection
from sidecar.domain import NAME_FIELDS, Claim, Flag, Masked, Passage, Withheld
from sidecar.gate import Gate
from sidecar.masking import PLACEHOLDER, Placeholders, generic
from sidecar.policy import Facts, FieldVerdict, Policy, Purpose
from sidecar.recognisers import NEVER_RESTORED, find

KNOWN_CATEGORIES: Final[Mapping[str, str]] = {
    "user.name": "person",
    "user.contact.email": "email",
    "user.contact.phone_number": "phone",
    "user.contact.address": "address",
}
"""Data category of a field -> what its value is masked as, wherever it stands."""
MAX_CLAIM: Final = 2_000
"""Characters of one claim."""
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_MARKUP: Final = re.compile(
    r"</?[a-zA-Z!?][^<>\n]{0,200}>|!?\[([^\]\n]{0,200})\]\([^)\n]{0,400}\)|[\x00-\x08\x0b-\x1f\x7f]"
)


@dataclass(frozen=True, slots=True)
class Admitted:
    """What passed, and the record of what did not. `omitted` counts passages beyond the purpose's budget."""

    passages: tuple[Passage, ...]
    withheld: tuple[Withheld, ...]
    masked: tuple[Masked, ...]
    flags: tuple[Flag, ...]
    placeholders: Placeholders = field(repr=False)
    omitted: int = 0


@dataclass(frozen=True, slots=True)
class Released:
    """Claims with their values back, the text and author of every passage by number, and what the check removed."""

    claims: tuple[Claim, ...]
    texts: Mapping[int, str] = field(repr=False)
    authors: Mapping[int, str] = field(repr=False)
    flags: tuple[Flag, ...] = ()


def admit(
    records: Sequence[Record],
    *,
    purpose: Purpose,
    policy: Policy,
    fields: Mapping[str, Sequence[str]],
    fingerprint: Callable[[str], str],
    lines: Mapping[str, Sequence[Mapping[str, str]]] = MappingProxyType({}),
    facts: Facts = None,
    people: Sequence[Record] = (),
    excluded: Collection[str] = (),
    own_writes: Collection[str] = (),
    related: bool = False,
    after: Admitted | None = None,
) -> Admitted:
    """Let through what `purpose` may see of `records`, masked and numbered.

    Args:
        records: as one user sees them; a record and its thread in order, or related records.
        purpose: what the data are used for.
        policy: labels and rules.
        fields: object -> the fields that the template names; nothing else is looked at.
        fingerprint: the tenant's keyed hash of a raw field value.
        lines: object -> groups of these fields that are read as one line, each field with the word before its value.
        facts: which fields everyone reads, as the CRM says; they narrow the policy's word.
        people: the case's people; their names, addresses and numbers are masked wherever they stand.
        excluded: "Case.Description"-style names that the agent switched off.
        own_writes: ids of records that the assistant wrote: never evidence.
        related: the records are related ones, each with a small budget of its own.
        after: an earlier result to go on from: numbers and placeholders continue, and its passages come first.
    """
    placeholders = after.placeholders if after else Placeholders()
    verdicts: dict[tuple[str, str], FieldVerdict] = {}
    _learn(placeholders, [*people, *records], policy)
    passages: list[Passage] = []
    withheld: dict[tuple[str, str], Withheld] = {}
    flags: list[Flag] = []
    for record in records:
        if record.draft or record.ref.id in own_writes:
            continue
        gate = Gate(record, policy, fingerprint, placeholders, facts=facts, hide=purpose.mask, related=related)
        if injection.is_strong(injection.scan(record.author, record.author)):
            flags.append(Flag(record.ref, "author", "addresses-assistant"))
        mine: list[Passage] = []
        joined = lines.get(record.ref.object, ())
        in_line = {name for line in joined for name in line}
        for name in fields.get(record.ref.object, ()):
            key = (record.ref.object, name)
            if key not in verdicts:
                verdicts[key] = _verdict(*key, purpose, policy, excluded)
            verdict = verdicts[key]
            if verdict.passes and name not in in_line:
                made, raised = gate.pass_field(name, verdict)
                mine += made
                flags += raised
            elif not verdict.passes and record.fields.get(name) not in (None, "", False):
                withheld.setdefault(key, Withheld(*key, verdict.reason, verdict.rule))
        for line in joined:
            made, raised = gate.pass_line(line, {name: verdicts[record.ref.object, name] for name in line})
            mine += made
            flags += raised
        passages += mine[: purpose.related_passages] if related else mine
    passages = _once(passages)
    kept = passages if related else _budget(passages, purpose.max_passages)
    return _joined(
        after,
        kept,
        withheld=withheld,
        flags=flags,
        placeholders=placeholders,
        purpose=purpose,
        omitted=len(passages) - len(kept),
    )


def release(claims: Sequence[Claim], *, admitted: Admitted, purpose: Purpose) -> Released:
    """Check what a reasoner made of `admitted` and give back what the reader of a draft may see.

    Links and markup are taken out of a claim. A claim that is too long or empty then, cites no admitted passage, quotes
    what does not stand there, or holds an unknown placeholder or a value that nobody may see again is dropped; the last
    two are flagged.
    """
    known = {passage.number: passage for passage in admitted.passages}
    restore = admitted.placeholders.restore
    kept: list[Claim] = []
    flags: list[Flag] = []
    for claim in claims:
        passage = known.get(claim.passage)
        if passage is None or passage.text[claim.start : claim.end] != claim.quote:
            continue
        released = _released(claim, passage, admitted.placeholders, purpose)
        if released is None:
            flags.append(Flag(passage.key.ref, passage.key.field, "output-check"))
        else:
            kept.append(released)
    return Released(
        claims=tuple(kept),
        texts={number: restore(passage.text, purpose.restore) for number, passage in known.items()},
        authors={number: restore(passage.author, purpose.restore) for number, passage in known.items()},
        flags=tuple(flags),
    )


def leaks(text: str) -> bool:
    """Whether a text that an agent typed holds a value that may never be written, or a link."""
    return bool(_LINK.search(text)) or any(span.category in NEVER_RESTORED for span in find(text))


def index_text(passage: Passage) -> str:
    """What is embedded: placeholders as plain words, so that a vector serves every later draft."""
    return generic(passage.text)


def _verdict(object_: str, name: str, purpose: Purpose, policy: Policy, excluded: Collection[str]) -> FieldVerdict:
    verdict = policy.passes(object_, name, purpose=purpose)
    if verdict.passes and f"{object_}.{name}" in excluded:
        return replace(verdict, passes=False, reason="you switched it off", rule="excluded-by-agent")
    return verdict


def _learn(placeholders: Placeholders, records: Sequence[Record], policy: Policy) -> None:
    values: dict[str, set[str]] = {category: set() for category in KNOWN_CATEGORIES.values()}
    for record in records:
        if record.author:
            values["person"].add(record.author)
        for name, value in record.fields.items():
            if isinstance(value, str) and value:
                for category in policy.categories(record.ref.object, name) & KNOWN_CATEGORIES.keys():
                    values[KNOWN_CATEGORIES[category]].add(value)
    placeholders.learn(values)


def _once(passages: Sequence[Passage]) -> list[Passage]:
    """Each text once for each record at hand: the copy that most people may see, of several the first.

    A record keeps its own name beside the same one of a message that others may see.
    """
    kept: dict[object, Passage] = {}
    for passage in reversed(passages):
        name = passage.key.fields[0] in NAME_FIELDS
        same = (passage.root, passage.text, passage.audience if name else None)
        if same not in kept or passage.audience >= kept[same].audience:
            kept[same] = passage
    return list(kept.values())[::-1]


def _budget(passages: list[Passage], limit: int) -> list[Passage]:
    """The record's own passages first (half of the budget at most), then the newest of the thread."""
    if len(passages) <= limit:
        return passages
    own = [passage for passage in passages if passage.key.ref == passage.root][: limit // 2]
    thread = [passage for passage in passages if passage.key.ref != passage.root]
    return own + thread[len(thread) - (limit - len(own)) :]


def _joined(
    after: Admitted | None,
    passages: list[Passage],
    *,
    withheld: Mapping[tuple[str, str], Withheld],
    flags: list[Flag],
    placeholders: Placeholders,
    purpose: Purpose,
    omitted: int,
) -> Admitted:
    before = after.passages if after else ()
    numbered = [replace(passage, number=number) for number, passage in enumerate(passages, len(before) + 1)]
    known = {(entry.object, entry.field): entry for entry in after.withheld} if after else {}
    masked = tuple(
        Masked(category, count, restored=category in purpose.restore and category not in NEVER_RESTORED)
        for category, count in sorted(placeholders.counts().items())
    )
    return Admitted(
        passages=tuple(_swept(passage, placeholders) for passage in (*before, *numbered)),
        withheld=tuple((known | dict(withheld)).values()),
        masked=masked,
        flags=tuple({(flag.ref, flag.rule): flag for flag in (*(after.flags if after else ()), *flags)}.values()),
        placeholders=placeholders,
        omitted=omitted + (after.omitted if after else 0),
    )


def _swept(passage: Passage, placeholders: Placeholders) -> Passage:
    text = placeholders.sweep(passage.text)
    return passage if text == passage.text else replace(passage, text=text)


def _released(claim: Claim, passage: Passage, placeholders: Placeholders, purpose: Purpose) -> Claim | None:
    """The claim with its values back and its offsets in the restored passage; None when it may not leave."""
    text = _harmless(placeholders.restore(claim.text, purpose.restore))
    if not text or len(text) > MAX_CLAIM or PLACEHOLDER.search(text) or leaks(text):
        return None
    start = len(placeholders.restore(passage.text[: claim.start], purpose.restore))
    quote = placeholders.restore(claim.quote, purpose.restore)
    return replace(claim, text=text, quote=quote, start=start, end=start + len(quote))


def _harmless(text: str) -> str:
    """`text` without links, markup and control characters. Removing one may make another: until nothing changes."""
    for _ in range(len(text)):
        plain = _LINK.sub("[link]", _MARKUP.sub(r"\1", text))
        if plain == text:
            break
        text = plain
    return text.strip()
