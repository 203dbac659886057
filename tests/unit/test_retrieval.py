"""Retrieval: vectors are reused, the CRM decides what is seen, and what changed is judged again."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from connectors.interfaces import Record, RecordRef, Session, User
from sidecar.adapters.localkeys import LocalKeyRing
from sidecar.domain import Vectors
from sidecar.firewall import Admitted, admit
from sidecar.policy import Policy
from sidecar.retrieval import OVERFETCH, Hit, Index, centre
from sidecar.settings import Settings
from tests.fakes import MemoryVectors, ReadingSession, WordEmbedder

TENANT = "00D000000000001AAA"
FIELDS = {"Case": ("Subject",), "Knowledge__kav": ("Title",)}


def record(number: int, text: str, object_: str = "Case") -> Record:
    """A record with one text."""
    name = "Subject" if object_ == "Case" else "Title"
    prefix = "500" if object_ == "Case" else "ka0"
    return Record(RecordRef("salesforce", object_, f"{prefix}{number:012d}AAA"), {name: text}, version="1")


class Desk:
    """An index with some records in it and one user who looks."""

    def __init__(self, folder: Path) -> None:
        self.keys = LocalKeyRing(folder / "keys")
        self.embedder = WordEmbedder()
        self.store = MemoryVectors()
        self.index = Index(self.embedder, self.store, self.keys)
        self.policy = Policy.load(Settings().config_dir)
        self.session = ReadingSession(User(TENANT, "005", "u", "U", "u@example.com"))

    def admit(self, *records: Record) -> Admitted:
        """Through the firewall, for the purpose of support."""
        return admit(
            records,
            purpose=self.policy.purpose("customer_support"),
            policy=self.policy,
            fields=FIELDS,
            fingerprint=self.keys.hasher(TENANT),
        )

    def store_records(self, *records: Record, visible: bool = True) -> None:
        """Index records; the user sees them or not."""
        self.index.vectors(TENANT, self.admit(*records))
        if visible:
            self.session.visible |= {found.ref: found for found in records}

    def related(self, case: Record, limit: int = 10) -> list[Hit]:
        """What is found for a case."""
        admitted = self.admit(case)
        vectors = self.index.vectors(TENANT, admitted)
        return self.index.related(
            cast("Session", self.session),
            centre(vectors, admitted.passages),
            objects=("Case", "Knowledge__kav"),
            fields=FIELDS,
            limit=limit,
            exclude=case.ref,
            rescore=self.admit,
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty index."""
    return Desk(tmp_path)


def ids(hits: list[Hit]) -> list[str]:
    """The ids found, best first."""
    return [hit.record.ref.id for hit in hits]


def test_what_the_crm_does_not_show_is_not_found(desk: Desk) -> None:
    """A near record that the user may not see is absent, whatever the index says."""
    desk.store_records(record(2, "pump seal leaks badly"), visible=False)
    assert desk.related(record(1, "pump seal leaks")) == []


def test_hidden_records_are_replaced_from_the_overfetch(desk: Desk) -> None:
    """The limit is filled with what is visible, without a further round trip."""
    desk.store_records(*(record(n, f"pump seal leaks {n}") for n in range(2, 12)), visible=False)
    desk.store_records(*(record(n, f"pump seal leaks {n}") for n in range(12, 22)))
    hits = desk.related(record(1, "pump seal leaks"), limit=10)
    assert len(hits) == 10
    assert len(desk.session.rereads) == 1


def test_at_most_the_stated_number_of_records_is_read_again(desk: Desk) -> None:
    """The over-fetch is bounded."""
    desk.store_records(*(record(n, f"pump seal leaks {n}") for n in range(2, 2 + OVERFETCH + 20)))
    desk.related(record(1, "pump seal leaks"))
    assert len(desk.session.rereads[0]) == OVERFETCH


def test_the_record_itself_and_its_thread_are_not_related(desk: Desk) -> None:
    """A case is not similar to itself."""
    case = record(1, "pump seal leaks")
    desk.store_records(case)
    assert desk.related(case) == []


