"""Sentences: where they end in letters of many languages, and where they do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.text import sentences


@pytest.mark.parametrize(
    "sentence",
    [
        "Wir liefern bis zum 3. Dezember 2026.",
        "Die Kosten (z.B. Fracht) trägt Dr. Weiß bzw. die Firma.",
        "Mr. Smith met J. Doe of Acme Inc. yesterday.",
        "Version 4.3.2 costs 1,200.50 EUR.",
        "Le 3 déc. la livraison était en route.",
        "It stopped... and then it started again.",
        "Please open www.example.org and log in.",
        "This line was wrapped by the mail program in the middle\nof the sentence.",
        "ライン停止中にゼロ点を取り直してください。",
    ],
)
def test_one_sentence_stays_one(sentence: str) -> None:
    """Abbreviations, initials, ordinals, figures, ellipses, addresses and wrapped lines do not end a sentence."""
    assert sentences(sentence) == [(0, len(sentence))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It broke. We fixed it! Why?", ["It broke.", "We fixed it!", "Why?"]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("Hello Anna,\nthe pump stops.", ["Hello Anna,", "the pump stops."]),
        ("One thing\n\nAnother thing", ["One thing", "Another thing"]),
        ("We need:\n- two pumps\n- one valve", ["We need:", "- two pumps", "- one valve"]),
        ("Wir brauchen 12. Danke.", ["Wir brauchen 12.", "Danke."]),
        ("直りました。ありがとうございます\uff01では。", ["直りました。", "ありがとうございます\uff01", "では。"]),
        ("  padded.  Twice.  ", ["padded.", "Twice."]),
        ("", []),
        (" \n \n ", []),
    ],
)
def test_sentences_are_told_apart(text: str, expected: list[str]) -> None:
    """Stops, closing quotes, blank lines, short lines, list items and full-width stops end a sentence."""
    assert [text[start:end] for start, end in sentences(text)] == expected


@given(st.text(alphabet=st.sampled_from("aB1 .!?\n\r\t。-…\"'é"), max_size=120))
def test_spans_cover_all_but_white_space(text: str) -> None:
    """Spans are ordered, do not overlap, are trimmed, and leave out nothing but white space."""
    spans = sentences(text)
    position = 0
    for start, end in spans:
        assert position <= start < end
        assert text[position:start].strip() == ""
        assert text[start:end] == text[start:end].strip()
        position = end
    assert text[position:].strip() == ""
