"""Watches what leaves the building: judges every answer by the bare rights, sharing no code with the engine.

The engine decides by memoised levels; this module reads owners, roles, groups, shares and grants afresh for each answer
and asks one question per record: may this user read it? What it finds is a bug of the sandbox.
"""

import csv
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from connectors.sandbox.salesforce.ids import canonical
from connectors.sandbox.salesforce.schema import SYSTEM_NAMES
from connectors.sandbox.wire import Request, Response

if TYPE_CHECKING:
    from connectors.sandbox.salesforce.org import Org
    from connectors.sandbox.salesforce.values import Row

_CHILDREN: Final = {"CaseComment": ("ParentId",), "EmailMessage": ("ParentId", "RelatedToId", "ActivityId"),
                    "FeedItem": ("ParentId",)}  # fmt: skip
_OPEN_TO_PARENT: Final = {"Task": ("WhatId", "WhoId"), "Event": ("WhatId", "WhoId")}
_SHOWN_PARENT: Final = {**_CHILDREN, **_OPEN_TO_PARENT, "Contact": ("AccountId",)}
_FILES: Final = frozenset({"ContentDocument", "ContentVersion", "ContentDocumentLink"})
_DRAFT: Final = "5"


class Watch:
    """Looks through the answers of one org."""

    def __init__(self, org: "Org") -> None:
        self._org = org

    def leaked(self, request: Request, response: Response, user_id: str) -> tuple[str, ...]:
        """Ids of records, and `Object.Field` of fields, in an answer to a user who may not read them.

        Rights count as they stand after the request: within one composite request, a record that is read and then
        given away is reported although the reading was lawful.
        """
        if not user_id or not response.body or not request.path.startswith("/services/data/"):
            return ()
        kind = next((value for name, value in response.headers.items() if name.lower() == "content-type"), "")
        judge = _Judge(self._org, user_id)
        found: dict[str, None] = {}
        for name, record_id, fields in _records(self._org, kind, response.body):
            if record_id and not judge.may_read(record_id, restricted=name != "UserRecordAccess"):
                found[record_id] = None
            found |= dict.fromkeys(judge.hidden_of(name, fields))
        return tuple(found)


