"""A draft survives JSON exactly, and nothing else passes for one."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.interfaces import PreImage
from sidecar import drafts_codec
from sidecar.domain import Claim, DraftState, Grounding, Source
from sidecar.drafts import Draft
from sidecar.drafts_codec import from_json, to_json
from tests.samples import NOW, SECRET_TEXT, make_draft

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=20)
"""Lone surrogates and NUL too: a CRM may send them."""
MOMENTS = st.datetimes(timezones=st.just(UTC))
CLAIMS = st.builds(Claim, section=ANY_TEXT, text=ANY_TEXT, quote=ANY_TEXT, score=st.floats(0, 1))
SOURCES = st.builds(Source, text=ANY_TEXT, when=st.none() | MOMENTS, flags=st.lists(ANY_TEXT, max_size=2).map(tuple))
DRAFTS = st.builds(
    replace,
    st.just(make_draft()),
    record_title=ANY_TEXT,
    claims=st.lists(CLAIMS, max_size=3).map(tuple),
    sources=st.lists(SOURCES, max_size=3).map(tuple),
    write=st.none() | st.just(make_draft().write),
    before=st.none() | ANY_TEXT,
    state=st.sampled_from(DraftState),
    edited=st.booleans(),
    claimed_at=st.none() | MOMENTS,
    preimage=st.none() | st.builds(PreImage, version=ANY_TEXT, value=st.none() | ANY_TEXT, attempt=ANY_TEXT),
    timings_ms=st.dictionaries(ANY_TEXT, st.floats(allow_nan=False, allow_infinity=False), max_size=3),
)


def _paths(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(below for key, item in items for below in _paths(item, (*path, key)))]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"null", b"[]", b'"x"', b"\xff", b'{"format":2,"draft":{}}', b'{"draft":{}}']
)
def test_what_is_not_a_stored_draft_is_refused(data: bytes) -> None:
    """Broken JSON, another format and a missing envelope are ValueErrors."""
    with pytest.raises(ValueError, match="stored draft"):
        from_json(data)


def test_a_wrong_value_anywhere_is_refused_without_being_shown() -> None:
    """Replacing any member by an object of its own makes the draft unreadable, and the error quotes no content."""
    stored = json.loads(to_json(make_draft()))
    paths = _paths(stored["draft"])[1:]
    assert len(paths) > 100
    for path in paths:
        damaged = json.loads(to_json(make_draft()))
        holder = damaged["draft"]
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = {"intruder": [SECRET_TEXT]}
        with pytest.raises(ValueError, match="draft") as refusal:
            from_json(json.dumps(damaged).encode())
        assert SECRET_TEXT not in str(refusal.value)


@pytest.mark.parametrize("name", ["id", "written", "idempotency_key", "round_trips"])
def test_a_missing_member_is_refused(name: str) -> None:
    """Defaults of the dataclass never fill a gap in what is stored."""
    stored = json.loads(to_json(make_draft()))
    del stored["draft"][name]
    with pytest.raises(ValueError, match="members of Draft"):
        from_json(json.dumps(stored).encode())


def test_an_additional_member_is_refused() -> None:
    """What this version does not know, it does not drop."""
    stored = json.loads(to_json(make_draft()))
    stored["draft"]["write"]["extra"] = 1
    with pytest.raises(ValueError, match="members of Write"):
        from_json(json.dumps(stored).encode())


def test_a_number_is_no_boolean_and_a_boolean_no_number() -> None:
    """Types are compared exactly, although Python takes True for 1."""
    for name, value in (("edited", 1), ("round_trips", True), ("created", 1.0), ("state", "no-such-state")):
        stored = json.loads(to_json(make_draft()))
        stored["draft"][name] = value
        with pytest.raises(ValueError, match=f"draft.{name} is not a"):
            from_json(json.dumps(stored).encode())


def test_nan_cannot_be_stored() -> None:
    """JSON has no word for it."""
    with pytest.raises(ValueError, match="JSON"):
        to_json(make_draft(timings_ms={"read": float("nan")}))


@given(DRAFTS)
@settings(deadline=None)
def test_every_draft_survives(draft: Draft) -> None:
    """from_json(to_json(d)) == d, for any text, and the digest stays the same."""
    restored = from_json(to_json(draft))
    assert restored == draft
    assert restored.digest == draft.digest


def test_types_are_restored() -> None:
    """Enums, tuples and moments come back as what they were, not as what equals them."""
    restored = from_json(to_json(make_draft(state=DraftState.UNKNOWN)))
    assert type(restored.state) is DraftState
    assert type(restored.claims[0].grounding) is Grounding
    assert restored.created == NOW
    assert restored.created.tzinfo is not None
    assert isinstance(restored.claims, tuple)


@pytest.mark.parametrize("kind", [set, set[int], int | str, int | str | None, complex])
def test_an_annotation_that_the_codec_does_not_know_fails_at_once(kind: object) -> None:
    """A new field of a new kind is found by the first test that stores a draft, not in production."""
    with pytest.raises(TypeError, match="does not know"):
        drafts_codec._decoder(kind)
    with pytest.raises(TypeError, match="does not know set"):
        to_json(make_draft(warnings={"a"}))


def test_a_moment_without_a_zone_survives_as_it_is() -> None:
    """The codec adds no zone of its own."""
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the point of the test
    assert from_json(to_json(make_draft(claimed_at=naive))).claimed_at == naive
