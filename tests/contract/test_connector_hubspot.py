"""The HubSpot connector keeps the connector contract on the sandbox, through a user-level and an account-level app."""

import time
from dataclasses import replace

import pytest

from connectors.errors import Ambiguous, Fatal, Forbidden, NotFound, Retriable, Unauthorized
from connectors.interfaces import Checkpoint, RecordRef, TargetKind
from connectors.sandbox.process import SandboxProcess
from connectors.testing import ConnectorContract
from connectors.testing.stage import make_write, minutes_ago
from tests.contract.hubspot_stage import PORTAL, HubSpotStage, Manner
from tests.crm_facts import HUBSPOT

pytestmark = pytest.mark.sockets


@pytest.fixture(scope="class")
def user_level(process: SandboxProcess) -> HubSpotStage:
    """The stage as it is set once, reached through the user-level app."""
    return HubSpotStage(process)


@pytest.fixture(scope="class")
def account_level(process: SandboxProcess) -> HubSpotStage:
    """The same through the account-level app."""
    return HubSpotStage(process, Manner(account=True))


class TestHubSpotUserLevel(ConnectorContract):
    """HubSpot itself enforces what each user may do."""

    facts = HUBSPOT

    @pytest.fixture
    def stage(self, user_level: HubSpotStage) -> HubSpotStage:
        """A clean portal with one ticket."""
        return user_level.again()


class TestHubSpotAccountLevel(ConnectorContract):
    """The token sees everything: what each user sees is the configured rule's doing."""

    facts = HUBSPOT
    # HubSpot keeps properties from users, not from an app that has the account's rights (contract, 2.3).
    test_a_hidden_field_is_left_out = None  # type: ignore[assignment]  # not for this kind of app
    test_a_hidden_field_of_what_hangs_on_a_root_is_left_out = None  # type: ignore[assignment]  # as above
    test_a_field_hidden_after_the_describe_is_left_out = None  # type: ignore[assignment]  # as above
    test_what_one_user_may_see_is_not_known_for_another = None  # type: ignore[assignment]  # as above

    @pytest.fixture
    def stage(self, account_level: HubSpotStage) -> HubSpotStage:
        """A clean portal with one ticket."""
        return account_level.again()


VERSIONS = ("v3", "2025-09", "2026-03", "2026-09")


@pytest.fixture
def stage(process: SandboxProcess) -> HubSpotStage:
    """A clean portal with one ticket, reached through the user-level app."""
    return HubSpotStage(process)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("keyed", [True, False])
def test_every_version_reads_writes_and_takes_back(process: SandboxProcess, version: str, keyed: bool) -> None:  # noqa: FBT001 - pytest passes it
    """v3 with v4 associations and the dated paths; 207 or errors inside a 200: all the same from here."""
    stage = HubSpotStage(process, Manner(version=version))
    if not keyed:
        stage.uninstall_package()
    session = stage.connector.session(stage.agent)
    bundle = session.read(stage.case, HUBSPOT.fields)
    assert {record.ref.object for record in bundle.thread} == HUBSPOT.thread
    gone = replace(stage.case, id=HUBSPOT.missing)
    assert set(session.reread([stage.case, gone], HUBSPOT.fields)) == {stage.case}
    account = HUBSPOT.roots["account"]
    assert {record.ref.object for record in session.read(stage.account, account.fields).thread} == account.thread
    for ref, fields in ((stage.case, HUBSPOT.fields), (stage.account, account.fields)):
        write = make_write(stage, TargetKind.TASKS, ref)
        preimage = session.preimage(write)
        written = session.write(write, preimage)
        assert stage.carrying(write.key) == 2
        assert session.find(write, preimage, minutes_ago()) == written
        assert session.read(ref, fields).own_writes == set(written.ids)
        session.undo(write, preimage, written)
        assert stage.carrying(write.key) == 0


def test_an_unknown_version_is_said_at_login(process: SandboxProcess) -> None:
    """Well-formed, and not there (any more)."""
    with pytest.raises(Fatal) as caught:
        HubSpotStage(process, Manner(version="2031-03"))
    assert caught.value.code == "UNSUPPORTED_API_VERSION"


def test_a_draft_with_fifty_related_records_costs_three_round_trips(stage: HubSpotStage) -> None:
    """Warm: the ticket, its thread and people side by side, the related ones side by side."""
    related = [
        RecordRef("hubspot", "tickets", str(row["id"])) for row in stage.api("GET", "tickets?limit=50")["results"]
    ]
    warm = stage.connector.session(stage.agent)
    warm.read(stage.case, HUBSPOT.fields)
    session = stage.connector.session(stage.agent)
    session.targets(stage.case)
    session.read(stage.case, HUBSPOT.fields)
    session.reread(related, HUBSPOT.fields)
    assert (session.round_trips, session.describe_trips) == (3, 0)


