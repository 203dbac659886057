"""What each CRM calls the things that the product is about. A new CRM gets an entry here, and its labels in config/."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """What an agent chooses in a list: `noun` is its name, `title` its fields as the list shows them, then the rest."""

    noun: str
    plural: str
    title: tuple[str, ...]
    status: str = ""
    priority: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One CRM's words.

    `case` is the object that an agent works on, `customer` the one that stands for a person outside. `kinds` are what
    buttons stand on, in the order of the desk's lists. `indexed` are the objects of the index, in the order in which
    they are synced; `masked_with` are further fields of an object that tell whose names to mask in the text that is
    embedded.
    """

    case: str
    customer: str
    kinds: Mapping[str, Kind]
    indexed: tuple[str, ...]
    masked_with: Mapping[str, tuple[str, ...]]

    @property
    def noun(self) -> str:
        """What an agent calls a case."""
        return self.kinds[self.case].noun


VOCABULARIES: Final[Mapping[str, Vocabulary]] = {
    "salesforce": Vocabulary(
        case="Case",
        customer="Contact",
        kinds={
            "Case": Kind("case", "cases", ("CaseNumber", "Subject"), "Status", "Priority"),
            "Account": Kind("account", "accounts", ("Name",), "Industry"),
            "Contact": Kind("contact", "contacts", ("Name",), "Title"),
        },
        indexed=("Knowledge__kav", "Case"),
        masked_with={"Case": ("Contact.Name", "Contact.Email", "Contact.Phone", "Owner.Name")},
    ),
    "hubspot": Vocabulary(
        case="tickets",
        customer="contacts",
        kinds={
            "tickets": Kind(
                "ticket", "tickets", ("hs_object_id", "subject"), "hs_pipeline_stage", "hs_ticket_priority"
            ),
            "companies": Kind("company", "companies", ("name",), "industry"),
            "contacts": Kind("contact", "contacts", ("firstname", "lastname"), "jobtitle"),
        },
        indexed=("tickets",),
        masked_with={"tickets": ("contacts.firstname", "contacts.lastname", "contacts.email", "contacts.phone")},
    ),
}
