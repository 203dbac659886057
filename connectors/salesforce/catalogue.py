"""How each Salesforce object is read: the product's own ones, and those that an installation adds in its settings."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import Fatal
from connectors.salesforce import readers
from connectors.salesforce.describe import Shapes, visible
from connectors.salesforce.marker import MARKER
from connectors.salesforce.soql import literal

STAMPS = ("Id", "CreatedDate", "LastModifiedDate", "SystemModstamp")

MASTER = "MasterRecordId"
"""Set on a record that was merged into another one."""
_DELETED = "IsDeleted"
_CLOSED = "IsClosed"
_PATH = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}(?:\.[A-Za-z][A-Za-z0-9_]{0,79}){0,2}")
_OBJECT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")


THREAD_LIMIT = 2_000
"""Newest messages that are read of a case's thread: what one page of a query can hold (contract, 1.4)."""
CHILD_LIMIT = 50
"""Newest records of each object that are read of an account or a contact."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one object is read.

    `title` parts are joined; of `author` and `at` the first that is there counts; `parent` is the lookup to the record
    that a person would open, and `parent_object` what it points to where the id does not tell. `inbound` names the
    field that tells a customer's message from an agent's; `draft` the field that tells an unsent one. `where`
    restricts every query of the object. `texts` are read whatever else is wanted. `archived`: old ones are shown to
    queryAll only. `merged`: one that was merged into another may be kept, and is gone for this product. `also`: asked
    for the connector's own use.
    """

    title: tuple[str, ...] = ("Name",)
    author: tuple[str, ...] = ()
    at: tuple[str, ...] = ("CreatedDate",)
    parent: str = ""
    parent_object: str = ""
    inbound: str = ""
    draft: str = ""
    where: str = ""
    texts: tuple[str, ...] = ()
    internal: bool = False
    archived: bool = False
    merged: bool = False
    also: tuple[str, ...] = ()

    def paths(self, wanted: Iterable[str] = ()) -> tuple[str, ...]:
        """Everything to ask: the wanted fields and what a neutral record needs."""
        single = filter(None, (self.parent, self.inbound, self.draft))
        return tuple(
            dict.fromkeys((*STAMPS, *self.title, *self.author, *self.at, *single, *self.texts, *self.also, *wanted))
        )

    def condition(self, object_: str, shapes: Shapes) -> str:
        """What every query of the object has in its WHERE clause; may be empty."""
        parts = [self.where]
        if self.archived and visible(_DELETED, object_, shapes):
            parts.append(f"{_DELETED} = FALSE")
        if self.merged and visible(MASTER, object_, shapes):
            parts.append(f"{MASTER} = NULL")
        return " AND ".join(filter(None, parts))

    def resource(self, object_: str, shapes: Shapes) -> str:
        """The resource to query: queryAll where it alone shows archived records (`condition` excludes deleted ones)."""
        return "queryAll" if self.archived and visible(_DELETED, object_, shapes) else "query"


@dataclass(frozen=True, slots=True)
class Child:
    """How one object hangs on another: any of `lookups` names the other. `open`: only what is not closed is read."""

    lookups: tuple[str, ...]
    most: int = CHILD_LIMIT
    open: bool = False

    def condition(self, id_: str, object_: str, shapes: Shapes) -> str:
        """What finds them in a query on `object_`; empty where this user may not name the fields that it takes."""
        named = [f"{path} = {literal(id_)}" for path in self.lookups if visible(path, object_, shapes)]
        if not named or (self.open and not visible(_CLOSED, object_, shapes)):
            return ""
        found = named[0] if len(named) == 1 else f"({' OR '.join(named)})"
        return f"{found} AND {_CLOSED} = FALSE" if self.open else found


KINDS: Mapping[str, Kind] = {
    "Case": Kind(title=("CaseNumber", "Subject"), merged=True),
    "EmailMessage": Kind(
        title=("Subject",),
        author=("FromName", "FromAddress"),
        at=("MessageDate", "CreatedDate"),
        parent="ParentId",
        inbound="Incoming",
        draft="Status",
        also=(*readers.ASKED["EmailMessage"], "MessageIdentifier"),
    ),
    "CaseComment": Kind(
        title=(),
        author=("CreatedBy.Name",),
        parent="ParentId",
        inbound="CreatedBy.UserType",
        internal=True,
        also=readers.ASKED["CaseComment"],
    ),
    "FeedItem": Kind(
        title=("Title",),
        author=("CreatedBy.Name",),
        parent="ParentId",
        inbound="CreatedBy.UserType",
        internal=True,
        also=readers.ASKED["FeedItem"],
    ),
    # Closed activities are archived after a year (contract, 1.7).
    "Task": Kind(title=("Subject",), author=("CreatedBy.Name",), parent="WhatId", internal=True, archived=True),
    "ContentVersion": Kind(
        title=("Title",), author=("CreatedBy.Name",), also=("FileExtension", "ContentSize", "IsLatest")
    ),
    # A query on articles must say which version it means; readers see published ones (contract, 1.4).
    "Knowledge__kav": Kind(title=("Title",), at=("LastPublishedDate", "CreatedDate"), where="PublishStatus = 'Online'"),
}
_OTHER = Kind()

