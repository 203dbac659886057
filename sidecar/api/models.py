"""The API's vocabulary: pydantic models of what goes in and out. Those of drafts stand in draft_models.py."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from connectors.interfaces import Audience, Record, RecordRef, TargetKind
from sidecar.domain import Principal
from sidecar.policy import Purpose
from sidecar.templates import Template
from sidecar.vocabulary import VOCABULARIES, Kind

Name = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,60}(\.[A-Za-z0-9_]{1,60}){1,2}$")]


READERS: dict[Audience, Literal["agent", "record", "customer"]] = {
    Audience.AGENT: "agent",
    Audience.RECORD: "record",
    Audience.CUSTOMER: "customer",
}


class Model(BaseModel):
    """Strict and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RecordIn(Model):
    """Names a record of the caller's own org."""

    crm: Literal["salesforce", "hubspot"] = "salesforce"
    object: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
    id: Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9]{15}([A-Za-z0-9]{3})?|[0-9]{1,19})$")]

    @model_validator(mode="after")
    def of_one_crm(self) -> Self:
        """The object must be the CRM's own."""
        if self.object not in VOCABULARIES[self.crm].kinds:
            raise ValueError("no button stands on such an object of this CRM")
        return self


class RecordOut(Model):
    """A record by name, with its address in the CRM's own pages."""

    crm: str
    object: str
    id: str
    title: str = ""
    link: str = ""

    @classmethod
    def of(cls, ref: RecordRef, title: str = "", link: str = "") -> Self:
        """From a reference."""
        return cls(crm=ref.crm, object=ref.object, id=ref.id, title=title, link=link)


class ActionOut(Model):
    """A scoped button on records of `object`.

    `purposes` and `sections` map names to titles; `targets` stand best first. `readers` is whom the text is meant for:
    "agent", "record" (everyone who can read the record) or "customer"; a sentence whose source they may not see stays
    in the draft.
    """

    action: str
    object: str
    title: str
    template: str
    purpose: str
    purposes: dict[str, str]
    sections: dict[str, str]
    targets: tuple[TargetKind, ...]
    readers: Literal["agent", "record", "customer"]
    audience: str
    undo: str
    fields: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, template: Template, purposes: Sequence[Purpose]) -> Self:
        """From a template and the purposes that the policy has for it."""
        return cls(
            action=template.action,
            object=template.object,
            title=template.title,
            template=template.id,
            purpose=template.purpose,
            purposes={purpose.name: purpose.title for purpose in purposes},
            sections={section.name: section.title for section in template.sections},
            targets=template.targets,
            readers=READERS[template.readers],
            audience=template.audience,
            undo=template.undo,
            fields=dict(template.fields),
        )


class ActionList(Model):
    """All buttons."""

    actions: tuple[ActionOut, ...]


class RecordsIn(Model):
    """Which of the caller's newest records to list, and how many. Without an object: cases (tickets)."""

    object: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class RecordLine(Model):
    """One record in a chooser, as the CRM shows it to the caller; `status` of a contact is her role."""

    record: RecordOut
    status: str
    priority: str

    @classmethod
    def of(cls, record: Record, kind: Kind, link: str) -> Self:
        """From a live record."""
        return cls(
            record=RecordOut.of(record.ref, record.title, link),
            status=str(record.fields.get(kind.status) or ""),
            priority=str(record.fields.get(kind.priority) or ""),
        )


class RecordList(Model):
    """Records for a chooser, newest first."""

    records: tuple[RecordLine, ...]


class KindOut(Model):
    """A kind of record that buttons stand on, and what the CRM calls one and many of them."""

    object: str
    noun: str
    plural: str


class MeOut(Model):
    """Who is logged in, and what her CRM calls things: `noun` ("case", "ticket"), its object, the objects of the index.

    `objects` are the kinds of records that buttons stand on, cases (tickets) first.

    `attributes` says with "access" whose rights the connection has: "user-level" (the CRM enforces the user's own) or
    "account-level" (the connector enforces a configured rule). `csrf` must come back in X-CSRF-Token with every change
    made by a browser.
    """

    user_id: str
    name: str
    crm: str
    tenant: str
    installation: str
    attributes: dict[str, str]
    objects: tuple[KindOut, ...]
    case_object: str
    indexed: tuple[str, ...]
    noun: str
    csrf: str

    @classmethod
    def of(cls, principal: Principal, csrf: str) -> Self:
        """From the session."""
        words = VOCABULARIES[principal.crm]
        return cls(
            user_id=principal.user_id,
            name=principal.name,
            crm=principal.crm,
            tenant=principal.tenant,
            installation=principal.installation,
            attributes=dict(principal.attributes),
            objects=tuple(KindOut(object=o, noun=kind.noun, plural=kind.plural) for o, kind in words.kinds.items()),
            case_object=words.case,
            indexed=words.indexed,
            noun=words.noun,
            csrf=csrf,
        )


class TokenIn(Model):
    """The one-time code of a command-line login and the verifier whose SHA-256 started it."""

    code: Annotated[str, StringConstraints(max_length=128)]
    verifier: Annotated[str, StringConstraints(min_length=43, max_length=128)]


class TokenOut(Model):
    """A bearer token of the sidecar (not of the CRM)."""

    token: str


class SyncIn(Model):
    """One step of a sync: up to `limit` changes of one object. `full` starts over."""

    object: Literal["Case", "Knowledge__kav", "tickets"]
    full: bool = False
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class SyncOut(Model):
    """What the step did; `finished` says that there is no more for now."""

    object: str
    indexed: int
    removed: int
    finished: bool


class HealthOut(Model):
    """`status` is "ok", or the parts that are not."""

    status: str
    parts: dict[str, str] = {}
