"""The generated company has the size, the variety and the coherence that tests and benchmarks count on."""

import json
import time
from collections import Counter
from datetime import UTC, datetime

from connectors.sandbox.data import (
    DEMO_CASE_ID,
    DEMO_TICKET_ID,
    DEMO_USERNAMES,
    LONG_CASE_ID,
    LONG_TICKET_ID,
    build,
    generate,
)
from connectors.sandbox.data.builder import NOW
from connectors.sandbox.data.schedule import OLDEST
from connectors.sandbox.data.truth import FactKind
from connectors.sandbox.salesforce.ids import canonical
from connectors.sandbox.salesforce.schema import standard_schema
from connectors.sandbox.salesforce.values import instant
from tests.unit.sandbox.data_world import by_id, document, records, world

DRAFT = "5"


def test_two_builds_are_equal_to_the_byte_and_share_nothing() -> None:
    """The same seed gives the same bytes, and changing one result does not change the next."""
    first = build()
    text = json.dumps(first[0], ensure_ascii=False)
    first[0][0][1][0][1]["Name"] = "changed"
    second = build()
    assert json.dumps(second[0], ensure_ascii=False) == text
    assert second[1] == first[1]


def test_another_seed_tells_other_stories_under_the_same_known_ids() -> None:
    """The seed changes texts, and not the ids that the demo and the benchmark name."""
    other = generate(8)
    assert json.dumps(other[:2]) != json.dumps(world()[0])
    cases = {row["Id"] for name, row in other[0][1] if name == "Case"}
    tickets = {row["id"] for name, row in other[2][1] if name == "tickets"}
    assert {DEMO_CASE_ID, LONG_CASE_ID} <= cases
    assert {DEMO_TICKET_ID, LONG_TICKET_ID} <= tickets


def test_building_takes_less_than_two_seconds_of_work() -> None:
    """A sandbox starts quickly: two seconds of processor time are the limit."""
    started = time.process_time()
    generate()
    assert time.process_time() - started < 2


def test_no_id_is_used_twice_and_each_is_a_valid_long_id() -> None:
    """Ids are unique over both orgs, 18 characters long, with the right checksum."""
    ids = [str(row["Id"]) for _, rows in world()[0] for _, row in rows]
    ids += [item["Id"] for alias in ("northwind", "globex") for key in ("users", "roles", "profiles", "groups")
            for item in document(alias)[key]]  # fmt: skip
    assert len(ids) == len(set(ids))
    assert all(canonical(item) == item for item in ids)


def test_every_lookup_leads_to_a_record_of_the_same_org() -> None:
    """No lookup dangles, and none crosses from one org into the other."""
    schema = standard_schema()
    for item, rows in world()[0]:
        known = {row["Id"] for _, row in rows} | {person["Id"] for key in ("users", "groups") for person in item[key]}
        for name, row in rows:
            kind = schema.object(name)
            assert kind is not None
            for field in kind.fields.values():
                target = row.get(field.name)
                if field.reference_to and target is not None and field.name != "KnowledgeArticleId":
                    assert target in known, (name, field.name)


def test_shares_and_members_name_records_and_people_of_their_org() -> None:
    """Shares, queues and permission sets refer to what exists."""
    for item, rows in world()[0]:
        people = {person["Id"] for person in item["users"]}
        subjects = people | {group["Id"] for group in item["groups"]}
        known = {row["Id"] for _, row in rows}
        assert all(share["ParentId"] in known and share["UserOrGroupId"] in subjects for share in item["shares"])
        assert all(set(group["members"]) <= people for group in item["groups"])
        assert all(set(rights["assignees"]) <= people for rights in item["permission_sets"])


def test_it_has_the_numbers_of_the_issue() -> None:
    """Four hundred cases and six later ones, sixty articles with drafts, eight users with eight sets of rights."""
    assert len([row for row in records("Case") if not row["IsDeleted"]]) == 406
    articles = records("Knowledge__kav")
    assert len(articles) == 60
    assert {"Online", "Draft"} == {row["PublishStatus"] for row in articles}
    for alias in ("northwind", "globex"):
        active = [user for user in document(alias)["users"] if user["IsActive"]]
        assert len(active) >= 8
        assert len({(user["ProfileId"], user["UserRoleId"]) for user in active}) >= 8
        assert all(user["note"] for user in active)
        assert {row["AccountId"] for row in records("Contact", alias)} == {
            row["Id"] for row in records("Account", alias)
        }
        assert records("Opportunity", alias)
        assert records("Task", alias)
        assert records("CaseComment", alias)


def test_accounts_have_a_life_beside_their_cases() -> None:
    """People with roles, open cases, deals won, open and closing soon, calls and what is still to be done."""
    for alias in ("northwind", "globex"):
        accounts = {row["Id"] for row in records("Account", alias)}
        calls = [row for row in records("Task", alias) if row.get("WhatId") in accounts]
        assert len({row["WhatId"] for row in calls}) > len(accounts) * 0.7
        assert {row["Status"] for row in calls} == {"Completed", "Not Started"}
        contacts = {row["Id"]: row for row in records("Contact", alias)}
        assert all(contacts[row["WhoId"]]["AccountId"] == row["WhatId"] for row in calls)
        deals = records("Opportunity", alias)
        assert {row["IsWon"] for row in deals} == {True, False}
        soon = [row for row in deals if not row["IsClosed"] and str(row["CloseDate"]) < "2027-04-01"]
        assert len(soon) > len(accounts) // 4
        assert all(row["Amount"] and str(row["CloseDate"]) > "2026-11-24" for row in soon)
        open_cases = {row["AccountId"] for row in records("Case", alias) if not row["IsClosed"]}
        assert len(open_cases) > len(accounts) // 2
        assert sum(bool(row.get("Title")) for row in contacts.values()) > len(contacts) * 0.9