def _records(org: "Org", content_type: str, body: bytes) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Object, id ("" when none is told) and field names of each record in an answer."""
    if content_type.startswith("text/csv"):
        lines = csv.reader(body.decode().splitlines())
        header = next(lines, [])
        if "Id" in header:
            place = header.index("Id")
            columns = tuple(name for name in header if "." not in name)
            for line in lines:
                kind = org.schema.by_id(line[place])
                yield kind.name if kind else "", line[place], columns
    elif content_type.startswith("application/json"):
        try:
            yield from _in_json(json.loads(body))
        except ValueError:  # a fault rule cut the answer in half
            return


def _in_json(document: object) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    stack = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, dict):
            stack.extend(value for value in node.values() if isinstance(value, dict | list))
            attributes = node.get("attributes")
            if isinstance(attributes, dict) and isinstance(attributes.get("url"), str):
                shown = tuple(key for key, value in node.items() if value is not None)
                yield str(attributes.get("type")), attributes["url"].rpartition("/")[2], shown
            yield from (("", record_id, ()) for record_id in _bare_ids(node))


def _bare_ids(node: dict[str, object]) -> Iterator[str]:
    """Ids that tell of a record by themselves: of `updated` and `deleted`, and of posts as Chatter shows them."""
    if isinstance(listed := node.get("ids"), list):
        yield from (item for item in listed if isinstance(item, str))
    if {"deletedDate", "id"} == node.keys() or "feedElementType" in node:
        yield str(node.get("id"))


class _Judge:
    """One user's rights, read afresh: brute force on purpose."""

    def __init__(self, org: "Org", user_id: str) -> None:
        self._org = org
        self._user = org.store.get("User", user_id) or {}
        self._id = user_id
        self._grants = org.permissions.grants_of(user_id)
        self._withdrawn, self._hidden = org.permissions.withdrawn
        system = {name for grant in self._grants for name in grant.permissions}
        self._all = "ModifyAllData" in system
        self._all_files = "QueryAllFiles" in system
        self._views_all = self._all or "ViewAllData" in system
        self._names = self._circle()
        self._known: dict[str, bool] = {}
        self._columns: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}
        self._sees_everything = self._all and all(user != user_id for user, _ in self._withdrawn)

    def may_read(self, record_id: str, *, restricted: bool = True) -> bool:
        """Whether the user may read the record of this id; what does not exist is no leak.

        `restricted` is false for `UserRecordAccess`, which by the vendor's word knows nothing of restriction rules.
        """
        wide = canonical(record_id) or ""
        kind = self._org.schema.by_id(wide)
        if self._sees_everything and (kind is None or kind.name not in _FILES):
            return True
        row = self._org.store.get(kind.name, wide) if kind is not None else None
        if kind is None or row is None:
            return True
        if not restricted:
            return self._shared(kind.name, row)
        if wide not in self._known:
            rules = self._org.restrictions
            everything = self._views_all or bool(self._letters(kind.name) & {"V", "M"})
            bound = not everything and rules.forbid(self._user, kind.name, row)
            self._known[wide] = not bound and self._shared(kind.name, row)
        return self._known[wide]

    def hidden_of(self, kind: str, fields: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the fields, as `Object.Field`, that are kept from the user. Records of one query have the same."""
        found = self._columns.get((kind, fields))
        if found is None:
            found = tuple(f"{kind}.{field}" for field in fields if self._hides(kind, field))
            self._columns[kind, fields] = found
        return found

    def _hides(self, kind: str, field: str) -> bool:
        known = self._org.schema.object(kind)
        found = known.field(field) if known is not None else None
        if known is None or found is None or found.name in SYSTEM_NAMES:
            return False
        name = f"{known.name}.{found.name}"
        given = any(name in grant.fields for grant in self._grants)
        profile = str(self._user.get("ProfileId"))
        if (self._id, name) in self._hidden or (profile, name) in self._hidden:
            return True
        return not given and any(name in grant.hidden_fields for grant in self._grants)

    def _letters(self, kind: str) -> set[str]:
        known = self._org.schema.object(kind)
        if known is None or (self._id, kind) in self._withdrawn:
            return set()
        letters = {letter for grant in self._grants for letter in grant.objects.get(kind, "")}
        own = any(kind in grant.objects for grant in self._grants)
        if kind == "FeedItem" or known.setup or self._views_all:
            letters.add("R")
        if kind in {"CaseComment", "EmailMessage"} and not own:
            letters |= self._letters("Case") & {"R", "V", "M"}
        return letters | {"R"} if letters & {"V", "M"} else letters

    def _shared(self, kind: str, row: "Row") -> bool:
        """Object permissions and sharing, restriction rules left out."""
        letters = self._letters(kind)
        if "R" not in letters or kind in _FILES:
            return "R" in letters and (self._all_files or self._opened(kind, row))
        if self._all:
            return True
        if kind == "EmailMessage" and row.get("Status") == _DRAFT and row.get("CreatedById") != self._id:
            return False
        if self._views_all or letters & {"V", "M"} or self._org.kind(kind).setup:
            return True
        if kind == "Knowledge__kav":
            return row.get("PublishStatus") == "Online" or "E" in letters
        return self._reached(kind, row)

    def _opened(self, kind: str, row: "Row") -> bool:
        """Files: the owner's, and those of whom a link names or lets in by a record."""
        store = self._org.store
        document = row if kind == "ContentDocument" else store.get("ContentDocument", row["ContentDocumentId"])
        if document is None or document.get("OwnerId") == self._id:
            return document is not None
        if kind == "ContentVersion":
            return self._shared("ContentDocument", document)
        if kind == "ContentDocumentLink":
            return self._lets_in(row)
        return any(map(self._lets_in, store.linked("ContentDocumentLink", "ContentDocumentId", str(document["Id"]))))

    def _lets_in(self, link: "Row") -> bool:
        entity = str(link["LinkedEntityId"])
        if entity.startswith("00G"):
            return self._id in self._org.sharing.members.get(entity, ())
        return entity == self._id if entity.startswith("005") else self._reads_parent(entity, {"IsDeleted": False})

    def _reached(self, kind: str, row: "Row") -> bool:
        """By parent, org-wide default, owner, share, or a child."""
        default = self._org.sharing.owd.get(kind, "ControlledByParent" if kind in _CHILDREN else "Private")
        if kind in _CHILDREN or default == "ControlledByParent":
            parents = [row.get(lookup) for lookup in self._parents(kind)]
            if kind in _CHILDREN or any(parents):
                return any(self._reads_parent(parent, row) for parent in parents)
        given = self._org.sharing.shares.get(str(row["Id"]), {})
        return (
            default.startswith("Read")
            or row.get("OwnerId") in self._names
            or any(given.get(name) for name in self._names)
            or any(self._reads_parent(row.get(lookup), row) for lookup in _OPEN_TO_PARENT.get(kind, ()))
            or (kind == "Account" and self._reads_child(str(row["Id"])))
        )

    def _parents(self, kind: str) -> tuple[str, ...]:
        """The lookups by which an object follows its parents; those of a custom object are the required ones."""
        fields = self._org.kind(kind).fields.values()
        return _SHOWN_PARENT.get(kind) or tuple(
            item.name for item in fields if item.custom and item.reference_to and not item.nillable
        )

    def _reads_parent(self, parent_id: object, child: "Row") -> bool:
        kind = self._org.schema.by_id(str(parent_id)) if parent_id else None
        row = self._org.store.get(kind.name, str(parent_id)) if kind is not None else None
        if kind is None or row is None or (row.get("IsDeleted") and not child.get("IsDeleted")):
            return False
        return self._shared(kind.name, row)

    def _reads_child(self, account_id: str) -> bool:
        return any(
            self._shared(kind, row)
            for kind in ("Case", "Contact", "Opportunity")
            if self._org.sharing.owd.get(kind) != "ControlledByParent"
            for row in self._org.store.linked(kind, "AccountId", account_id)
        )

    def _circle(self) -> frozenset[str]:
        """The user, her role, everybody in a role below it, and every group that holds one of them."""
        circle = {self._id}
        if own := self._user.get("UserRoleId"):
            roles, above = set[str](), {str(own)}
            while above:
                tree = self._org.store.tables["UserRole"].rows.values()
                above = {str(role["Id"]) for role in tree if role.get("ParentRoleId") in above} - roles
                roles |= above
            users = self._org.store.tables["User"].rows.values()
            circle |= {str(own)} | roles | {str(user["Id"]) for user in users if user.get("UserRoleId") in roles}
        groups = self._org.sharing.members
        while grown := {group for group, members in groups.items() if members & circle} - circle:
            circle |= grown
        return frozenset(circle)
