# ruff: noqa: S101, PLR2004 - this is a test suite that ships: asserts and expected values are its point
"""Conformance: what a user sees, and at which price."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from connectors.errors import NotFound
from connectors.interfaces import Audience, Checkpoint, RecordRef, Session
from connectors.testing.stage import Stage, Staged, raised


class ReadingContract(Staged):
    """Reads, re-reads, changes."""

    def test_a_hidden_record_looks_like_a_missing_one(self, stage: Stage) -> None:
        """Neither the error nor its code tells whether the record exists."""
        outsider = stage.connector.session(stage.outsider)
        missing = replace(stage.case, id=self.facts.missing)
        of_hidden = raised(NotFound, lambda: outsider.read(stage.case, self.facts.fields))
        of_missing = raised(NotFound, lambda: outsider.read(missing, self.facts.fields))
        assert (str(of_hidden), of_hidden.code) == (str(of_missing), of_missing.code)

    def test_what_is_no_id_is_not_found(self, session: Session, stage: Stage, no_id: str) -> None:
        """Nothing that a caller passes as an id reaches a query or an address."""
        before = stage.requests()
        raised(NotFound, lambda: session.read(replace(stage.case, id=no_id), self.facts.fields))
        raised(NotFound, lambda: session.reread([replace(stage.case, id=no_id)], self.facts.fields))
        assert stage.requests() - before <= 1

    def test_a_case_comes_with_its_thread_and_people(self, session: Session, stage: Stage) -> None:
        """One bundle: the record, messages and comments oldest first, the contact and the owner."""
        bundle = session.read(stage.case, self.facts.fields)
        assert bundle.record.ref == stage.case
        assert all(str(bundle.record.fields[name]) in bundle.record.title for name in self.facts.titles)
        assert bundle.record.inbound is None
        assert {record.ref.object for record in bundle.thread} == self.facts.thread
        times = [record.at for record in bundle.thread if record.at]
        assert len(times) == len(bundle.thread)
        assert times == sorted(times)
        assert all(moment.utcoffset() == timedelta(0) for moment in times)
        assert {record.inbound for record in bundle.thread} == {True, False}
        assert all(record.parent == stage.case and record.author for record in bundle.thread)
        assert self.facts.people <= {person.ref.object for person in bundle.people}
        assert all(person.title for person in bundle.people)
        assert bundle.truncated is False

    def test_only_wanted_fields_come_back(self, session: Session, stage: Stage) -> None:
        """What nobody asked for does not leave the connector."""
        bundle = session.read(stage.case, self.facts.fields)
        assert set(bundle.record.fields) == set(self.facts.fields[self.facts.case])
        for record in bundle.thread:
            assert set(record.fields) <= set(self.facts.fields[record.ref.object])

    def test_a_thread_that_is_not_wanted_is_not_read(self, session: Session, stage: Stage) -> None:
        """Objects that the template does not name stay in the CRM."""
        wanted = self.facts.titles[-1]
        bundle = session.read(stage.case, {self.facts.case: (wanted,)})
        assert bundle.thread == ()
        assert set(bundle.record.fields) == {wanted}

    def test_a_warm_read_and_a_reread_cost_what_they_should(self, stage: Stage) -> None:
        """Once the describes are known, a draft needs the CRM's few requests and no more; its own count agrees."""
        price = self.facts.price
        cold = stage.connector.session(stage.agent)
        cold.targets(stage.case)
        thread = [record.ref for record in cold.read(stage.case, self.facts.fields).thread]
        cold.reread([stage.case, stage.article, *thread], self._with_article(stage))
        assert cold.describe_trips <= price.describe
        assert cold.round_trips - cold.describe_trips <= price.read + price.reread

        warm, before = stage.connector.session(stage.agent), stage.requests()
        warm.targets(stage.case)
        warm.read(stage.case, self.facts.fields)
        assert 1 <= warm.round_trips <= price.read
        read = warm.round_trips
        warm.reread([stage.case, stage.article, *thread], self._with_article(stage))
        assert warm.round_trips - read == price.reread
        assert warm.describe_trips == 0
        sent = stage.requests() - before
        assert sent >= warm.round_trips if price.parallel else sent == warm.round_trips

    def test_reread_leaves_out_what_the_user_may_not_see(self, stage: Stage) -> None:
        """Of a mixed list only what this user sees comes back, under the references that were asked for."""
        agent, outsider = stage.connector.session(stage.agent), stage.connector.session(stage.outsider)
        refs = [stage.case, stage.article, *(record.ref for record in agent.read(stage.case, self.facts.fields).thread)]
        fields = self._with_article(stage)
        assert set(agent.reread(refs, fields)) == set(refs)
        assert set(outsider.reread(refs, fields)) == {stage.article}
        assert agent.reread([], fields) == {}

    def test_reread_equals_read(self, session: Session, stage: Stage) -> None:
        """A hash made of a field when drafting must match one made when checking.

        Who else reads a record is only told where the record that it hangs on is read with it.
        """
        bundle = session.read(stage.case, self.facts.fields)
        again = session.reread([record.ref for record in bundle.thread], self.facts.fields)
        for record in bundle.thread:
            assert again[record.ref] == replace(record, audience=Audience.AGENT)

    def test_a_case_says_who_else_reads_its_messages(self, session: Session, stage: Stage) -> None:
        """The record itself is for all who see it; each message as the CRM has it; drafts for nobody."""
        draft = stage.add_draft(stage.agent)
        bundle = session.read(stage.case, self.facts.fields)
        assert bundle.record.audience >= Audience.RECORD
        assert {person.audience for person in bundle.people} == {Audience.AGENT}
        sent = {(record.ref.object, record.audience) for record in bundle.thread if not record.draft}
        assert sent == set(self.facts.audiences.items())
        unsent = [record.audience for record in bundle.thread if record.ref == draft]
        assert set(unsent) <= {Audience.AGENT if self.facts.drafts == "author" else Audience.RECORD, Audience.AGENT}

    def test_a_hidden_field_is_left_out(self, session: Session, stage: Stage) -> None:
        """Not an error, not an empty value: absent."""
        hidden = self.facts.hideable
        stage.hide(stage.agent, f"{self.facts.case}.{hidden}")
        assert hidden not in session.read(stage.case, self.facts.fields).record.fields

    def test_a_field_hidden_after_the_describe_is_left_out(self, stage: Stage) -> None:
        """The describe said yes, the query says no: described anew, asked anew, nobody notices."""
        stage.connector.session(stage.agent).read(stage.case, self.facts.fields)
        hidden = self.facts.hideable
        stage.hide_at_next_query(stage.agent, f"{self.facts.case}.{hidden}")
        session = stage.connector.session(stage.agent)
        bundle = session.read(stage.case, self.facts.fields)
        assert hidden not in bundle.record.fields
        assert bundle.record.fields[self.facts.titles[-1]]
        assert session.round_trips - session.describe_trips <= self.facts.price.requery

    def test_what_one_user_may_see_is_not_known_for_another(self, stage: Stage) -> None:
        """Describes are cached per user."""
        article, shown = stage.article.object, self.facts.article_field
        stage.hide(stage.outsider, f"{article}.{shown}")
        for _ in range(2):
            agent, outsider = stage.connector.session(stage.agent), stage.connector.session(stage.outsider)
            fields = {article: (shown,)}
            assert set(agent.reread([stage.article], fields)[stage.article].fields) == {shown}
            assert set(outsider.reread([stage.article], fields)[stage.article].fields) == set()

    def test_an_unsent_message_is_marked_and_private(self, stage: Stage) -> None:
        """A draft says what it is; where the CRM shows it to its author only, so does the connector."""
        mine, theirs = stage.add_draft(stage.agent), stage.add_draft(stage.colleague)
        thread = stage.connector.session(stage.agent).read(stage.case, self.facts.fields).thread
        expected = {"author": {mine}, "all": {mine, theirs}, "none": set[RecordRef]()}[self.facts.drafts]
        assert {record.ref for record in thread if record.draft} == expected
        assert {record.ref for record in thread} & {mine, theirs} == expected

    def test_recent_lists_the_newest_first(self, session: Session, stage: Stage) -> None:
        """A chooser gets at most as many as it asked for, and nothing hidden."""
        newest = session.recent(self.facts.case, self.facts.titles, 3)
        assert 0 < len(newest) <= 3
        versions = [record.version for record in newest]
        assert versions == sorted(versions, reverse=True)
        outsider = stage.connector.session(stage.outsider)
        assert stage.case not in {record.ref for record in outsider.recent(self.facts.case, self.facts.titles, 50)}

    def test_changes_are_followed_from_the_last_checkpoint(self, session: Session, stage: Stage) -> None:
        """A first sync sees everything, the next one the edit and the deletion, and nothing is left out."""
        message, shown = self.facts.message, self.facts.message_field
        first = list(session.changes(Checkpoint(message), (shown,)))
        read = session.read(stage.case, self.facts.fields).thread
        thread = [record.ref for record in read if record.ref.object == message]
        assert set(thread) <= {change.ref for change in first}
        covered = [change.checkpoint.covered for change in first if change.checkpoint.covered]
        assert covered == sorted(covered)

        stage.edit(thread[0], {shown: "edited"})
        stage.remove(thread[1])
        later = {change.ref: change for change in session.changes(first[-1].checkpoint, (shown,))}
        edited = later[thread[0]].record
        assert edited is not None
        assert edited.fields[shown] == "edited"
        assert later[thread[1]].record is None

    def test_who_may_not_look_at_the_setup_is_told_nothing_of_other_peoples_rights(self, stage: Stage) -> None:
        """An agent asks which fields everyone reads: no answer, or at most fields that she reads herself."""
        for grant in (stage.agent, stage.colleague):
            session = stage.connector.session(grant)
            found = session.open_fields([self.facts.case])
            if found is not None:
                wanted = {name: sorted(names) for name, names in found.items()}
                assert set(session.read(stage.case, wanted).record.fields) >= found[self.facts.case]

    def _with_article(self, stage: Stage) -> Mapping[str, Sequence[str]]:
        return {**self.facts.fields, stage.article.object: (self.facts.article_field,)}