def test_a_long_thread_costs_a_third_round_trip_and_is_whole(stage: HubSpotStage) -> None:
    """More mails than HubSpot names with the ticket."""
    for number in range(2, 103):
        stage.add_message(number)
    session = stage.connector.session(stage.agent)
    thread = session.read(stage.case, HUBSPOT.fields).thread
    assert sum(record.ref.object == "emails" for record in thread) == 104
    assert session.round_trips - session.describe_trips == 3


@pytest.mark.parametrize("account", [False, True])
def test_of_a_company_with_a_long_past_the_newest_is_read(process: SandboxProcess, account: bool) -> None:  # noqa: FBT001 - pytest passes it
    """More mails than HubSpot names with the record: a search finds the newest, and a rule holds for each of them."""
    stage = HubSpotStage(process, Manner(account=account))
    past = {
        row["id"]: stage.api("GET", f"companies/{row['id']}/associations/emails?limit=500")["results"]
        for row in process.control.records(PORTAL, "companies")
    }
    id_, mails = max(past.items(), key=lambda item: len(item[1]))
    assert len(mails) > 100
    sent = {row["id"]: row["hs_timestamp"] for row in process.control.records(PORTAL, "emails")}
    newest = sorted((str(mail["toObjectId"]) for mail in mails), key=sent.__getitem__)[-50:]
    ref, fields = RecordRef("hubspot", "companies", str(id_)), HUBSPOT.roots["account"].fields
    stage.connector.session(stage.agent).read(ref, fields)
    session = stage.connector.session(stage.agent)
    bundle = session.read(ref, fields)
    assert (session.round_trips, session.describe_trips) == (3, 0)
    read = [record.ref.id for record in bundle.thread if record.ref.object == "emails"]
    assert bundle.truncated
    assert read if account else read == newest


def test_a_rotated_refresh_token_is_kept(process: SandboxProcess, stage: HubSpotStage) -> None:
    """HubSpot's last, unless an app is told to rotate: who throws the new one away is locked out (contract, 6)."""
    client = process.orgs[PORTAL].web_client
    process.control.mutate(PORTAL, "rotation", app=client.id, on=True)
    for _ in range(2):
        stage.expire(stage.agent)
        assert stage.connector.session(stage.agent).read(stage.case, HUBSPOT.fields)
    assert stage.refreshes() == 2


def test_a_session_that_missed_a_renewal_catches_up(stage: HubSpotStage) -> None:
    """The token that another process has stored meanwhile may be spent, too: that is no reason to reconnect."""
    session = stage.connector.session(stage.agent)
    stage.expire(stage.agent)
    stage.connector.session(stage.agent).read(stage.case, HUBSPOT.fields)
    stage.expire(stage.agent)
    assert session.read(stage.case, HUBSPOT.fields).record.ref == stage.case
    assert stage.refreshes() == 2


def test_a_user_who_left_is_asked_to_connect_and_not_refreshed_for(
    process: SandboxProcess, stage: HubSpotStage
) -> None:
    """A 401 that is no expiry (contract, 6)."""
    session = stage.connector.session(stage.agent)
    session.read(stage.case, HUBSPOT.fields)
    process.control.mutate(PORTAL, "deactivate_user", user=stage.agent.rpartition(":")[2])
    before = stage.requests()
    with pytest.raises(Unauthorized):
        session.read(stage.case, HUBSPOT.fields)
    assert stage.refreshes() == 0
    assert stage.requests() - before <= 2


@pytest.mark.parametrize("policy", ["TEN_SECONDLY_ROLLING", "DAILY"])
def test_too_many_calls_are_seen_by_the_limiter_and_not_repeated(
    process: SandboxProcess, stage: HubSpotStage, policy: str
) -> None:
    """hubspot-api-client would ask three times more, in silence (contract, 2.5)."""
    session = stage.connector.session(stage.agent)
    session.read(stage.case, HUBSPOT.fields)
    process.control.mutate(PORTAL, "exhaust", policy=policy, times=1)
    before = stage.requests()
    with pytest.raises(Retriable) as caught:
        session.read(stage.case, HUBSPOT.fields)
    assert caught.value.code == policy
    assert stage.requests() - before == 1
    assert session.read(stage.case, HUBSPOT.fields).record.ref == stage.case


def test_a_busy_token_endpoint_costs_nobody_the_grant(process: SandboxProcess, stage: HubSpotStage) -> None:
    """It has a limit of its own (contract, 6)."""
    process.control.fault("status", path="/token$", status=429, content={"message": "x"}, headers={"retry-after": "7"})
    stage.expire(stage.agent)
    session = stage.connector.session(stage.agent)
    with pytest.raises(Retriable) as caught:
        session.read(stage.case, HUBSPOT.fields)
    assert caught.value.retry_after == 7.0
    assert session.read(stage.case, HUBSPOT.fields).record.ref == stage.case


