"""What other clients of HubSpot were bitten by (contract, 6), tried on ours.

More of them stand with the connector's own tests (test_connector_hubspot.py): rotated refresh tokens, users who left, a
busy token endpoint, missing scopes, the Edit-Associations permission, our own write before the search knows it.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connectors.errors import Ambiguous, ConnectorError, Fatal, Forbidden, NotFound, Retriable, Unauthorized
from connectors.hubspot.connector import HubSpotConnector
from connectors.interfaces import Checkpoint, TargetKind
from connectors.limiter import LocalLimiter
from connectors.sandbox.process import SandboxProcess
from connectors.testing.stage import make_write
from tests.contract.hubspot_stage import PORTAL, HubSpotStage
from tests.crm_facts import HUBSPOT

pytestmark = pytest.mark.sockets

READS: dict[str, Any] = {"path": "/crm/objects/"}
WRITES: dict[str, Any] = {"path": "/(notes|tasks)/batch/(create|upsert)$", "method": "POST"}
TOKEN: dict[str, Any] = {"path": "/token$", "body": "grant_type=refresh_token"}
EXPIRED = {"status": "error", "category": "EXPIRED_AUTHENTICATION", "message": "The access token expired."}


@pytest.fixture
def stage(process: SandboxProcess) -> HubSpotStage:
    """A clean portal with one ticket, reached through the user-level app."""
    return HubSpotStage(process)


class Log:
    """The requests since it was made."""

    def __init__(self, process: SandboxProcess) -> None:
        self._control = process.control
        self._start = process.control.last()

    def count(self, part: str, status: int = 0) -> int:
        """How many requests went to addresses with this part (and were answered with this status)."""
        return sum(
            part in entry["path"] and status in {0, entry["status"]}
            for entry in self._control.requests(self._start, PORTAL)
        )


# ── Refreshing ───────────────────────────────────────────────────────────


def test_a_token_that_is_refused_again_and_again_ends(process: SandboxProcess, stage: HubSpotStage) -> None:
    """One refresh, one repetition, then "reconnect"."""
    session = stage.connector.session(stage.agent)
    session.targets(stage.case)
    process.control.fault("status", status=401, content=EXPIRED, times=0, **READS)
    log = Log(process)
    with pytest.raises(Unauthorized):
        session.recent("tickets", ("subject",), 1)
    assert (log.count("/crm/objects/"), log.count("/token")) <= (2, 2)  # the second is the question whether it lives
    assert stage.refreshes() == 1


@pytest.mark.parametrize(
    "content",
    [
        {"status": "error", "category": "INVALID_AUTHENTICATION", "message": "x"},
        {"status": "error", "message": "no category"},
        "<html>Please log in</html>",
    ],
)
def test_a_401_that_is_no_expiry_starts_no_refresh(
    process: SandboxProcess, stage: HubSpotStage, content: object
) -> None:
    """HubSpot says so itself: 401 is no sign that a token must be renewed. The grant, which lives, is kept."""
    session = stage.connector.session(stage.agent)
    process.control.fault("status", status=401, content=content, **READS)
    with pytest.raises(Unauthorized):
        session.recent("tickets", ("subject",), 1)
    assert stage.refreshes() == 0
    assert session.recent("tickets", ("subject",), 1)


def test_a_token_is_renewed_before_it_ends(process: SandboxProcess, stage: HubSpotStage) -> None:
    """By its lifetime: HubSpot never has to refuse it."""
    ahead = 0.0
    connector = stage.new_connector(clock=lambda: process.control.now().timestamp() + ahead)
    token = stage.tokens.load(stage.agent)
    assert token
    ahead = token.expires_at - process.control.now().timestamp() - 60.0
    log = Log(process)
    assert connector.session(stage.agent).recent("tickets", ("subject",), 1)
    assert stage.refreshes() == 1
    assert log.count("", status=401) == 0


def test_many_who_find_a_spent_token_refresh_once(stage: HubSpotStage) -> None:
    """Across the connectors of several processes."""
    sessions = [stage.connector.session(stage.agent) for _ in range(4)]
    sessions += [stage.new_connector().session(stage.agent) for _ in range(4)]
    stage.expire(stage.agent)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda session: session.read(stage.case, HUBSPOT.fields).record.ref, sessions))
    assert found == [stage.case] * 8
    assert stage.refreshes() == 1


@pytest.mark.parametrize("rotating", [False, True])
def test_a_refresh_whose_answer_got_lost(process: SandboxProcess, stage: HubSpotStage, rotating: bool) -> None:  # noqa: FBT001 - parametrised
    """HubSpot's refresh tokens last, so the next call heals it; where they rotate the grant is gone, and said so."""
    process.control.mutate(PORTAL, "rotation", app=process.orgs[PORTAL].web_client.id, on=rotating)
    stage.expire(stage.agent)
    process.control.fault("lost_refresh")
    with pytest.raises((Retriable, Unauthorized)):  # calls go out side by side: another one may have found it dead
        stage.connector.session(stage.agent).read(stage.case, HUBSPOT.fields)
    if rotating:
        with pytest.raises(Unauthorized):
            stage.connector.session(stage.agent).read(stage.case, HUBSPOT.fields)
        assert stage.tokens.load(stage.agent) is None
    else:
        assert stage.connector.session(stage.agent).read(stage.case, HUBSPOT.fields).record.ref == stage.case


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (400, {"error": "invalid_grant"}, Unauthorized),
        (400, {"status": "BAD_REFRESH_TOKEN", "message": "an old body", "error": "invalid_grant"}, Unauthorized),
        (400, {"error": "invalid_client"}, Fatal),
        (429, "You have reached your rate limit.", Retriable),
        (502, "<html>Bad gateway</html>", Retriable),
        (200, "<html>Welcome to the proxy</html>", Retriable),
    ],
)
def test_every_answer_of_the_token_endpoint_has_its_class(
    process: SandboxProcess, stage: HubSpotStage, status: int, content: object, kind: type[ConnectorError]
) -> None:
    """A description may be missing, a body may be no JSON; only an ended grant is forgotten."""
    stage.expire(stage.agent)
    process.control.fault("status", status=status, content=content, **TOKEN)
    with pytest.raises(kind) as refused:
        stage.connector.session(stage.agent).read(stage.case, HUBSPOT.fields)
    assert type(refused.value) is kind
    assert (stage.tokens.load(stage.agent) is None) is (kind is Unauthorized)


