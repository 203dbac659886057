"""Passages: deterministic, ordered, disjoint, complete, and never endless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.chunks import LONGEST, MOST_WORDS, WIDE, WORDS, chunk
from sidecar.text import sentences

TEXTS = st.lists(
    st.sampled_from(["Word ", "end. ", "\n", "\n\n", "漢字。", "- item", "z.B. ", "\u00a0", "é"]), max_size=120
)


@given(TEXTS.map("".join))
def test_passages_cover_every_sentence_once(text: str) -> None:
    """Spans are in order, do not overlap, begin and end with a character, and hold every sentence whole."""
    spans = chunk(text)
    assert spans == chunk(text)
    position = 0
    for start, end in spans:
        assert position <= start < end
        assert text[start:end] == text[start:end].strip()
        position = end
    for first, last in sentences(text):
        assert any(start <= first and last <= end for start, end in spans)


def test_paragraphs_are_never_joined() -> None:
    """A blank line always ends a passage."""
    text = "One.\n\nTwo. Three."
    assert [text[start:end] for start, end in chunk(text)] == ["One.", "Two. Three."]


def test_windows_end_with_the_sentence_that_fills_them() -> None:
    """By words, or by characters where there are no blanks."""
    english = "This is a sentence of some eight words. " * 30
    assert all(len(english[s:e].split()) < WORDS + 8 for s, e in chunk(english))
    japanese = "ポンプが止まりました。" * 200
    assert all(e - s < WIDE + 20 for s, e in chunk(japanese))


@pytest.mark.parametrize(
    "text",
    [
        "a0b1c2 " * 20_000,
        "a " * 20_000,
        "x" * 100_000,
        "\u6f22" * 10_000,
        "Ten words stand in this one, and it has a stop. " * 5 + "log " * 500,
        "word\u00a0" * 5_000,
        "short line\n" * 3_000,
        ("w " * 50 + "end. ") * 9,
        ("w" * 390 + ". ") * 9,
    ],
    ids=lambda text: text[:12],
)
def test_no_passage_is_endless(text: str) -> None:
    """Each can be shown, embedded and judged; no character is lost, whatever the text lacks."""
    spans = chunk(text)
    for start, end in spans:
        assert end - start <= LONGEST
        assert len(text[start:end].split()) <= MOST_WORDS
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())


@given(st.text())
def test_any_text_is_covered(text: str) -> None:
    """No text raises; the spans are ordered and disjoint, and only white space stands between them."""
    spans = chunk(text)
    assert spans == chunk(text)
    gaps = [0, *(place for span in spans for place in span), len(text)]
    assert gaps == sorted(gaps)
    assert not any(text[gaps[i] : gaps[i + 1]].strip() for i in range(0, len(gaps), 2))


def test_sentences_of_usual_length_stay_whole() -> None:
    """A long sentence that fits begins a passage of its own rather than be cut."""
    first, second = f"A {'a ' * 50}end.", f"B {'b ' * 110}end."
    text = f"{first} {second}"
    assert [text[start:end] for start, end in chunk(text)] == [first, second]
