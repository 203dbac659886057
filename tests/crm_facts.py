"""What the connector suite must know about each CRM, whether it runs on the sandbox or on a fake."""

from connectors.interfaces import Audience, TargetKind
from connectors.testing import CrmFacts, Price, Root

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
    unmarked=(TargetKind.COMPLETED_TASK, TargetKind.TASKS, TargetKind.COMMENT, TargetKind.EMAIL_DRAFT),
    undoable=(TargetKind.SUMMARY_FIELD, TargetKind.COMPLETED_TASK, TargetKind.TASKS, TargetKind.EMAIL_DRAFT),
    written={
        TargetKind.SUMMARY_FIELD: ("Case", "Assistant_Summary__c"),
        TargetKind.COMPLETED_TASK: ("Task", "Description"),
        TargetKind.TASKS: ("Task", "Description"),
        TargetKind.COMMENT: ("CaseComment", "CommentBody"),
        TargetKind.EMAIL_DRAFT: ("EmailMessage", "TextBody"),
    },
    roots={
        "account": Root(
            object="Account",
            fields={
                "Account": ("Name", "Industry"),
                "Contact": ("Name", "Title"),
                "Case": ("CaseNumber", "Subject"),
                "Opportunity": ("Name", "StageName"),
                "Task": ("Subject", "Description"),
            },
            title="Name",
            thread=frozenset({"Contact", "Case", "Task"}),
            edited=("Industry", "Shipping"),
            kinds=(TargetKind.COMPLETED_TASK, TargetKind.TASKS),
            noun="account",
        ),
        "contact": Root(
            object="Contact",
            fields={
                "Contact": ("Name", "Title"),
                "Case": ("CaseNumber", "Subject"),
                "EmailMessage": ("Subject", "TextBody"),
                "Task": ("Subject", "Description"),
            },
            title="Name",
            thread=frozenset({"Case", "EmailMessage", "Task"}),
            edited=("Title", "Head of Pumps"),
            kinds=(TargetKind.COMPLETED_TASK, TargetKind.TASKS),
            noun="contact",
        ),
    },
    audiences={"EmailMessage": Audience.CUSTOMER, "CaseComment": Audience.RECORD},
    price=Price(read=1, reread=1, requery=2, describe=1, parallel=False),
)

HUBSPOT = CrmFacts(
    case="tickets",
    fields={
        "tickets": ("hs_object_id", "subject", "content", "hs_pipeline_stage"),
        "emails": ("hs_email_subject", "hs_email_text"),
        "notes": ("hs_note_body",),
        "tasks": ("hs_task_subject",),
    },
    titles=("hs_object_id", "subject"),
    hideable="content",
    edited=("hs_ticket_priority", "LOW"),
    message="emails",
    message_field="hs_email_subject",
    thread=frozenset({"emails", "notes"}),
    people=frozenset({"contacts", "owners"}),
    article_field="name",
    missing="999999999999",
    no_ids=("", "x", "1 OR 1", "../../settings", "9" * 200),
    kinds=(TargetKind.COMMENT, TargetKind.TASKS),
    unmarked=(TargetKind.COMMENT, TargetKind.TASKS),
    undoable=(TargetKind.COMMENT, TargetKind.TASKS),
    written={
        TargetKind.COMMENT: ("notes", "hs_note_body"),
        TargetKind.TASKS: ("tasks", "hs_task_body"),
    },
    roots={},
    audiences={"emails": Audience.CUSTOMER, "notes": Audience.RECORD},
    price=Price(read=2, reread=1, requery=2, describe=1, parallel=True),
    rotates=False,
    fences=False,
    drafts="all",
)
"""Refresh tokens last, nothing can be fenced off, and unsent mails are for all to see."""
