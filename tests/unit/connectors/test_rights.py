"""Which fields are open, worked out from sets of rights: sound whatever profile goes with whatever permission set."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.salesforce.rights import Rights

PROFILES, SETS = ("p1", "p2", "p3"), ("s1", "s2")
FIELD = "Case.Description"
holders = st.frozensets(st.sampled_from((*PROFILES, *SETS)))


def rights(readers: frozenset[str], giving: frozenset[str], **more: frozenset[str]) -> Rights:
    """An org with three profiles and two permission sets."""
    return Rights(
        profiles=frozenset(PROFILES),
        others=frozenset(SETS),
        all_data=more.get("all_data", frozenset()),
        objects={"Case": readers} if readers else {},
        fields={FIELD: giving},
        muted=more.get("muted", frozenset()),
    )


def held() -> list[frozenset[str]]:
    """All that one user may hold: one profile, and any permission sets."""
    chosen = [
        frozenset(name for name, has in zip(SETS, bits, strict=True) if has)
        for bits in ((0, 0), (0, 1), (1, 0), (1, 1))
    ]
    return [frozenset({profile}) | sets for profile in PROFILES for sets in chosen]


@given(readers=holders.filter(bool), giving=holders, all_data=holders)
def test_an_open_field_is_read_by_every_possible_reader(
    readers: frozenset[str], giving: frozenset[str], all_data: frozenset[str]
) -> None:
    """Whoever can read the object, by any mix of one profile and permission sets, reads the field; and no less."""
    found = rights(readers, giving, all_data=all_data).is_open("Case", "Description")
    every = all(mine & giving for mine in held() if mine & (readers | all_data))
    assert found is every


@given(readers=holders, giving=holders)
def test_what_follows_the_case_is_read_by_its_readers(readers: frozenset[str], giving: frozenset[str]) -> None:
    """A message has no rights of its own: those of the case count. Without those either, everybody is a reader."""
    found = Rights(
        frozenset(PROFILES), frozenset(SETS), frozenset(), {"Case": readers} if readers else {},
        {"EmailMessage.TextBody": giving}, frozenset(),
    ).is_open("EmailMessage", "TextBody")  # fmt: skip
    assert found is all(mine & giving for mine in held() if not readers or mine & readers)


def test_a_group_can_take_a_field_away() -> None:
    """A muted field is open only when the profiles give it."""
    readers = frozenset({"p1", "s1"})
    muted = frozenset({FIELD})
    assert rights(readers, readers).is_open("Case", "Description")
    assert not rights(readers, readers, muted=muted).is_open("Case", "Description")
    assert rights(readers, frozenset(PROFILES), muted=muted).is_open("Case", "Description")


def test_a_field_that_nobody_was_given_is_closed() -> None:
    """No row at all: hidden from everybody."""
    assert not rights(frozenset({"p1"}), frozenset()).is_open("Case", "Description")
    assert not rights(frozenset(), frozenset()).is_open("Case", "Description")
