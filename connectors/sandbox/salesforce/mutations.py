"""What an admin, a colleague or bad luck may do to an org while a test is running: named changes with arguments.

| name | arguments | what happens |
|---|---|---|
| `create` | `object`, `fields` | a record, made by an administrator |
| `touch` | `record`, `fields` | fields are overwritten as the system; the time stamps move |
| `delete` | `record` | into the recycle bin, by an administrator |
| `merge` | `record`, `into`, `keep` | `record` goes up in `into`: children re-parented, deleted (a kept case: closed) |
| `delete_mid_paging` | | a record of the last page of the user's newest query is deleted; its pages are errors now |
| `unshare` | `record`, `user` or `group` (id) | a share is taken back |
| `revoke_object` | `object`, `user` | every right on an object is gone |
| `hide_field`, `unhide_field` | `field` ("Case.Description"), `user` or `profile` (id) | field-level security |
| `deactivate_user` | `user` | sessions and refresh are refused |
| `row_lock` | `record`, `times` | the next writes to the record meet `UNABLE_TO_LOCK_ROW` |
| `restrict` | `targetEntity`, `userCriteria`, `recordFilter` | a restriction rule (see `restrictions`) |
| `validation_rule` | `object`, `condition` (a WHERE clause), `message`, `field` | refuses records like that |
| `duplicate_rule` | `object`, `fields`, `block`, `message` | refuses copies from now on |
| `assignment_rule` | `object`, `owner` (none: no rule) | who gets new and changed records by default |
| `limit` | `daily_calls`, `long_calls`, `replicated_ids` | the limits of the org |
| `long_calls` | `count`, `seconds` | other programs have so many requests running for so long |
| `bulk_jobs` | `seconds`, `daily`, `unsupported` (objects) | how long bulk jobs take, how many a day, of what not |
| `expire_cursors` | | query locators are forgotten |
| `expire_sessions` | `user` (none: all) | access tokens die, refresh tokens live |
| `revoke_grants` | `user` (none: all) | the user must consent again |
| `replay_refresh` | `user` (none: all) | somebody presents a retired refresh token: the grant ends, if there was one |
| `oauth_app` | `client`, and of `AppPolicy` what changes; `users` as here | who may use an app, and how |
| `oauth_org` | of `OrgPolicy` what changes | logging in is refused; errors lack descriptions |
| `rotation` | `client`, `on` | refresh-token rotation of a client |
| `session_timeout` | `seconds` | for sessions to come |

`user` is an id or a username; inside a fault rule it defaults to the user whose request it is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.sandbox.changes import Change, Changes
from connectors.sandbox.salesforce.content_writes import ContentWriter
from connectors.sandbox.salesforce.errors import ApiError
from connectors.sandbox.salesforce.ids import canonical
from connectors.sandbox.salesforce.merging import merge
from connectors.sandbox.salesforce.setup import DuplicateRule, ValidationRule
from connectors.sandbox.salesforce.validation import holds
from connectors.sandbox.wire import JSON, Refused

if TYPE_CHECKING:
    from connectors.sandbox.salesforce.oauth import Grants
    from connectors.sandbox.salesforce.org import Org


class Mutations(Changes):
    """The changes of one org."""

    engine_error = ApiError

    def __init__(self, org: "Org", grants: "Grants") -> None:
        self._org = org
        self._grants = grants
        changes: Mapping[str, Change] = {
            "create": self._create,
            "touch": self._touch,
            "delete": self._delete,
            "unshare": self._unshare,
            "revoke_object": self._revoke_object,
            "hide_field": self._hide_field,
            "unhide_field": self._unhide_field,
            "deactivate_user": self._deactivate_user,
            "row_lock": self._row_lock,
            "merge": self._merge,
            "delete_mid_paging": self._delete_mid_paging,
            "restrict": self._restrict,
            "validation_rule": self._validation_rule,
            "duplicate_rule": self._duplicate_rule,
            "assignment_rule": self._assignment_rule,
            "limit": self._limit,
            "long_calls": self._long_calls,
            "replay_refresh": self._replay_refresh,
            "bulk_jobs": self._bulk_jobs,
            "expire_cursors": self._expire_cursors,
            "expire_sessions": self._expire_sessions,
            "revoke_grants": self._revoke_grants,
            "oauth_app": self._oauth_app,
            "oauth_org": self._oauth_org,
            "rotation": self._rotation,
            "session_timeout": self._session_timeout,
        }
        super().__init__(changes)

    @contextmanager
    def _while(self) -> Iterator[None]:
        with self._org.lock:
            yield

    def _told(self, error: Exception) -> str:
        return error.code if isinstance(error, ApiError) else super()._told(error)

    def _person(self, key: str) -> str:
        row = self._org.user(key) or self._org.user_by_name(key)
        if row is None:
            raise Refused(f"no user {key!r} in {self._org.alias}")
        return str(row["Id"])

    def _holder(self, user: str, given: JSON) -> str:
        """The profile or user that a field is hidden from."""
        if holder := given.get("profile") or user:
            return str(holder)
        raise KeyError("user")

    def _admin(self) -> ContentWriter:
        for row in self._org.users():
            if row.get("IsActive") and self._org.permissions.has(str(row["Id"]), "ModifyAllData"):
                return ContentWriter(self._org, str(row["Id"]), auto_assign=False)
        raise Refused(f"{self._org.alias} has no administrator to act")

    def _create(self, _user: str, given: JSON) -> JSON:
        kind = self._org.kind(given["object"])
        return {"id": self._admin().create(kind, given.get("fields") or {})}

    def _touch(self, _user: str, given: JSON) -> None:
        self._org.touch(given["record"], **(given.get("fields") or {}))

    def _delete(self, _user: str, given: JSON) -> None:
        admin, kind = self._admin(), self._org.kind_of(given["record"])
        admin.delete(kind, admin.readable(kind, given["record"]))

    def _merge(self, _user: str, given: JSON) -> None:
        merge(self._org, given["into"], [given["record"]], keep=bool(given.get("keep")))

    def _delete_mid_paging(self, user: str, _given: JSON) -> JSON:
        paged = {name: cursor for name, cursor in self._org.cursors.items() if user in {"", cursor.user_id}}
        if not paged:
            raise Refused("delete_mid_paging: no query is being paged")
        doomed = list(paged.values())[-1].ids[-1]
        for name, cursor in paged.items():
            self._org.cursors[name] = replace(cursor, broken=cursor.broken or doomed in cursor.ids)
        self._delete("", {"record": doomed})
        return {"id": doomed}

    def _restrict(self, _user: str, given: JSON) -> None:
        self._org.restrictions.add(given)

    def _validation_rule(self, _user: str, given: JSON) -> None:
        rule = ValidationRule.of(given)
        holds(self._org, self._org.kind(rule.target), rule.condition, {})
        self._org.setup.validation.append(rule)

    def _duplicate_rule(self, _user: str, given: JSON) -> None:
        self._org.setup.duplicates.append(DuplicateRule.of(given))

    def _assignment_rule(self, _user: str, given: JSON) -> None:
        name, owner = self._org.kind(given["object"]).name, given.get("owner")
        if owner:
            self._org.setup.assignment[name] = canonical(str(owner)) or self._person(str(owner))
        else:
            self._org.setup.assignment.pop(name, None)

    def _limit(self, _user: str, given: JSON) -> None:
        for name, value in given.items():
            if not hasattr(self._org.setup.limits, name):
                raise KeyError(name)
            setattr(self._org.setup.limits, name, int(value))

    def _long_calls(self, _user: str, given: JSON) -> None:
        self._org.run_long_calls(int(given["count"]), float(given["seconds"]))

    def _unshare(self, user: str, given: JSON) -> None:
        self._org.unshare(given["record"], given.get("group") or self._holder(user, {}))

    def _revoke_object(self, user: str, given: JSON) -> None:
        self._org.revoke_object(self._holder(user, {}), given["object"])

    def _hide_field(self, user: str, given: JSON) -> None:
        self._org.hide_field(self._holder(user, given), given["field"])

    def _unhide_field(self, user: str, given: JSON) -> None:
        self._org.unhide_field(self._holder(user, given), given["field"])

    def _deactivate_user(self, user: str, _given: JSON) -> None:
        self._org.deactivate(self._holder(user, {}))

    def _row_lock(self, _user: str, given: JSON) -> None:
        self._org.lock_row(given["record"], int(given.get("times", 1)))

    def _bulk_jobs(self, _user: str, given: JSON) -> None:
        jobs = self._org.jobs
        jobs.seconds = float(given.get("seconds", jobs.seconds))
        jobs.daily = int(given.get("daily", jobs.daily))
        jobs.unsupported = frozenset(self._org.kind(name).name for name in given.get("unsupported", jobs.unsupported))

    def _expire_cursors(self, _user: str, _given: JSON) -> None:
        self._org.expire_cursors()

    def _expire_sessions(self, user: str, _given: JSON) -> JSON:
        return {"ended": self._grants.end_sessions(user)}

    def _revoke_grants(self, user: str, _given: JSON) -> JSON:
        return {"ended": self._grants.end_grants(user)}

    def _replay_refresh(self, user: str, _given: JSON) -> JSON:
        return {"ended": self._grants.replay(user)}

    def _oauth_app(self, _user: str, given: JSON) -> None:
        client = self._grants.clients[given["client"]]
        client.policy = client.policy.changed(given, self._person)

    def _oauth_org(self, _user: str, given: JSON) -> None:
        self._grants.policy = self._grants.policy.changed(given)

    def _rotation(self, _user: str, given: JSON) -> None:
        self._grants.clients[given["client"]].rotate = bool(given["on"])

    def _session_timeout(self, _user: str, given: JSON) -> None:
        self._grants.timeout = float(given["seconds"])
