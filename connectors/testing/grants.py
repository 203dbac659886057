# ruff: noqa: S101, PLR2004 - this is a test suite that ships: asserts and expected values are its point
"""Conformance: tokens that die, rotate and are revoked."""

import pytest

from connectors.errors import Ambiguous, Unauthorized
from connectors.interfaces import Session, TargetKind
from connectors.testing.stage import (
    ARRIVES,
    LOST,
    Stage,
    Staged,
    Trouble,
    everything_said,
    make_write,
    raised,
    together,
)


class GrantContract(Staged):
    """Tokens and what errors say."""

    def test_there_is_no_session_without_a_grant(self, stage: Stage) -> None:
        """An unknown grant is refused before anything is sent."""
        before = stage.requests()
        raised(Unauthorized, lambda: stage.connector.session(f"{stage.connector.crm}:00Dx:005x"))
        assert stage.requests() == before

    def test_a_spent_token_is_refreshed_once_and_stored(self, session: Session, stage: Stage) -> None:
        """The new token and, where it rotates, the new refresh token are kept; the user notices nothing."""
        old = stage.tokens.load(stage.agent)
        stage.expire(stage.agent)
        assert session.read(stage.case, self.facts.fields).record.ref == stage.case
        new = stage.tokens.load(stage.agent)
        assert old
        assert new
        assert new.access_token != old.access_token
        assert new.refresh_token
        assert stage.refreshes() == 1
        stage.connector.session(stage.agent).read(stage.case, self.facts.fields)
        assert stage.refreshes() == 1

    def test_one_of_many_refreshes(self, stage: Stage) -> None:
        """Callers whose token died at the same moment share one refresh: a replay would kill the grant."""
        sessions = [stage.connector.session(stage.agent) for _ in range(6)]
        for session in sessions:
            session.targets(stage.case)
        stage.expire(stage.agent)
        outcomes = together(lambda session: session.read(stage.case, self.facts.fields).record.ref, sessions)
        assert outcomes == [stage.case] * 6
        assert stage.refreshes() == 1

    def test_a_replayed_refresh_token_ends_in_reconnect(self, session: Session, stage: Stage) -> None:
        """A restored backup holds an old refresh token: good where they last, else refused once and never again."""
        old = stage.tokens.load(stage.agent)
        assert old
        stage.expire(stage.agent)
        session.read(stage.case, self.facts.fields)
        stage.tokens.save(stage.agent, old)
        stale, before = stage.connector.session(stage.agent), stage.requests()
        if not self.facts.rotates:
            stage.expire(stage.agent)
            assert stale.read(stage.case, self.facts.fields).record.ref == stage.case
            return
        raised(Unauthorized, lambda: stale.read(stage.case, self.facts.fields))
        assert stage.requests() - before <= 3
        raised(Unauthorized, lambda: stage.connector.session(stage.agent))

    def test_an_ended_grant_is_unauthorized_and_forgotten(self, session: Session, stage: Stage) -> None:
        """Reads and writes alike say reconnect, after a bounded number of requests."""
        session.read(stage.case, self.facts.fields)
        stage.end_grant(stage.agent)
        before = stage.requests()
        raised(Unauthorized, lambda: session.read(stage.case, self.facts.fields))
        raised(Unauthorized, lambda: session.read(stage.case, self.facts.fields))
        assert stage.requests() - before <= 4
        assert stage.tokens.load(stage.agent) is None

    def test_revoke_forgets(self, stage: Stage) -> None:
        """After revoke there is no token, here or there; revoking again is fine."""
        session = stage.connector.session(stage.agent)
        stage.connector.revoke(stage.agent)
        stage.connector.revoke(stage.agent)
        assert stage.tokens.load(stage.agent) is None
        raised(Unauthorized, lambda: session.read(stage.case, self.facts.fields))

    @pytest.mark.parametrize("trouble", [*ARRIVES, *LOST])
    def test_errors_carry_no_content(self, stage: Stage, trouble: Trouble) -> None:
        """No token, no text and no address in the message, the repr, or anything the error drags along."""
        session, write = stage.connector.session(stage.agent), make_write(stage, TargetKind.COMMENT)
        token = stage.tokens.load(stage.agent)
        assert token
        preimage = session.preimage(write)
        stage.trouble(trouble)
        error = raised(Ambiguous, lambda: session.write(write, preimage))
        said = everything_said(error)
        forbidden = [token.access_token, token.refresh_token, token.instance_url, write.key, stage.case.id]
        assert not [word for word in (*forbidden, *stage.secrets) if word in said]

    def test_values_hide_text_and_tokens(self, session: Session, stage: Stage) -> None:
        """The repr of what travels through the sidecar can be logged by accident without harm."""
        token = stage.tokens.load(stage.agent)
        bundle = session.read(stage.case, self.facts.fields)
        assert token
        said = repr((bundle, token, make_write(stage, TargetKind.COMMENT), session))
        assert not [word for word in (token.access_token, token.refresh_token, *stage.secrets) if word in said]

    def test_a_link_leads_to_the_record(self, session: Session, stage: Stage) -> None:
        """An address that a person can open; never one built from a foreign host."""
        link = session.link(stage.case)
        assert link.startswith("http")
        assert stage.case.id in link
