"""Transcripts: who speaks is told from the labels, and other texts with colons are none."""

import pytest

from sidecar.candidates import candidates
from sidecar.candidates.speakers import turns
from sidecar.domain import Role
from sidecar.text import sentences
from tests.unit.passages import passage


def told(text: str) -> list[tuple[int, str]] | None:
    """The number and the speaker of each sentence's turn."""
    found = turns([text[start:end] for start, end in sentences(text)])
    return None if found is None else [(turn.number, turn.who) for turn in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Amanda: I baked cookies\nJerry: Sure!\nAmanda: :-)", [(0, "amanda"), (1, "jerry"), (2, "amanda")]),
        ("Doctor: Any allergies?\nPatient: No.", [(0, "doctor"), (1, "patient")]),
        (
            "#Person1#: How are you? #Person2#: Fine. And you? #Person1#: Good.",
            [(0, "person1"), (1, "person2"), (1, "person2"), (2, "person1")],
        ),
        ("[10:32] Tom: hi\n[10:33] Ann: hello\n[10:34] Tom: ok", [(0, "tom"), (1, "ann"), (2, "tom")]),
        (
            "12/03/26, 10:32 - Bo: hi\n12/03/26, 10:33 - Al: yo\n12/03/26, 10:33 - Bo: ok",
            [(0, "bo"), (1, "al"), (2, "bo")],
        ),
        ("[PERSON_1]: hi\n[PERSON_2]: ho\n[PERSON_1]: he", [(0, "[person_1]"), (1, "[person_2]"), (2, "[person_1]")]),
        (
            "Ann (10:32 AM): the scale that we bought does not switch on any more since today\nTom: ok\nAnn: hm",
            [(0, "ann"), (1, "tom"), (2, "ann")],
        ),
    ],
)
def test_turns_of_a_transcript(text: str, expected: list[tuple[int, str]]) -> None:
    """Names, roles, times and hidden names before a colon begin a turn; what follows without a label belongs to it."""
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Name: Miller\nPhone: 555\nProduct: LP-220",
        "ERROR: conn reset\nWARN: retry\nERROR: conn reset",
        "Note: closed on Friday\nWarning: hot\nNote: see above",
        "We need two things: a pump and a valve.",
        "From: a@x.example\nTo: b@x.example\nSubject: Re: pump",
        "The address is http://x.example and the port: 80.",
        "",
    ],
)
def test_forms_logs_and_letters_are_no_transcripts(text: str) -> None:
    """Labels of fields, levels of logs and headers of mails are no speakers."""
    assert told(text) is None


def test_roles_and_replies_of_a_transcript() -> None:
    """The label tells the role; an answer is known as one; fragments stand with what belongs to them."""
    text = "Doctor: What hurts?\nPatient: My left knee. Mostly at night.\nDoctor: Rest for a week."
    found = candidates([passage(1, text, Role.RECORD, field="Description")], None)
    assert [(c.text, c.role, c.reply) for c in found] == [
        ("Doctor: What hurts?", Role.AGENT, False),
        ("Patient: My left knee. Mostly at night.", Role.CUSTOMER, True),
        ("Doctor: Rest for a week.", Role.AGENT, False),
    ]
    assert all(text[c.start : c.end] == c.text for c in found)


def test_a_chat_of_one_message_a_turn_may_carry_labels_too() -> None:
    """Where each message begins with its speaker's name, the name is no word of the message."""
    thread = [passage(1, "Nadia: did u feed the fish"), passage(2, "Pavel: which fish"), passage(3, "Nadia: PAVEL")]
    found = candidates(thread, None)
    assert [c.who for c in found] == ["nadia", "pavel", "nadia"]
    assert "nadia" not in found[0].words


def test_marks_of_posts_are_cut_off() -> None:
    """Who is meant and who signs is no part of what a post says."""
    thread = [
        passage(1, "@Bluelark_Help my bill is 68 pounds, my contract says 31", Role.CUSTOMER),
        passage(2, "@nadia_k88 Sorry to read this. Have you been abroad lately? ^FT", Role.AGENT),
    ]
    assert [c.text for c in candidates(thread, None)] == [
        "my bill is 68 pounds, my contract says 31",
        "Sorry to read this.",
        "Have you been abroad lately?",
    ]