THREADS: Mapping[str, Mapping[str, Child]] = {
    "Case": {
        "EmailMessage": Child(("ParentId",), THREAD_LIMIT),
        "CaseComment": Child(("ParentId",), THREAD_LIMIT),
        "Task": Child(("WhatId",), THREAD_LIMIT),
        "FeedItem": Child(("ParentId",), THREAD_LIMIT),
    },
    "Account": {
        "Contact": Child(("AccountId",)),
        "Case": Child(("AccountId",), open=True),
        "Opportunity": Child(("AccountId",), open=True),
        "Task": Child(("WhatId", "AccountId")),
    },
    # A message is related to people through EmailMessageRelation, one row a person; her cases are the shorter way.
    "Contact": {
        "Case": Child(("ContactId",)),
        "EmailMessage": Child(("Parent.ContactId",)),
        "Task": Child(("WhoId",)),
    },
}
"""Root object -> object of its thread -> how that hangs on the root."""

FAMILY: Mapping[str, tuple[str, ...]] = {
    "Case": (
        "Contact", "Account", "User", "EmailMessage", "CaseComment", "Task", "FeedItem", "Knowledge__kav", MARKER,
        "ContentDocumentLink", "ContentDocument", "ContentVersion",
    ),
    "Account": ("Contact", "Case", "Opportunity", "Task", "User", MARKER),
    "Contact": ("Account", "Case", "EmailMessage", "Task", "User", MARKER),
    "ContentDocumentLink": ("ContentDocument", "ContentVersion", "User"),
    "CaseComment": ("User",),
    "FeedItem": ("User",),
    "Task": ("User",),
}  # fmt: skip
"""Objects that are described together with an object, so that a first draft needs one round trip for all of them."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The objects of one installation."""

    kinds: Mapping[str, Kind] = field(default_factory=lambda: KINDS)
    threads: Mapping[str, Mapping[str, Child]] = field(default_factory=lambda: THREADS)
    relatives: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: FAMILY)

    def kind(self, object_: str) -> Kind:
        """How `object_` is read."""
        return self.kinds.get(object_, _OTHER)

    def thread(self, root: str, wanted: Iterable[str]) -> dict[str, Child]:
        """The objects to read as the thread of `root`: those wanted and those with own texts."""
        named = set(wanted)
        threads = self.threads.get(root, {})
        return {name: child for name, child in threads.items() if name in named or self.kind(name).texts}

    def family(self, object_: str) -> tuple[str, ...]:
        """What is described together with `object_`."""
        return self.relatives.get(object_, ())


def catalogue(objects: Mapping[str, Mapping[str, Any]]) -> Catalogue:
    """The product's objects and an installation's own ones: API name -> settings, all of them optional.

    `thread_of` and `lookup` make the object a part of another one's thread (`lookup` holds the other one's id). `title`
    (field or list of fields), `author` and `at` (the first field that is filled counts) say how a record presents
    itself; `inbound` names a checkbox that is set on what a customer wrote; `texts` are fields that are read even when
    no template names them. Dotted names go up to two levels ("CreatedBy.Name").

    Raises:
        Fatal: names the object whose settings cannot be used (code "bad_objects").
    """
    kinds, threads, relatives = dict(KINDS), {root: dict(of) for root, of in THREADS.items()}, dict(FAMILY)
    for name, settings in objects.items():
        kind, root = _custom(name, settings)
        kinds[name] = kind
        if root:
            most = CHILD_LIMIT if root in {"Account", "Contact"} else THREAD_LIMIT
            threads.setdefault(root, {})[name] = Child((kind.parent,), most)
            relatives[root] = (*relatives.get(root, ()), name)
    return Catalogue(kinds, threads, relatives)


def _custom(name: str, settings: Mapping[str, Any]) -> tuple[Kind, str]:
    known = {"thread_of", "lookup", "title", "author", "at", "inbound", "texts"}
    if name in KINDS or not _OBJECT.fullmatch(name) or not isinstance(settings, Mapping) or set(settings) - known:
        raise _bad(name)
    root, lookup = str(settings.get("thread_of", "")), _one(name, settings, "lookup")
    if bool(root) != bool(lookup) or (root and not _OBJECT.fullmatch(root)):
        raise _bad(name)
    kind = Kind(
        title=_many(name, settings, "title") or ("Name",),
        author=_many(name, settings, "author"),
        at=_many(name, settings, "at") or ("CreatedDate",),
        parent=lookup,
        parent_object=root,
        inbound=_one(name, settings, "inbound"),
        texts=_many(name, settings, "texts"),
    )
    return kind, root


def _many(name: str, settings: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = settings.get(key, ())
    paths = (value,) if isinstance(value, str) else value
    if not isinstance(paths, list | tuple) or not all(isinstance(p, str) and _PATH.fullmatch(p) for p in paths):
        raise _bad(name)
    return tuple(paths)


def _one(name: str, settings: Mapping[str, Any], key: str) -> str:
    found = _many(name, settings, key)
    if len(found) > 1:
        raise _bad(name)
    return next(iter(found), "")


def _bad(name: str) -> Fatal:
    shown = name if _OBJECT.fullmatch(name) else "with an impossible name"
    return Fatal(f"the settings of the Salesforce object {shown} cannot be used", code="bad_objects")
