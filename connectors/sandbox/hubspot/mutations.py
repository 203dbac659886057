"""What an admin, a colleague or bad luck may do to a portal while a test is running: named changes with arguments.

| name | arguments | what happens |
|---|---|---|
| `create` | `object`, `properties`, `associations` (list of [type, id]) | a record, made in HubSpot's pages |
| `touch` | `object`, `id`, `properties` | values are overwritten as the system; the stamp moves |
| `archive`, `restore` | `object`, `id` | into the recycle bin and out of it |
| `merge` | `object`, `id`, `other` | both become a third record with a new id |
| `gdpr_delete` | `id`, `object` (none: contacts) | the record is gone for good |
| `associate`, `dissociate` | `object`, `id`, `to` ([type, id]) | by the unlabelled type |
| `move_owner` | `object`, `id`, `owner` (id or e-mail; "": nobody) | another owner, and with it another team |
| `lock` | `object`, `id`, `times` | the next writes to the record meet 423 |
| `hide_property`, `unhide_property` | `property` ("tickets.content"), `user` | property-level view rights |
| `set_permission` | `object`, `user`, `view`, `edit` (all, team, owned, none), `unassigned` | what is given changes |
| `edit_associations` | `user`, `on` | the right that 2026-09 asks for |
| `move_user` | `user`, `team` (id; "": none) | another main team; what she owns follows |
| `require_property` | `object`, `property`, `stage` (none: on creation), `on` | an admin's rule that 2026-09 enforces |
| `archive_property` | `object`, `property` | reads leave it out, writes refuse it |
| `search_delay` | `seconds` | how far the search lags behind |
| `search_ghosts` | `count`, `at` (0) | entries that pages leave out: short and empty pages |

`user` is an id or an e-mail; inside a fault rule it defaults to the user whose request it is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from connectors.sandbox.changes import Change, Changes
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import with_stage
from connectors.sandbox.hubspot.linking import link, unlink
from connectors.sandbox.hubspot.merging import erase_record, merge_records
from connectors.sandbox.hubspot.people import HubUser, check_rights
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.store import Record
from connectors.sandbox.hubspot.writer import Hand, Writer
from connectors.sandbox.wire import JSON, Refused


class Mutations(Changes):
    """The changes of one portal's data and rights; each is made wholly or not at all."""

    engine_error = HubError

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._writer = Writer(portal, Hand("CRM_UI", "userId:0"))
        changes: Mapping[str, Change] = {
            "create": self._create,
            "touch": self._touch,
            "archive": self._archive,
            "restore": self._restore,
            "merge": self._merge,
            "gdpr_delete": self._gdpr_delete,
            "associate": self._associate,
            "dissociate": self._dissociate,
            "move_owner": self._move_owner,
            "lock": self._lock,
            "hide_property": self._hide_property,
            "unhide_property": self._unhide_property,
            "set_permission": self._set_permission,
            "edit_associations": self._edit_associations,
            "move_user": self._move_user,
            "require_property": self._require_property,
            "archive_property": self._archive_property,
            "search_delay": self._search_delay,
            "search_ghosts": self._search_ghosts,
        }
        super().__init__(changes)

    @contextmanager
    def _while(self) -> Iterator[None]:
        with self._portal.lock, self._portal.store.transaction():
            self._portal.store.generation += 1
            yield

    def _told(self, error: Exception) -> str:
        return error.category or str(error.status) if isinstance(error, HubError) else super()._told(error)

    # ── Records ──────────────────────────────────────────────────────────
    def _record(self, object_: object, record_id: object) -> Record:
        found = self._portal.store.get(self._portal.schema.type(str(object_)).name, str(record_id))
        if found is None:
            raise Refused(f"no such record in {self._portal.alias}")
        return found

    def _given(self, given: JSON) -> Record:
        return self._record(given["object"], given["id"])

    def _create(self, _user: str, given: JSON) -> JSON:
        record = self._writer.create(self._portal.schema.type(given["object"]), given.get("properties") or {})
        for to_type, to_id in given.get("associations") or ():
            self._link(record, self._record(to_type, to_id))
        return {"id": record.id}

    def _touch(self, _user: str, given: JSON) -> None:
        record = self._given(given)
        values = {name: "" if value is None else str(value) for name, value in (given.get("properties") or {}).items()}
        for name in values:
            if name not in self._portal.schema.properties[record.type]:
                raise KeyError(name)
        self._writer.change(record, values)

    def _archive(self, _user: str, given: JSON) -> None:
        self._writer.archive(self._given(given))

    def _restore(self, _user: str, given: JSON) -> None:
        self._writer.restore(self._given(given))

    def _merge(self, _user: str, given: JSON) -> JSON:
        primary, other = self._given(given), self._record(given["object"], given["other"])
        if primary.id == other.id:
            raise Refused("a record cannot be merged with itself")
        kind = self._portal.schema.types[primary.type]
        return {"id": merge_records(self._writer, kind, primary, other).id}

    def _gdpr_delete(self, _user: str, given: JSON) -> None:
        erase_record(self._writer, self._record(given.get("object", "contacts"), given["id"]))

    def _associate(self, _user: str, given: JSON) -> None:
        self._link(self._given(given), self._record(*given["to"]))

    def _dissociate(self, _user: str, given: JSON) -> None:
        unlink(self._writer, self._given(given), self._record(*given["to"]))

    def _link(self, record: Record, other: Record) -> None:
        link(self._writer, record, other, ())

    def _move_owner(self, _user: str, given: JSON) -> None:
        key = str(given["owner"] or "")
        owner = next((one for one in self._portal.owners if key and key in {one["id"], one.get("email")}), None)
        if key and owner is None:
            raise KeyError("owner")
        self._writer.update(self._given(given), {"hubspot_owner_id": owner["id"] if owner else ""})

    def _lock(self, _user: str, given: JSON) -> None:
        self._portal.locked[self._given(given).key] = int(given.get("times", 1))

    # ── Rights ───────────────────────────────────────────────────────────
    def _user(self, key: str) -> HubUser:
        for user in self._portal.users():
            if key in {user.id, user.email}:
                return user
        raise Refused(f"no user {key!r} in {self._portal.alias}")

    def _hide_property(self, user: str, given: JSON) -> None:
        found = self._user(user)
        self._portal.set_user(replace(found, hidden_properties=found.hidden_properties | {self._property(given)}))

    def _unhide_property(self, user: str, given: JSON) -> None:
        found = self._user(user)
        self._portal.set_user(replace(found, hidden_properties=found.hidden_properties - {self._property(given)}))

    def _property(self, given: JSON) -> str:
        type_name, _, name = str(given["property"]).partition(".")
        type_name = self._portal.schema.type(type_name).name
        if name not in self._portal.schema.properties[type_name]:
            raise KeyError("property")
        return f"{type_name}.{name}"

    def _set_permission(self, user: str, given: JSON) -> None:
        found, name = self._user(user), self._portal.schema.type(given.pop("object")).name
        check_rights(given)
        rights = {**found.permissions.get(name, {}), **given}
        self._portal.set_user(replace(found, permissions={**found.permissions, name: rights}))

    def _edit_associations(self, user: str, given: JSON) -> None:
        self._portal.set_user(replace(self._user(user), edit_associations=bool(given["on"])))

    def _move_user(self, user: str, given: JSON) -> None:
        team = str(given["team"] or "")
        if team and all(str(one["id"]) != team for one in self._portal.teams):
            raise KeyError("team")
        self._portal.set_user(replace(self._user(user), primary_team_id=team))
        owner = self._portal.owner_of(self._user(user).id)
        for table in self._portal.store.tables.values():
            for record in [row for row in table.rows.values() if owner and row.get("hubspot_owner_id") == owner]:
                if record.type != "users":
                    self._writer.update(record, {"hubspot_owner_id": owner})

    # ── Definitions and search ───────────────────────────────────────────
    def _require_property(self, _user: str, given: JSON) -> None:
        schema, on = self._portal.schema, bool(given.get("on", True))
        name, wanted = schema.type(given["object"]).name, given["property"]
        item = schema.properties[name][wanted]
        if not given.get("stage"):
            schema.set_property(name, replace(item, required=on))
            return
        found = schema.stage(name, str(given["stage"]))
        if found is None:
            raise KeyError("stage")
        pipeline, stage = found
        kept = tuple(one for one in stage.required if one != wanted)
        changed = with_stage(pipeline, replace(stage, required=(*kept, wanted) if on else kept))
        schema.pipelines[name] = {**schema.pipelines[name], pipeline.id: changed}

    def _archive_property(self, _user: str, given: JSON) -> None:
        schema = self._portal.schema
        name = schema.type(given["object"]).name
        schema.set_property(name, replace(schema.properties[name][given["property"]], archived=True))

    def _search_delay(self, _user: str, given: JSON) -> None:
        self._portal.search.delay = max(0.0, float(given["seconds"]))

    def _search_ghosts(self, _user: str, given: JSON) -> None:
        self._portal.search.ghosts = (int(given.get("at", 0)), max(0, int(given["count"])))
