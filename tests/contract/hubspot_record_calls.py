"""Calls of hubspot-api-client about records: one at a time, in batches, by search; each with what it must say."""

from typing import Any, Final

from connectors.sandbox.data.hubspot.builder import object_id
from tests.contract.hubspot_desk import (
    COMPANY,
    CONTACT,
    DEVICE,
    DEVICES,
    EMAIL,
    FORBIDDEN,
    INVALID,
    KEY,
    MINE,
    NOT_FOUND,
    NOTE,
    NOW,
    OTHER_COMPANY,
    OTHER_CONTACT,
    OWNER,
    PORTAL,
    SERIAL,
    SUBJECT,
    THEIRS,
    TICKET,
    TO_TICKET,
    Desk,
    Refusal,
    Table,
    refusal,
)


def ticket(desk: Desk, subject: str = "Pump leaks") -> str:
    """A new ticket of Mira's."""
    made = desk.mira.crm.tickets.basic_api.create(
        {"properties": {"subject": subject, "hs_pipeline": "0", "hs_pipeline_stage": "1", "hubspot_owner_id": OWNER}}
    )
    return str(made.id)


def located(desk: Desk) -> bool:
    """A creation answers where the new record is."""
    given = {"properties": {"subject": "x", "hs_pipeline_stage": "1", "hubspot_owner_id": OWNER}}
    made, status, headers = desk.mira.crm.tickets.basic_api.create_with_http_info(given)
    return (status, headers["Location"]) == (201, f"{desk.portal.http}/crm/v3/objects/tickets/{made.id}")


def history(desk: Desk) -> list[str]:
    """Values of a property, the newest first."""
    basic = desk.mira.crm.tickets.basic_api
    basic.update(TICKET, {"properties": {"hs_ticket_priority": "LOW"}})
    found = basic.get_by_id(TICKET, properties_with_history=["hs_ticket_priority"])
    return [one.value for one in found.properties_with_history["hs_ticket_priority"]]


def recycled(desk: Desk) -> tuple[Refusal, bool, bool]:
    """An archived ticket is gone, but for those who ask for archived ones."""
    basic, made = desk.mira.crm.tickets.basic_api, ticket(desk)
    basic.archive(made)
    gone = refusal(lambda: basic.get_by_id(made))
    listed = [row.id for row in basic.get_page(limit=100, archived=True).results]
    return gone, basic.get_by_id(made, archived=True).archived, made in listed


def merged(api: Any, one: str, two: str) -> tuple[bool, set[str]]:  # noqa: ANN401 - see `Desk.client`
    """Whether the survivor has a new id; where both old ids lead, as seen from the new one."""
    survivor = api.merge({"primaryObjectId": one, "objectIdToMerge": two}).id
    return survivor not in {one, two}, {
        "survivor" if api.get_by_id(old).id == survivor else "elsewhere" for old in (one, two)
    }


def merged_ids(desk: Desk) -> list[str]:
    """The losers of a merge, as contacts tell them."""
    basic = desk.key.crm.contacts.basic_api
    survivor = basic.merge({"primaryObjectId": CONTACT, "objectIdToMerge": OTHER_CONTACT}).id
    found = basic.get_by_id(survivor, properties=["hs_merged_object_ids", "hs_calculated_merged_vids"]).properties
    vids = [one.partition(":")[0] for one in found["hs_calculated_merged_vids"].split(";")]
    return sorted([*found["hs_merged_object_ids"].split(";"), *vids])


def purged(desk: Desk, wish: dict[str, str]) -> Refusal:
    """A forgotten contact is not even among the archived ones."""
    desk.key.crm.contacts.basic_api.purge(wish)
    return refusal(lambda: desk.key.crm.contacts.basic_api.get_by_id(CONTACT, archived=True))


def life(api: Any, given: dict[str, str], change: dict[str, str]) -> list[object]:  # noqa: ANN401 - see `Desk.client`
    """Create, change, read, archive: the changed values, and how the last look is refused."""
    made = api.create({"properties": given, "associations": []}).id
    api.update(made, {"properties": change})
    found = api.get_by_id(made, properties=list(change)).properties
    api.archive(made)
    return [*(found[name] for name in change), refusal(lambda: api.get_by_id(made)).status]