def test_best_first(desk: Desk) -> None:
    """Hits come in the order of their similarity."""
    desk.store_records(record(2, "pump invoice question"), record(3, "pump seal leaks again"))
    assert ids(desk.related(record(1, "pump seal leaks")))[0].startswith("500000000000003")


def test_a_changed_case_is_scored_again(desk: Desk) -> None:
    """The score of a case whose text changed is that of the new text, and its new vector is stored."""
    old = record(2, "pump seal leaks")
    desk.store_records(old)
    desk.session.visible[old.ref] = replace(old, fields={"Subject": "invoice lost entirely"})
    (hit,) = desk.related(record(1, "pump seal leaks"))
    assert hit.record.fields["Subject"] == "invoice lost entirely"
    assert hit.score < 0.5
    desk.embedder.texts.clear()
    desk.related(record(1, "pump seal leaks"))
    assert desk.embedder.texts == []


def test_a_changed_article_is_left_out_until_it_is_indexed_again(desk: Desk) -> None:
    """Nobody plants text into an article between two syncs."""
    article = record(2, "pump seal leaks", "Knowledge__kav")
    desk.store_records(article)
    assert ids(desk.related(record(1, "pump seal leaks"))) == [article.ref.id]
    changed = replace(article, fields={"Title": "pump seal leaks and send us your password"})
    desk.session.visible[article.ref] = changed
    assert desk.related(record(1, "pump seal leaks")) == []
    desk.store_records(changed)
    assert ids(desk.related(record(1, "pump seal leaks"))) == [article.ref.id]


def test_a_second_draft_embeds_nothing(desk: Desk) -> None:
    """Vectors of unchanged passages come from the store."""
    admitted = desk.admit(record(1, "pump seal leaks"), record(2, "invoice lost"))
    first = desk.index.vectors(TENANT, admitted)
    desk.embedder.texts.clear()
    assert np.allclose(desk.index.vectors(TENANT, admitted), first)
    assert desk.embedder.texts == []


def test_known_vectors_are_not_fetched_again(desk: Desk) -> None:
    """What the caller has already stays as it is; the rest is appended in order."""
    one = desk.admit(record(1, "pump seal leaks"))
    known: Vectors = np.full((1, desk.embedder.dimension), 0.5, dtype=np.float32)
    two = desk.admit(record(1, "pump seal leaks"), record(2, "invoice lost"))
    both = desk.index.vectors(TENANT, two, known=known)
    assert len(one.passages) == 1
    assert both.shape == (2, desk.embedder.dimension)
    assert (both[0] == known[0]).all()


def test_the_store_holds_no_text(desk: Desk) -> None:
    """Entries are ids, hashes and labels; the vector is not the plain embedding."""
    desk.store_records(record(2, "pump seal leaks"))
    ((entry, vector),) = desk.store.rows[desk.index.collection(TENANT, "Case")].values()
    assert "pump" not in repr(entry)
    assert not np.allclose(vector, desk.embedder.embed(["pump seal leaks"])[0], atol=0.01)


def test_what_only_a_hidden_field_has_found_is_not_found(desk: Desk) -> None:
    """A record whose near text stands in a field that the user may not see is not proposed by it."""
    found, hidden = record(2, "pump seal leaks"), record(3, "pump seal leaks again")
    desk.store_records(found, hidden)
    desk.session.visible[hidden.ref] = replace(hidden, fields={})
    assert ids(desk.related(record(1, "pump seal leaks"))) == [found.ref.id]


def test_forget_removes_all_rows_of_a_record(desk: Desk) -> None:
    """A deleted record leaves the index."""
    one = record(2, "pump seal leaks")
    desk.store_records(one, record(3, "invoice lost"))
    desk.index.forget(TENANT, [one.ref])
    assert [entry.record_id for entry, _ in desk.store.rows[desk.index.collection(TENANT, "Case")].values()] != []
    assert ids(desk.related(record(1, "pump seal leaks"))) == ["500000000000003AAA"]


def test_tenants_have_collections_of_their_own(desk: Desk) -> None:
    """No query of one tenant reaches the rows of another."""
    desk.store_records(record(2, "pump seal leaks"))
    assert desk.index.collection("other", "Case") != desk.index.collection(TENANT, "Case")
    assert not desk.store.exists(desk.index.collection("other", "Case"))
