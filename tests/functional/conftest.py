"""Real parts for functional tests: a sandbox CRM, a sidecar under gunicorn, logins by OAuth."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.sandbox.data import DEMO_USERNAMES
from connectors.sandbox.process import SandboxProcess
from sidecar.app import build_services, create_app
from sidecar.client import Client
from sidecar.local import LocalSidecar, installations, principal
from sidecar.settings import Settings
from sidecar.vocabulary import VOCABULARIES
from tests.functional import odd_records
from tests.functional.odd_desk import PUBLIC, Desk
from tests.functional.odd_records import ADA

ORG = "northwind"
INDEXER = "sam.ostrander@northwind-sensing.example"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxProcess]:
    """One simulated CRM for all functional tests; `calm` puts it back to the start."""
    with SandboxProcess() as running:
        yield running


@pytest.fixture(scope="session")
def sidecar(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSidecar]:
    """One sidecar with an index, shared by tests that leave it whole."""
    state = tmp_path_factory.mktemp("state")
    with LocalSidecar(sandbox, state, CRM_SIDECAR_APPLY_LEASE_SECONDS="1") as running:
        indexer = running.log_in(ORG, INDEXER)
        for object_ in VOCABULARIES["salesforce"].indexed:
            indexer.sync(object_)
        yield running


@pytest.fixture
def calm(sandbox: SandboxProcess) -> Iterator[SandboxProcess]:
    """The sandbox, back at the start before and after the test."""
    sandbox.control.reset()
    yield sandbox
    sandbox.control.reset()


@pytest.fixture(scope="session")
def login(sidecar: LocalSidecar) -> Callable[[str], Client]:
    """Log in as a northwind user by name; one session per user."""
    known: dict[str, Client] = {}

    def log_in(username: str) -> Client:
        if username not in known:
            known[username] = sidecar.log_in(ORG, username)
        return known[username]

    return log_in


@pytest.fixture
def maya(calm: SandboxProcess, login: Callable[[str], Client]) -> Client:
    """The demo's first agent."""
    return login(DEMO_USERNAMES[0])


@pytest.fixture
def tomas(calm: SandboxProcess, login: Callable[[str], Client]) -> Client:
    """The demo's second agent."""
    return login(DEMO_USERNAMES[1])


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A folder for a sidecar of the test's own."""
    return tmp_path / "state"


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """The sandbox with records that nobody wants."""
    with SandboxProcess(odd_records.write(tmp_path_factory.mktemp("odd"))) as running:
        yield running


@pytest.fixture(scope="session")
def shared(odd: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Services for all tests that leave them whole."""
    state = tmp_path_factory.mktemp("state")
    settings = Settings(state_dir=state, installations_file=installations(odd, state), public_url=PUBLIC)
    services = build_services(settings)
    who = principal(services, odd, odd_records.ORG, ADA)
    web = create_app(settings, services).test_client()
    return Desk(odd, settings, services, who, web, services.sessions.create(who, services.clock())[0])


@pytest.fixture
def desk(shared: Desk) -> Iterator[Desk]:
    """The desk; after each test the CRM must be untouched but for what a test put there itself."""
    control = shared.sandbox.control
    control.reset()
    mark = control.last()
    yield shared
    writes = shared.writes(mark)
    control.reset()
    assert writes == []
