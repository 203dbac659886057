"""How each Salesforce object is read: the product's own ones, and those that an installation adds in its settings."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import Fatal
from connectors.salesforce.describe import Shapes, visible
from connectors.salesforce.marker import MARKER

STAMPS = ("Id", "CreatedDate", "LastModifiedDate", "SystemModstamp")

MASTER = "MasterRecordId"
"""Set on a record that was merged into another one."""
_DELETED = "IsDeleted"
_PATH = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}(?:\.[A-Za-z][A-Za-z0-9_]{0,79}){0,2}")
_OBJECT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")


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


KINDS: Mapping[str, Kind] = {
    "Case": Kind(title=("CaseNumber", "Subject"), merged=True),
    "EmailMessage": Kind(
        title=("Subject",),
        author=("FromName", "FromAddress"),
        at=("MessageDate", "CreatedDate"),
        parent="ParentId",
        inbound="Incoming",
        draft="Status",
    ),
    "CaseComment": Kind(
        title=(), author=("CreatedBy.Name",), parent="ParentId", inbound="CreatedBy.UserType", internal=True
    ),
    "FeedItem": Kind(
        title=("Title",), author=("CreatedBy.Name",), parent="ParentId", inbound="CreatedBy.UserType", internal=True
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

THREADS: Mapping[str, Mapping[str, str]] = {
    "Case": {"EmailMessage": "ParentId", "CaseComment": "ParentId", "Task": "WhatId", "FeedItem": "ParentId"}
}
"""Root object -> object of its thread -> lookup to the root."""

FAMILY: Mapping[str, tuple[str, ...]] = {
    "Case": (
        "Contact", "Account", "User", "EmailMessage", "CaseComment", "Task", "FeedItem", "Knowledge__kav", MARKER,
        "ContentDocumentLink", "ContentDocument", "ContentVersion",
    ),
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
    threads: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: THREADS)
    relatives: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: FAMILY)

    def kind(self, object_: str) -> Kind:
        """How `object_` is read."""
        return self.kinds.get(object_, _OTHER)

    def thread(self, root: str, wanted: Iterable[str]) -> dict[str, str]:
        """The objects to read as the thread of `root`, with their lookups: those wanted and those with own texts."""
        named = set(wanted)
        threads = self.threads.get(root, {})
        return {name: lookup for name, lookup in threads.items() if name in named or self.kind(name).texts}

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
            threads.setdefault(root, {})[name] = kind.parent
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
