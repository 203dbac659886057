"""Where things are: the environment, and one file that names the CRM orgs. What is allowed stands in config/."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from sidecar.errors import Misconfigured

ROOT = Path(__file__).resolve().parent.parent
PACKAGED = Path(__file__).resolve().parent / "_data"
VENDOR_HOSTS = (".salesforce.com", ".force.com", ".salesforce.mil", ".sfcrmproducts.cn", ".hubapi.com", ".hubspot.com")


def _shipped(name: str) -> Path:
    """`config/` or `templates/`: beside the code in a checkout, inside the package when installed as a wheel."""
    packaged = PACKAGED / name
    return packaged if packaged.is_dir() else ROOT / name


def _cache() -> Path:
    """Where the model is built: in the checkout, or in the user's cache when installed as a wheel."""
    return ROOT / ".cache" if (ROOT / "pyproject.toml").is_file() else Path.home() / ".cache" / "crm-sidecar"


class _Installation(BaseModel):
    """What every CRM needs. The client secret is a value here only outside production; there it comes from Vault."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)  # api_version: 66.0

    client_id: str
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    ca_file: Path | None = None
    api_version: str | None = None

    def secret(self) -> str:
        """The client secret.

        Raises:
            Misconfigured: none is given or the file cannot be read.
        """
        if self.client_secret is not None:
            return self.client_secret.get_secret_value()
        if self.client_secret_file is not None:
            try:
                return self.client_secret_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                # Without the cause, here and below: it may quote what stands in the file.
                raise Misconfigured("The file of a client secret cannot be read: check its path and rights.") from None
        raise Misconfigured("An installation has neither client_secret nor client_secret_file.")

    def options(self) -> dict[str, Any]:
        """What the connector is made with, by the names that it gives it.

        Raises:
            Misconfigured: there is no client secret, or a file cannot be read.
        """
        if self.ca_file is not None and not os.access(self.ca_file, os.R_OK):
            raise Misconfigured("The ca_file of an installation cannot be read: check its path and rights.")
        return {
            **self.model_dump(exclude={"crm", "client_secret", "client_secret_file", "ca_file"}, exclude_none=True),
            "client_secret": self.secret(),
            "ca_file": str(self.ca_file) if self.ca_file else None,
        }


class SalesforceInstallation(_Installation):
    """One Salesforce org.

    `login_url` is its My Domain. `objects` are custom objects and how they are read (docs/operations.md).
    `daily_reserve` is the share of the org's daily API calls that a sync leaves to people.
    """

    crm: Literal["salesforce"]
    login_url: str
    objects: dict[str, dict[str, str | list[str]]] = {}
    daily_reserve: float = Field(0.2, ge=0.0, lt=1.0)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where tokens travel."""
        return (self.login_url,)


class AccessRule(BaseModel):
    """Which records of an object a user sees through a token that sees them all: as near as one comes to HubSpot."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    view: Literal["owner", "team", "all"] = "team"
    unassigned: bool = False


class HubSpotInstallation(_Installation):
    """One HubSpot portal and one of its apps.

    `access` holds for an account-level app only, whose token sees the whole account: per object who sees what. An
    object that is not named is seen by its owner and the owner's teams, and by nobody while it has no owner. `shared`
    names, by object, what everybody who reads a record reads on it: no API tells. Without `portal` everybody may log in
    whose HubSpot account lets the app in; their data stay apart.
    """

    crm: Literal["hubspot"]
    api_url: str = "https://api.hubapi.com"
    app_url: str = "https://app.hubspot.com"
    access: dict[str, AccessRule] = {}
    shared: dict[str, tuple[str, ...]] | None = None
    portal: str = Field("", pattern=r"^[0-9]*$")
    calls: int = Field(110, ge=10)
    """Calls in ten seconds that HubSpot allows the app: 110 for a public one, 190 or 250 for a private one."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where tokens travel."""
        return (self.api_url, self.app_url)


Installation = SalesforceInstallation | HubSpotInstallation
_INSTALLATION: TypeAdapter[Installation] = TypeAdapter(Annotated[Installation, Field(discriminator="crm")])


