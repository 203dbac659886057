"""What other clients of Salesforce were bitten by (contract, 6), tried on ours.

Pitfalls that cannot happen here have no test of their own: bulk handlers that never refresh (the connector has none: it
reads by queries, see the sync below) and upserts by external id with their ambiguities (it inserts, see `marker`).
Lightning addresses are tried in tests/unit/connectors/test_addresses.py, where no name has to be resolved.
"""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from connectors.errors import Ambiguous, ConnectorError, Fatal, Forbidden, NotFound, Retriable, Unauthorized
from connectors.interfaces import Checkpoint, RecordRef, TargetKind
from connectors.sandbox.process import SandboxProcess
from connectors.testing.stage import make_write
from tests.contract.sandbox_stage import ORG, SandboxStage

pytestmark = pytest.mark.sockets

COMPOSITE: dict[str, Any] = {"path": "/composite$", "method": "POST"}
WRITE: dict[str, Any] = {**COMPOSITE, "body": r'"allOrNone": ?true'}
TOKEN: dict[str, Any] = {"path": "/oauth2/token$", "method": "POST"}
CODE = {"errorCode": "INVALID_SESSION_ID"}
EXPIRED = [{"message": "Session expired or invalid", **CODE}]
FIELDS = {"Case": ("Subject",), "EmailMessage": ("Subject",), "CaseComment": ("CommentBody",)}


@pytest.fixture
def stage(process: SandboxProcess) -> SandboxStage:
    """A clean org with one case."""
    return SandboxStage(process)


class Log:
    """The requests since it was made."""

    def __init__(self, process: SandboxProcess) -> None:
        self._control = process.control
        self._start = process.control.last()

    def count(self, path: str) -> int:
        """How many requests went to addresses that end like this."""
        return sum(entry["path"].endswith(path) for entry in self._control.requests(self._start))

    def writes(self) -> int:
        """How many requests tried to create something."""
        return sum(
            any(sub.startswith("POST ") for sub in entry.get("subrequests") or ())
            for entry in self._control.requests(self._start)
        )


# ── Refreshing: never in a loop (jsforce#1168, #39, #1308), never a lost token (sfdx-core#1340, restforce#957) ──


def test_a_session_that_is_refused_again_and_again_ends(process: SandboxProcess, stage: SandboxStage) -> None:
    """One refresh, one repetition, then "reconnect"; other clients go on until the daily limit."""
    session, log = stage.connector.session(stage.agent), Log(process)
    process.control.fault("status", status=401, content=EXPIRED, times=0, **COMPOSITE)
    with pytest.raises(Unauthorized):
        session.read(stage.case, FIELDS)
    assert (log.count("/composite"), log.count("/oauth2/token")) == (2, 1)


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (401, "<html>Please log in</html>", Unauthorized),
        (401, [{"message": "INVALID_HEADER_TYPE", "errorCode": "INVALID_AUTH_HEADER"}], Unauthorized),
        (403, [{"message": "This session is not valid for use with the REST API", **CODE}], Forbidden),
        (403, [{"message": "disabled", "errorCode": "API_DISABLED_FOR_ORG"}], Forbidden),
    ],
)  # fmt: skip
def test_a_refusal_that_no_refresh_can_cure_starts_none(
    process: SandboxProcess, stage: SandboxStage, status: int, content: object, kind: type[ConnectorError]
) -> None:
    """Only 401 with INVALID_SESSION_ID means an expired session; the token is kept."""
    session, log = stage.connector.session(stage.agent), Log(process)
    process.control.fault("status", status=status, content=content, times=0, **COMPOSITE)
    with pytest.raises(kind):
        session.read(stage.case, FIELDS)
    assert (log.count("/composite"), log.count("/oauth2/token")) == (1, 0)
    process.control.clear_faults()
    assert session.read(stage.case, FIELDS).record.ref == stage.case


def test_a_rotated_token_is_kept_and_shared(process: SandboxProcess, stage: SandboxStage) -> None:
    """Every refresh gives a new refresh token: the next one uses it, also from another process's connector."""
    before = stage.tokens.load(stage.agent)
    for connector in (stage.connector, stage.new_connector(), stage.connector):
        stage.expire(stage.agent)
        assert connector.session(stage.agent).read(stage.case, FIELDS).record.ref == stage.case
    after = stage.tokens.load(stage.agent)
    assert before
    assert after
    assert before.refresh_token != after.refresh_token


