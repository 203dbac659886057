"""Which passages a model gets when it cannot hold them all."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sidecar.adapters.openai_context import fit, tokens
from sidecar.domain import Passage, Role, Vectors
from sidecar.templates import Prompt
from tests.unit.passages import CASE, passage, prompt

WORDS = "The sync of the accounting data stops every night and nobody is told about it. "


def shown(made: Prompt, room: int) -> list[int]:
    """The numbers of the passages that fit, each of them whole and in its fence."""
    data = fit(made, room)
    blocks = {block: one.number for block, one in zip(made.blocks, made.passages, strict=True)}
    found = [number for block, number in blocks.items() if block in data]
    assert data == "\n".join(block for block, number in blocks.items() if number in found)
    assert tokens(data) <= room
    return found


def record(number: int, text: str) -> Passage:
    """A passage of the case itself."""
    made = passage(number, text, Role.RECORD, day=1)
    return Passage(
        number, made.key.__class__(CASE, "Description", number), text, "hash", CASE, Role.RECORD, "", made.when
    )


def thread(count: int, related: int = 0) -> list[Passage]:
    """A case with so many messages, oldest first, a day each, and passages of other cases."""
    own = [record(1, "The sync stops."), *(passage(i, WORDS * 3, day=i) for i in range(2, count + 2))]
    return own + [passage(count + 2 + i, WORDS * 3, Role.RECORD, related=True) for i in range(related)]


def near(*close: int, of: int) -> Vectors:
    """Vectors by which the passages with these numbers, and the first, point one way, and all others another."""
    return np.array([[1, 0] if i + 1 in {1, *close} else [0, 1] for i in range(of)], dtype=np.float32)


def test_nothing_fits_into_no_room() -> None:
    """Rather nothing than half a passage."""
    made = prompt(thread(3))
    assert fit(made, 0) == fit(made, 20) == ""


def test_what_fits_is_left_alone() -> None:
    """The data as they were rendered."""
    made = prompt(thread(3, related=2))
    assert fit(made, 100_000) == made.data


def test_the_newest_stay() -> None:
    """Without vectors the thread is cut at its old end, and the record itself stays."""
    assert shown(prompt(thread(12)), 900) == [1, 10, 11, 12, 13]


def test_an_old_message_that_is_near_to_the_record_stays() -> None:
    """Where the customer told the whole story, long ago."""
    passages = thread(12)
    assert 3 in shown(prompt(passages, vectors=near(3, of=13)), 900)
    assert 13 in shown(prompt(passages, vectors=near(3, of=13)), 900)


def test_related_records_get_a_quarter() -> None:
    """The nearest of them first; they take no place from the thread beyond that."""
    passages = thread(12, related=8)
    found = shown(prompt(passages, vectors=near(20, of=21)), 900)
    others = [number for number in found if number > 13]
    assert 20 in others
    assert 0 < len(others) < len(found) / 2


def test_related_records_leave_what_they_do_not_need() -> None:
    """And take what the thread leaves."""
    assert len(shown(prompt(thread(12, related=1)), 900)) > len(shown(prompt(thread(12, related=8)), 900)) - 3
    assert [number for number in shown(prompt(thread(1, related=8)), 900) if number > 2]


def test_a_passage_that_is_too_large_makes_place_for_others() -> None:
    """A log dump does not empty the draft."""
    passages = [record(1, "The sync stops."), passage(2, WORDS), passage(3, "0x7f " * 4_000, day=24)]
    assert shown(prompt(passages), 400) == [1, 2]


def test_vectors_of_another_length_are_not_used() -> None:
    """Nor are such that are no numbers."""
    passages = thread(12)
    assert shown(prompt(passages, vectors=near(3, of=5)), 500) == shown(prompt(passages), 500)
    assert shown(prompt(passages, vectors=np.full((13, 2), np.nan, np.float32)), 500)


@given(st.text(max_size=200))
def test_tokens_are_never_too_few_to_be_true(text: str) -> None:
    """Not fewer than a tokenizer with long words needs, not more than one for each byte."""
    assert len(text) / 8 <= tokens(text) <= len(text.encode("utf-8")) + 1


def test_scripts_cost_what_they_cost() -> None:
    """A German word costs more than an English one, an ideograph more than a letter, a digit a whole token."""
    assert tokens("accounting") == 4
    assert tokens("Übergrößen") == 6
    assert tokens("会計データ") == 8
    assert tokens("4711") == 4