class Settings(BaseSettings):
    """Read from CRM_SIDECAR_* variables. docs/operations.md lists each one; a test keeps that list complete."""

    model_config = SettingsConfigDict(env_prefix="CRM_SIDECAR_", extra="ignore", frozen=True)

    mode: Literal["development", "production"] = Field(
        "development", description="production refuses local keys, plain HTTP and CRM hosts that are not the vendor's"
    )
    state_dir: Path = Field(Path("var"), description="folder of the embedded defaults: database, vectors, key file")
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in state_dir")
    chroma_dir: Path | None = Field(
        None, description="Chroma's folder; empty: state_dir/chroma. Must be on an encrypted volume in production"
    )
    key_file: Path | None = Field(
        None, description="root key of the embedded key ring; empty: state_dir/keys. Refused in production"
    )
    model_dir: Path = Field(
        _cache() / "models" / "all-MiniLM-L6-v2",
        description="embedding model, a folder in the Hugging Face layout",
    )
    precision: Literal["int8", "fp32"] = Field("int8", description="which graph of the model is used")
    embed_threads: int = Field(2, ge=1, le=64, description="threads of the embedder")
    config_dir: Path = Field(_shipped("config"), description="policy as code")
    templates_dir: Path = Field(_shipped("templates"), description="action templates")
    installations_file: Path = Field(
        Path("installations.yaml"), description="names the CRM orgs and their OAuth clients"
    )
    public_url: str = Field(
        "http://127.0.0.1:8080", description="the address that browsers use; the OAuth callback is below it"
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on")
    threads: int = Field(16, ge=1, le=256, description="request threads of the one worker process")
    graceful_timeout: int = Field(30, ge=1, le=600, description="seconds that running requests get at shutdown")
    apply_lease_seconds: int = Field(
        60, ge=1, le=3600, description="an apply belongs this long to the process that claimed it; then it is settled"
    )
    llm_url: str = Field(
        "", description="an OpenAI-compatible endpoint with its /v1 (docs/model.md); empty: no language model"
    )
    llm_model: str = Field("", description="the model's name at that endpoint")
    llm_models: dict[str, str] = Field(
        {}, description="action -> another model, or the name of a LoRA adapter, as a JSON object"
    )
    llm_api_key: SecretStr | None = Field(None, description="the endpoint's key; refused in production")
    llm_api_key_file: Path | None = Field(None, description="a file that holds the endpoint's key")
    llm_ca_file: Path | None = Field(None, description="the only authority that may vouch for the endpoint")
    llm_client_cert: Path | None = Field(None, description="certificate that is shown to the endpoint (mTLS)")
    llm_client_key: Path | None = Field(None, description="its key; empty: it stands in the same file")
    llm_time_limit: float = Field(60.0, gt=0, le=110, description="seconds for an answer, retries included")
    llm_read_timeout: float = Field(30.0, gt=0, description="seconds that the endpoint may be silent")
    llm_retries: int = Field(2, ge=0, le=10, description="further attempts when the endpoint is busy or unreachable")
    llm_context_tokens: int = Field(8192, ge=2048, description="tokens of a prompt and its answer together")
    llm_output_tokens: int = Field(2048, ge=256, description="tokens of an answer")
    llm_seed: int = Field(0, ge=0, description="seed of the model's sampling, at temperature 0")

    def database(self) -> str:
        """The SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.state_dir / 'sidecar.sqlite3'}"

    def chroma(self) -> Path:
        """Chroma's folder."""
        return self.chroma_dir or self.state_dir / "chroma"

    def keys(self) -> Path:
        """The embedded key ring's file."""
        return self.key_file or self.state_dir / "keys"

    def llm_key(self) -> str:
        """The model endpoint's key; empty when it needs none.

        Raises:
            Misconfigured: the file cannot be read.
        """
        if self.llm_api_key_file is None:
            return self.llm_api_key.get_secret_value() if self.llm_api_key else ""
        try:
            return self.llm_api_key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise Misconfigured("CRM_SIDECAR_LLM_API_KEY_FILE cannot be read: check its path and rights.") from None

    def apply_lease(self) -> timedelta:
        """How long an apply belongs to the process that claimed it."""
        return timedelta(seconds=self.apply_lease_seconds)

    def installations(self) -> dict[str, Installation]:
        """The CRM orgs by name.

        Raises:
            Misconfigured: the file is missing or wrong, or production mode does not allow what it says.
        """
        try:
            raw = yaml.safe_load(self.installations_file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            raise Misconfigured(
                "The file of CRM orgs cannot be read: set CRM_SIDECAR_INSTALLATIONS_FILE (example: docs/operations.md)."
            ) from None
        if not isinstance(raw or {}, dict):
            raise Misconfigured("The file of CRM orgs does not have the documented form: see docs/operations.md.")
        found = {str(name): _installation(str(name), value) for name, value in (raw or {}).items()}
        if not found:
            raise Misconfigured("The file of CRM orgs names no org: add one (example: docs/operations.md).")
        if self.mode == "production":
            for name, installation in found.items():
                _refuse_non_vendor(name, installation)
        return found

    def check(self) -> None:
        """Refuse what production mode does not allow.

        Raises:
            Misconfigured: names the setting to change.
        """
        if self.mode != "production":
            return
        if not self.public_url.startswith("https://"):
            raise Misconfigured("Production mode needs an https public_url (CRM_SIDECAR_PUBLIC_URL).")
        if self.llm_api_key is not None:
            raise Misconfigured("Production mode takes the model's key from a file (CRM_SIDECAR_LLM_API_KEY_FILE).")
        endpoint = urlsplit(self.llm_url)
        if self.llm_url and endpoint.scheme != "https" and endpoint.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise Misconfigured("Production mode reaches a model on another machine by https (CRM_SIDECAR_LLM_URL).")
        raise Misconfigured(
            "Production mode refuses the embedded key file: it needs Vault, which this version does not have yet."
        )


def _installation(name: str, value: object) -> Installation:
    """One entry of the file. Its refusal names the keys, never a value."""
    try:
        return _INSTALLATION.validate_python(value)
    except ValidationError as error:
        wrong = {".".join(str(part) for part in found["loc"][1:]) or "crm" for found in error.errors()}
    keys = ", ".join(sorted(wrong))
    raise Misconfigured(
        f"Installation {name!r} does not have the documented form (look at {keys}): see docs/operations.md."
    )


def _refuse_non_vendor(name: str, installation: Installation) -> None:
    for url in map(urlsplit, installation.addresses):
        if url.scheme != "https" or not (url.hostname or "").endswith(VENDOR_HOSTS):
            raise Misconfigured(
                f"Production mode allows only the vendor's own hosts over https: see installation {name!r}."
            )
    if isinstance(installation, HubSpotInstallation) and not installation.portal:
        raise Misconfigured(f"Production mode needs the id of the HubSpot account (portal): see installation {name!r}.")
    if installation.client_secret is not None:
        raise Misconfigured(f"Production mode takes no client_secret from a file in clear: see installation {name!r}.")
