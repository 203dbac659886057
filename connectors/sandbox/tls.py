"""A throw-away certificate authority and one server certificate for loopback names."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

NAMES = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Certificates:
    """What a TLS listener needs (`context`) and what its clients must trust (`ca_pem`)."""

    context: ssl.SSLContext
    ca_pem: bytes

    def export_ca(self, path: Path) -> Path:
        """Write the CA certificate (PEM, public) where clients can read it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.ca_pem)
        return path


def issue(host: str) -> Certificates:
    """Make a new CA and a certificate for `host` and the loopback names. The keys live in memory only."""
    authority = trustme.CA(organization_name="crm-sidecar sandbox")
    leaf = authority.issue_cert(*dict.fromkeys((*NAMES, host)), common_name=host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    leaf.configure_cert(context)
    return Certificates(context, authority.cert_pem.bytes())
