"""Hides hostile instructions in records, each in another disguise, and notes where they stand."""

import base64
import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import Ledger, OrgBuilder
from connectors.sandbox.data.org import Staff
from connectors.sandbox.data.scenarios import Turn
from connectors.sandbox.data.truth import Hostile
from connectors.sandbox.salesforce.values import Row, instant

_ZERO_WIDTH: Final = ("\u200b", "\u200c", "\u200d", "\u2060")
_RTL, _POP = "\u202e", "\u202c"
_TAG_BASE: Final = 0xE0000
_TWINS: Final = str.maketrans("aeiopcxy", "\u0430\u0435\u0456\u043e\u0440\u0441\u0445\u0443")
"""Latin letters to their Cyrillic twins."""

_FIRST_CASE, _CASE_STEP = 30, 7
"""Hostile mails go to ordinary cases, away from the hand-written ones."""

_FIELDS: Final[Mapping[str, tuple[str, tuple[str, ...], str]]] = {
    "article": ("Knowledge__kav", ("Answer__c",), "\n"),
    "subject": ("Case", ("Subject",), " "),
    "description": ("Case", ("Description",), "\n\n"),
    "contact_name": ("Contact", ("LastName", "Name"), " "),
    "account": ("Account", ("Description",), ""),
    "task": ("Task", ("Description",), "\n\n"),
    "opportunity": ("Opportunity", ("NextStep",), ""),
    "sender": ("EmailMessage", ("FromName",), " "),
}
"""`where` in the bank -> object, the fields that carry the text, and what separates it from what stood there."""


@dataclass(frozen=True, slots=True)
class Attack:
    """One entry of the bank. `text` is as it will stand in plain fields, `html` as it will stand in markup."""

    disguise: str
    where: str
    text: str
    html: str

    @property
    def only_markup(self) -> bool:
        """The instruction is in the markup only; the plain body does not show it."""
        return self.html != escape(self.text, quote=False).replace("\n", "<br>")


def attacks(alias: str) -> list[Attack]:
    """The attacks on one org, in the order of the bank."""
    return [_attack(entry) for entry in bank("hostile") if entry["org"] == alias]


def attack_named(alias: str, disguise: str) -> Attack:
    """One attack by its disguise."""
    return next(attack for attack in attacks(alias) if attack.disguise == disguise)


def mail_plan(alias: str) -> dict[int, Attack]:
    """Number of an ordinary case -> the attack in one of its mails."""
    mails = [attack for attack in attacks(alias) if attack.where == "mail"]
    return {_FIRST_CASE + _CASE_STEP * place: attack for place, attack in enumerate(mails)}


def infect(turn: Turn, attack: Attack) -> None:
    """Put an attack at the end of a message. Hidden markup needs a mail program that sends HTML."""
    turn.disguise = attack.disguise
    turn.html_extra = attack.html
    turn.text_extra = "" if attack.only_markup else attack.text
    if attack.only_markup:
        turn.client = "outlook"


def note_mail(builder: Ledger, object_: str, row: Row, bodies: tuple[str, str], turn: Turn) -> None:
    """Write down where the attack of an infected message stands in its `bodies`: the plain field, the HTML field."""
    for field, text in zip(bodies, (turn.text_extra, turn.html_extra), strict=True):
        place = builder.find(object_, row, field, text) if text else None
        if place:
            builder.hostile.append(Hostile(turn.disguise, text, place))


def infect_records(builder: OrgBuilder, staff: Staff) -> None:
    """Carry out the attacks on everything but mails, once all other records are there."""
    by_object: dict[str, list[Row]] = {}
    for name, row in builder.records:
        by_object.setdefault(name, []).append(row)
    for number, attack in enumerate(attacks(builder.alias)):
        if attack.where == "comment":
            _comment(builder, staff, by_object["Case"], number, attack)
        elif attack.where in _FIELDS:
            rows = [row for row in by_object[_FIELDS[attack.where][0]] if _fits(attack.where, row)]
            _append(builder, rows[(number * 37 + 29) % len(rows)], attack)


def _fits(where: str, row: Row) -> bool:
    """Whether a record may carry the attack: published, long enough, and not hand-written."""
    match where:
        case "article":
            return row["PublishStatus"] == "Online" and row["Language"] == "en_US"
        case "sender":
            return row["Incoming"] is True
        case "account" | "opportunity":
            return row["Description" if where == "account" else "NextStep"] is None
        case "subject" | "description":
            return str(row["CaseNumber"]) > "00001060"
        case _:
            return True


def _append(builder: OrgBuilder, row: Row, attack: Attack) -> None:
    object_, fields, separator = _FIELDS[attack.where]
    text = attack.html if attack.where == "article" else attack.text
    for field in fields:
        before = row.get(field)
        start = len(f"{before}{separator}") if isinstance(before, str) else 0
        row[field] = f"{before}{separator}{text}" if isinstance(before, str) else text
        place = builder.place(object_, row, field, start, len(text))
        builder.hostile.append(Hostile(attack.disguise, text, place))


def _comment(builder: OrgBuilder, staff: Staff, cases: list[Row], number: int, attack: Attack) -> None:
    case = cases[(number * 41 + 60) % len(cases)]
    moment = instant(str(case["LastModifiedDate"]))
    if moment is None:
        raise ValueError("a case without a date")
    fields = {"ParentId": case["Id"], "CommentBody": attack.text, "IsPublished": True}
    row = builder.add("CaseComment", moment, staff.agents["robot"].id, fields)
    place = builder.place("CaseComment", row, "CommentBody", 0, len(attack.text))
    builder.hostile.append(Hostile(attack.disguise, attack.text, place))


def _attack(entry: Mapping[str, Any]) -> Attack:
    text = _ENCODINGS[entry["encode"]](entry["text"]) if "encode" in entry else entry["text"]
    escaped = escape(text, quote=False).replace("\n", "<br>")
    html = entry["html"].replace("{text}", escaped) if "html" in entry else escaped
    return Attack(entry["disguise"], entry["where"], text, html)


def zero_width(text: str) -> str:
    """Invisible characters between the letters, so that no word matches."""
    return "".join(char + _ZERO_WIDTH[place % len(_ZERO_WIDTH)] for place, char in enumerate(text))


def _tags(text: str) -> str:
    """The Unicode tag block: invisible in most fonts, readable for a tokenizer."""
    return "Thank you for your help." + "".join(chr(_TAG_BASE + ord(char)) for char in text)


_ENCODINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "zero_width": zero_width,
    "tags": _tags,
    "bidi": lambda text: f"Reference {_RTL}{text[::-1]}{_POP}",
    "base64": lambda text: f"Attached log (base64): {base64.b64encode(text.encode()).decode()}",
    "rot13": lambda text: f"PS for the robot (ROT13): {codecs.encode(text, 'rot13')}",
    "homoglyph": lambda text: text.translate(_TWINS),
    "hex": lambda text: f"dump: {text.encode().hex(' ')}",
    "spaced": lambda text: "  ".join(" ".join(word) for word in text.split()),
}
