"""Who sees and changes what in a HubSpot portal: a brute-force model written from the rules, for judging the engine.

It imports nothing of the sandbox and shares no idea with it: it collects whole sets of records, level by level, where
the engine decides about one record at a time. Rules: section 2.3 of the CRM contract; for engagements, what
FIDELITY.md says.
"""

from typing import Any

JSON = dict[str, Any]
ENGAGEMENTS = {"notes", "emails", "calls", "meetings", "tasks"}
MAIL_CONTENT = {"hs_email_text", "hs_email_html", "hs_email_headers"}


class HubModel:
    """One portal: its document, its records as (type, row), and its associations as pairs of (type, id)."""

    def __init__(
        self, document: JSON, records: list[tuple[str, JSON]], links: list[tuple[tuple[str, str], ...]]
    ) -> None:
        self._document = document
        self._live = {row["id"]: (name, row) for name, row in records if not row.get("archived")}
        self._links = links
        self._owned_by: dict[str, set[str]] = {}
        for owner in document["owners"]:
            self._owned_by.setdefault(owner["userId"], set()).add(owner["id"])

    def readable(self, user_id: str) -> set[str]:
        """Ids of the live records that a user sees."""
        user = self._user(user_id)
        if user is None or not user["active"]:
            return set()
        if user["superAdmin"]:
            return set(self._live)
        reached = self._reached(user, "view")
        plain = {one for one in reached if self._live[one][0] not in ENGAGEMENTS}
        mine = {one for one in self._live if self._owner(one) in self._owners_of(user)}
        hanging = {
            one
            for pair in self._links
            for (_, one), (_, other) in (pair, pair[::-1])
            if other in plain and one in self._live
        }
        busy = {one for one in mine | hanging if self._live[one][0] in ENGAGEMENTS}
        return plain | (busy & reached)

    def editable(self, user_id: str) -> set[str]:
        """Ids of the live records that a user may change."""
        user = self._user(user_id)
        if user is None or user["superAdmin"]:
            return self.readable(user_id)
        return self.readable(user_id) & self._reached(user, "edit")

    def hidden(self, user_id: str, type_name: str, scopes: set[str]) -> set[str]:
        """The properties of a type that a user's token does not show."""
        content = MAIL_CONTENT if type_name == "emails" and "sales-email-read" not in scopes else set[str]()
        user = self._user(user_id)
        if user is None or user["superAdmin"]:
            return content
        taken = {name.partition(".")[2] for name in user["hidden_properties"] if name.startswith(f"{type_name}.")}
        return content | taken

    def _reached(self, user: JSON, action: str) -> set[str]:
        """Ids of the records that the user's level for an action covers."""
        found: set[str] = set()
        teams = {user["primaryTeamId"], *user["secondaryTeamIds"]} - {""}
        below = self._with_children(teams)
        members = [one for one in self._document["users"] if one["primaryTeamId"] in below]
        holders = {"owned": self._owners_of(user)}
        holders["team"] = holders["owned"].union(*map(self._owners_of, members))
        for record_id, (name, _) in self._live.items():
            rights, owner = user["permissions"].get(name, {}), self._owner(record_id)
            level = rights.get(action, "none")
            if level == "all" or owner in holders.get(level, ()):
                found.add(record_id)
            if level in holders and owner == "" and rights.get("unassigned"):
                found.add(record_id)
        return found

    def _with_children(self, teams: set[str]) -> set[str]:
        """Teams and everything below them."""
        known = set(teams)
        while grown := {
            one["id"] for one in self._document["teams"] if one.get("parentTeamId") in known and one["id"] not in known
        }:
            known |= grown
        return known

    def _owner(self, record_id: str) -> str:
        return self._live[record_id][1]["properties"].get("hubspot_owner_id") or ""

    def _owners_of(self, user: JSON) -> set[str]:
        return self._owned_by.get(user["id"], set())

    def _user(self, user_id: str) -> JSON | None:
        return next((one for one in self._document["users"] if one["id"] == user_id), None)
