"""The sandbox's records as a connector would hand them to the firewall, case by case, without any server."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from connectors.interfaces import Record, RecordRef
from connectors.salesforce import records as salesforce
from connectors.salesforce.catalogue import KINDS
from connectors.salesforce.readers import DRAFT_STATUS
from connectors.sandbox.data import build
from connectors.sandbox.data.truth import GroundTruth
from connectors.sandbox.salesforce.values import Row
from sidecar.firewall import Admitted, admit
from sidecar.policy import Policy
from sidecar.templates import TemplateSet

ROOT = Path(__file__).parents[2]
POLICY = Policy.load(ROOT / "config")
SUPPORT = POLICY.purpose("customer_support")
FIELDS = TemplateSet.load(ROOT / "templates").get("summarize_case").fields
PERSON_FIELDS = ("Name", "FirstName", "LastName", "Email", "Phone", "MobilePhone")


@dataclass(frozen=True)
class CaseFile:
    """One case with its thread, oldest first, and its people."""

    case: Record
    thread: tuple[Record, ...]
    people: tuple[Record, ...]


@dataclass(frozen=True)
class World:
    """Both orgs of one seed."""

    files: Mapping[str, CaseFile]
    others: Mapping[str, Record]
    truth: GroundTruth

    def records(self) -> Iterator[Record]:
        """Every record that has text."""
        for file in self.files.values():
            yield file.case
            yield from file.thread
        yield from self.others.values()


def fingerprint(raw: str) -> str:
    """Stands for the tenant's keyed hash."""
    return sha256(raw.encode("utf-8", "replace")).hexdigest()


def record(object_: str, id_: str, fields: Mapping[str, object], **about: object) -> Record:
    """A record of which only the fields matter."""
    return Record(RecordRef("salesforce", object_, id_), fields, "v1", **about)  # type: ignore[arg-type]  # tests choose


def let_in(records: Sequence[Record], **how: object) -> Admitted:
    """`admit` with the shipped policy, the purpose of support and the fields of the summary, unless told otherwise."""
    usual = {"purpose": SUPPORT, "policy": POLICY, "fields": FIELDS, "fingerprint": fingerprint}
    return admit(records, **(usual | how))  # type: ignore[arg-type]  # tests choose


def admit_file(file: CaseFile, **how: object) -> Admitted:
    """A case and its thread through the firewall, its people known."""
    return let_in([file.case, *file.thread], people=file.people, **how)


@cache
def world(seed: int) -> World:
    """The company that `seed` makes."""
    orgs, truth = build(seed)
    files: dict[str, CaseFile] = {}
    others: dict[str, Record] = {}
    for _, rows in orgs:
        by_id = {str(row["Id"]): (object_, row) for object_, row in rows}
        threads: dict[str, list[Record]] = {}
        for object_, row in rows:
            if object_ in ("EmailMessage", "CaseComment"):
                threads.setdefault(str(row["ParentId"]), []).append(_record(object_, row, by_id))
        for object_, row in rows:
            if object_ == "Case":
                thread = sorted(threads.get(str(row["Id"]), []), key=lambda found: str(found.at))
                files[str(row["Id"])] = CaseFile(_record(object_, row, by_id), tuple(thread), _people(row, by_id))
            elif object_ in ("Knowledge__kav", "Task"):
                others[str(row["Id"])] = _record(object_, row, by_id)
    return World(files, others, truth)


def _record(object_: str, row: Row, by_id: Mapping[str, tuple[str, Row]]) -> Record:
    creator = by_id.get(str(row.get("CreatedById")))
    wide = {**row, "CreatedBy": {"Name": creator[1].get("Name"), "UserType": "Standard"} if creator else None}
    how = KINDS[object_]
    return Record(
        ref=RecordRef("salesforce", object_, str(row["Id"])),
        fields=row | _contact(row, by_id),
        version=str(row["LastModifiedDate"]),
        parent=RecordRef("salesforce", "Case", str(row["ParentId"])) if row.get("ParentId") else None,
        author=next(filter(None, (salesforce.text(wide, path) for path in how.author)), ""),
        at=salesforce.moment(wide, how.at),
        inbound=salesforce._inbound(how, wide),
        draft=object_ == "EmailMessage" and row.get("Status") == DRAFT_STATUS,
    )


def _contact(row: Row, by_id: Mapping[str, tuple[str, Row]]) -> Row:
    contact = by_id.get(str(row.get("ContactId")))
    return {f"Contact.{name}": contact[1].get(name) for name in PERSON_FIELDS} if contact else {}


def _people(row: Row, by_id: Mapping[str, tuple[str, Row]]) -> tuple[Record, ...]:
    found = (by_id.get(str(row.get(key))) for key in ("ContactId", "AccountId", "OwnerId"))
    return tuple(
        record(object_, str(person["Id"]), {name: person[name] for name in PERSON_FIELDS if name in person})
        for object_, person in filter(None, found)
    )