def test_many_who_find_a_spent_token_refresh_once(process: SandboxProcess, stage: SandboxStage) -> None:
    """A second refresh with the old token would revoke the whole grant (jetstream#1664)."""
    sessions = [stage.connector.session(stage.agent) for _ in range(4)]
    sessions += [stage.new_connector().session(stage.agent) for _ in range(4)]
    stage.expire(stage.agent)
    log = Log(process)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda session: session.read(stage.case, FIELDS).record.ref, sessions))
    assert found == [stage.case] * 8
    assert log.count("/oauth2/token") == 1


def test_an_answer_with_a_rotated_token_that_got_lost_ends_in_reconnect(
    process: SandboxProcess, stage: SandboxStage
) -> None:
    """The grant cannot be saved; what can be saved is that nobody tries again and again."""
    stage.expire(stage.agent)
    process.control.fault("lost_refresh")
    with pytest.raises(Retriable):
        stage.connector.session(stage.agent).read(stage.case, FIELDS)
    with pytest.raises(Unauthorized):
        stage.connector.session(stage.agent).read(stage.case, FIELDS)
    log = Log(process)
    with pytest.raises(Unauthorized):
        stage.connector.session(stage.agent)
    assert log.count("") == 0


def test_a_session_that_somebody_else_ended_is_renewed(process: SandboxProcess, stage: SandboxStage) -> None:
    """Another program logs the user out (simple-salesforce#272): a refresh, and the work goes on, in a write too."""
    session, write = stage.connector.session(stage.agent), make_write(stage, TargetKind.COMPLETED_TASK)
    preimage = session.preimage(write)
    process.control.mutate(ORG, "expire_sessions")
    session.write(write, preimage)
    assert stage.carrying(write.key) == 1


def test_a_sync_goes_on_when_its_token_ends_between_two_pages(process: SandboxProcess, stage: SandboxStage) -> None:
    """What bulk handlers of other clients cannot (simple-salesforce#619)."""
    for number in range(3):
        stage.add_message(number)
    process.control.fault("expire_sessions", nth=2, **COMPOSITE)
    session = stage.connector.session(stage.agent, urgent=False)
    first = [change.ref.id for change in session.changes(Checkpoint("EmailMessage"), ("Subject",))]
    second = [change.ref.id for change in session.changes(Checkpoint("EmailMessage"), ("Subject",))]
    assert first == second
    assert len(first) >= 5


def test_no_bulk_job_is_ever_made(process: SandboxProcess, stage: SandboxStage) -> None:
    """Its handlers do not refresh, it refuses compound fields, and it serves no single user's rights."""
    log = Log(process)
    session = stage.connector.session(stage.agent, urgent=False)
    list(session.changes(Checkpoint("Case"), ("Subject",)))
    assert not any("/jobs/" in entry["path"] for entry in process.control.requests(log._start))


# ── Token endpoint: errors in every shape (simple-salesforce CHANGES 1.12.10, dust#20853) ──


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (400, {"error": "invalid_grant"}, Unauthorized),
        (400, {"error": "invalid_grant", "error_description": "expired access/refresh token"}, Unauthorized),
        (400, {"error": "inactive_user", "error_description": "user is inactive"}, Unauthorized),
        (400, {"error": "invalid_client_id"}, Fatal),
        (503, "<html>Down for maintenance</html>", Retriable),
        (502, "", Retriable),
        (200, "<html>Welcome to the proxy</html>", Retriable),
    ],
)
def test_every_answer_of_the_token_endpoint_has_its_class(
    process: SandboxProcess, stage: SandboxStage, status: int, content: object, kind: type[ConnectorError]
) -> None:
    """A description may be missing, a body may be no JSON; only an ended grant is forgotten."""
    stage.expire(stage.agent)
    process.control.fault("status", status=status, content=content, **TOKEN)
    with pytest.raises(kind) as refused:
        stage.connector.session(stage.agent).read(stage.case, FIELDS)
    assert type(refused.value) is kind
    assert (stage.tokens.load(stage.agent) is None) is (kind is Unauthorized)


