# ruff: noqa: S101, PLR2004 - this is a test suite that ships: asserts and expected values are its point
"""Conformance: accounts and contacts, read with what hangs on them and written to."""

from dataclasses import replace

import pytest

from connectors.errors import Ambiguous, NotFound, Stale
from connectors.interfaces import Audience, RecordRef, Session, TargetKind
from connectors.testing.stage import ARRIVES, Stage, Staged, Trouble, make_write, minutes_ago, raised


class RootContract(Staged):
    """`root` is "account" or "contact", an `aim` one of them with a target kind of its own."""

    def test_a_root_that_is_not_there_is_not_found(self, session: Session, stage: Stage, root: str) -> None:
        """Missing and hidden look the same, here as well."""
        ref = self._ref(stage, root)
        missing = replace(ref, id=ref.id[:3] + self.facts.missing[3:])
        raised(NotFound, lambda: session.read(missing, self.facts.roots[root].fields))

    def test_a_root_comes_with_what_hangs_on_it(self, session: Session, stage: Stage, root: str) -> None:
        """Oldest first, each saying where it hangs; the record at hand hangs on nothing."""
        facts, ref = self.facts.roots[root], self._ref(stage, root)
        bundle = session.read(ref, facts.fields)
        assert (bundle.record.ref, bundle.record.parent, bundle.record.inbound) == (ref, None, None)
        assert set(bundle.record.fields) == set(facts.fields[facts.object])
        assert str(bundle.record.fields[facts.title]) in bundle.record.title
        assert {record.ref.object for record in bundle.thread} == facts.thread
        assert stage.case in {record.ref for record in bundle.thread}
        assert {record.parent for record in bundle.thread} == {ref}
        assert len({record.ref for record in bundle.thread}) == len(bundle.thread)
        times = [record.at for record in bundle.thread if record.at]
        assert times == sorted(times)
        for record in bundle.thread:
            assert set(record.fields) <= set(facts.fields[record.ref.object])
        assert bundle.truncated is False

    def test_a_root_shows_to_each_user_what_she_sees(self, stage: Stage, root: str) -> None:
        """What the CRM hides from her is not among what hangs on it, whoever asks."""
        facts, ref = self.facts.roots[root], self._ref(stage, root)
        agent = stage.connector.session(stage.agent)
        assert stage.unseen
        assert not {record.ref for record in agent.read(ref, facts.fields).thread} & stage.unseen
        outsider = stage.connector.session(stage.outsider)
        try:
            thread = [record.ref for record in outsider.read(ref, facts.fields).thread]
        except NotFound:
            return
        assert stage.case not in thread
        assert outsider.reread(thread, facts.fields).keys() == set(thread)

    def test_a_hidden_field_of_what_hangs_on_a_root_is_left_out(self, stage: Stage, root: str) -> None:
        """Field permissions hold for what is read along, too."""
        facts, ref, hidden = self.facts.roots[root], self._ref(stage, root), self.facts.titles[-1]
        assert hidden in facts.fields[self.facts.case]
        stage.hide(stage.agent, f"{self.facts.case}.{hidden}")
        thread = stage.connector.session(stage.agent).read(ref, facts.fields).thread
        cases = [record for record in thread if record.ref.object == self.facts.case]
        assert cases
        assert not [record for record in cases if hidden in record.fields]

    def test_an_account_shows_open_cases_only(self, session: Session, stage: Stage) -> None:
        """What is done is not what a call is about."""
        thread = session.read(stage.account, self.facts.roots["account"].fields).thread
        assert session.reread([stage.closed], {}).keys() == {stage.closed}
        assert stage.closed not in {record.ref for record in thread}

    def test_what_hangs_on_a_root_is_told_to_nobody_else(self, session: Session, stage: Stage, root: str) -> None:
        """Its cases and tasks are shared for themselves: who reads the account need not read them."""
        bundle = session.read(self._ref(stage, root), self.facts.roots[root].fields)
        assert bundle.record.audience is Audience.RECORD
        assert {record.audience for record in (*bundle.thread, *bundle.people)} == {Audience.AGENT}

    def test_the_people_of_a_root_are_known_by_name(self, session: Session, stage: Stage, root: str) -> None:
        """Masking must know who is who, whatever the template asks of them."""
        facts = self.facts.roots[root]
        bundle = session.read(self._ref(stage, root), {facts.object: facts.fields[facts.object]})
        assert bundle.thread == ()
        assert self._ref(stage, root) in {person.ref for person in bundle.people}
        everybody = session.read(self._ref(stage, root), facts.fields).people
        assert stage.contact in {person.ref for person in everybody}
        assert all(person.title for person in everybody)

    def test_a_warm_read_of_a_root_costs_what_a_case_does(self, stage: Stage, root: str) -> None:
        """Once the describes are known."""
        facts, ref = self.facts.roots[root], self._ref(stage, root)
        stage.connector.session(stage.agent).read(ref, facts.fields)
        warm = stage.connector.session(stage.agent)
        warm.read(ref, facts.fields)
        assert warm.round_trips <= self.facts.price.read
        assert warm.describe_trips == 0

    def test_recent_lists_roots(self, session: Session, stage: Stage, root: str) -> None:
        """A chooser offers them as it offers cases."""
        facts = self.facts.roots[root]
        newest = session.recent(facts.object, (facts.title,), 3)
        assert 0 < len(newest) <= 3
        assert all(record.title and record.ref.object == facts.object for record in newest)
        versions = [record.version for record in newest]
        assert versions == sorted(versions, reverse=True)
        assert self._ref(stage, root) in {record.ref for record in session.recent(facts.object, (facts.title,), 50)}

    def test_targets_of_a_root_speak_of_it(self, session: Session, stage: Stage, root: str) -> None:
        """The audience is the account's or the contact's, never a case's; all of them can be undone."""
        targets = session.targets(self._ref(stage, root))
        assert [target.kind for target in targets] == list(self.facts.roots[root].kinds)
        assert all(self.facts.roots[root].noun in target.audience for target in targets)
        assert all(target.undoable and target.readers is Audience.RECORD for target in targets)

    def test_a_write_on_a_root_arrives_once_and_is_found_and_undone(
        self, session: Session, stage: Stage, aim: tuple[str, TargetKind]
    ) -> None:
        """Sent twice by mistake, it is there once; the next read knows it as our own; undone, it is gone."""
        ref = self._ref(stage, aim[0])
        write = make_write(stage, aim[1], ref)
        preimage = session.preimage(write)
        written = session.write(write, preimage)
        assert stage.carrying(write.key) == len(write.values) == len(written.ids)
        assert session.write(write, preimage).ids == written.ids
        assert session.find(write, preimage, minutes_ago()) == written
        bundle = session.read(ref, self.facts.roots[aim[0]].fields)
        assert set(written.ids) <= bundle.own_writes
        session.undo(write, preimage, written)
        session.undo(write, preimage, written)
        assert stage.carrying(write.key) == 0

    @pytest.mark.parametrize("trouble", [*ARRIVES, Trouble.DROP_BEFORE])
    def test_a_lost_answer_on_a_root_is_found_out(
        self, session: Session, stage: Stage, aim: tuple[str, TargetKind], trouble: Trouble
    ) -> None:
        """Ambiguous at first; then there, or where the CRM can fence a key off, surely not."""
        write = make_write(stage, aim[1], self._ref(stage, aim[0]))
        preimage = session.preimage(write)
        stage.trouble(trouble)
        raised(Ambiguous, lambda: session.write(write, preimage))
        if trouble in ARRIVES:
            assert session.find(write, preimage, minutes_ago())
            assert stage.carrying(write.key) == len(write.values)
            return
        if self.facts.fences:
            assert session.find(write, preimage, minutes_ago()) is None
        else:
            raised(Ambiguous, lambda: session.find(write, preimage, minutes_ago()))
        assert stage.carrying(write.key) == 0

    def test_a_root_that_moved_on_is_stale(self, session: Session, stage: Stage, root: str) -> None:
        """Before the pre-image or between pre-image and write: refused, nothing written."""
        facts, ref = self.facts.roots[root], self._ref(stage, root)
        write = make_write(stage, facts.kinds[0], ref)
        preimage = session.preimage(write)
        stage.edit(ref, dict([facts.edited]))
        raised(Stale, lambda: session.write(write, preimage))
        raised(Stale, lambda: session.preimage(write))
        assert stage.carrying(write.key) == 0

    def test_undo_on_a_root_refuses_what_somebody_changed(
        self, session: Session, stage: Stage, aim: tuple[str, TargetKind]
    ) -> None:
        """A person's edit after the write is never deleted."""
        write = make_write(stage, aim[1], self._ref(stage, aim[0]))
        preimage = session.preimage(write)
        written = session.write(write, preimage)
        object_, field = self.facts.written[aim[1]]
        touched = RecordRef(stage.connector.crm, object_, written.ids[0])
        stage.edit(touched, {field: "a person wrote this"})
        raised(Stale, lambda: session.undo(write, preimage, written))
        assert stage.value(touched, field) == "a person wrote this"

    def _ref(self, stage: Stage, root: str) -> RecordRef:
        return stage.account if root == "account" else stage.contact