def generic(desk: Desk, kind: str, given: dict[str, str], change: dict[str, str]) -> list[object]:
    """The same by the API that takes the type as an argument."""
    api = desk.key.crm.objects.basic_api
    made = api.create(kind, {"properties": given, "associations": []}).id
    api.update(kind, made, {"properties": change})
    found = api.get_by_id(kind, made, properties=list(change)).properties
    api.archive(kind, made)
    return [*(found[name] for name in change), refusal(lambda: api.get_by_id(kind, made)).status]


def linked_note(desk: Desk) -> list[str]:
    """A note made together with its association to a ticket."""
    to = [{"to": {"id": TICKET}, "types": [TO_TICKET]}]
    note = desk.mira.crm.objects.notes.basic_api.create({"properties": NOTE, "associations": to}).id
    found = desk.mira.crm.objects.notes.basic_api.get_by_id(note, associations=["tickets"])
    return [one.id for one in found.associations["tickets"].results]


RECORDS: Final[Table] = {
    "tickets get_page": (lambda d: len(d.mira.crm.tickets.basic_api.get_page(limit=7).results), 7),
    "tickets second page": (
        lambda d: d.mira.crm.tickets.basic_api.get_page(
            limit=1, after=d.mira.crm.tickets.basic_api.get_page(limit=1).paging.next.after).results[0].id,
        MINE,
    ),
    "tickets get_by_id": (lambda d: d.mira.crm.tickets.basic_api.get_by_id(TICKET).properties["subject"], SUBJECT),
    "a hidden property is left out": (
        lambda d: sorted(d.mira.crm.tickets.basic_api.get_by_id(
            TICKET, properties=["region", "refund_amount", "internal_risk_note"]).properties),
        ["createdate", "hs_lastmodifieddate", "hs_object_id", "region"],
    ),
    "and shown to the account": (
        lambda d: d.key.crm.tickets.basic_api.get_by_id(TICKET, properties=["refund_amount"]).properties[
            "refund_amount"],
        "184.5",
    ),
    "tickets with associations": (
        lambda d: {name: len(found.results) for name, found in d.mira.crm.tickets.basic_api.get_by_id(
            TICKET, associations=["contacts", "notes", "calls", "tasks", "emails"]).associations.items()},
        {"contacts": 1, "notes": 2, "calls": 2, "tasks": 1, "emails": 14},
    ),
    "a ticket of others": (lambda d: refusal(lambda: d.mira.crm.tickets.basic_api.get_by_id(THEIRS)), NOT_FOUND),
    "tickets create": (located, True),
    "tickets properties_with_history": (history, ["LOW", "HIGH"]),
    "tickets archive": (recycled, (NOT_FOUND, True, True)),
    "tickets merge": (
        lambda d: merged(d.mira.crm.tickets.basic_api, ticket(d), ticket(d)), (True, {"survivor"}),
    ),
    "tickets get_all": (lambda d: len(d.mira.crm.tickets.get_all()), 88),
    "tickets get_all of the account": (lambda d: len(d.key.crm.tickets.get_all()), 124),
    "tickets get_all with history": (
        lambda d: len(d.mira.crm.tickets.get_all(limit=60, properties_with_history=["subject"])), 60,
    ),
    "contacts get_page": (lambda d: d.mira.crm.contacts.basic_api.get_page(limit=1).results[0].id, CONTACT),
    "contacts by e-mail": (
        lambda d: d.mira.crm.contacts.basic_api.get_by_id(EMAIL, id_property="email").id, CONTACT,
    ),
    "contacts life": (
        lambda d: life(d.key.crm.contacts.basic_api, {"email": "Ada@Pumps.example"}, {"lastname": "Byron"}),
        ["Byron", 404],
    ),
    "contacts lower the e-mail": (
        lambda d: d.key.crm.contacts.basic_api.create({"properties": {"email": "Ada@Pumps.example"}}).properties[
            "email"],
        "ada@pumps.example",
    ),
    "contacts twice": (
        lambda d: refusal(lambda: d.key.crm.contacts.basic_api.create({"properties": {"email": EMAIL}})),
        Refusal("ApiException", 409, "CONFLICT"),
    ),
    "contacts merge": (
        lambda d: merged(d.key.crm.contacts.basic_api, CONTACT, OTHER_CONTACT), (True, {"survivor"}),
    ),
    "contacts merged ids": (merged_ids, sorted([CONTACT, OTHER_CONTACT] * 2)),
    "contacts purge": (lambda d: purged(d, {"objectId": CONTACT}), NOT_FOUND),
    "contacts purge by e-mail": (lambda d: purged(d, {"objectId": EMAIL, "idProperty": "email"}), NOT_FOUND),
    "contacts get_all": (lambda d: len(d.mira.crm.contacts.get_all()), 55),
    "companies get_page": (lambda d: len(d.mira.crm.companies.basic_api.get_page(properties=["name"]).results), 10),
    "companies life": (
        lambda d: life(d.key.crm.companies.basic_api, {"name": "Pumps"}, {"domain": "pumps.example"}),
        ["pumps.example", 404],
    ),
    "companies merge": (
        lambda d: merged(d.key.crm.companies.basic_api, COMPANY, OTHER_COMPANY), (True, {"survivor"}),
    ),
    "companies get_all": (lambda d: len(d.mira.crm.companies.get_all(properties=["name"])), 20),
    "deals get_all": (lambda d: len(d.key.crm.deals.get_all()), 29),
    "deals life": (
        lambda d: life(d.key.crm.deals.basic_api, {"dealname": "Renewal", "dealstage": "qualified"},
                       {"amount": "12.5", "dealstage": "won"}),
        ["12.5", "won", 404],
    ),
    "deals merge": (
        lambda d: merged(d.key.crm.deals.basic_api, object_id("deals", 1), object_id("deals", 2)),
        (True, {"survivor"}),
    ),
    "deals without the scope": (lambda d: refusal(d.mira.crm.deals.basic_api.get_page), FORBIDDEN),
    "notes life": (
        lambda d: life(d.mira.crm.objects.notes.basic_api, {**NOTE, "hubspot_owner_id": OWNER},
                       {"hs_note_body": "<p>b</p>"}),
        ["<p>b</p>", 404],
    ),
    "notes with an association": (linked_note, [TICKET]),
    "tasks life": (
        lambda d: life(d.mira.crm.objects.tasks.basic_api,
                       {"hs_timestamp": NOW, "hs_task_subject": "Call", "hubspot_owner_id": OWNER},
                       {"hs_task_status": "COMPLETED"}),
        ["COMPLETED", 404],
    ),
    "calls life": (
        lambda d: life(d.key.crm.objects.calls.basic_api, {"hs_timestamp": NOW, "hs_call_title": "a"},
                       {"hs_call_direction": "INBOUND"}),
        ["INBOUND", 404],
    ),
    "meetings life": (
        lambda d: life(d.key.crm.objects.meetings.basic_api, {"hs_timestamp": NOW, "hs_meeting_title": "a"},
                       {"hs_meeting_outcome": "COMPLETED"}),
        ["COMPLETED", 404],
    ),
    "emails life": (
        lambda d: life(d.key.crm.objects.emails.basic_api,
                       {"hs_timestamp": NOW, "hs_email_direction": "EMAIL", "hs_email_status": "SENT"},
                       {"hs_email_subject": "Re"}),
        ["Re", 404],
    ),
    "emails text": (
        lambda d: SUBJECT.split()[0] in d.mira.crm.objects.emails.basic_api.get_by_id(
            object_id("emails", 1), properties=["hs_email_text"]).properties["hs_email_text"],
        True,
    ),
    "feedback submissions": (lambda d: d.key.crm.objects.feedback_submissions.basic_api.get_page().results, []),
    "objects get_all by name": (lambda d: len(d.mira.crm.objects.get_all("emails")), 1019),
    "objects get_all of devices": (lambda d: len(d.mira.crm.objects.get_all("devices")), 52),
    "objects by type id": (lambda d: d.mira.crm.objects.basic_api.get_by_id("0-5", TICKET).id, TICKET),
    "objects of a custom type id": (
        lambda d: d.mira.crm.objects.basic_api.get_by_id(DEVICES, DEVICE, properties=["model"]).properties["model"],
        "Beacon gateway",
    ),
    "objects by full name": (
        lambda d: d.mira.crm.objects.basic_api.get_by_id("p48210377_devices", DEVICE).id, DEVICE,
    ),
    "objects by a unique property": (
        lambda d: d.mira.crm.objects.basic_api.get_by_id("devices", SERIAL, id_property="serial_number").id, DEVICE,
    ),
    "objects life of a device": (
        lambda d: generic(d, "devices", {"serial_number": "Z-1", "model": "MV-110"}, {"firmware": "2"}), ["2", 404],
    ),
    "objects life by type ids": (lambda d: generic(d, "0-46", dict(NOTE), {"hs_note_body": "b"}), ["b", 404]),
    "objects twice the same key": (
        lambda d: refusal(lambda: d.key.crm.objects.basic_api.create(
            "devices", {"properties": {"serial_number": SERIAL}})),
        Refusal("ApiException", 409, "CONFLICT"),
    ),
}  # fmt: skip


