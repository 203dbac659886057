"""What can go wrong with HubSpot on the sandbox: each action of its fault rules, and which errors it may lead to."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from connectors.errors import Ambiguous, Fatal, Forbidden, NotFound, Retriable, Stale, Unauthorized
from connectors.hubspot.connector import HubSpotConnector
from connectors.hubspot.schema import FactCache
from connectors.sandbox.process import SandboxProcess
from connectors.testing.faults import Fault
from tests.contract.hubspot_stage import OUTSIDER, PORTAL, HubSpotStage, Manner

RECORDS = "^/crm/(objects|associations)/"
"""Requests for records. What is asked about the portal itself goes out side by side, so none of it has a number."""
LOST_ACCESS = (Forbidden, NotFound)
_NOW = {"retry-after": "0"}
"""Nobody has to wait in a test."""
_LIMIT = {"status": "error", "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING", "message": "x"}
_UNKNOWN = {"status": "error", "category": "SOMETHING_NEW", "message": "x"}
_NO_EXPIRY = {"status": "error", "category": "INVALID_AUTHENTICATION", "message": "x"}

RULES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "500": ("status", {"status": 500}),
    "HTML 503": ("html_503", {}),
    "500 after": ("commit_then_500", {}),
    "429": ("status", {"status": 429, "content": _LIMIT, "headers": _NOW}),
    "unknown category": ("status", {"status": 400, "content": _UNKNOWN}),
    "401 that is no expiry": ("status", {"status": 401, "content": _NO_EXPIRY}),
    "wrong content type": ("wrong_content_type", {}),
    "cut answer": ("truncated_json", {}),
    "slow": ("delay", {"seconds": 0.02}),
    "connection breaks before": ("drop_before", {}),
    "connection breaks after": ("commit_then_drop", {}),
    "clock jumps": ("clock_skew", {"seconds": 600}),
    "token expires": ("expire_tokens", {}),
    "search skips entries": ("search_ghosts", {"count": 2}),
    "ticket locked": ("lock", {"object": "tickets", "id": "{ticket}", "times": 1}),
    "property hidden": ("hide_property", {"property": "tickets.content"}),
    "key hidden": ("hide_property", {"property": "tasks.assistant_writeback_key"}),
    "key archived": ("archive_property", {"object": "notes", "property": "assistant_writeback_key"}),
    "tickets forbidden": ("set_permission", {"object": "tickets", "view": "none"}),
    "notes read-only": ("set_permission", {"object": "notes", "edit": "none"}),
    "owner changes": ("move_owner", {"object": "tickets", "id": "{ticket}", "owner": "{outsider}"}),
    "ticket changes": ("touch", {"object": "tickets", "id": "{ticket}", "properties": {"hs_ticket_priority": "LOW"}}),
    "ticket archived": ("archive", {"object": "tickets", "id": "{ticket}"}),
    "ticket merged": ("merge", {"object": "tickets", "id": "{ticket}", "other": "{other}"}),
    "contact erased": ("gdpr_delete", {"id": "{contact}"}),
    "contact unlinked": ("dissociate", {"object": "tickets", "id": "{ticket}", "to": ["contacts", "{contact}"]}),
    "required property": ("require_property", {"object": "notes", "property": "hs_attachment_ids"}),
    "associations forbidden": ("edit_associations", {"on": False}),
    "scope taken": ("revoke_scope", {"scope": "tickets"}),
    "write scope taken": ("revoke_scope", {"scope": "crm.objects.contacts.write"}),
    "grant revoked": ("revoke_grants", {}),
    "user deactivated": ("deactivate_user", {}),
}
"""Fault -> action and arguments of a rule; `{ticket}`, `{other}`, `{contact}` and `{outsider}` are ids of the stage."""

_UNDECIDED = (Retriable, Ambiguous)
"""What is refused before it is sent, and what is lost for good after a first part stands."""

FAULTS = (
    *(Fault(name, (Retriable,), _UNDECIDED) for name in ("500", "HTML 503", "500 after", "429", "cut answer")),
    Fault("unknown category", (Fatal,), (Fatal, Forbidden, Ambiguous)),
    Fault("401 that is no expiry", (Unauthorized,), (Unauthorized, Ambiguous)),
    Fault("wrong content type"),
    Fault("slow"),
    Fault("connection breaks before", (), (Ambiguous,), always=(Retriable,)),
    Fault("connection breaks after", (), (Ambiguous,), always=(Retriable,)),
    Fault("clock jumps", always=(Unauthorized,)),
    Fault("token expires", always=(Unauthorized,)),
    Fault("search skips entries"),
    Fault("ticket locked", writes=_UNDECIDED, moves=True),
    Fault("property hidden", moves=True),
    Fault("key hidden", writes=(Fatal, Forbidden, Ambiguous), moves=True),
    Fault("key archived", writes=(Fatal, Forbidden, Ambiguous), moves=True),
    Fault("tickets forbidden", LOST_ACCESS, (*LOST_ACCESS, Ambiguous), moves=True),
    Fault("notes read-only", writes=(Forbidden, Ambiguous), moves=True),
    Fault("owner changes", LOST_ACCESS, (*LOST_ACCESS, Stale, Ambiguous), moves=True),
    Fault("ticket changes", writes=(Stale,), moves=True),
    Fault("ticket archived", LOST_ACCESS, (*LOST_ACCESS, Ambiguous), moves=True),
    Fault("ticket merged", LOST_ACCESS, (*LOST_ACCESS, Ambiguous), moves=True),
    Fault("contact erased", writes=(Stale,), moves=True),
    Fault("contact unlinked", writes=(Stale,), moves=True),
    Fault("required property", writes=(Forbidden, Ambiguous), moves=True),
    Fault("associations forbidden", writes=(Forbidden, Ambiguous), moves=True),
    Fault("scope taken", (Forbidden,), (Forbidden, Ambiguous), moves=True),
    Fault("write scope taken", writes=(Forbidden, Ambiguous), moves=True),
    Fault("grant revoked", (Unauthorized,), (Unauthorized, Ambiguous), moves=True),
    Fault("user deactivated", (Unauthorized,), (Unauthorized, Ambiguous), moves=True),
)


class HubSpotFaultStage(HubSpotStage):
    """The stage with faults on it, under the version that enforces the most.

    The search does not lag: it would show to a user what she has just lost, and the sandbox counts that as a leak. What
    is known of the portal itself is shared by all connectors, because no fault befalls those requests.
    """

    def __init__(self, sandbox: SandboxProcess) -> None:
        self._known = FactCache()
        super().__init__(sandbox, Manner(version="2026-09", plain=True))
        self._other = self.create("tickets", {"subject": "The other one", **self.column()})
        self.later()
        self._control.mutate(PORTAL, "search_delay", seconds=0)
        self._control.snapshot("staged")

    def new_connector(self, clock: Callable[[], float] = time.time) -> HubSpotConnector:
        """See `FaultStage.new_connector`."""
        made = super().new_connector(clock)
        made._cache = self._known
        return made

    def plant(self, fault: str, nth: int) -> None:
        """See `FaultStage.plant`."""
        names = {
            "ticket": self.case.id, "other": self._other, "contact": self.contact.id,
            "outsider": self._org.user(OUTSIDER).username,
        }  # fmt: skip
        self.add(RECORDS, PORTAL, nth, RULES[fault], names)