def test_a_missing_scope_is_told_apart_from_a_hidden_ticket(process: SandboxProcess, stage: HubSpotStage) -> None:
    """One is an administrator's to repair."""
    process.control.mutate(PORTAL, "revoke_scope", scope="tickets", user=stage.agent.rpartition(":")[2])
    with pytest.raises(Forbidden) as caught:
        stage.connector.session(stage.agent).read(stage.case, HUBSPOT.fields)
    assert caught.value.code == "MISSING_SCOPES"


@pytest.mark.parametrize("action", ["truncated_json", "html_503", "commit_then_500"])
def test_a_broken_answer_to_a_read_is_retriable(process: SandboxProcess, stage: HubSpotStage, action: str) -> None:
    """Half a ticket is no ticket."""
    session = stage.connector.session(stage.agent)
    session.read(stage.case, HUBSPOT.fields)
    process.control.fault(action, path="/crm/objects/")
    with pytest.raises(Retriable):
        session.read(stage.case, HUBSPOT.fields)
    assert session.read(stage.case, HUBSPOT.fields).record.ref == stage.case


def test_our_own_write_is_found_although_the_search_does_not_know_it_yet(
    process: SandboxProcess, stage: HubSpotStage
) -> None:
    """Nothing that decides about a write asks the index (contract, 6)."""
    session, write = stage.connector.session(stage.agent), make_write(stage, TargetKind.COMMENT)
    preimage = session.preimage(write)
    written = session.write(write, preimage)
    before = process.control.last()
    assert session.find(write, preimage, minutes_ago()) == written
    assert not [entry for entry in process.control.requests(before) if entry["path"].endswith("/search")]


def test_a_user_who_may_not_link_leaves_nothing_behind(process: SandboxProcess) -> None:
    """Since 2026-09 the note may be made and its association be refused: the whole write failed (contract, 2.3)."""
    stage = HubSpotStage(process, Manner(version="2026-09"))
    lars = stage.log_in("lars.engen")
    session, write = stage.connector.session(lars), make_write(stage, TargetKind.COMMENT)
    preimage = session.preimage(write)
    with pytest.raises(Forbidden):
        session.write(write, preimage)
    assert stage.carrying(write.key) == 0


def test_a_lost_answer_is_healed_inside_the_click(process: SandboxProcess, stage: HubSpotStage) -> None:
    """One drop: the same keys once more, one write, no error."""
    session, write = stage.connector.session(stage.agent), make_write(stage, TargetKind.TASKS)
    preimage = session.preimage(write)
    process.control.fault("commit_then_drop", path="/batch/upsert$")
    written = session.write(write, preimage)
    assert stage.carrying(write.key) == len(written.ids) == 2


def test_a_write_that_was_lost_is_known_to_be_lost_after_two_minutes(
    process: SandboxProcess, stage: HubSpotStage
) -> None:
    """Then it can be applied again, and it is there once."""
    ahead = 0
    stage.connector = stage.new_connector(clock=lambda: time.time() + ahead)
    session, write = stage.connector.session(stage.agent), make_write(stage, TargetKind.COMMENT)
    preimage = session.preimage(write)
    process.control.fault("drop_before", path="/batch/upsert$", times=3)
    with pytest.raises(Ambiguous):
        session.write(write, preimage)
    with pytest.raises(Ambiguous):
        session.find(write, preimage, minutes_ago())
    ahead = 121
    assert session.find(write, preimage, minutes_ago()) is None
    session.write(write, session.preimage(write))
    assert stage.carrying(write.key) == 1


def test_a_ticket_that_was_merged_away_is_gone(stage: HubSpotStage) -> None:
    """Its id answers with the survivor, which nobody asked for; a sync tells both losers."""
    session = stage.connector.session(stage.agent)
    first = list(session.changes(Checkpoint("tickets", minutes_ago()), ("subject",)))[-1].checkpoint
    other = stage.create("tickets", {"subject": "The same again", **stage.column()})
    made = stage.api("POST", "tickets/merge", {"primaryObjectId": other, "objectIdToMerge": stage.case.id})
    stage.later()
    with pytest.raises(NotFound):
        session.read(stage.case, HUBSPOT.fields)
    assert session.reread([stage.case], HUBSPOT.fields) == {}
    later = {change.ref.id: change.record for change in session.changes(first, ("subject",))}
    assert later[stage.case.id] is None
    assert later[str(made["id"])] is not None