def test_the_names_in_notes_of_calls_are_known() -> None:
    """The ground truth knows whom a call was with, and the private number in one of the notes."""
    found = {(place.category, by_id()[place.place.record_id][0]) for place in world()[1].planted}
    assert {("name", "Task"), ("phone", "Task")} <= found


def test_threads_have_two_to_sixty_messages_and_one_has_sixty() -> None:
    """Every case has a thread; drafts do not count; only the known case is as long as sixty."""
    sizes = Counter(row["ParentId"] for row in records("EmailMessage") if row["Status"] != DRAFT)
    assert set(sizes) == {row["Id"] for row in records("Case") if not row["IsDeleted"]}
    assert min(sizes.values()) == 2
    assert [case for case, size in sizes.items() if size >= 60] == [LONG_CASE_ID]
    assert sizes[LONG_CASE_ID] == 60
    assert all(world()[1].cases[str(case)].messages == size for case, size in sizes.items())
    assert len(set(sizes.values())) >= 20


def test_the_long_case_has_ten_relatives_and_more() -> None:
    """The benchmark finds at least ten cases and articles about the same trouble."""
    related = world()[1].related[LONG_CASE_ID]
    assert len(related) >= 10
    assert {by_id()[item][0] for item in related} == {"Case", "Knowledge__kav"}
    stories = [world()[1].cases[item] for item in related if by_id()[item][0] == "Case"]
    assert {story.scenario for story in stories} == {"gateway_offline"}


def test_people_write_in_five_languages_and_many_mail_programs() -> None:
    """English, German, French, Spanish and Japanese; plain, HTML and both; quotes in several styles."""
    languages = Counter(story.language for story in world()[1].cases.values())
    assert set(languages) == {"en", "de", "fr", "es", "ja"}
    assert min(languages.values()) >= 20
    mails = [row for row in records("EmailMessage") if row["Status"] != DRAFT]
    bodies = Counter((row["TextBody"] is not None, row["HtmlBody"] is not None) for row in mails)
    assert set(bodies) == {(True, True), (True, False), (False, True)}
    texts = "\n".join(str(row["TextBody"]) for row in mails)
    markup = "\n".join(str(row["HtmlBody"]) for row in mails)
    for sign in ("wrote:\n> ", "-----Original Message-----", "\n> > ", "schrieb", "a écrit :", "escribió:",
                 "-----Ursprüngliche Nachricht-----", "元のメッセージ"):  # fmt: skip
        assert sign in texts, sign
    for sign in ('class="gmail_quote"', 'class="MsoNormal"', '<blockquote type="cite">'):
        assert sign in markup, sign


def test_nothing_is_older_than_eighteen_months_or_newer_than_the_clock() -> None:
    """Cases lie in the eighteen months before the clock starts, and their messages follow each other."""
    for name in ("Case", "EmailMessage", "CaseComment", "Task"):
        for row in records(name):
            made, changed = instant(str(row["CreatedDate"])), instant(str(row["LastModifiedDate"]))
            assert made is not None
            assert changed is not None
            assert OLDEST <= made <= changed <= NOW
    last: dict[object, str] = {}
    for row in records("EmailMessage"):
        if row["Status"] != DRAFT:
            assert last.get(row["ParentId"], "") < str(row["MessageDate"])
            last[row["ParentId"]] = str(row["MessageDate"])
    assert datetime(2026, 11, 24, 9, tzinfo=UTC) > NOW


def test_every_case_knows_its_problem_and_its_state_and_promises_have_dates() -> None:
    """A story has a problem and a state; a promise carries the date that its sentence names, after it was said."""
    promises = 0
    for story in world()[1].cases.values():
        assert len(story.of(FactKind.PROBLEM)) == 1
        assert len(story.of(FactKind.STATE)) == 1
        assert bool(story.of(FactKind.RESOLUTION)) == (story.closed and story.case_id != LONG_CASE_ID)
        for fact in story.of(FactKind.PROMISE):
            promises += 1
            said = str(by_id()[fact.place.record_id][1]["MessageDate"])
            due = datetime.fromisoformat(fact.due).date()
            assert due.isoformat() > said[:10]
            assert str(due.day) in fact.text or "1er" in fact.text
            assert str(due.year) in fact.text
    assert promises >= 400


def test_threads_do_not_look_cloned() -> None:
    """Hardly two cases of a scenario open with the same words."""
    openings = Counter(row["Description"] for row in records("Case") if not row["IsDeleted"])
    assert max(openings.values()) == 1
    subjects = Counter(row["Subject"] for row in records("Case"))
    assert len(subjects) >= 200


def test_the_package_is_installed_in_one_org_only() -> None:
    """Northwind has the summary field and the marker object, globex has neither."""
    northwind, globex = document("northwind")["schema"], document("globex")["schema"]
    assert "Assistant_Summary__c" in {field["name"] for field in northwind["Case"]["fields"]}
    assert "Writeback__c" in northwind
    assert "Assistant_Summary__c" not in {field["name"] for field in globex["Case"]["fields"]}
    assert "Writeback__c" not in globex
    assert {user["Username"] for user in document("northwind")["users"]} >= set(DEMO_USERNAMES)
