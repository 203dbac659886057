"""Where things are, and what production mode refuses."""

import traceback
from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.settings import HubSpotInstallation, Settings, _shipped

GOOD = """
acme:
  crm: salesforce
  login_url: {url}
  client_id: app
  {secret}
"""
SECRET = "c4n4ry-secret"


def settings(tmp_path: Path, text: str | None = None, **given: object) -> Settings:
    """Settings whose installations file holds `text`."""
    path = tmp_path / "installations.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    return Settings.model_validate({"installations_file": path, **given})


def good(url: str = "https://acme.my.salesforce.com", secret: str = f"client_secret: {SECRET}") -> str:
    """An installations file of one org."""
    return GOOD.format(url=url, secret=secret)


def production(tmp_path: Path, text: str, **given: object) -> Settings:
    """The same in production mode."""
    return settings(tmp_path, text, mode="production", public_url="https://sidecar.acme.example", **given)


def message(refused: pytest.ExceptionInfo[Misconfigured]) -> str:
    """What the administrator reads, who must not find a secret in it."""
    assert SECRET not in str(refused.value)
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    return refused.value.detail


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:8443",
        "https://localhost",
        "http://acme.my.salesforce.com",
        "https://acme.my.salesforce.com.evil.example",
        "https://evilsalesforce.com",
        "https://evil.example/.salesforce.com",
        "https://user@evil.example",
        "salesforce.com",
        "",
    ],
)
def test_production_allows_the_vendors_hosts_only(tmp_path: Path, url: str) -> None:
    """The sandbox's address, plain http and look-alikes are refused, and the refusal names the org to look at."""
    text = good(f'"{url}"', "client_secret_file: /run/secrets/acme")
    with pytest.raises(Misconfigured, match="vendor's own hosts") as refused:
        production(tmp_path, text).installations()
    assert "'acme'" in message(refused)


@pytest.mark.parametrize(
    "url", ["https://acme.my.salesforce.com", "https://ACME.my.salesforce.com", "https://acme.my.salesforce.mil"]
)
def test_production_takes_the_vendors_hosts(tmp_path: Path, url: str) -> None:
    """An org of the vendor with its secret in a file is taken."""
    found = production(tmp_path, good(url, "client_secret_file: /run/secrets/acme")).installations()
    assert found["acme"].addresses == (url,)


def test_a_ca_file_that_is_not_there_is_named_before_anything_is_asked(tmp_path: Path) -> None:
    """Not a traceback of the library that would have read it."""
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    found = production(
        tmp_path, good(secret=f"client_secret_file: {tmp_path / 'secret'}\n  ca_file: {tmp_path / 'nope.pem'}")
    )
    with pytest.raises(Misconfigured, match="ca_file"):
        found.installations()["acme"].options()


def test_a_version_without_quotes_is_taken_as_written(tmp_path: Path) -> None:
    """YAML makes a number of 66.0."""
    found = production(tmp_path, good(secret="client_secret_file: /run/secrets/acme\n  api_version: 66.0"))
    assert found.installations()["acme"].api_version == "66.0"


OPEN = "portal: {crm: hubspot, client_id: app, client_secret_file: /run/secrets/portal"
PORTAL = OPEN + ', portal: "48210377"'


def test_a_portal_needs_no_address(tmp_path: Path) -> None:
    """HubSpot has one address for everybody; the access rule and the calls have defaults."""
    found = production(tmp_path, PORTAL + "}").installations()["portal"]
    assert found.addresses == ("https://api.hubapi.com", "https://app.hubspot.com")
    assert isinstance(found, HubSpotInstallation)
    assert (found.access, found.calls) == ({}, 110)


def test_production_names_the_portal(tmp_path: Path) -> None:
    """A public app can be installed by anybody's HubSpot account."""
    with pytest.raises(Misconfigured, match="portal"):
        production(tmp_path, OPEN + "}").installations()
    assert settings(tmp_path, OPEN + "}").installations()["portal"]