def batch_life(api: Any, given: dict[str, str], change: dict[str, str]) -> list[object]:  # noqa: ANN401 - as above
    """Two records made, changed, read and archived at once; one id that leads nowhere is told beside them."""
    made = api.create({"inputs": [{"properties": given, "associations": []}] * 2})
    ids = [{"id": row.id} for row in made.results]
    changed = api.update({"inputs": [{**one, "properties": change} for one in ids]})
    wish = {"properties": list(change), "propertiesWithHistory": []}
    read = api.read({"inputs": [*ids, {"id": "7"}], **wish})
    api.archive({"inputs": ids})
    after = api.read({"inputs": ids, **wish})
    return [made.status, len(changed.results), len(read.results), read.errors[0].category, len(after.results)]


def upserted(desk: Desk, kind: str, key: str, values: list[dict[str, str]]) -> list[bool]:
    """Upserts by a unique property, one after the other: whether each made a record."""
    api = desk.key.crm.objects.batch_api
    one = [{"inputs": [{"idProperty": key, "id": "k-1", "properties": value}]} for value in values]
    found = [api.upsert(kind, body).results[0] for body in one]
    assert len({row.id for row in found}) == 1
    return [row.new for row in found]


def contacts_upserted(desk: Desk) -> list[bool]:
    """By e-mail, which only contacts have as a key: one that is there, one that is new."""
    inputs: list[dict[str, object]] = [
        {"idProperty": "email", "id": mail, "properties": {"jobtitle": "Engineer"}} for mail in (EMAIL, "n@x.example")
    ]
    return [row.new for row in desk.key.crm.contacts.batch_api.upsert({"inputs": inputs}).results]


