"""Where HubSpot's APIs live, by version: `/crm/objects/2026-03/…`, or the older shapes of v3 and v4 (contract, 2.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.errors import Fatal, NotFound

DEFAULT_VERSION = "2026-03"
"""Dated versions are immutable and live for 18 months: this one until September 2027 (contract, 2.1)."""

UNSUPPORTED = "UNSUPPORTED_API_VERSION"

TYPE_IDS: Mapping[str, str] = {
    "contacts": "0-1",
    "companies": "0-2",
    "deals": "0-3",
    "tickets": "0-5",
    "tasks": "0-27",
    "notes": "0-46",
    "meetings": "0-47",
    "calls": "0-48",
    "emails": "0-49",
}
"""Object -> its type id, which record pages have in their address (contract, 4.3)."""

_OLD = "v3"
_DATED = re.compile(r"[0-9]{4}-(?:03|09)(?:-beta)?")
_CUSTOM = re.compile(r"2-[0-9]{1,19}")
_ID = re.compile(r"[0-9]{1,19}")


def object_name(value: str) -> str:
    """`value` if it names an object: a standard one, or a custom one by its type id ("2-123").

    Raises:
        NotFound: it does not. The same answer as for a hidden record.
    """
    if value not in TYPE_IDS and not _CUSTOM.fullmatch(value):
        raise missing()
    return value


def record_id(value: str) -> str:
    """`value` if it can be a record's id.

    Raises:
        NotFound: it cannot.
    """
    if not _ID.fullmatch(value):
        raise missing()
    return value


def missing() -> NotFound:
    """What a record that does not exist and one that the user may not see have in common."""
    return NotFound("no such record for this user", code="NOT_FOUND")


@dataclass(frozen=True, slots=True)
class Routes:
    """The paths of one API version; made by `routes`. Object names and ids in them have been checked."""

    version: str

    def objects(self, object_: str, *rest: str) -> str:
        """Records of an object; `rest` are further steps, such as an id or "batch", "read"."""
        return self._path("crm", "objects", object_, *rest)

    def record(self, object_: str, id_: str) -> str:
        """One record."""
        return self.objects(object_name(object_), record_id(id_))

    def associations(self, object_: str, id_: str, to: str) -> str:
        """What one record is associated with."""
        return self._associated(object_name(object_), record_id(id_), "associations", object_name(to))

    def default_association(self, object_: str, id_: str, to: str, to_id: str) -> str:
        """The unlabelled association of two records, which PUT makes (idempotent)."""
        steps = ("associations", "default", object_name(to), record_id(to_id))
        return self._associated(object_name(object_), record_id(id_), *steps)

    def associations_of_many(self, object_: str, to: str) -> str:
        """What many records are associated with (POST)."""
        version = "v4" if self.version == _OLD else self.version
        steps = ("crm", version, "associations") if self.version == _OLD else ("crm", "associations", version)
        return "/" + "/".join((*steps, object_name(object_), object_name(to), "batch", "read"))

    def property(self, object_: str, name: str) -> str:
        """The definition of one property."""
        return self._path("crm", "properties", object_, name)

    def pipelines(self, object_: str) -> str:
        """The pipelines of an object, with their stages."""
        return self._path("crm", "pipelines", object_)

    def owners(self, *rest: str) -> str:
        """Owners: people as records know them."""
        return self._path("crm", "owners", *rest)

    def users(self, *rest: str) -> str:
        """Users of the account, their roles and teams."""
        return self._path("settings", "users", *rest)

    def _associated(self, object_: str, *rest: str) -> str:
        if self.version == _OLD:
            return "/" + "/".join(("crm", "v4", "objects", object_, *rest))
        return self.objects(object_, *rest)

    def _path(self, area: str, api: str, *rest: str) -> str:
        steps = (area, _OLD, api) if self.version == _OLD else (area, api, self.version)
        return "/" + "/".join((*steps, *rest))


def routes(version: str) -> Routes:
    """The paths of `version`: "2026-03" and its kin, or "v3".

    Raises:
        Fatal: HubSpot names no version like that.
    """
    if version != _OLD and not _DATED.fullmatch(version):
        raise unsupported()
    return Routes(version)


def unsupported() -> Fatal:
    """The configured version is not there (any more)."""
    return Fatal("HubSpot does not offer the configured API version: set api_version to a living one", code=UNSUPPORTED)
