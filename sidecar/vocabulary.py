"""What each CRM calls the things that the product is about. A new CRM gets an entry here, and its labels in config/."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One CRM's words.

    `case` is the object that an agent works on and `noun` what she calls it; `number`, `subject`, `status` and
    `priority` are its fields in a list. `indexed` are the objects of the index, in the order in which they are synced;
    `masked_with` are further fields of an object that tell whose names to mask in the text that is embedded.
    """

    case: str
    noun: str
    number: str
    subject: str
    status: str
    priority: str
    indexed: tuple[str, ...]
    masked_with: Mapping[str, tuple[str, ...]]


VOCABULARIES: Final[Mapping[str, Vocabulary]] = {
    "salesforce": Vocabulary(
        case="Case",
        noun="case",
        number="CaseNumber",
        subject="Subject",
        status="Status",
        priority="Priority",
        indexed=("Knowledge__kav", "Case"),
        masked_with={"Case": ("Contact.Name", "Contact.Email", "Contact.Phone", "Owner.Name")},
    ),
    "hubspot": Vocabulary(
        case="tickets",
        noun="ticket",
        number="hs_object_id",
        subject="subject",
        status="hs_pipeline_stage",
        priority="hs_ticket_priority",
        indexed=("tickets",),
        masked_with={"tickets": ("contacts.firstname", "contacts.lastname", "contacts.email", "contacts.phone")},
    ),
}