def traced(desk: Desk) -> tuple[int, int, list[str]]:
    """With a trace id in each input one may fail alone; the answer says which."""
    inputs: list[dict[str, object]] = [
        {"properties": {**NOTE, name: "x"}, "associations": [], "objectWriteTraceId": name}
        for name in ("hs_attachment_ids", "nonsense")
    ]
    found = desk.key.crm.objects.notes.batch_api.create({"inputs": inputs})
    return len(found.results), found.num_errors, found.errors[0].context["objectWriteTraceId"]


BATCHES: Final[Table] = {
    "tickets batch": (
        lambda d: batch_life(d.mira.crm.tickets.batch_api,
                             {"subject": "a", "hs_pipeline_stage": "1", "hubspot_owner_id": OWNER}, {"subject": "b"}),
        ["COMPLETE", 2, 2, "OBJECT_NOT_FOUND", 0],
    ),
    "contacts batch": (
        lambda d: batch_life(d.key.crm.contacts.batch_api, {"lastname": "a"}, {"lastname": "b"}),
        ["COMPLETE", 2, 2, "OBJECT_NOT_FOUND", 0],
    ),
    "companies batch": (
        lambda d: batch_life(d.key.crm.companies.batch_api, {"name": "a"}, {"name": "b"}),
        ["COMPLETE", 2, 2, "OBJECT_NOT_FOUND", 0],
    ),
    "deals batch": (
        lambda d: batch_life(d.key.crm.deals.batch_api, {"dealname": "a", "dealstage": "won"}, {"dealname": "b"}),
        ["COMPLETE", 2, 2, "OBJECT_NOT_FOUND", 0],
    ),
    "notes batch": (
        lambda d: batch_life(d.key.crm.objects.notes.batch_api, dict(NOTE), {"hs_note_body": "b"}),
        ["COMPLETE", 2, 2, "OBJECT_NOT_FOUND", 0],
    ),
    "batch read of others' tickets": (
        lambda d: [row.id for row in d.mira.crm.tickets.batch_api.read({
            "inputs": [{"id": TICKET}, {"id": THEIRS}], "properties": ["subject"],
            "propertiesWithHistory": []}).results],
        [TICKET],
    ),
    "batch read by a unique property": (
        lambda d: [row.id for row in d.mira.crm.objects.batch_api.read("devices", {
            "inputs": [{"id": SERIAL}], "idProperty": "serial_number", "properties": [],
            "propertiesWithHistory": []}).results],
        [DEVICE],
    ),
    "batch read of all": (
        lambda d: d.mira.crm.tickets.batch_api.read({
            "inputs": [{"id": TICKET}], "properties": [], "propertiesWithHistory": ["subject"]}).results[
            0].properties_with_history["subject"][0].value,
        SUBJECT,
    ),
    "batch upsert of notes": (
        lambda d: upserted(d, "notes", KEY, [NOTE, {**NOTE, "hs_note_body": "b"}]), [True, False],
    ),
    "batch upsert of tasks": (
        lambda d: upserted(d, "0-27", KEY, [{"hs_timestamp": NOW, "hs_task_subject": "a"}, {"hs_task_subject": "b"}]),
        [True, False],
    ),
    "batch upsert of devices": (
        lambda d: upserted(d, DEVICES, "serial_number", [{"model": "MV-110"}, {"model": "MV-260"}]), [True, False],
    ),
    "batch upsert of contacts": (contacts_upserted, [False, True]),
    "batch upsert by no key": (
        lambda d: refusal(lambda: upserted(d, "notes", "hs_note_body", [dict(NOTE)])), INVALID,
    ),
    "batch with trace ids": (traced, (1, 1, ["nonsense"])),
    "batch too long": (
        lambda d: refusal(lambda: d.key.crm.tickets.batch_api.archive({
            "inputs": [{"id": str(number)} for number in range(101)]})),
        INVALID,
    ),
}  # fmt: skip


