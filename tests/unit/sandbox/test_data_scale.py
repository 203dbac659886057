"""Data of any size is stable, begins like smaller data, stays coherent, and is made while it is read."""

import hashlib
import json
import tracemalloc
from collections import Counter
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from connectors.sandbox.clock import Clock
from connectors.sandbox.data import Generated, generate
from connectors.sandbox.data.__main__ import main
from connectors.sandbox.data.scale import company, grow
from connectors.sandbox.data.writing import write
from connectors.sandbox.load import LoadError, load
from connectors.sandbox.serve import build_sites

ALIASES = ("northwind", "globex", "meridian")
SIZE = 4_900
DIGESTS = {
    "northwind": "45953b34f7ed220684c0542149d7d909f3c7a03acf874523254050133cc398f1",
    "meridian": "3c7c6c9cbe3682ce2a31ea478875feaedb201ad535a4e1bff09e84896a686c09",
}
"""Of the first `SIZE` records of seed 7, without the files: their bytes depend on the versions of libraries."""


@cache
def made(alias: str, size: int, seed: int = 7) -> list[tuple[str, Any]]:
    """All rows of a grown org or portal."""
    return list(grow(alias, size, seed)[1])


@cache
def ordinarily() -> list[Generated]:
    """The company at its ordinary size."""
    return generate()


def counted(rows: list[tuple[str, Any]]) -> int:
    """The records among rows."""
    return sum(name != "associations" for name, _ in rows)


def test_an_unknown_alias_is_refused() -> None:
    """There is nothing else to grow."""
    with pytest.raises(LookupError):
        grow("tailspin", 10)


@pytest.mark.parametrize("alias", DIGESTS)
@pytest.mark.parametrize("size", [1, SIZE])
def test_there_are_exactly_as_many_records_as_wanted(alias: str, size: int) -> None:
    """Small sizes too; the portal's associations do not count."""
    assert counted(made(alias, size)) == size


@pytest.mark.parametrize("alias", DIGESTS)
def test_data_of_a_seed_never_change(alias: str) -> None:
    """The digest of the first records is the known one."""
    rows = [(name, row) for name, row in made(alias, SIZE) if not name.startswith("Content")]
    text = json.dumps(rows, ensure_ascii=False, sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest() == DIGESTS[alias]


@pytest.mark.parametrize("alias", DIGESTS)
def test_small_data_are_the_beginning_of_large_data(alias: str) -> None:
    """With the same seed the records of a size begin those of every larger size; they begin with `generate`'s."""
    small, large = made(alias, SIZE), made(alias, SIZE + 900)
    assert large[: len(small)] == small
    ordinary = ordinarily()[ALIASES.index(alias)][1]
    assert small[: len(ordinary)] == ordinary[: len(small)]


def test_another_seed_gives_other_data() -> None:
    """Names and texts of grown customers follow the seed."""
    ours, theirs = (
        {row["Name"] for name, row in made("northwind", SIZE, seed) if name == "Account"} for seed in (7, 8)
    )
    assert len(ours - theirs) > 10


@pytest.mark.parametrize("alias", ["northwind", "meridian"])
def test_grown_records_have_ids_of_their_own_and_parents_before_them(alias: str) -> None:
    """No id is used twice, and whatever a record refers to was there before."""
    seen: set[str] = set()
    fields = ("AccountId", "ContactId", "ParentId", "WhatId", "LinkedEntityId", "MasterRecordId")
    document, rows = grow(alias, 8_000)
    people = {item["Id"] for key in ("users", "groups") for item in document[key]} if alias == "northwind" else set()
    for name, row in rows:
        if name == "associations":
            assert {row["from"][1], row["to"][1]} <= seen
            continue
        record_id = str(row["id" if alias == "meridian" else "Id"])
        assert record_id not in seen
        seen.add(record_id)
        assert all(row[field] in seen | people for field in fields if row.get(field))


def test_grown_texts_are_varied() -> None:
    """No two cases open with the same words, mails are in five languages and hardly repeat a subject."""
    cases = [row for name, row in made("northwind", 10_000) if name == "Case" and not row["IsDeleted"]]
    openings = Counter(row["Description"] for row in cases)
    assert len(cases) > 600
    assert max(openings.values()) == 1
    assert len({row["Subject"] for row in cases}) > len(cases) * 0.5
    text = " ".join(map(str, openings))
    assert all(word in text for word in ("Hello", "Guten Tag", "Bonjour", "Buenos días", "お世話"))


def test_memory_does_not_grow_with_the_size() -> None:
    """Records that were read are forgotten: twice as many take no more than a little more memory."""
    _, rows = grow("northwind", 1_000_000)
    assert sum(1 for _ in islice(rows, 4_500)) == 4_500
    tracemalloc.start()
    try:
        sizes: list[int] = []
        for _ in range(3):
            for _ in islice(rows, 1_500):
                pass
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[2] - sizes[1] < 1_500_000


def test_a_company_has_a_large_org_and_a_large_portal() -> None:
    """Northwind and meridian have the size, globex stays as it is."""
    orgs = company(4_000)
    assert [counted(list(rows)) for _, rows in orgs] == [4_000, len(ordinarily()[1][1]), 4_000]


def test_the_sandbox_serves_the_size_that_was_wished() -> None:
    """Both the large org and the large portal are loaded; a folder of own data has the size it has."""
    sites = {site.alias: site for site in build_sites(None, 7, Clock(), 4_200)}
    assert set(sites) == set(ALIASES)
    for alias, kind in (("northwind", "Account"), ("meridian", "companies")):
        grown = sum(name == kind for name, _ in made(alias, 4_200))
        assert len(sites[alias].records(kind, {})) == grown
    with pytest.raises(LoadError):
        build_sites(Path("own"), 7, Clock(), 4_200)


@pytest.mark.parametrize("vendor", ["salesforce", "hubspot"])
def test_written_data_are_what_the_sandbox_loads(vendor: str, tmp_path: Path) -> None:
    """The command writes one file per object, and loading them gives the same records and document back."""
    out = tmp_path / "own"
    result = CliRunner().invoke(main, ["--scale", "300", "--out", str(out), "--format", vendor])
    assert result.exit_code == 0, result.output
    alias = "northwind" if vendor == "salesforce" else "meridian"
    document, rows = grow(alias, 300)
    ((loaded, records),) = load(out)
    found = Counter(name for name, _ in rows)
    assert Counter(name for name, _ in records) == found
    assert all(f"{count:,}  {name}" in result.output for name, count in found.items())
    (site,) = build_sites(out, 7, Clock())
    kind = "Case" if vendor == "salesforce" else "tickets"
    assert len(site.records(kind, {})) == found[kind]
    same = ("users", "roles", "owners", "pipelines", "shares")
    assert all(loaded[key] == document[key] for key in same if key in document)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    """Nothing is overwritten: the command stops with a message."""
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError):
        write({}, [], tmp_path)
    result = CliRunner().invoke(main, ["--scale", "10", "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert "not empty" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("scale", ["0", "-5", "1000001", "many"])
def test_impossible_sizes_are_refused(scale: str, tmp_path: Path) -> None:
    """Sizes run from one record to a million."""
    result = CliRunner().invoke(main, ["--scale", scale, "--out", str(tmp_path / "x")])
    assert result.exit_code == 2
    assert not (tmp_path / "x").exists()
