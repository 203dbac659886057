"""The query jobs of Bulk API 2.0: what a job is, how it ages on the virtual clock, and what becomes of its result."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from connectors.sandbox.salesforce.errors import ApiError, not_found
from connectors.sandbox.salesforce.ids import canonical

DELIMITERS: Final = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS: Final = {"LF": "\n", "CRLF": "\r\n"}
UPLOADED, IN_PROGRESS, COMPLETE, ABORTED, FAILED = "UploadComplete", "InProgress", "JobComplete", "Aborted", "Failed"
FINAL: Final = {COMPLETE: "Completed", ABORTED: "Aborted", FAILED: "Failed"}
"""The states that a job does not leave, and how errors call them."""
_LIFE: Final = timedelta(days=7)
_DAY: Final = timedelta(hours=24)


class Clock(Protocol):
    """Virtual time."""

    def now(self) -> datetime:
        """The current instant, with a time zone."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a client asked for. `version` is that of its request ("v66.0")."""

    user_id: str
    version: str
    operation: str
    query: str
    target: str
    delimiter: str
    line_ending: str


@dataclass(slots=True)
class Job:
    """One job. `lines` are the CSV lines of its result with their line ends, the header first."""

    id: str
    order: Order
    created: datetime
    run: Callable[[], Sequence[str]] = field(repr=False)
    state: str = UPLOADED
    modified: datetime = field(init=False)
    lines: Sequence[str] = field(default=(), repr=False)
    error: str = ""

    def __post_init__(self) -> None:
        """A job begins unmodified."""
        self.modified = self.created

    @property
    def records(self) -> int:
        """How many records the result has."""
        return max(0, len(self.lines) - 1)

    def age(self, now: datetime, seconds: float) -> None:
        """Let the job be as far as it is after its time: half of `seconds` waiting, half of them at work."""
        passed = (now - self.created).total_seconds()
        if self.state in FINAL or passed < seconds / 2:
            return
        if passed < seconds:
            self._enter(IN_PROGRESS, now)
            return
        try:
            self.lines = self.run()
        except ApiError as error:
            self.error = f"{error.code}: {error.message}"
        self._enter(FAILED if self.error else COMPLETE, now)

    def abort(self, now: datetime) -> None:
        """Stop the job.

        Raises:
            ApiError: `INVALIDJOBSTATE`.
        """
        if self.state in FINAL:
            raise wrong_state(f"Aborting already {FINAL[self.state]} Job not allowed")
        self._enter(ABORTED, now)

    def _enter(self, state: str, now: datetime) -> None:
        if state != self.state:
            self.state, self.modified = state, now


class Jobs:
    """All query jobs of one org. `seconds` is how long a job takes; `daily` how many are allowed in 24 hours.

    Objects named in `unsupported` are refused with `INVALIDENTITY`, as some are by every real org.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Forget all jobs, that there were any, and the settings."""
        self.seconds = 0.2
        self.daily = 10_000
        self.unsupported: frozenset[str] = frozenset()
        self._jobs: dict[str, Job] = {}
        self._made: list[datetime] = []

    @property
    def used(self) -> int:
        """Jobs made in the last 24 hours."""
        since = self._clock.now() - _DAY
        self._made = [moment for moment in self._made if moment > since]
        return len(self._made)

    def check(self, target: str) -> None:
        """Refuse a job before it is made.

        Raises:
            ApiError: `LIMIT_EXCEEDED`, `INVALIDENTITY`.
        """
        if self.used >= self.daily:
            text = f"Max bulk v2 query jobs ({self.daily}) per 24 hrs has been reached ({self.used})"
            raise ApiError(400, "LIMIT_EXCEEDED", text)
        if target in self.unsupported:
            raise ApiError(400, "INVALIDENTITY", f"{target} is not supported by the Bulk API")

    def add(self, job_id: str, order: Order, run: Callable[[], Sequence[str]]) -> Job:
        """Make a job; `run` will be called once, when its time has come."""
        now = self._clock.now()
        job = self._jobs[job_id] = Job(job_id, order, now, run)
        self._made.append(now)
        return job

    def get(self, job_id: str, user_id: str) -> Job:
        """A job of a user, as far as it is now.

        Raises:
            ApiError: `NOT_FOUND`.
        """
        self._age()
        job = self._jobs.get(canonical(job_id) or "")
        if job is None or job.order.user_id != user_id:
            raise not_found()
        return job

    def of(self, user_id: str) -> list[Job]:
        """The jobs of a user, newest first."""
        self._age()
        return [job for job in reversed(self._jobs.values()) if job.order.user_id == user_id]

    def remove(self, job: Job) -> None:
        """Forget a job that is over.

        Raises:
            ApiError: `INVALIDJOBSTATE`.
        """
        if job.state not in FINAL:
            raise wrong_state("Deleting a job that is not Completed, Aborted or Failed is not allowed")
        del self._jobs[job.id]

    def _age(self) -> None:
        now = self._clock.now()
        self._jobs = {key: job for key, job in self._jobs.items() if now - job.created < _LIFE}
        for job in self._jobs.values():
            job.age(now, self.seconds)


def wrong_state(message: str) -> ApiError:
    """The job is not in a state in which this can be done."""
    return ApiError(400, "INVALIDJOBSTATE", message)