def search(desk: Desk, *filters: dict[str, object], who: str = "mira", **more: object) -> Any:  # noqa: ANN401
    """A search for tickets that meet all filters."""
    wish = {"filterGroups": [{"filters": list(filters)}] if filters else [], "limit": 100, **more}
    return getattr(desk, who).crm.tickets.search_api.do_search(wish)


def where(name: str, operator: str, value: object = None, **more: object) -> dict[str, object]:
    """A filter."""
    return {"propertyName": name, "operator": operator, **({} if value is None else {"value": value}), **more}


def lagging(desk: Desk) -> list[int]:
    """What was just written is found a moment later."""
    ticket(desk, "Zebra gasket")
    seen = [search(desk, where("subject", "CONTAINS_TOKEN", "zebra")).total]
    desk.indexed()
    return [*seen, search(desk, where("subject", "CONTAINS_TOKEN", "zebra")).total]


def paged(desk: Desk) -> tuple[int, int]:
    """All pages of a search: records, and different ones."""
    ids: list[str] = []
    after = "0"
    while True:
        page = search(desk, sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}], limit=40, after=after)
        ids += [row.id for row in page.results]
        if page.paging is None:
            return len(ids), len(set(ids))
        after = page.paging.next.after


def newer(desk: Desk) -> bool:
    """Whether a search by date finds all that is newer, and nothing else."""
    rows = desk.sandbox.control.records(PORTAL, "tickets")
    moment = next(row["createdate"] for row in rows if row["id"] == TICKET)
    found = search(desk, where("createdate", "GT", moment), who="key").results
    return {row.id for row in found} == {row["id"] for row in rows if row["createdate"] > moment} != set()


def among(desk: Desk, found: Any, name: str, *words: str) -> bool:  # noqa: ANN401 - an answer of the client
    """Whether a search found exactly those of Mira's tickets whose property holds one of the words, and not all."""
    rows = desk.mira.crm.tickets.get_all(properties=[name])
    wanted = {row.id for row in rows if any(word in (row.properties.get(name) or "").lower() for word in words)}
    return {row.id for row in found.results} == wanted and 0 < len(wanted) < len(rows)


