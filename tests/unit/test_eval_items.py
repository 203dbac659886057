"""Conversations from JSON lines: what is refused and how, and which records they become."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.interfaces import RecordRef
from sidecar.errors import Invalid
from sidecar.evaluation.items import START, Way, load
from sidecar.evaluation.run import SAMPLE

SECRET = "Mrs Okafor owes 300"
GOOD: dict[str, Any] = {
    "id": "a",
    "title": "A title",
    "turns": [
        {"who": "Ann", "role": "customer", "text": "It broke.", "field": "Case.Description"},
        {"who": "Bob", "role": "agent", "text": "We send a new one."},
        {
            "who": "Cy",
            "role": "other",
            "text": "Noted.",
            "at": "2026-03-01T10:00:00Z",
            "field": "CaseComment.CommentBody",
        },
    ],
    "summary": "Bob sends Ann a new one.",
}


def written(folder: Path, *lines: object) -> Path:
    """A file of these lines; what is no text is written as JSON."""
    path = folder / "items.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f'{{"id": "{SECRET}"', "is no JSON"),
        (f'["{SECRET}"]', "look at the line itself"),
        ("[" * 100_000, "is no JSON"),
        (GOOD | {"summary": ""}, "look at summary"),
        (GOOD | {"turns": []}, "look at turns"),
        (GOOD | {"turns": [{"who": SECRET, "role": SECRET, "text": SECRET}]}, "look at turns.0.role"),
        (GOOD | {"turns": [{"role": "agent", "text": SECRET, "at": SECRET}]}, "look at turns.0.at"),
        (GOOD | {"turns": [{"role": "agent", "text": SECRET, "at": "2026-03-01T10:00:00"}]}, "look at turns.0.at"),
        (GOOD | {"turns": [{"role": "agent", "text": SECRET, "field": "Case.Secret__c"}]}, "look at turns.0.field"),
        ({"id": 3, "turns": GOOD["turns"]}, "look at id, summary"),
    ],
)
def test_a_bad_line_is_named_by_its_number_and_never_quoted(tmp_path: Path, line: object, said: str) -> None:
    """The error says which line and which field, and holds nothing of the data."""
    with pytest.raises(Invalid) as refused:
        load(written(tmp_path, GOOD, "", line))
    message = str(refused.value)
    assert "Line 3" in message
    assert said in message
    assert "Okafor" not in message
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """Missing, empty, or no UTF-8: each says what it must be."""
    with pytest.raises(Invalid, match="must be there"):
        load(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "\xe9"}')
    with pytest.raises(Invalid, match="UTF-8"):
        load(tmp_path / "latin.jsonl")
    with pytest.raises(Invalid, match="empty"):
        load(written(tmp_path, "", ""))


def test_a_thread_has_a_record_for_each_message(tmp_path: Path) -> None:
    """What lies in the case is the case's; the rest are messages with author, side and time, oldest first."""
    (item,) = load(written(tmp_path, GOOD))
    case, mail, comment = item.records()
    assert case.fields == {"Subject": "A title", "Description": "It broke."}
    assert (mail.ref.object, mail.fields, mail.inbound) == ("EmailMessage", {"TextBody": "We send a new one."}, False)
    assert (comment.ref.object, comment.author, comment.inbound) == ("CaseComment", "Cy", None)
    assert mail.parent == comment.parent == case.ref == RecordRef("salesforce", "Case", "a")
    assert mail.at is not None
    assert mail.at > START
    assert comment.at is not None
    assert comment.at.isoformat() == "2026-03-01T10:00:00+00:00"


def test_a_transcript_is_one_field(tmp_path: Path) -> None:
    """The whole conversation stands in the description, a line for each turn, with the speaker's name before it."""
    (item,) = load(written(tmp_path, GOOD))
    (case,) = item.records(Way.TRANSCRIPT)
    assert case.fields["Description"] == "Ann: It broke.\nBob: We send a new one.\nCy: Noted."
    assert str(case.fields["Description"]).split("\n") == item.raw(Way.TRANSCRIPT)


def test_nothing_of_a_conversation_shows_in_a_repr(tmp_path: Path) -> None:
    """An item that reaches a log by accident tells its id only."""
    (item,) = load(written(tmp_path, GOOD))
    assert "broke" not in repr(item)
    assert "Ann" not in repr(item)


def test_the_sample_can_be_read() -> None:
    """The conversations that come with the product are well formed, in three languages."""
    assert {item.language for item in load(SAMPLE)} == {"en", "de", "fr"}
