"""Passages: deterministic, ordered, disjoint, complete, and never endless."""

from hypothesis import given
from hypothesis import strategies as st

from sidecar.chunks import LONGEST, WIDE, WORDS, chunk
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


def test_a_text_without_stops_is_cut_at_blanks() -> None:
    """A log of a megabyte makes passages that can be shown and embedded; no character is lost."""
    text = "a0b1c2 " * 20_000
    spans = chunk(text)
    assert all(end - start <= LONGEST + WIDE for start, end in spans)
    assert "".join(text[start:end] for start, end in spans).replace(" ", "") == text.replace(" ", "")
    solid = "x" * 10_000
    assert sum(end - start for start, end in chunk(solid)) == len(solid)
