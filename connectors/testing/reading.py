# ruff: noqa: S101, PLR2004 - this is a test suite that ships: asserts and expected values are its point
"""Conformance: what a user sees, and at which price."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.errors import NotFound
from connectors.interfaces import Checkpoint, Session
from connectors.testing.stage import FIELDS, HIDEABLE, Stage, Staged, raised


class ReadingContract(Staged):
    """Reads, re-reads, changes."""

    def test_a_hidden_record_looks_like_a_missing_one(self, stage: Stage) -> None:
        """Neither the error nor its code tells whether the record exists."""
        outsider = stage.connector.session(stage.outsider)
        missing = replace(stage.case, id=stage.case.id[:-6] + "zzzAAA")
        of_hidden = raised(NotFound, lambda: outsider.read(stage.case, FIELDS))
        of_missing = raised(NotFound, lambda: outsider.read(missing, FIELDS))
        assert (str(of_hidden), of_hidden.code) == (str(of_missing), of_missing.code)

    @pytest.mark.parametrize("id_", ["", "x", "' OR Id != '", "../../limits", "500" + "0" * 200])
    def test_what_is_no_id_is_not_found(self, session: Session, stage: Stage, id_: str) -> None:
        """Nothing that a caller passes as an id reaches a query or an address."""
        before = stage.requests()
        raised(NotFound, lambda: session.read(replace(stage.case, id=id_), FIELDS))
        raised(NotFound, lambda: session.reread([replace(stage.case, id=id_)], FIELDS))
        assert stage.requests() - before <= 1

    def test_a_case_comes_with_its_thread_and_people(self, session: Session, stage: Stage) -> None:
        """One bundle: the record, messages and comments oldest first, the contact and the owner."""
        bundle = session.read(stage.case, FIELDS)
        assert bundle.record.ref == stage.case
        assert str(bundle.record.fields["Subject"]) in bundle.record.title
        assert str(bundle.record.fields["CaseNumber"]) in bundle.record.title
        assert bundle.record.inbound is None
        assert {record.ref.object for record in bundle.thread} == {"EmailMessage", "CaseComment"}
        times = [record.at for record in bundle.thread if record.at]
        assert len(times) == len(bundle.thread)
        assert times == sorted(times)
        assert all(moment.utcoffset() == timedelta(0) for moment in times)
        assert {record.inbound for record in bundle.thread} == {True, False}
        assert all(record.parent == stage.case and record.author for record in bundle.thread)
        assert {"Contact", "User"} <= {person.ref.object for person in bundle.people}
        assert all(person.fields.get("Name") for person in bundle.people)
        assert bundle.truncated is False

    def test_only_wanted_fields_come_back(self, session: Session, stage: Stage) -> None:
        """What nobody asked for does not leave the connector."""
        bundle = session.read(stage.case, FIELDS)
        assert set(bundle.record.fields) == set(FIELDS["Case"])
        for record in bundle.thread:
            assert set(record.fields) <= set(FIELDS[record.ref.object])

    def test_a_thread_that_is_not_wanted_is_not_read(self, session: Session, stage: Stage) -> None:
        """Objects that the template does not name stay in the CRM."""
        bundle = session.read(stage.case, {"Case": ("Subject",)})
        assert bundle.thread == ()
        assert set(bundle.record.fields) == {"Subject"}

    def test_a_warm_read_and_a_reread_cost_one_round_trip_each(self, stage: Stage) -> None:
        """Once the describes are known, a draft needs two requests; the CRM's own count agrees."""
        cold = stage.connector.session(stage.agent)
        cold.targets(stage.case)
        thread = [record.ref for record in cold.read(stage.case, FIELDS).thread]
        cold.reread([stage.case, stage.article, *thread], {**FIELDS, "Knowledge__kav": ("Title",)})
        assert cold.describe_trips <= 1
        assert cold.round_trips - cold.describe_trips == 2

        warm, before = stage.connector.session(stage.agent), stage.requests()
        warm.targets(stage.case)
        warm.read(stage.case, FIELDS)
        warm.reread([stage.case, stage.article, *thread], {**FIELDS, "Knowledge__kav": ("Title",)})
        assert (warm.round_trips, warm.describe_trips) == (2, 0)
        assert stage.requests() - before == 2

    def test_reread_leaves_out_what_the_user_may_not_see(self, stage: Stage) -> None:
        """Of a mixed list only what this user sees comes back, under the references that were asked for."""
        agent, outsider = stage.connector.session(stage.agent), stage.connector.session(stage.outsider)
        refs = [stage.case, stage.article, *(record.ref for record in agent.read(stage.case, FIELDS).thread)]
        fields = {**FIELDS, "Knowledge__kav": ("Title",)}
        assert set(agent.reread(refs, fields)) == set(refs)
        assert set(outsider.reread(refs, fields)) == {stage.article}
        assert agent.reread([], fields) == {}

    def test_reread_equals_read(self, session: Session, stage: Stage) -> None:
        """A hash made of a field when drafting must match one made when checking."""
        bundle = session.read(stage.case, FIELDS)
        again = session.reread([record.ref for record in bundle.thread], FIELDS)
        for record in bundle.thread:
            assert again[record.ref] == record

    def test_a_hidden_field_is_left_out(self, session: Session, stage: Stage) -> None:
        """Not an error, not an empty value: absent."""
        stage.hide(stage.agent, f"Case.{HIDEABLE}")
        assert HIDEABLE not in session.read(stage.case, FIELDS).record.fields

    def test_a_field_hidden_after_the_describe_is_left_out(self, stage: Stage) -> None:
        """The describe said yes, the query says no: described anew, asked anew, nobody notices."""
        stage.connector.session(stage.agent).read(stage.case, FIELDS)
        stage.hide_at_next_query(stage.agent, f"Case.{HIDEABLE}")
        session = stage.connector.session(stage.agent)
        bundle = session.read(stage.case, FIELDS)
        assert HIDEABLE not in bundle.record.fields
        assert bundle.record.fields["Subject"]
        assert session.round_trips - session.describe_trips == 2

    def test_what_one_user_may_see_is_not_known_for_another(self, stage: Stage) -> None:
        """Describes are cached per user."""
        stage.hide(stage.outsider, "Knowledge__kav.Title")
        for _ in range(2):
            agent, outsider = stage.connector.session(stage.agent), stage.connector.session(stage.outsider)
            fields = {"Knowledge__kav": ("Title",)}
            assert set(agent.reread([stage.article], fields)[stage.article].fields) == {"Title"}
            assert set(outsider.reread([stage.article], fields)[stage.article].fields) == set()

    def test_an_unsent_message_is_marked_and_private(self, stage: Stage) -> None:
        """A draft e-mail shows to its author only, and says what it is."""
        mine, theirs = stage.add_draft(stage.agent), stage.add_draft(stage.colleague)
        thread = stage.connector.session(stage.agent).read(stage.case, FIELDS).thread
        assert [record.draft for record in thread if record.ref == mine] == [True]
        assert theirs not in {record.ref for record in thread}
        assert sum(record.draft for record in thread) == 1

    def test_recent_lists_the_newest_first(self, session: Session, stage: Stage) -> None:
        """A chooser gets at most as many as it asked for, and nothing hidden."""
        newest = session.recent("Case", ("Subject",), 3)
        assert 0 < len(newest) <= 3
        versions = [record.version for record in newest]
        assert versions == sorted(versions, reverse=True)
        outsider = stage.connector.session(stage.outsider)
        assert stage.case not in {record.ref for record in outsider.recent("Case", ("Subject",), 50)}

    def test_changes_are_followed_from_the_last_checkpoint(self, session: Session, stage: Stage) -> None:
        """A first sync sees everything, the next one the edit and the deletion, and nothing is left out."""
        first = list(session.changes(Checkpoint("EmailMessage"), ("Subject",)))
        thread = [r.ref for r in session.read(stage.case, FIELDS).thread if r.ref.object == "EmailMessage"]
        assert set(thread) <= {change.ref for change in first}
        covered = [change.checkpoint.covered for change in first if change.checkpoint.covered]
        assert covered == sorted(covered)

        stage.edit(thread[0], {"Subject": "edited"})
        stage.remove(thread[1])
        later = {change.ref: change for change in session.changes(first[-1].checkpoint, ("Subject",))}
        edited = later[thread[0]].record
        assert edited is not None
        assert edited.fields["Subject"] == "edited"
        assert later[thread[1]].record is None
