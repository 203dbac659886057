"""What can go wrong with Salesforce on the sandbox: each action of its fault rules, and which errors it may lead to."""

from collections.abc import Mapping
from typing import Any

from connectors.errors import Ambiguous, Fatal, Forbidden, NotFound, Retriable, Stale, Unauthorized
from connectors.interfaces import TargetKind
from connectors.testing.faults import Fault

LOST_ACCESS = (Forbidden, NotFound)
_LIMIT = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
_UNKNOWN = [{"errorCode": "JSON_PARSER_ERROR", "message": "Unexpected character."}]

RULES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "500": ("status", {"status": 500}),
    "420, the edge knows no route": ("status", {"status": 420}),
    "428, a condition is demanded": ("status", {"status": 428}),
    "429": ("status", {"status": 429}),
    "431, headers too long": ("status", {"status": 431}),
    "limit of calls": ("status", {"status": 403, "content": _LIMIT}),
    "unknown error code": ("status", {"status": 400, "content": _UNKNOWN}),
    "HTML 503": ("html_503", {}),
    "wrong content type": ("wrong_content_type", {}),
    "cut answer": ("truncated_json", {}),
    "slow": ("delay", {"seconds": 0.02}),
    "connection breaks before": ("drop_before", {}),
    "connection breaks after": ("commit_then_drop", {}),
    "500 after": ("commit_then_500", {}),
    "clock jumps": ("clock_skew", {"seconds": 600}),
    "session expires": ("expire_sessions", {}),
    "cursors expire": ("expire_cursors", {}),
    "row lock": ("row_lock", {"record": "{case}", "times": 1}),
    "field hidden": ("hide_field", {"field": "Case.Description"}),
    "field of a message hidden": ("hide_field", {"field": "EmailMessage.TextBody"}),
    "target field hidden": ("hide_field", {"field": "Case.Assistant_Summary__c"}),
    "object revoked": ("revoke_object", {"object": "Case"}),
    "messages revoked": ("revoke_object", {"object": "EmailMessage"}),
    "marker revoked": ("revoke_object", {"object": "Writeback__c"}),
    "owner changes": ("touch", {"record": "{case}", "fields": {"OwnerId": "{outsider}"}}),
    "unshared": ("unshare", {"record": "{case}"}),
    "record changes": ("touch", {"record": "{case}", "fields": {"Priority": "Low"}}),
    "record deleted": ("delete", {"record": "{case}"}),
    "record merged": ("merge", {"record": "{case}", "into": "{other}"}),
    "restriction rule": (
        "restrict",
        {"targetEntity": "Case", "userCriteria": "$User.IsActive = true", "recordFilter": "Priority = 'nowhere'"},
    ),
    "validation rule": (
        "validation_rule",
        {"object": "Case", "condition": "Subject != null", "message": "No.", "field": "Subject"},
    ),
    "duplicate rule": ("duplicate_rule", {"object": "Task", "fields": ["Subject"], "block": True, "message": "Twice."}),
    "assignment rule": ("assignment_rule", {"object": "Case", "owner": "{outsider}"}),
    "grant revoked": ("revoke_grants", {}),
    "refresh token replayed": ("replay_refresh", {}),
    "user deactivated": ("deactivate_user", {}),
    "daily limit": ("limit", {"daily_calls": 1}),
    "long calls": ("long_calls", {"count": 50, "seconds": 600}),
}
"""Fault -> action and arguments of a rule; `{case}`, `{other}` and `{outsider}` are ids of the stage."""

FAULTS = (
    *(Fault(name, (Retriable,), (Retriable, Ambiguous)) for name in ("500", "HTML 503", "500 after")),
    *(Fault(name, (Retriable,), (Retriable,)) for name in ("420, the edge knows no route", "429")),
    *(
        Fault(name, (Fatal,), (Fatal,))
        for name in ("428, a condition is demanded", "431, headers too long", "unknown error code")
    ),
    Fault("wrong content type", (Retriable,), (Retriable, Ambiguous)),
    Fault("cut answer", (Retriable,), (Retriable, Ambiguous)),
    Fault("slow"),
    Fault("connection breaks before", (), (Ambiguous,), always=(Retriable,)),
    Fault("connection breaks after", (), (Ambiguous,), always=(Retriable,)),
    Fault("clock jumps"),
    Fault("session expires", always=(Unauthorized,)),
    Fault("cursors expire"),
    Fault("row lock", writes=(Retriable,), moves=True),
    Fault("field hidden", moves=True),
    Fault("field of a message hidden", kinds={TargetKind.EMAIL_DRAFT: (Forbidden,)}, moves=True),
    Fault("target field hidden", writes=(Forbidden,), moves=True),
    Fault("object revoked", LOST_ACCESS, LOST_ACCESS, moves=True),
    Fault("messages revoked", LOST_ACCESS, kinds={TargetKind.EMAIL_DRAFT: LOST_ACCESS}, moves=True),
    Fault("marker revoked", LOST_ACCESS, (*LOST_ACCESS, Ambiguous), moves=True),
    Fault("unshared", moves=True),
    Fault("owner changes", writes=(*LOST_ACCESS, Stale), moves=True),
    Fault("record changes", writes=(Stale,), moves=True),
    Fault("record deleted", writes=LOST_ACCESS, moves=True),
    Fault("record merged", writes=LOST_ACCESS, moves=True),
    Fault("restriction rule", writes=LOST_ACCESS, moves=True),
    Fault("validation rule", writes=(Forbidden,), moves=True),
    Fault("duplicate rule", writes=(Forbidden,), moves=True),
    Fault("assignment rule", moves=True),
    Fault("grant revoked", (Unauthorized,), (Unauthorized,), moves=True),
    Fault("refresh token replayed", (Unauthorized,), (Unauthorized,), moves=True),
    Fault("user deactivated", (Unauthorized,), (Unauthorized,), moves=True),
    Fault("limit of calls", (Retriable,), (Retriable,), moves=True),
    Fault("daily limit", (Retriable,), (Retriable,), moves=True),
    Fault("long calls", (Retriable,), (Retriable,), moves=True),
)