SEARCHES: Final[Table] = {
    "search everything": (lambda d: search(d).total, 88),
    "search of the account": (lambda d: search(d, who="key").total, 124),
    "search pages": (paged, (88, 88)),
    "search lags": (lagging, [0, 1]),
    "search EQ": (lambda d: [row.id for row in search(d, where("subject", "EQ", SUBJECT)).results], [TICKET]),
    "search IN": (lambda d: search(d, where("hs_object_id", "IN", values=[TICKET, MINE, THEIRS])).total, 2),
    "search NOT_IN": (lambda d: search(d, where("hs_object_id", "NOT_IN", values=[TICKET, MINE])).total, 86),
    "search BETWEEN": (
        lambda d: search(d, where("hs_object_id", "BETWEEN", TICKET, highValue=MINE)).total, 2,
    ),
    "search GT": (newer, True),
    "search HAS_PROPERTY": (
        lambda d: search(d, where("hubspot_owner_id", "HAS_PROPERTY"), who="key").total
        + search(d, where("hubspot_owner_id", "NOT_HAS_PROPERTY"), who="key").total,
        124,
    ),
    "search CONTAINS_TOKEN": (
        lambda d: among(d, search(d, where("subject", "CONTAINS_TOKEN", "beacon*")), "subject", "beacon"), True,
    ),
    "search enumeration": (
        lambda d: among(d, search(d, where("severity", "IN", values=["s1", "s2"])), "severity", "s1", "s2"), True,
    ),
    "search query": (
        lambda d: TICKET in {row.id for row in search(d, query="vaccines cold").results}
        and search(d, query="vaccines submarine").total,
        0,
    ),
    "search groups are alternatives": (
        lambda d: d.mira.crm.tickets.search_api.do_search({"limit": 5, "filterGroups": [
            {"filters": [where("hs_object_id", "EQ", one)]} for one in (TICKET, MINE, THEIRS)]}).total,
        2,
    ),
    "search by association": (
        lambda d: {row.id for row in search(d, where("associations.contact", "EQ", CONTACT), who="key").results}
        == {str(one.to_object_id) for one in d.key.crm.associations.v4.basic_api.get_page(
            "contacts", CONTACT, "tickets").results} > set(),
        True,
    ),
    "search sorts": (
        lambda d: search(d, sorts=[{"propertyName": "createdate", "direction": "DESCENDING"}]).results[0].created_at
        >= search(d, sorts=["createdate"]).results[0].created_at,
        True,
    ),
    "search properties": (
        lambda d: sorted(search(d, where("hs_object_id", "EQ", TICKET), properties=["region", "refund_amount"]).results[
            0].properties),
        ["createdate", "hs_lastmodifieddate", "hs_object_id", "region"],
    ),
    "search a hidden property": (
        lambda d: refusal(lambda: search(d, where("refund_amount", "GT", "0"))).status, 400,
    ),
    "search beyond 10,000": (lambda d: refusal(lambda: search(d, after="10000")), INVALID),
    "search too much": (lambda d: refusal(lambda: search(d, limit=201)), INVALID),
    "search nonsense": (lambda d: refusal(lambda: search(d, where("subject", "SOUNDS_LIKE", "x"))), INVALID),
    "search contacts": (
        lambda d: d.mira.crm.contacts.search_api.do_search({"filterGroups": [
            {"filters": [where("email", "EQ", EMAIL)]}]}).results[0].id,
        CONTACT,
    ),
    "search companies": (
        lambda d: d.mira.crm.companies.search_api.do_search({"query": "ullswater", "filterGroups": []}).total, 1,
    ),
    "search deals": (
        lambda d: d.key.crm.deals.search_api.do_search({"limit": 100, "filterGroups": [
            {"filters": [where("dealstage", "EQ", "lost"), where("amount", "GTE", "100000")]}]}).total
        - sum(row["dealstage"] == "lost" and float(row["amount"]) >= 100_000
              for row in d.sandbox.control.records(PORTAL, "deals")),
        0,
    ),
    "search devices by type id": (
        lambda d: d.mira.crm.objects.search_api.do_search(DEVICES, {"filterGroups": [
            {"filters": [where("serial_number", "EQ", SERIAL)]}]}).results[0].id,
        DEVICE,
    ),
    "search notes": (
        lambda d: object_id("notes", 1) in {row.id for row in d.mira.crm.objects.notes.search_api.do_search({
            "limit": 200, "filterGroups": [{"filters": [where("hs_note_body", "CONTAINS_TOKEN", "firmware")]}],
        }).results}, True,
    ),
}  # fmt: skip