# ── Error bodies that are no JSON, and POSTs that are repeated ───────────


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (400, "<html>Bad request</html>", Forbidden),
        (400, {"status": "error", "category": "VALIDATION_ERROR", "message": "secret"}, Forbidden),
        (403, "", Forbidden),
        (403, {"category": "MISSING_SCOPES", "message": "secret"}, Forbidden),
        (404, "<html>Not here</html>", Fatal),
        (410, "", Fatal),
        (414, "<html>URI too long</html>", Fatal),
        (415, "secret", Fatal),
        (423, "", Retriable),
        (429, "slow down", Retriable),
        (431, "", Fatal),
        (477, "", Retriable),
    ],
)
def test_every_refusal_has_its_class_and_wrote_nothing(
    process: SandboxProcess, stage: HubSpotStage, status: int, content: object, kind: type[ConnectorError]
) -> None:
    """By its category, by its status where it has none. A refused POST is not sent again."""
    session, write = stage.connector.session(stage.agent), make_write(stage, TargetKind.COMMENT)
    preimage, log = session.preimage(write), Log(process)
    process.control.fault("status", status=status, content=content, **WRITES)
    with pytest.raises(kind) as refused:
        session.write(write, preimage)
    assert type(refused.value) is kind
    assert "secret" not in str(refused.value)
    assert (log.count("/notes/batch/upsert"), stage.carrying(write.key)) == (1, 0)


@pytest.mark.parametrize("fault", ["commit_then_drop", "commit_then_500", "truncated_json", "drop_before", "html_503"])
def test_without_the_unique_property_a_post_is_never_repeated(
    process: SandboxProcess, stage: HubSpotStage, fault: str
) -> None:
    """Nobody could tell a second note from the first; with the property the same keys can be sent again."""
    stage.uninstall_package()
    session, write = stage.connector.session(stage.agent), make_write(stage, TargetKind.COMMENT)
    preimage, log = session.preimage(write), Log(process)
    process.control.fault(fault, **WRITES)
    with pytest.raises(Ambiguous):
        session.write(write, preimage)
    assert log.count("/notes/batch/create") == 1
    assert stage.carrying(write.key) == (0 if fault in {"drop_before", "html_503"} else 1)


