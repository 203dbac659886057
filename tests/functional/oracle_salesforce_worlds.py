"""Random Salesforce orgs for the oracle: a few of everything, most combinations possible."""

from collections.abc import Mapping

from hypothesis import strategies as st

from tests.functional.oracle_salesforce import FIELDS, SHARED, Group, Profile, Restriction, Row, Share, User, World

RIGHTS = ("", "R", "CR", "RE", "CRE", "CRED", "RV", "CREDVM")
PRIORITIES = ("High", "Low")
_BY_HAND = ("001", "003", "500")
"""Prefixes of what people share by hand."""


def id_of(prefix: str, number: int) -> str:
    """The short form of an id."""
    return f"{prefix}5e0{number:09d}"


ADMIN = id_of("005", 99)
"""An administrator who is in every world but whom nothing is asked about."""


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Random orgs: a few of everything, most combinations possible."""
    roles = [id_of("00E", number) for number in range(draw(st.integers(1, 4)))]
    parents = {
        role: draw(st.sampled_from([None, *roles[:number]])) if number else None for number, role in enumerate(roles)
    }
    profiles = tuple(
        draw(_profile(id_of("00e", number), st.frozensets(st.sampled_from(_all_fields()), max_size=4)))
        for number in range(2)
    )
    users = tuple(
        User(
            id_of("005", number),
            draw(st.sampled_from(profiles)).id,
            draw(st.sampled_from([None, *roles])),
        )
        for number in range(4)
    )
    people = st.sampled_from([user.id for user in users])
    sets = tuple(
        draw(_profile(id_of("0PS", number), st.frozensets(st.sampled_from(_all_fields()), max_size=3), people))
        for number in range(draw(st.integers(0, 1)))
    )
    queue, team = (
        Group(id_of("00G", number), number == 0, draw(st.frozensets(people, max_size=2))) for number in range(2)
    )
    wider = Group(id_of("00G", 2), False, draw(st.frozensets(st.one_of(people, st.just(team.id)), max_size=2)))
    rows = draw(_rows(people, queue.id))
    shares = tuple(
        Share(
            draw(st.sampled_from([row.id for row in rows if row.id.startswith(_BY_HAND)])),
            draw(st.sampled_from([*(user.id for user in users), team.id, wider.id])),
            draw(st.booleans()),
        )
        for _ in range(draw(st.integers(0, 3)))
    )
    usual = st.sampled_from(["Private", "Private", "Read", "ReadWrite"])
    owd = {
        "Account": draw(usual),
        "Case": draw(usual),
        "Contact": draw(st.sampled_from(["Private", "Read", "ControlledByParent", "ControlledByParent"])),
        "Task": draw(st.sampled_from(["Private", "ControlledByParent"])),
    }
    rule = Restriction(draw(st.sampled_from(profiles)).id, draw(st.sampled_from(["", *PRIORITIES])))
    return World(
        owd,
        parents,
        profiles,
        sets,
        users,
        (queue, team, wider),
        rows,
        _distinct(shares, owd),
        draw(st.sampled_from([None, rule])),
    )


@st.composite
def _profile(
    draw: st.DrawFn, id_: str, fields: st.SearchStrategy[frozenset[str]], people: st.SearchStrategy[str] | None = None
) -> Profile:
    system = draw(st.sampled_from(["", "", "", "", "ViewAllData", "ModifyAllData"]))
    extra = {"ModifyAllData": {"ModifyAllData", "ViewAllData"}}.get(system, {system} - {""})
    return Profile(
        id_,
        frozenset({"ApiEnabled", *extra} if people is None else extra),
        {name: draw(st.sampled_from(RIGHTS)) for name in SHARED},
        draw(fields),
        draw(st.frozensets(people, max_size=2)) if people is not None else frozenset(),
    )


@st.composite
def _rows(draw: st.DrawFn, people: st.SearchStrategy[str], queue: str) -> tuple[Row, ...]:
    accounts = [Row("Account", id_of("001", number), draw(people)) for number in range(2)]
    contacts = [
        Row("Contact", id_of("003", number), draw(people), draw(st.sampled_from(accounts)).id) for number in range(2)
    ]
    cases = [
        Row(
            "Case",
            id_of("500", number),
            draw(st.one_of(people, st.just(queue))),
            draw(st.sampled_from(["", *(account.id for account in accounts)])),
            contact=draw(st.sampled_from(["", *(contact.id for contact in contacts)])),
            priority=draw(st.sampled_from(PRIORITIES)),
        )
        for number in range(3)
    ]
    comments = [Row("CaseComment", id_of("00a", 0), draw(people), draw(st.sampled_from(cases)).id)]
    mails = [
        Row("EmailMessage", id_of("02s", number), draw(people), draw(st.sampled_from(cases)).id, draft=number > 0)
        for number in range(2)
    ]
    parents = st.sampled_from(["", *(row.id for row in (*accounts, *cases))])
    tasks = [Row("Task", id_of("00T", number), draw(people), draw(parents)) for number in range(2)]
    return (*accounts, *contacts, *cases, *comments, *mails, *tasks)


def _distinct(shares: tuple[Share, ...], owd: Mapping[str, str]) -> tuple[Share, ...]:
    """One share per record and grantee; none where the org-wide default leaves the sharing to the parent."""
    kept = {(share.row, share.grantee): share for share in shares}
    return tuple(share for share in kept.values() if owd["Contact"] != "ControlledByParent" or share.row[:3] != "003")


def _all_fields() -> list[str]:
    return [f"{name}.{column}" for name, columns in FIELDS.items() for column in columns]
