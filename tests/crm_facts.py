"""What the connector suite must know about Salesforce, whether it runs on the sandbox or on the fake."""

from connectors.interfaces import TargetKind
from connectors.testing import CrmFacts, Price

SALESFORCE = CrmFacts(
    case="Case",
    fields={
        "Case": ("CaseNumber", "Subject", "Description", "Status", "Contact.Name"),
        "EmailMessage": ("Subject", "TextBody", "FromName", "MessageDate"),
        "CaseComment": ("CommentBody",),
    },
    titles=("CaseNumber", "Subject"),
    hideable="Description",
    edited=("Status", "Working"),
    message="EmailMessage",
    message_field="Subject",
    thread=frozenset({"EmailMessage", "CaseComment"}),
    people=frozenset({"Contact", "User"}),
    article_field="Title",
    missing="500000000000zzzAAA",
    no_ids=("", "x", "' OR Id != '", "../../limits", "500" + "0" * 200),
    kinds=tuple(TargetKind),
    unmarked=(TargetKind.COMPLETED_TASK, TargetKind.TASKS, TargetKind.COMMENT),
    undoable=(TargetKind.SUMMARY_FIELD, TargetKind.COMPLETED_TASK, TargetKind.TASKS),
    written={
        TargetKind.SUMMARY_FIELD: ("Case", "Assistant_Summary__c"),
        TargetKind.COMPLETED_TASK: ("Task", "Description"),
        TargetKind.TASKS: ("Task", "Description"),
        TargetKind.COMMENT: ("CaseComment", "CommentBody"),
    },
    price=Price(read=1, reread=1, requery=2, describe=1, parallel=False),
)
