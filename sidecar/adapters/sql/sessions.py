"""Sessions of the panel and one-time login states in SQL: ids stored as hashes, everything else sealed."""

import hashlib
import json
import secrets
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, insert, or_, select, update

from sidecar.adapters.sql.engine import clear_wal, moment, reading, stamp, writing
from sidecar.adapters.sql.tables import logins, sessions
from sidecar.domain import Principal
from sidecar.interfaces import KeyRing, LoginState, PanelSession

_KEY = "@sessions"
_LOGIN_TTL = timedelta(minutes=10)
_SEEN_STEP = timedelta(minutes=1)
"""A session's last use is written at most this often: a write costs a disk flush."""


class SqlSessions:
    """The `SessionStore` protocol. A session ends `ttl` after its login, or `idle` after its last use.

    Every method raises `Unavailable` when the database or the key cannot be used.
    """

    def __init__(
        self, engine: Engine, keys: KeyRing, ttl: timedelta = timedelta(hours=8), idle: timedelta = timedelta(hours=1)
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._ttl = ttl
        self._idle = idle

    def create(self, principal: Principal, now: datetime) -> tuple[str, PanelSession]:
        """A new session and its id (256 random bits, URL-safe)."""
        session_id, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        id_ = _hash(session_id)
        content = json.dumps({"principal": asdict(principal), "csrf": csrf}).encode()
        row = {
            "id": id_,
            "sealed": self._keys.seal(_KEY, f"session/{id_}", content),
            "created": stamp(now),
            "seen": stamp(now),
        }
        with writing(self._engine) as connection:
            connection.execute(insert(sessions).values(row))
        return session_id, PanelSession(principal=principal, csrf=csrf, created=now)

    def load(self, session_id: str, now: datetime) -> PanelSession | None:
        """The session when it is known, not too old and not idle for too long; marks it as seen."""
        id_ = _hash(session_id)
        with reading(self._engine) as connection:
            row = connection.execute(select(sessions).where(sessions.c.id == id_)).first()
        if row is None or now >= moment(row.created) + self._ttl or now >= moment(row.seen) + self._idle:
            return None
        if now >= moment(row.seen) + _SEEN_STEP:
            with writing(self._engine) as connection:
                connection.execute(update(sessions).where(sessions.c.id == id_).values(seen=stamp(now)))
        content = json.loads(self._keys.open(_KEY, f"session/{id_}", row.sealed))
        return PanelSession(Principal(**content["principal"]), content["csrf"], moment(row.created))

    def end(self, session_id: str) -> None:
        """Log out."""
        with writing(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.id == _hash(session_id)))

    def start_login(self, login: LoginState, now: datetime) -> str:
        """Keep `login` for ten minutes; the `state` parameter for the CRM (256 random bits).

        Anybody may begin a login, so what has expired goes at once: it must not pile up until the next purge.
        """
        state = secrets.token_urlsafe(32)
        id_ = _hash(state)
        sealed = self._keys.seal(_KEY, f"login/{id_}", json.dumps(asdict(login)).encode())
        with writing(self._engine) as connection:
            connection.execute(delete(logins).where(logins.c.expires <= stamp(now)))
            connection.execute(insert(logins).values(state=id_, sealed=sealed, expires=stamp(now + _LOGIN_TTL)))
        return state

    def finish_login(self, state: str, now: datetime) -> LoginState | None:
        """The login of `state`, once: a second call, a late one or an unknown state gives None."""
        id_ = _hash(state)
        taken = delete(logins).where(logins.c.state == id_).returning(logins.c.sealed, logins.c.expires)
        with writing(self._engine) as connection:
            row = connection.execute(taken).first()
        if row is None or stamp(now) >= row.expires:
            return None
        return LoginState(**json.loads(self._keys.open(_KEY, f"login/{id_}", row.sealed)))

    def purge(self, now: datetime) -> int:
        """Delete what has expired and clear it from the database's log; the number of rows."""
        over = or_(sessions.c.created <= stamp(now - self._ttl), sessions.c.seen <= stamp(now - self._idle))
        with writing(self._engine) as connection:
            removed = connection.execute(delete(sessions).where(over)).rowcount
            removed += connection.execute(delete(logins).where(logins.c.expires <= stamp(now))).rowcount
        clear_wal(self._engine)
        return removed


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
