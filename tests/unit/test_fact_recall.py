"""How many of a case's known facts seven sentences hold, beside two baselines that are hard to beat on dialogues.

Measured on the sandbox's cases of seed 7 with five messages or more; the reasoner's weights come from other seeds
(`bench/eval/fit.py`), and `make eval` measures on yet other ones.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import pytest

from connectors.interfaces import RecordRef
from connectors.sandbox.data import build
from connectors.sandbox.data.truth import CaseStory, Fact, FactKind
from sidecar.adapters.extractive import ExtractiveReasoner
from sidecar.chunks import chunk
from sidecar.domain import Claim, Passage, PassageKey, Role
from sidecar.replies import own_words
from sidecar.sanitise import clean, is_html
from sidecar.text import sentences
from sidecar.words import content, tokens
from tests.unit.passages import prompt

SEED = 7
SHORTEST = 5
"""Messages: in a shorter case seven sentences are nearly all."""
ENOUGH = 0.8
"""Share of a fact's content words that one sentence must hold to count as saying it."""


@dataclass(frozen=True)
class Told:
    """One case as the reasoner sees it, and what it said."""

    story: CaseStory
    thread: list[Passage]
    summary: tuple[Claim, ...]
    steps: tuple[Claim, ...]


def thread_of(case: Mapping[str, object], messages: Sequence[tuple[str, Mapping[str, object]]]) -> list[Passage]:
    """The prose fields of a case and its messages, as the firewall cuts them."""
    root = RecordRef("salesforce", "Case", str(case["Id"]))
    found: list[Passage] = []

    def add(ref: RecordRef, field: str, text: object, role: Role, when: object) -> None:
        at = datetime.fromisoformat(str(when))
        said = own_words(clean(str(text or ""), html=is_html(field, str(text or ""))).text)
        for ordinal, (start, end) in enumerate(chunk(said)):
            key = PassageKey(ref, field, ordinal)
            found.append(Passage(len(found) + 1, key, said[start:end], "hash", root, role, "", at))

    for name in ("Subject", "Description", "Resolution__c"):
        if case.get(name):
            add(root, name, case[name], Role.RECORD, case["CreatedDate"])
    for object_, row in sorted(messages, key=lambda item: str(item[1].get("MessageDate") or item[1]["CreatedDate"])):
        ref = RecordRef("salesforce", object_, str(row["Id"]))
        role = Role.CUSTOMER if row.get("Incoming") else Role.AGENT
        field = "CommentBody" if object_ == "CaseComment" else "TextBody" if row.get("TextBody") else "HtmlBody"
        add(ref, field, row.get(field), role, row.get("MessageDate") or row["CreatedDate"])
    return found


@pytest.fixture(scope="module")
def told() -> list[Told]:
    """The cases of both orgs, summarised."""
    orgs, truth = build(SEED)
    cases: dict[str, Mapping[str, object]] = {}
    threads: dict[str, list[tuple[str, Mapping[str, object]]]] = {}
    for _, records in orgs:
        for object_, row in records:
            if object_ == "Case":
                cases[str(row["Id"])] = row
            elif object_ in {"EmailMessage", "CaseComment"} and row.get("Status") != "5":
                threads.setdefault(str(row["ParentId"]), []).append((object_, row))
    reasoner = ExtractiveReasoner()
    found = []
    for case_id, story in truth.cases.items():
        if story.messages < SHORTEST:
            continue
        thread = thread_of(cases[case_id], threads.get(case_id, []))
        summary, steps = (reasoner.generate(prompt(thread, action)) for action in ("summarize_case", "next_steps"))
        found.append(Told(story, thread, summary, steps))
    return found


def holds(fact: Fact, said: Sequence[str]) -> bool:
    """Whether one of the sentences says the fact."""
    wanted = meaning(fact.text)
    return any(len(wanted & meaning(text)) >= ENOUGH * len(wanted) for text in said)


@cache
def meaning(text: str) -> frozenset[str]:
    """The content words of a sentence."""
    return content(tokens(text))


def recall(
    told: list[Told], said: Callable[[Told], Sequence[str]], kinds: frozenset[FactKind] = frozenset(FactKind)
) -> float:
    """Share of all facts of some kinds that `said` holds."""
    hits = []
    for case in told:
        sentences_said = said(case)
        hits += [holds(fact, sentences_said) for fact in case.story.facts if fact.kind in kinds]
    return sum(hits) / len(hits)


def summary(case: Told) -> list[str]:
    """What the reasoner said."""
    return [claim.text for claim in case.summary]


def prose(case: Told) -> list[str]:
    """All sentences of the messages, in order: what the baselines choose from."""
    return [p.text[start:end] for p in case.thread if p.key.field != "Subject" for start, end in sentences(p.text)]


def test_summary_holds_more_facts_than_the_baselines(told: list[Told]) -> None:
    """Seven chosen sentences hold far more facts than the first seven or the seven longest of the record."""
    ours = recall(told, summary)
    lead = recall(told, lambda case: prose(case)[:7])
    longest = recall(told, lambda case: sorted(prose(case), key=len)[-7:])
    assert ours >= max(0.78, 2 * lead, 1.6 * longest), (ours, lead, longest)


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        (FactKind.PROBLEM, 0.95),
        (FactKind.PROMISE, 0.93),
        (FactKind.STATE, 0.6),
        (FactKind.ESCALATION, 0.6),
        (FactKind.TRIED, 0.6),
    ],
)
def test_each_section_finds_its_facts(told: list[Told], kind: FactKind, least: float) -> None:
    """Problems and promises are hardly ever missed; states and attempts mostly not."""
    assert recall(told, summary, frozenset({kind})) >= least


def test_promises_carry_the_right_day(told: list[Told]) -> None:
    """A promise that a draft quotes is due on the day that was promised."""
    promised = [
        (fact.due, claim.due)
        for case in told
        for fact in case.story.of(FactKind.PROMISE)
        for claim in (*case.summary, *case.steps)
        if fact.text in claim.text
    ]
    assert len(promised) > 500
    assert sum(due == found for due, found in promised) >= 0.98 * len(promised)


def test_steps_hold_the_promises(told: list[Told]) -> None:
    """Every promise becomes a step, in nearly every case."""
    assert recall(told, lambda case: [claim.text for claim in case.steps], frozenset({FactKind.PROMISE})) >= 0.93
