"""`crm-sidecar doctor`: are the settings usable, is each CRM there, does it offer the configured API version."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from rich.console import Console
from rich.markup import escape

from connectors.errors import ConnectorError, Fatal
from connectors.interfaces import Connector, Finding, Token, TokenStore
from connectors.registry import connector_class
from sidecar.errors import SidecarError
from sidecar.settings import Installation, Settings

Report = Mapping[str, Sequence[Finding]]
"""Name of the installation ("" for the settings as a whole) -> findings."""


class NoTokens:
    """A `TokenStore` for checks that need no user: nobody is logged in, nothing can be kept."""

    def load(self, grant_id: str) -> Token | None:
        """No token."""

    def save(self, grant_id: str, token: Token) -> None:  # noqa: ARG002 - the protocol's
        """Refused: a token that is not kept is lost.

        Raises:
            Fatal: always.
        """
        raise Fatal("a check without a login keeps no tokens", code="no_tokens")

    def delete(self, grant_id: str) -> None:
        """There is none."""

    def exclusive(self, grant_id: str) -> AbstractContextManager[None]:  # noqa: ARG002 - the protocol's
        """Nobody else is there."""
        return nullcontext()


def examine(settings: Settings, grant_id: str = "", installation: str = "") -> Report:
    """Check the settings and every installation; with a stored grant ("crm:tenant:user id") also that user's access.

    The grant is tried at `installation`; when that is not said, at the only installation of its CRM. At another one's
    login service its refresh token would be refused, and the grant with it forgotten.
    """
    try:
        settings.check()
        installations = settings.installations()
    except SidecarError as error:
        return {"": [Finding("settings", ok=False, detail=str(error))]}
    tokens: TokenStore = NoTokens()
    report: dict[str, Sequence[Finding]] = {"": [Finding("settings", ok=True, detail="usable")]}
    if grant_id:
        from sidecar.app import open_stores  # noqa: PLC0415 - the whole application: slow to import, needed here only

        try:
            tokens = open_stores(settings, create=False).tokens
        except SidecarError as error:
            report[""] = [*report[""], Finding("state", ok=False, detail=str(error))]
            grant_id = ""
    hers = [
        name
        for name, found in installations.items()
        if grant_id.startswith(f"{found.crm}:") and installation in {"", name}
    ]
    if len(hers) > 1:
        detail, advice = "several installations may have given this grant", "say which one with --installation"
        report[""] = [*report[""], Finding("access", ok=False, detail=detail, advice=advice)]
    for name, found in installations.items():
        report[name] = _examine(settings, found, tokens, grant_id if hers == [name] else "")
    return report


def sound(report: Report) -> bool:
    """Whether no check failed."""
    return all(finding.ok for findings in report.values() for finding in findings)


def show(out: Console, report: Report) -> None:
    """One line a check."""
    width = max(len(name) for name in report)
    for name, findings in report.items():
        for finding in findings:
            mark = "[red]FAIL[/red]" if not finding.ok else "[yellow]note[/yellow]" if finding.advice else "ok  "
            text = "; ".join(filter(None, (finding.detail, finding.advice)))
            out.print(f"{mark} {escape(name or '-'):{width}} {finding.name:14} {escape(text)}", soft_wrap=True)


def as_json(report: Report) -> dict[str, object]:
    """The report as JSON values."""
    return {
        "ok": sound(report),
        "checks": [
            {
                "installation": name,
                "check": finding.name,
                "ok": finding.ok,
                "detail": finding.detail,
                "advice": finding.advice,
            }
            for name, findings in report.items()
            for finding in findings
        ],
    }


def _examine(settings: Settings, installation: Installation, tokens: TokenStore, grant_id: str) -> Sequence[Finding]:
    try:
        connector: Connector = connector_class(installation.crm)(tokens=tokens, **installation.options())
    except (ConnectorError, SidecarError) as error:
        return [Finding("installation", ok=False, detail=str(error), advice="see docs/operations.md")]
    found = connector.diagnose(grant_id)
    return [*found, *_audiences(settings, connector, grant_id)] if grant_id else found


def _audiences(settings: Settings, connector: Connector, grant_id: str) -> Sequence[Finding]:
    """Does the CRM agree with `audience.yaml`, as far as it tells this user?"""
    from sidecar.open_fields import compare  # noqa: PLC0415 - the policy engine: slow to import, needed with a user only
    from sidecar.policy import Policy  # noqa: PLC0415 - as above
    from sidecar.templates import TemplateSet  # noqa: PLC0415 - as above

    try:
        policy, templates = Policy.load(settings.config_dir), TemplateSet.load(settings.templates_dir)
        return compare(policy, templates, connector.crm, connector.session(grant_id))
    except (ConnectorError, SidecarError) as error:
        return [Finding("audience", ok=False, detail=f"audience.yaml cannot be checked: {error}")]