# ── Error bodies that are no JSON, or not what one expects ──


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (300, ["/services/data/v66.0/sobjects/Case/500000000000001AAA"], Fatal),
        (404, "<html>Not here</html>", Fatal),
        (410, [{"message": "gone", "errorCode": "UNSUPPORTED_API_VERSION"}], Fatal),
        (414, "<html>URI too long</html>", Fatal),
        (415, "", Fatal),
        (420, "<html>Edge</html>", Retriable),
        (428, "", Fatal),
        (429, "slow down", Retriable),
        (431, "", Fatal),
        (400, [{"message": "too slow", "errorCode": "TXN_SECURITY_METERING_ERROR"}], Retriable),
        (400, [{"message": "locked", "errorCode": "UNABLE_TO_LOCK_ROW"}], Retriable),
        (400, {"message": "an object, not an array", "errorCode": "QUERY_TIMEOUT"}, Retriable),
        (400, [["nested"]], Fatal),
        (400, "null", Fatal),
        (403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}], Retriable),
    ],
)
def test_every_refusal_of_the_api_has_its_class_and_wrote_nothing(
    process: SandboxProcess, stage: SandboxStage, status: int, content: object, kind: type[ConnectorError]
) -> None:
    """By its code, by its status where it has none; no answer makes the connector stumble. The words stay inside."""
    connector = stage.new_connector()  # with a limiter of its own: a limit that is hit makes its connector wait
    session, write = connector.session(stage.agent), make_write(stage, TargetKind.COMPLETED_TASK)
    preimage, log = session.preimage(write), Log(process)
    process.control.fault("status", status=status, content=content, **WRITE)
    with pytest.raises(kind) as refused:
        session.write(write, preimage)
    assert type(refused.value) is kind
    assert all(
        word not in str(refused.value) for word in ("slow", "locked", "Edge", "nested", "gone", "Limit exceeded")
    )
    assert (log.writes(), stage.carrying(write.key)) == (1, 0)


def test_a_good_answer_under_a_wrong_content_type_is_an_answer(process: SandboxProcess, stage: SandboxStage) -> None:
    """A proxy that changes the header changes nothing else."""
    process.control.fault("wrong_content_type", times=0, **COMPOSITE)
    assert stage.connector.session(stage.agent).read(stage.case, FIELDS).record.ref == stage.case


# ── Retries that repeat a POST (hubspot-api-python#117 has them the other way round) ──


@pytest.mark.parametrize("fault", ["commit_then_drop", "commit_then_500", "truncated_json", "drop_before", "html_503"])
@pytest.mark.parametrize("kind", [TargetKind.SUMMARY_FIELD, TargetKind.COMPLETED_TASK, TargetKind.COMMENT])
def test_a_write_without_an_answer_is_sent_once(
    process: SandboxProcess, stage: SandboxStage, fault: str, kind: TargetKind
) -> None:
    """Whatever happened to it: asking is repeated, writing never."""
    session, write = stage.connector.session(stage.agent), make_write(stage, kind)
    preimage, log = session.preimage(write), Log(process)
    process.control.fault(fault, **WRITE)
    with pytest.raises(Ambiguous):
        session.write(write, preimage)
    assert log.writes() == 1
    assert stage.carrying(write.key) == (0 if fault in {"drop_before", "html_503"} else 1)


# ── Ids, merged and archived records ──


def test_the_short_form_of_an_id_works_everywhere(stage: SandboxStage) -> None:
    """Reading, checking again, writing, finding, undoing: 15 characters name the same record as 18."""
    short = RecordRef("salesforce", "Case", stage.case.id[:15])
    session = stage.connector.session(stage.agent)
    assert session.read(short, FIELDS).record.ref == stage.case
    assert session.reread([short], FIELDS)[short].ref == stage.case
    assert session.link(short) == session.link(stage.case)
    write = make_write(stage, TargetKind.SUMMARY_FIELD)
    write = type(write)(write.key, short, write.version, write.target, write.values)
    preimage = session.preimage(write)
    written = session.write(write, preimage)
    assert written.ids == (stage.case.id,)
    assert session.find(write, preimage, stage._control.now()) == written
    session.undo(write, preimage, written)
    assert stage.carrying(write.key) == 0


