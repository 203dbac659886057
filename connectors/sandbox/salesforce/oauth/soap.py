"""SOAP `login()`, for tests of tools that know no other way in: a username and any password.

Real orgs retire it with Summer '27 and do not offer it from v65.0 on; nothing else of SOAP is here.
"""

import re
from collections.abc import Callable
from html import escape, unescape
from typing import Final

from connectors.sandbox.salesforce.oauth.grants import Grant, Grants
from connectors.sandbox.salesforce.oauth.identity import Directory
from connectors.sandbox.wire import Request, Response

PREFIX: Final = "/services/Soap/u/"
_NEWEST: Final = 64
_VERSION = re.compile(r"(\d{2})\.0", re.ASCII)
_FIELD = re.compile(r"<(?:\w+:)?(username|password)>([^<]*)</", re.ASCII)
_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body>'
)
_TAIL: Final = "</soapenv:Body></soapenv:Envelope>"


def login(directory: Directory, grants: Grants) -> Callable[[Request], Response]:
    """The handler of `POST /services/Soap/u/<version>`."""

    def handler(request: Request) -> Response:
        version = _VERSION.fullmatch(request.path.rstrip("/").removeprefix(PREFIX))
        if version is None or int(version[1]) > _NEWEST:
            return _fault("UNSUPPORTED_API_VERSION", "login() is not available in this API version")
        fields = {name: unescape(value) for name, value in _FIELD.findall(request.body.decode("utf-8", "replace"))}
        name = fields.get("username", "").lower()
        user = next((user for user in directory.users() if str(user["Username"]).lower() == name), None)
        if user is None or not user.get("IsActive", True) or not fields.get("password"):
            return _fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
        session = grants.open(Grant("", str(user["Id"]), ("full",), ""))
        server = f"{request.base_url}{PREFIX}{version[0]}/{directory.id[:15]}"
        facts = {"sessionId": session.token, "serverUrl": server, "userId": str(user["Id"])}
        result = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in facts.items())
        info = f"<userInfo><organizationId>{directory.id}</organizationId></userInfo>"
        return _answer(f"<loginResponse><result>{result}{info}</result></loginResponse>", 200)

    return handler


def _fault(code: str, text: str) -> Response:
    detail = f"<sf:exceptionCode>{code}</sf:exceptionCode><sf:exceptionMessage>{text}</sf:exceptionMessage>"
    return _answer(
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {text}</faultstring>"
        f"<detail><sf:LoginFault>{detail}</sf:LoginFault></detail></soapenv:Fault>",
        500,
    )


def _answer(content: str, status: int) -> Response:
    return Response.text(f"{_HEAD}{content}{_TAIL}", status, "text/xml")