# ── Limits: nobody repeats behind the limiter's back (hubspot-api-python#117), one budget for all (-nodejs#416) ──


def test_a_limited_get_is_asked_once(process: SandboxProcess, stage: HubSpotStage) -> None:
    """hubspot-api-client would ask three times more, in silence; here the limiter hears of it and everybody waits."""
    limiter = PausingLimiter(process)
    session = shared(process, stage, limiter, calls=50).session(stage.agent)
    process.control.mutate(PORTAL, "exhaust", policy="SECONDLY", times=1)
    log = Log(process)
    with pytest.raises(Retriable):
        session.recent("tickets", ("subject",), 1)
    assert log.count("", status=429) == log.count("") == 1
    assert session.recent("tickets", ("subject",), 1)
    assert limiter.waited > 0.9


def test_two_connectors_with_one_limiter_never_meet_the_limit(process: SandboxProcess, stage: HubSpotStage) -> None:
    """A limiter for each client instance would let both spend the whole budget."""
    process.control.mutate(PORTAL, "rate_limits", on=True, oauth_app=20)
    limiter = PausingLimiter(process)
    sessions = [shared(process, stage, limiter, calls=20).session(who) for who in (stage.agent, stage.colleague)]
    log = Log(process)
    for _ in range(25):
        for session in sessions:
            assert session.reread([stage.case], {"tickets": ("subject",)})
    assert log.count("", status=200) >= 50
    assert log.count("", status=429) == 0
    assert limiter.waited > 20.0


class PausingLimiter(LocalLimiter):
    """On the sandbox's clock: whoever would wait lets the time pass instead. `waited` counts the seconds."""

    def __init__(self, process: SandboxProcess) -> None:
        self.waited = 0.0
        control = process.control

        def sleep(seconds: float) -> None:
            self.waited += seconds
            control.advance(seconds)

        super().__init__(clock=lambda: control.now().timestamp(), sleep=sleep)


def shared(process: SandboxProcess, stage: HubSpotStage, limiter: LocalLimiter, *, calls: int) -> HubSpotConnector:
    """Another process's connector with the same limiter."""
    org = process.orgs[PORTAL]
    client = org.web_client
    ca_file = str(process.ca_file)
    return HubSpotConnector(
        org.https, org.https, client.id, client.secret, stage.tokens, ca_file=ca_file, limiter=limiter, calls=calls
    )


# ── Search: late, short and empty pages (airbyte#79666, #80745) ──────────


def test_a_sync_right_after_our_own_write_loses_nothing(process: SandboxProcess, stage: HubSpotStage) -> None:
    """The index does not know the newest records yet: the next sync, from the checkpoint of this one, has them."""
    session = stage.connector.session(stage.agent)
    write = make_write(stage, TargetKind.COMMENT)
    (note,) = session.write(write, session.preimage(write)).ids
    early = list(session.changes(Checkpoint("notes"), ("hs_note_body",)))
    assert note not in {change.ref.id for change in early}
    process.control.advance(10)
    late = session.changes(early[-1].checkpoint, ("hs_note_body",))
    assert note in {change.ref.id for change in late}


def test_short_and_empty_pages_end_no_sync(process: SandboxProcess, stage: HubSpotStage) -> None:
    """A page of which entries are missing, or all, is no last page while it names a next one."""
    session = stage.connector.session(stage.agent)
    everything = {change.ref.id for change in session.changes(Checkpoint("emails"), ("hs_email_subject",))}
    assert len(everything) > 400
    for at in (0, 100):
        process.control.mutate(PORTAL, "search_ghosts", count=220, at=at)
        found = {change.ref.id for change in session.changes(Checkpoint("emails"), ("hs_email_subject",))}
        assert found == everything


def test_an_id_that_names_nothing_is_not_found_and_not_searched(process: SandboxProcess, stage: HubSpotStage) -> None:
    """Records are read by id, which is never late."""
    log = Log(process)
    session = stage.connector.session(stage.agent)
    with pytest.raises(NotFound):
        session.read(type(stage.case)("hubspot", "tickets", HUBSPOT.missing), HUBSPOT.fields)
    assert log.count("/search") == 0