def test_production_allows_hubspots_hosts_only(tmp_path: Path) -> None:
    """Neither of the two addresses may be anybody else's."""
    for name in ("api_url", "app_url"):
        text = f'{PORTAL}, {name}: "https://hubspot.com.evil.example"}}'
        with pytest.raises(Misconfigured, match="vendor's own hosts"):
            production(tmp_path, text).installations()


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("access: {tickets: {view: everybody}}", "access.tickets.view"),
        ("access: {tickets: {see: all}}", "access.tickets.see"),
        ("calls: 0", "calls"),
        ("login_url: https://acme.my.salesforce.com", "login_url"),
    ],
)
def test_what_is_wrong_with_an_installation_is_named(tmp_path: Path, more: str, key: str) -> None:
    """A rule that is not understood is never taken for a wider one; the message names installation and key."""
    with pytest.raises(Misconfigured) as refused:
        settings(tmp_path, f"{PORTAL}, {more}}}").installations()
    assert "'portal'" in message(refused)
    assert key in message(refused)


def test_production_takes_no_secret_in_clear(tmp_path: Path) -> None:
    """A client secret that stands in the file is refused."""
    with pytest.raises(Misconfigured, match="client_secret") as refused:
        production(tmp_path, good()).installations()
    assert "'acme'" in message(refused)


def test_production_needs_https(tmp_path: Path) -> None:
    """Browsers must reach the sidecar over TLS."""
    with pytest.raises(Misconfigured, match="CRM_SIDECAR_PUBLIC_URL"):
        settings(tmp_path, mode="production", public_url="http://sidecar.acme.example").check()


def test_production_refuses_local_keys(tmp_path: Path) -> None:
    """The embedded key file is for trials."""
    with pytest.raises(Misconfigured, match="Vault"):
        production(tmp_path, good()).check()


def test_development_takes_the_sandbox(tmp_path: Path) -> None:
    """On one's own machine all of this is allowed."""
    found = settings(tmp_path, good("https://127.0.0.1:8443"))
    found.check()
    assert found.installations()["acme"].secret() == SECRET


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "CRM_SIDECAR_INSTALLATIONS_FILE"),
        ("a: [", "cannot be read"),
        ("", "names no org"),
        ("{}", "names no org"),
        ("- a", "documented form"),
        ("just text", "documented form"),
        ("acme: 1", "documented form"),
        ("acme: {crm: salesforce}", "documented form"),
        (f"acme: {{crm: other, login_url: u, client_id: c, client_secret: {SECRET}}}", "documented form"),
        (f"acme: {{client_secrett: {SECRET}}}", "documented form"),
        (f"acme: {{client_secret: {SECRET}", "cannot be read"),
    ],
    ids=[
        "missing",
        "no yaml",
        "empty",
        "empty map",
        "list",
        "text",
        "number",
        "too little",
        "unknown crm",
        "misspelt",
        "cut off",
    ],
)
def test_a_wrong_file_is_refused_without_quoting_it(tmp_path: Path, text: str | None, says: str) -> None:
    """Each says which file or setting to look at; none repeats a secret."""
    with pytest.raises(Misconfigured, match=says) as refused:
        settings(tmp_path, text).installations()
    message(refused)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are refused like a file that cannot be read."""
    (tmp_path / "installations.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Misconfigured, match="cannot be read"):
        settings(tmp_path).installations()


def test_the_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    """As orchestrators mount it; the line end does not count."""
    (tmp_path / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    found = settings(tmp_path, good(secret=f"client_secret_file: {tmp_path / 'secret'}")).installations()["acme"]
    assert found.secret() == SECRET
    assert SECRET not in repr(found)


def test_a_secret_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """Neither a missing file nor none at all passes silently."""
    gone = settings(tmp_path, good(secret=f"client_secret_file: {tmp_path / 'gone'}")).installations()["acme"]
    with pytest.raises(Misconfigured, match="check its path and rights"):
        gone.secret()
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    odd = settings(tmp_path, good(secret=f"client_secret_file: {tmp_path / 'bytes'}")).installations()["acme"]
    with pytest.raises(Misconfigured, match="check its path and rights"):
        odd.secret()
    none = settings(tmp_path, good(secret="")).installations()["acme"]
    with pytest.raises(Misconfigured, match="neither client_secret nor client_secret_file"):
        none.secret()


def test_secrets_do_not_show(tmp_path: Path) -> None:
    """Neither settings nor installations print a secret."""
    found = settings(tmp_path, good())
    assert SECRET not in repr(found) + repr(found.installations())


def test_defaults_lie_in_the_state_folder(tmp_path: Path) -> None:
    """Database, vectors and key file follow `state_dir` unless they are named."""
    found = settings(tmp_path, state_dir=tmp_path)
    assert found.database() == f"sqlite:///{tmp_path / 'sidecar.sqlite3'}"
    assert (found.chroma(), found.keys()) == (tmp_path / "chroma", tmp_path / "keys")
    named = settings(tmp_path, database_url="sqlite://", chroma_dir=tmp_path / "a", key_file=tmp_path / "b")
    assert (named.database(), named.chroma(), named.keys()) == ("sqlite://", tmp_path / "a", tmp_path / "b")
    assert named.apply_lease().total_seconds() == 60


def test_config_and_templates_are_found() -> None:
    """In a checkout they lie beside the code."""
    assert (_shipped("config") / "purposes.yaml").is_file()
    assert (_shipped("templates") / "SHA256SUMS").is_file()


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables begin with CRM_SIDECAR_; a value that makes no sense is refused."""
    monkeypatch.setenv("CRM_SIDECAR_PORT", "9000")
    assert Settings().port == 9000
    monkeypatch.setenv("CRM_SIDECAR_PORT", "70000")
    with pytest.raises(ValueError, match="less than or equal to 65535"):
        Settings()


