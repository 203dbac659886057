"""A small org of records that nobody wants: empty, enormous, broken. Written as JSON Lines for the sandbox."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.sandbox.data.builder import PREFIXES
from connectors.sandbox.salesforce.ids import mint
from connectors.sandbox.salesforce.values import Row

ORG = "oddities"
ADA, ROOT = "ada@oddities.example", "root@oddities.example"
POD = "0dD"
THREAD = 10_000
MEGABYTES = 2
PROMISE = "We will send the replacement valve on 2026-12-03."
FACT = "The valve V-77 leaks since Monday and the pump stops every 20 minutes."


def id_of(object_: str, number: int) -> str:
    """The id of the n-th record of an object."""
    return mint(PREFIXES[object_], POD, number)


PLAIN, EMPTY, HUGE, LONG, BROKEN, STRANGE, THEIRS, BLANK = (id_of("Case", n) for n in range(1, 9))


def write(folder: Path) -> Path:
    """Write the org below `folder`; the folder for `--data`."""
    target = folder / ORG
    target.mkdir(parents=True)
    (target / "org.json").write_text(json.dumps(_org()), encoding="utf-8")
    for name, rows in {"Case": _cases(), "EmailMessage": _messages()}.items():
        with (target / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


def _org() -> dict[str, Any]:
    agent = {
        "Case": "CRE",
        "Contact": "R",
        "Account": "R",
        "Task": "CRED",
        "Writeback__c": "CRE",
        "Knowledge__kav": "R",
    }
    people = {
        ADA: ("Ada", id_of("User", 1), id_of("Profile", 2)),
        ROOT: ("Root", id_of("User", 2), id_of("Profile", 1)),
    }
    return {
        "org": {"Id": id_of("Organization", 1), "Name": "Oddities", "alias": ORG, "my_domain": ORG},
        "roles": [{"Id": id_of("UserRole", 1), "Name": "Desk"}],
        "profiles": [
            {
                "Id": id_of("Profile", 1),
                "Name": "System Administrator",
                "permissions": ["ApiEnabled", "ViewAllData", "ModifyAllData"],
            },
            {"Id": id_of("Profile", 2), "Name": "Support Tier 1", "permissions": ["ApiEnabled"], "objects": agent},
        ],
        "users": [
            {
                "Id": user_id, "Username": username, "FirstName": first, "LastName": "Lovell",
                "Name": f"{first} Lovell", "Email": username, "IsActive": True, "ProfileId": profile,
                "UserRoleId": id_of("UserRole", 1),
            }
            for username, (first, user_id, profile) in people.items()
        ],
        "owd": {"Case": "Private", "Task": "Private"},
    }  # fmt: skip


def _case(id_: str, subject: str | None, description: str | None, owner: int = 1) -> Row:
    return {
        "Id": id_, "CaseNumber": f"9{id_[-5:-3]}", "Subject": subject, "Description": description, "Status": "New",
        "Priority": "Low", "Origin": "Email", "OwnerId": id_of("User", owner),
        "CreatedDate": "2026-11-02T09:15:00.000+0000", "LastModifiedDate": "2026-11-03T10:00:00.000+0000",
    }  # fmt: skip


def _cases() -> Iterable[Row]:
    yield _case(PLAIN, "Valve leaks", FACT)
    yield _case(EMPTY, None, None)
    yield _case(HUGE, "A long mail", None)
    yield _case(LONG, "A long thread", None)
    yield _case(BROKEN, "<b>Broken <i>page", "<div><p>" + FACT)
    yield _case(STRANGE, "Odd \ud800 signs \u202egnirts\u202c", f"\ufeff{FACT}\x00\x07 \udfff\ud83d {PROMISE}")
    yield _case(THEIRS, "Not hers", "Secret of somebody else.", owner=2)
    yield _case(BLANK, " \n\t", "\u200b\u00a0 \n\n\x00")


def _message(number: int, case: str, text: str | None, html: str | None = None) -> Row:
    sent = datetime(2026, 11, 3, tzinfo=UTC) + timedelta(minutes=number)
    return {
        "Id": id_of("EmailMessage", number), "ParentId": case, "RelatedToId": case, "Incoming": number % 2 == 0,
        "Status": "1", "Subject": "Re: valve", "FromAddress": "kim@customer.example", "FromName": "Kim Aalto",
        "ToAddress": "desk@oddities.example", "TextBody": text, "HtmlBody": html,
        "MessageDate": f"{sent:%Y-%m-%dT%H:%M:%S}.000+0000",
        "CreatedById": id_of("User", 2),
    }  # fmt: skip


def _messages() -> Iterable[Row]:
    line = "The pump log says nothing new in this line but it goes on and on without an end.\n"
    body = f"{FACT}\n\n{line * (MEGABYTES * 2**20 // len(line))}\n\n{PROMISE}\n"
    yield _message(1, HUGE, body)
    yield _message(2, HUGE, None, f"<html><body><p>{body}</p></body></html>")
    broken = (
        f"<html><body><p>{FACT}<p><table><tr><td>{PROMISE}</b></i><div style='display:none'>gone<",
        "<" * 5_000 + "div>" * 2_000 + PROMISE,
        f"<!-- {FACT} <script>alert(1)</script><style>p{{</style><p title='>'>{PROMISE}</p",
        "&#xD800;&#0;&nosuch;&amp;lt;script&gt; " + PROMISE,
        "<svg><![CDATA[" + FACT,
    )
    for number, html in enumerate(broken, 3):
        yield _message(number, BROKEN, None, html)
    yield _message(20, STRANGE, f"{PROMISE} \ud800\udc00 \ud800 \x00\x1b[31m \u2028 \ufffe", None)
    for number in range(THREAD):
        yield _message(100 + number, LONG, f"Message {number}: the pump was checked at station {number % 97}.")