def test_a_merged_record_is_gone_and_its_master_has_changed(process: SandboxProcess, stage: SandboxStage) -> None:
    """A loser is not found; a sync drops it and sees the master again; its messages are the master's."""
    loser = stage.case
    master = stage._make_case()
    session = stage.connector.session(stage.agent)
    changes = list(session.changes(Checkpoint("Case"), ("Subject",)))
    assert {loser, master} <= {change.ref for change in changes if change.record}
    covered = changes[-1].checkpoint
    stage.later()
    process.control.mutate(ORG, "merge", record=loser.id, into=master.id)
    process.control.advance(61)
    with pytest.raises(NotFound):
        session.read(loser, FIELDS)
    assert session.reread([loser, master], FIELDS).keys() == {master}
    after = {change.ref: change.record for change in session.changes(covered, ("Subject",))}
    assert after[loser] is None
    assert after[master]
    messages = [entry for entry in session.read(master, FIELDS).thread if entry.ref.object == "EmailMessage"]
    assert len(messages) == 6


def test_a_task_that_was_archived_is_still_part_of_the_story(process: SandboxProcess, stage: SandboxStage) -> None:
    """Salesforce hides closed activities after a year from plain queries; a deleted one stays hidden."""
    old = {"Status": "Completed", "ActivityDate": "2024-03-01", "WhatId": stage.case.id}
    kept = stage._create("Task", Subject="Called in March", **old)
    gone = stage._create("Task", Subject="A mistake", **old)
    process.control.mutate(ORG, "delete", record=gone)
    session = stage.connector.session(stage.agent)
    tasks = [
        entry
        for entry in session.read(stage.case, {**FIELDS, "Task": ("Subject",)}).thread
        if entry.ref.object == "Task"
    ]
    assert [task.fields["Subject"] for task in tasks] == ["Called in March"]
    refs = [RecordRef("salesforce", "Task", id_) for id_ in (kept, gone)]
    assert session.reread(refs, {"Task": ("Subject",)}).keys() == {refs[0]}


def test_posts_are_part_of_the_thread_when_the_template_names_them(stage: SandboxStage) -> None:
    """With author, time and side; never without being named."""
    body = f"<p>{secrets.token_hex(4)}</p>"
    stage._create("FeedItem", ParentId=stage.case.id, Body=body, Type="TextPost", IsRichText=True)
    session = stage.connector.session(stage.agent)
    assert all(entry.ref.object != "FeedItem" for entry in session.read(stage.case, FIELDS).thread)
    thread = session.read(stage.case, {**FIELDS, "FeedItem": ("Body",)}).thread
    (post,) = [entry for entry in thread if entry.ref.object == "FeedItem"]
    assert (post.fields, post.parent, post.inbound) == ({"Body": body}, stage.case, False)
    assert post.at
    assert post.at.utcoffset() == timedelta(0)


# ── Limits ──


def test_a_sync_stops_before_the_day_is_used_up_and_a_click_goes_on(
    process: SandboxProcess, stage: SandboxStage
) -> None:
    """By the count that every answer carries."""
    click = stage.connector.session(stage.agent)
    for _ in range(20):
        click.reread([stage.case], {})
    used = click._client.api_usage["api-usage"].used
    process.control.mutate(ORG, "limit", daily_calls=used + 4)
    click.reread([stage.case], {})
    log = Log(process)
    with pytest.raises(Retriable) as refused:
        list(stage.connector.session(stage.agent, urgent=False).changes(Checkpoint("Case"), ("Subject",)))
    assert refused.value.code == "daily_reserve"
    assert log.count("") == 0
    assert click.reread([stage.case], {})


def test_a_limit_that_was_hit_is_not_hammered(process: SandboxProcess, stage: SandboxStage) -> None:
    """Whoever comes next waits, without asking Salesforce."""
    process.control.fault("status", status=403, content=[{"errorCode": "REQUEST_LIMIT_EXCEEDED"}], **COMPOSITE)
    session = stage.connector.session(stage.agent)
    with pytest.raises(Retriable):
        session.read(stage.case, FIELDS)
    log = Log(process)
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(session.read, stage.case, FIELDS)
        with pytest.raises(TimeoutError):
            waiting.result(1.0)
        assert log.count("/composite") == 0
        assert waiting.result(10.0).record.ref == stage.case


# ── Versions ──


def test_a_version_that_salesforce_retired_is_named(process: SandboxProcess, stage: SandboxStage) -> None:
    """Not "no such record": whoever reads it knows what to set."""
    session = stage.connector.session(stage.agent)
    process.control.fault(
        "status", status=404, content=[{"message": "x", "errorCode": "NOT_FOUND"}], times=0, **COMPOSITE
    )
    with pytest.raises(Fatal, match="api_version") as refused:
        session.read(stage.case, FIELDS)
    assert refused.value.code == "UNSUPPORTED_API_VERSION"
