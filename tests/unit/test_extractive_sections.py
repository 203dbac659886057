"""Sections of the default reasoner beyond the story: open questions, lists, whose words a section wants, and order."""

from dataclasses import replace

from connectors.interfaces import RecordRef
from sidecar.adapters.extractive import ExtractiveReasoner
from sidecar.adapters.extractive.worth import Worth
from sidecar.candidates import candidates
from sidecar.domain import Claim, Passage, PassageKey, Role
from tests.unit.passages import CASE, passage, prompt


def generate(passages: list[Passage], action: str = "summarize_case") -> tuple[Claim, ...]:
    """The claims of the default reasoner."""
    return ExtractiveReasoner().generate(prompt(passages, action))


def texts(claims: tuple[Claim, ...], section: str) -> list[str]:
    """What a section says."""
    return [claim.text for claim in claims if claim.section == section]


THREAD = [
    passage(1, "Since Monday the export of our invoices stops at line 200.", Role.CUSTOMER, day=2),
    passage(2, "Which browser do you use for the export of the invoices?", Role.AGENT, day=3),
    passage(3, "We use Firefox 128 on all machines.", Role.CUSTOMER, day=4),
    passage(4, "Is there another way to get the invoices of October?", Role.CUSTOMER, day=5),
]


def test_open_questions_are_those_that_nobody_answered() -> None:
    """A question stands open until the other side says something of substance; a courtesy is no answer."""
    assert texts(generate(THREAD), "questions") == [THREAD[3].text]
    thanks = passage(5, "Thank you for your patience, we will get back to you.", Role.AGENT, day=6)
    assert texts(generate([*THREAD, thanks]), "questions") == [THREAD[3].text]
    answer = passage(5, "You find the invoices of October in the archive folder.", Role.AGENT, day=6)
    assert texts(generate([*THREAD, answer]), "questions") == []


def test_nothing_is_open_when_the_case_was_resolved() -> None:
    """A resolution closes the questions."""
    resolution = passage(9, "The limit of 200 lines was lifted for this customer.", Role.RECORD, field="Resolution__c")
    claims = generate([*THREAD, resolution])
    assert texts(claims, "questions") == []
    assert resolution.text in texts(claims, "state")


def test_the_story_is_told_in_order() -> None:
    """How it began, what was done and where it stands follow each other in time."""
    numbers = [c.passage for c in generate(THREAD) if c.section in {"situation", "tried", "state"}]
    assert numbers == sorted(numbers)
    assert numbers[0] == 1


def test_a_list_has_one_line_for_each_record_newest_first() -> None:
    """Lines stand whole; a record without a line says its first sentence; other objects stay out."""

    def line(number: int, object_: str, text: str, day: int, field: str) -> Passage:
        made = passage(number, text, Role.RECORD, day=day)
        return replace(
            made, key=PassageKey(RecordRef("salesforce", object_, f"{object_}{number}"), field, 0), root=CASE
        )

    claims = generate(
        [
            line(1, "Contact", "Jane Doe · Head of IT", 2, "Name+Title"),
            line(2, "Contact", "John Roe · CFO", 9, "Name+Title"),
            line(3, "Opportunity", "Renewal 2027 · Negotiation", 5, "Name+StageName"),
            line(4, "Case", "00001044 · Printer stops · Working", 4, "CaseNumber+Subject+Status"),
        ],
        "brief_account",
    )
    assert texts(claims, "people") == ["John Roe · CFO", "Jane Doe · Head of IT"]
    assert texts(claims, "deals") == ["Renewal 2027 · Negotiation"]
    assert texts(claims, "cases") == ["00001044 · Printer stops · Working"]
    assert all(claim.quote == claim.text and claim.start == 0 and claim.end == len(claim.text) for claim in claims)


def test_a_reply_takes_each_sentence_from_whom_it_wants() -> None:
    """What we have done is never told in the customer's words, nor what she wrote in ours; nor what is overdue."""
    thread = [
        passage(1, "The pump P-7 leaks oil since Monday and hall 2 is closed.", Role.CUSTOMER, day=2),
        passage(2, "We have replaced the seal of the pump P-7 this morning.", Role.AGENT, day=3),
        passage(3, "We tightened all screws of the pump P-7, without success.", Role.CUSTOMER, day=4),
        passage(4, "Our technician will bring a new pump by 12 December.", Role.AGENT, day=5),
        passage(5, "I will call you about the invoice by 20 November.", Role.AGENT, day=6),
    ]
    claims = generate(thread, "draft_reply")
    assert texts(claims, "understood")[0] == thread[0].text
    assert {c.passage for c in claims if c.section in {"done", "next"}} <= {2, 4}
    assert [(c.text, c.due) for c in claims if c.section == "next"] == [(thread[3].text, "2026-12-12")]
    assert all(c.passage != 5 for c in claims), "a letter of the 24th does not promise again what was due on the 20th"


def test_worth_falls_with_what_is_said_already() -> None:
    """A sentence is worth more than its repetition, and what carries facts more than small talk of the same length."""
    said = [
        "Nobody told Pavel that the flight to Lisbon leaves at 6:40 on Friday.",
        "The flight to Lisbon leaves at 6:40 on Friday, Pavel.",
        "Oh well, you know how it is, I really just think so too.",
        "",
    ]
    pool = candidates([passage(i, text) for i, text in enumerate(said, 1)], None)
    worth = Worth(pool, 3)
    first = worth.gains()
    assert first[0] > first[2]
    worth.add(0)
    assert worth.gains()[1] < first[1] / 2
