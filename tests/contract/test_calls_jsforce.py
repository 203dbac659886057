"""More than sixty different calls of jsforce (see node/calls.mjs), OAuth included."""

import json
import subprocess
from pathlib import Path
from typing import Final

from joserfc import jwt
from joserfc.jwk import RSAKey

from connectors.sandbox.process import SandboxProcess
from connectors.sandbox.salesforce.ids import widen
from tests.contract.test_sandbox_jsforce import jsforce

__all__ = ["jsforce"]

BEN, NORA = "ben@tidewater.example", "nora@tidewater.example"
EXPECTED: Final = {
    "authorize": "string",
    "identity": "ben@tidewater.example",
    "describeGlobal": 200,
    "describe": "500",
    "sobject describe": False,
    "limits": 1000000,
    "limitInfo": 1000000,
    "tabs": [],
    "versions": "68.0",
    "root": "/services/data/v66.0/query",
    "query": 2,
    "query count": 4,
    "query group": 2,
    "query parent": "Pelican Sailing Club",
    "query children": 3,
    "query events": 4,
    "query bad field": "INVALID_FIELD",
    "query bad object": "INVALID_TYPE",
    "query malformed": "MALFORMED_QUERY",
    "find": 1,
    "find like": "Pelican Sailing Club",
    "findOne": "idris@pelican.example",
    "count": 3,
    "select": 1,
    "sort and limit": "00001004",
    "skip": "00001002",
    "include": 1,
    "search": 1,
    "parameterizedSearch": "Idris Vaughan",
    "create": True,
    "retrieve": "Order gasket",
    "retrieve fields": 2,
    "update": True,
    "record retrieve": True,
    "record update": True,
    "recent": True,
    "recent of one": True,
    "destroy": True,
    "destroyed": "NOT_FOUND",
    "record destroy": True,
    "hidden record": "NOT_FOUND",
    "read-only field": "INVALID_FIELD_FOR_INSERT_UPDATE",
    "required field": "REQUIRED_FIELD_MISSING",
    "comment": True,
    "draft": True,
    "upsert": True,
    "upsert again": False,
    "request put": "METHOD_NOT_ALLOWED",
    "request patch": None,
    "request get": "Closed",
    "create many": 2,
    "retrieve many": "a,b",
    "update many": True,
    "allOrNone": ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_FIELD"],
    "upsert many": [True, True],
    "destroy many": True,
    "composite": [201, 200],
    "batch": [200, 404],
    "tree": 2,
    "updated": True,
    "deleted": True,
    "scanAll": 4,
    "bulk query": 4,
    "bulk queryAll": True,
    "bulk job by hand": ["UploadComplete", "JobComplete", True],
    "bulk abort": "Aborted",
    "bulk refused": "FUNCTIONALITY_NOT_ENABLED",
    "upload": "068",
    "blob": "High at noon",
    "links": "tide",
    "links unfiltered": "MALFORMED_QUERY",
    "chatter me": "ben@tidewater.example",
    "chatter post": "TextPost",
    "chatter feed": 1,
    "feed query": "Done.",
    "refreshToken": "Bearer",
    "jwt bearer": 2,
    "login by SOAP": 2,
    "login by SOAP refused": "INVALID_LOGIN: Invalid username, password, security token; or user locked out.",
    "logout": "INVALID_SESSION_ID",
}


def test_jsforce_calls(sandbox: SandboxProcess, jsforce: Path) -> None:
    """Each call gives what a Salesforce would give, and no answer holds what its user may not see."""
    org, key = sandbox.orgs["tidewater"], RSAKey.generate_key(2048, private=True)
    pem = key.as_pem(private=False).decode()
    sandbox.control.mutate("tidewater", "oauth_app", client=org.web_client.id, certificate=pem, users=[BEN])
    exp = int(sandbox.control.now().timestamp()) + 180
    claims = {"iss": org.web_client.id, "sub": BEN, "aud": "https://login.salesforce.com", "exp": exp}
    given = {
        "url": org.http,
        "clientId": org.web_client.id,
        "clientSecret": org.web_client.secret,
        "redirectUri": "http://localhost:1717/OauthRedirect",
        "agent": BEN,
        "admin": NORA,
        "assertion": jwt.encode({"alg": "RS256"}, claims, key),
        "case": widen("500TW0000000001"),
        "other": widen("500TW0000000002"),
    }
    done = subprocess.run(
        ["node", str(jsforce.with_name("calls.mjs")), json.dumps(given)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == EXPECTED
    assert len(EXPECTED) >= 60
    assert sandbox.control.leaks() == {}
