"""Exactly once: whatever happens between two steps, draft, audit log and CRM agree in the end."""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from connectors.interfaces import TargetKind
from connectors.testing import Trouble
from sidecar.domain import DraftState
from sidecar.drafts import Draft
from sidecar.errors import Conflict, PreconditionFailed, SidecarError, Unavailable
from tests.fake_crm import SUMMARY_FIELD
from tests.unit.desk import LEASE, Desk

OPEN_POINTS = 24
"""More points than an apply or an undo passes."""
EARLIER = (Trouble.COMMIT_THEN_DROP, Trouble.COMMIT_THEN_500, Trouble.DROP_BEFORE, Trouble.ERROR_500)
TROUBLES = st.none() | st.sampled_from([*EARLIER, Trouble.LATE])
POINTS = st.integers(1, OPEN_POINTS)
DISTURBANCES = ("nothing", "crash", "audit", "store", "settle", "apply", "click", "undo", "edit", "late", "lost")


class Exactly(RuleBasedStateMachine):
    """One draft, its agent, a second process, a colleague, and a CRM whose answers get lost."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())

    def teardown(self) -> None:
        """The last word: everything late has come, the lease is over, somebody looks."""
        self.crm_settles()
        self.desk.audit.broken.clear()
        self.desk.drafts.broken.clear()
        for _ in range(3):
            self.desk.later()
            with suppress(SidecarError):
                self.desk.show(self.draft)
            if self.state is DraftState.UNDOING:
                with suppress(SidecarError):
                    self.desk.undo(self.draft)
        self.agree()
        allowed = {DraftState.DRAFT, DraftState.APPLIED, DraftState.UNDONE}
        assert self.state in (allowed if self.desk.crm.package else allowed | {DraftState.UNKNOWN})
        assert self.desk.services.audit.verify().broken is None
        self.desk.close()
        shutil.rmtree(self.folder)

    @initialize(package=st.booleans(), action=st.sampled_from(["summarize_case", "next_steps"]))
    def begin(self, package: bool, action: str) -> None:  # noqa: FBT001 - hypothesis passes by name
        """Maya has a draft before her."""
        self.desk = Desk(self.folder, package=package)
        self.draft = self.desk.draft(action=action)
        self.edited = False

    @property
    def state(self) -> DraftState:
        """What the database says."""
        return self.desk.stored(self.draft).state

    @rule(trouble=TROUBLES, at=POINTS, kind=st.sampled_from(DISTURBANCES))
    def apply(self, trouble: Trouble | None, at: int, kind: str) -> None:
        """Click Apply, and something happens at some point of it."""
        self.desk.crm.trouble = trouble
        self.disturbed(lambda: self.desk.apply(self.draft), at, kind)
        self.desk.crm.trouble = None

    @rule(trouble=st.none() | st.sampled_from(EARLIER), at=POINTS, kind=st.sampled_from(DISTURBANCES))
    def undo(self, trouble: Trouble | None, at: int, kind: str) -> None:
        """Click Undo, and something happens at some point of it."""
        self.desk.crm.trouble = trouble
        self.disturbed(lambda: self.desk.undo(self.draft), at, kind)
        self.desk.crm.trouble = None

    @rule(at=POINTS, kind=st.sampled_from(DISTURBANCES))
    def look(self, at: int, kind: str) -> None:
        """Open the draft; what was interrupted is settled."""
        self.disturbed(lambda: self.desk.show(self.draft), at, kind)

    @rule()
    def time_passes(self) -> None:
        """A lease ends."""
        self.desk.later()

    @rule()
    def crm_settles(self) -> None:
        """What was on its way arrives."""
        self.desk.crm.settle()

    @invariant()
    def agree(self) -> None:
        """At most one effect; and whoever reads the state of the draft knows what the CRM holds."""
        write = self.draft.write
        assert write
        effects, standing = self.desk.crm.effects[write.key], self.desk.standing(self.draft)
        state = self.state
        note(f"{state}: effects {effects}, standing {standing}, {self.desk.results(self.draft, 'apply')}")
        assert effects <= 1
        assert standing <= effects
        if state is DraftState.DRAFT:
            assert effects == 0
        if state is DraftState.APPLIED:
            assert effects == 1
            assert standing == 1 or self.edited
        if state is DraftState.UNDONE:
            assert (effects, standing) == (1, 0)

    def disturbed(self, action: Callable[[], Draft], at: int, kind: str) -> None:
        """Run an action of an agent; refusals are fine, as long as `agree` holds."""
        act = {
            "nothing": None,
            "crash": self.desk.steps.crash,
            "audit": lambda: self.desk.audit.broken.add("append"),
            "store": lambda: self.desk.drafts.broken.add("change"),
            "settle": lambda: self.sleep(lambda: self.desk.show(self.draft)),
            "apply": lambda: self.sleep(lambda: self.desk.apply(self.draft)),
            "click": lambda: self.other(lambda: self.desk.apply(self.draft)),
            "undo": lambda: self.sleep(lambda: self.desk.undo(self.draft)),
            "edit": self.edit,
            "late": self.desk.crm.settle,
            "lost": lambda: self.sleep(self.lose),
        }[kind]
        with self.desk.steps.disturbed(at, act), suppress(SidecarError):
            action()
        self.desk.audit.broken.clear()
        self.desk.drafts.broken.clear()

    def sleep(self, action: Callable[[], Draft]) -> None:
        """The first process sleeps longer than its lease; another one does something meanwhile."""
        self.desk.later()
        self.other(action)

    def lose(self) -> Draft:
        """Another process sends the write, which is on its way when that process dies."""
        with suppress(SidecarError):
            self.desk.show(self.draft)
        self.desk.crm.trouble = Trouble.LATE
        with self.desk.steps.disturbed("before find", self.desk.steps.crash):
            self.desk.apply(self.draft)
        return self.draft

    def other(self, action: Callable[[], Draft]) -> None:
        """Another process does something; what goes wrong there is its own affair."""
        with suppress(SidecarError):
            action()

    def edit(self) -> None:
        """A colleague changes the case and its summary."""
        self.edited = True
        self.desk.crm.edit(self.desk.case, {"Priority": "Low", SUMMARY_FIELD: "A person wrote this."})


TestExactly = pytest.mark.filterwarnings("default")(Exactly.TestCase)
TestExactly.settings = settings(
    max_examples=60,
    stateful_step_count=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture(params=[True, False], ids=["with the package", "without"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    """A desk in an org with or without our package."""
    return Desk(tmp_path, package=request.param)


def points(desk: Desk) -> int:
    """How many points an undisturbed apply passes; each of them is tried below."""
    draft = desk.draft()
    with desk.steps.disturbed(0, None):
        desk.apply(draft)
    return desk.steps.passed.total()


def test_a_crash_at_any_point_of_apply_ends_in_one_write(tmp_path: Path) -> None:
    """After the lease the draft is applied or open again; then one more click, and it stands there once."""
    total = points(Desk(tmp_path))
    assert total == 16
    for at in range(1, total + 1):
        desk = Desk(tmp_path / str(at))
        draft = desk.draft()
        with desk.steps.disturbed(at, desk.steps.crash):
            desk.apply(draft)
        desk.later()
        assert desk.show(draft).state in {DraftState.DRAFT, DraftState.APPLIED}
        assert desk.apply(draft).state is DraftState.APPLIED
        assert desk.crm.effects.total() == desk.standing(draft) == 1
        desk.close()


def test_without_the_package_a_crash_is_told_apart_only_by_the_text(tmp_path: Path) -> None:
    """Found means applied; not found after something may have been sent is unknown, and stays so however often."""
    found = set()
    for at in range(1, points(Desk(tmp_path, package=False)) + 1):
        desk = Desk(tmp_path / str(at), package=False)
        draft = desk.draft()
        with desk.steps.disturbed(at, desk.steps.crash):
            desk.apply(draft)
        desk.later()
        state = desk.show(draft).state
        found.add((state, desk.crm.effects.total()))
        if state is DraftState.UNKNOWN:
            assert desk.apply(draft).state is desk.show(draft).state is DraftState.UNKNOWN
        desk.close()
    assert found == {(DraftState.DRAFT, 0), (DraftState.UNKNOWN, 0), (DraftState.APPLIED, 1)}


def test_nothing_is_sent_without_a_durable_intent(desk: Desk) -> None:
    """When the audit log cannot be written, the draft stays as it is and can be applied later."""
    draft = desk.draft()
    desk.audit.broken.add("append")
    with pytest.raises(Unavailable):
        desk.apply(draft)
    assert desk.crm.effects.total() == 0
    assert desk.stored(draft).state is DraftState.DRAFT
    desk.audit.broken.clear()
    assert desk.apply(draft).state is DraftState.APPLIED


def test_a_result_that_cannot_be_audited_is_settled_later(desk: Desk) -> None:
    """The write is there, the event is not: the draft is applied once its event is written."""
    draft = desk.draft()
    with desk.steps.disturbed("before append 2", lambda: desk.audit.broken.add("append")), pytest.raises(Unavailable):
        desk.apply(draft)
    assert desk.crm.effects.total() == 1
    assert desk.stored(draft).state is DraftState.APPLYING
    desk.audit.broken.clear()
    desk.later()
    assert desk.show(draft).state is DraftState.APPLIED
    assert desk.results(draft, "apply") == ["intent", "applied"]


def test_a_draft_that_is_being_applied_is_left_alone_during_the_lease(desk: Desk) -> None:
    """A second click in the middle of the first is refused, and the first one ends well."""
    draft = desk.draft()
    refused = []

    def click() -> None:
        with pytest.raises(Conflict) as caught:
            desk.apply(draft)
        refused.append(caught.value.extra["state"])

    with desk.steps.disturbed("before write", click):
        assert desk.apply(draft).state is DraftState.APPLIED
    assert refused == ["applying"]
    assert desk.crm.effects.total() == 1


def test_a_process_that_slept_before_its_write_does_not_write(tmp_path: Path) -> None:
    """Another one declared the attempt lost: that is final, although the first one is still alive."""
    desk = Desk(tmp_path)
    draft = desk.draft()

    def meanwhile() -> None:
        desk.later()
        assert desk.show(draft).state is DraftState.DRAFT

    with desk.steps.disturbed("before write", meanwhile), pytest.raises(SidecarError):
        desk.apply(draft)
    assert desk.crm.effects.total() == 0
    assert desk.stored(draft).state is DraftState.DRAFT


def test_a_claim_is_not_mistaken_for_a_later_one(tmp_path: Path) -> None:
    """Released and claimed again by another process, a draft looks the same: the first process stops all the same."""
    desk = Desk(tmp_path, package=False)
    draft = desk.draft(action="next_steps")

    def meanwhile() -> None:
        desk.later()
        assert desk.show(draft).state is DraftState.DRAFT
        desk.crm.trouble = Trouble.LATE
        with desk.steps.disturbed("before find", desk.steps.crash):
            desk.apply(draft)

    with desk.steps.disturbed("before change 2", meanwhile), pytest.raises(Conflict):
        desk.apply(draft)
    desk.crm.settle()
    assert desk.crm.effects.total() == 1
    desk.later()
    assert desk.show(draft).state is DraftState.APPLIED


def test_a_pre_image_that_took_too_long_stops_the_apply(desk: Desk) -> None:
    """Beyond the lease nobody sends anything."""
    draft = desk.draft()
    with desk.steps.disturbed("before preimage", lambda: desk.later(LEASE)), pytest.raises(Unavailable):
        desk.apply(draft)
    assert desk.crm.effects.total() == 0
    assert desk.stored(draft).state is DraftState.DRAFT


def test_a_lost_request_is_a_clear_no_where_the_crm_has_keys(desk: Desk) -> None:
    """With the package: nothing was written, apply again. Without: unknown, for a person to decide."""
    draft = desk.draft()
    desk.crm.trouble = Trouble.DROP_BEFORE
    if desk.crm.package:
        with pytest.raises(Unavailable):
            desk.apply(draft)
        assert desk.apply(draft).state is DraftState.APPLIED
        assert desk.results(draft, "apply") == ["intent", "not-written", "intent", "applied"]
    else:
        assert desk.apply(draft).state is DraftState.UNKNOWN
        assert desk.results(draft, "apply") == ["intent", "unknown"]


def test_what_cannot_be_found_out_yet_is_never_called_not_written(desk: Desk) -> None:
    """The CRM is down while we look: the draft stays claimed, and is settled when it is back."""
    draft = desk.draft()
    desk.crm.trouble = Trouble.COMMIT_THEN_DROP
    desk.crm_broken.add("find")
    with pytest.raises(Unavailable) as caught:
        desk.apply(draft)
    assert "Nothing was written" not in caught.value.detail
    assert caught.value.extra["state"] == "applying"
    desk.crm_broken.clear()
    desk.later()
    assert desk.show(draft).state is DraftState.APPLIED


def test_an_undo_that_may_have_arrived_is_not_called_applied(desk: Desk) -> None:
    """The first one lost its answer, the second meets a CRM that is down: undoing, until somebody knows."""
    draft = desk.apply(desk.draft())
    desk.crm.trouble = Trouble.COMMIT_THEN_DROP
    with pytest.raises(Conflict):
        desk.undo(draft)
    assert desk.standing(draft) == 0
    desk.crm_broken.add("undo")
    with pytest.raises(Unavailable):
        desk.undo(draft)
    assert desk.stored(draft).state is DraftState.UNDOING
    desk.crm_broken.clear()
    assert desk.undo(draft).state is DraftState.UNDONE


def test_undo_refuses_what_a_person_has_changed(tmp_path: Path) -> None:
    """The person's text stays, and so does the state."""
    desk = Desk(tmp_path)
    draft = desk.apply(desk.draft())
    desk.crm.edit(desk.case, {SUMMARY_FIELD: "A person wrote this."})
    with pytest.raises(PreconditionFailed):
        desk.undo(draft)
    assert desk.stored(draft).state is DraftState.APPLIED
    assert desk.crm.rows[desk.case].fields[SUMMARY_FIELD] == "A person wrote this."
    assert desk.results(draft, "undo") == ["intent", "refused"]


def test_what_is_no_longer_kept_cannot_be_undone_and_stays_applied(tmp_path: Path) -> None:
    """Without its pre-image an undo is refused before it begins."""
    desk = Desk(tmp_path)
    draft = desk.apply(desk.draft())
    forgetful = replace(desk.stored(draft), preimage=None)
    desk.services.drafts.change(forgetful, DraftState.APPLIED, draft.digest)
    with pytest.raises(Conflict):
        desk.undo(draft)
    assert desk.stored(draft).state is DraftState.APPLIED


def test_a_comment_cannot_be_undone(desk: Desk) -> None:
    """As the draft said before apply; nothing is sent."""
    draft = desk.draft(target=TargetKind.COMMENT)
    assert any("cannot be undone" in warning for warning in draft.warnings)
    desk.apply(draft)
    with pytest.raises(Conflict):
        desk.undo(draft)
    assert desk.standing(draft) == 1