MODEL_KEY = f"sk-{SECRET}"


@pytest.mark.parametrize("url", ["http://models.acme.example/v1", "http://10.0.0.8:8000/v1", "http://[::2]/v1"])
def test_production_reaches_a_model_elsewhere_by_https(tmp_path: Path, url: str) -> None:
    """What is asked holds the record: it crosses no network in clear."""
    with pytest.raises(Misconfigured, match="CRM_SIDECAR_LLM_URL"):
        production(tmp_path, PORTAL + "}", llm_url=url).check()


@pytest.mark.parametrize(
    "url", ["", "http://127.0.0.1:8000/v1", "http://localhost/v1", "https://models.acme.example/v1"]
)
def test_production_takes_a_model_beside_it_or_behind_tls(tmp_path: Path, url: str) -> None:
    """A model on the same machine needs no certificate; the refusal that comes is another one."""
    with pytest.raises(Misconfigured, match="Vault"):
        production(tmp_path, PORTAL + "}", llm_url=url).check()


def test_production_takes_no_model_key_in_clear(tmp_path: Path) -> None:
    """It stands in a file, which a secret store can mount."""
    with pytest.raises(Misconfigured, match="LLM_API_KEY_FILE") as refused:
        production(tmp_path, PORTAL + "}", llm_api_key=MODEL_KEY).check()
    message(refused)


def test_the_model_key_is_read_and_not_shown(tmp_path: Path) -> None:
    """From the file without its line end, else from the variable, else there is none."""
    (tmp_path / "key").write_text(f"{MODEL_KEY}\n", encoding="utf-8")
    told = settings(tmp_path, llm_api_key=MODEL_KEY)
    assert told.llm_key() == settings(tmp_path, llm_api_key_file=tmp_path / "key").llm_key() == MODEL_KEY
    assert settings(tmp_path).llm_key() == ""
    assert SECRET not in repr(told) + told.model_dump_json()


def test_a_model_key_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """And what else stands at that path is not quoted."""
    (tmp_path / "key").write_bytes(SECRET.encode() + b"\xff")
    for path in (tmp_path / "key", tmp_path / "nothing", tmp_path):
        with pytest.raises(Misconfigured, match="LLM_API_KEY_FILE") as refused:
            settings(tmp_path, llm_api_key_file=path).llm_key()
        message(refused)
