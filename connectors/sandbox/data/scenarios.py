"""Turns a scenario of the phrase banks into the turns of one conversation, with its facts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.mail import when
from connectors.sandbox.data.people import Person
from connectors.sandbox.data.schedule import FRIDAY, LONGEST_PROMISE
from connectors.sandbox.data.slots import SECRETS, Words, secret
from connectors.sandbox.data.truth import FactKind

_SHORT, _CALM = 3, 5
_SURE_ATTEMPTS, _ATTEMPT, _ASIDE = 4, 0.5, 0.6
"""Messages about attempts that every long case has; then how likely another attempt is, or a question on the side."""
_ORDER_AT, _IMPACT, _CONTEXT, _SECRET = 0.8, 0.6, 0.3, 0.6


@dataclass(frozen=True, slots=True)
class Saying:
    """A sentence that is a fact of the case. `due` is an ISO date for a promise, else ""."""

    kind: FactKind
    text: str
    due: str = ""


@dataclass(slots=True)
class Turn:
    """One message to be: who speaks, its paragraphs, and which of their sentences are facts or personal data.

    `by` is the number of the agent who writes; `client` replaces the writer's usual mail program.
    `disguise` names the attack that the extras carry (see hostile.py), if any.
    """

    incoming: bool
    at: datetime
    paragraphs: list[str] = field(default_factory=list)
    sayings: list[Saying] = field(default_factory=list)
    secrets: list[tuple[str, str]] = field(default_factory=list)
    text_extra: str = ""
    html_extra: str = ""
    disguise: str = ""
    by: int = 0
    client: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """What a conversation is to be: `times` holds one moment per message and so sets its length."""

    scenario: str
    language: str
    closed: bool
    times: tuple[datetime, ...]
    contact: Person
    agent_first: str
    slots: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Tale:
    """The finished conversation, and the texts of the case around it. Notes are internal, so they are in English."""

    subject: str
    turns: tuple[Turn, ...]
    resolution: Saying | None
    notes: tuple[str, ...]


def ending(size: int, *, closed: bool) -> int:
    """How many of `size` messages end a case: the promise, the customer's last word, the closing of a closed case."""
    if closed:
        return 2 if size <= _CALM else 3
    return 1 if size in {2, 4} else 2


def tell(rng: Random, plot: Plot) -> Tale:
    """The conversation of `plot`, one turn per moment."""
    return _Teller(rng, plot).tell()


class _Teller:
    """Draws sentences without repeating one, as long as the banks last."""

    def __init__(self, rng: Random, plot: Plot) -> None:
        self.rng = rng
        self.plot = plot
        self.story: Words = bank(f"scenarios_{plot.language}")[plot.scenario]
        self.words: Words = bank(f"phrases_{plot.language}")
        self.turns = [Turn(incoming=False, at=moment) for moment in plot.times]
        self._decks: dict[str, list[Any]] = {}

    def tell(self) -> Tale:
        subject = self._fill(self._draw("subject", self.story["subject"]), self.plot.times[0])
        self._open()
        size = len(self.turns)
        tail = ending(size, closed=self.plot.closed)
        middle = range(min(3, size - tail), size - tail)
        self._middle(middle)
        self._end(size - tail)
        self._leak()
        resolution = None
        if self.plot.closed:
            text = self._fill(self._draw("resolve", self.story["resolve"]), self.plot.times[-1])
            resolution = Saying(FactKind.RESOLUTION, text)
        notes = [*bank("scenarios_en")[self.plot.scenario]["note"], *self.rng.sample(bank("phrases_en")["note"], 2)]
        self.rng.shuffle(notes)
        notes = notes[: self.rng.randrange(min(len(self.turns), 5))]
        for number, turn in enumerate(self.turns):
            self._greet(turn, first=number == 0)
        return Tale(subject, tuple(self.turns), resolution, tuple(notes))

    def _open(self) -> None:
        first = self.turns[0]
        first.incoming = True
        lines = [self._say(first, FactKind.PROBLEM, "problem")]
        if self.rng.random() < _IMPACT:
            lines.append(self._filler(first, "impact"))
        first.paragraphs.append(" ".join(lines))
        if self.rng.random() < _ORDER_AT or len(self.turns) > _CALM:
            saying = self._fill(self.rng.choice(self.words["order"]), first.at)
            first.sayings.append(Saying(FactKind.ORDER, saying))
            first.paragraphs.append(saying)
        if self.rng.random() < _CONTEXT:
            first.paragraphs.append(self._filler(first, "context"))
        size = len(self.turns)
        if size > _SHORT:
            ask, answer = self.turns[1], self.turns[2]
            ask.paragraphs.append(f"{self._filler(ask, 'ack')} {self._text('ask', ask.at)}")
            answer.incoming = True
            answer.paragraphs.append(f"{self._filler(answer, 'thanks')} {self._say(answer, FactKind.DETAIL, 'detail')}")

    def _middle(self, places: Iterable[int]) -> None:
        """Attempts first, then questions on the side and updates, two messages each; an odd one is a sign of life."""
        numbers = list(places)
        if len(numbers) % 2:
            odd = numbers.pop()
            turn = self.turns[odd]
            turn.paragraphs.append(self._filler(turn, "update"))
        attempts = list(self.story["tried"])
        self.rng.shuffle(attempts)
        for index in range(0, len(numbers), 2):
            asked, answered = self.turns[numbers[index]], self.turns[numbers[index + 1]]
            if attempts and (index < _SURE_ATTEMPTS or self.rng.random() < _ATTEMPT):
                step, outcome = attempts.pop()
                asked.paragraphs.append(f"{self._filler(asked, 'step')} {self._fill(step, asked.at)}")
                answered.incoming = True
                saying = self._fill(outcome, answered.at)
                answered.sayings.append(Saying(FactKind.TRIED, saying))
                answered.paragraphs.append(f"{self._filler(answered, 'result')} {saying}")
                if self.rng.random() < _CONTEXT:
                    answered.paragraphs.append(self._filler(answered, "context"))
            elif self.rng.random() < _ASIDE:
                question, reply = self._draw("extras", self.words["extras"])
                asked.incoming, answered.incoming = True, False
                asked.paragraphs.append(self._fill(question, asked.at))
                answered.paragraphs.append(self._fill(reply, answered.at))
            else:
                asked.incoming, answered.incoming = True, False
                asked.paragraphs.append(self._filler(asked, "chase"))
                answered.paragraphs.append(self._filler(answered, "update"))

    def _end(self, start: int) -> None:
        size = len(self.turns)
        promise = self.turns[start]
        if size > _CALM:
            promise.paragraphs.append(self._say(promise, FactKind.ESCALATION, "escalate"))
        if size <= _SHORT:
            promise.paragraphs.append(self._filler(promise, "ack"))
        promise.paragraphs.append(self._promise(promise))
        if size > start + 1:
            self.turns[start + 1].incoming = True
        if size > start + 2:
            closing = self.turns[start + 2]
            closing.paragraphs.append(self._filler(closing, "closing"))
        last = next(turn for turn in reversed(self.turns) if turn.incoming)
        states = self.words["confirmed"] if self.plot.closed else self.story["state"]
        saying = self._fill(self._draw("state", states), last.at)
        last.sayings.append(Saying(FactKind.STATE, saying))
        last.paragraphs.append(saying)

    def _promise(self, turn: Turn) -> str:
        due = turn.at + timedelta(days=self.rng.randrange(3, LONGEST_PROMISE - 1))
        while due.weekday() > FRIDAY:
            due += timedelta(days=1)
        text = self._fill(self._draw("promise", self.story["promise"]), turn.at, due=when(due, self.words))
        turn.sayings.append(Saying(FactKind.PROMISE, text, f"{due:%Y-%m-%d}"))
        return text

    def _leak(self) -> None:
        """Personal data in one or two of the customer's messages."""
        if self.rng.random() > _SECRET:
            return
        incoming = [turn for turn in self.turns if turn.incoming]
        categories = dict.fromkeys(SECRETS[self.plot.scenario])
        for category in self.rng.sample(list(categories), self.rng.randrange(1, min(3, len(categories) + 1))):
            turn = self.rng.choice(incoming)
            value = secret(self.rng, category, self.plot.contact, self.words)
            pattern: str = self.rng.choice(self.words["planted"][category])
            if pattern.startswith("{value}"):
                value = value[0].upper() + value[1:]
            turn.secrets.append((category, value))
            turn.paragraphs.append(pattern.format(value=value))

    def _greet(self, turn: Turn, *, first: bool) -> None:
        bank_name = "hello_agent" if not turn.incoming else "hello_first" if first else "hello_customer"
        turn.paragraphs.insert(0, self._fill(self.rng.choice(self.words[bank_name]), turn.at))

    def _say(self, turn: Turn, kind: FactKind, name: str) -> str:
        text = self._text(name, turn.at)
        turn.sayings.append(Saying(kind, text))
        return text

    def _text(self, name: str, at: datetime) -> str:
        return self._fill(self._draw(name, self.story[name]), at)

    def _filler(self, turn: Turn, name: str) -> str:
        return self._fill(self._draw(name, self.words[name]), turn.at)

    def _draw(self, name: str, choices: Sequence[Any]) -> Any:  # noqa: ANN401 - strings, or pairs of them
        deck = self._decks.get(name)
        if not deck:
            deck = list(choices)
            self.rng.shuffle(deck)
            self._decks[name] = deck
        return deck.pop()

    def _fill(self, text: str, at: datetime, **more: object) -> str:
        if "{" not in text:
            return text
        past = when(at - timedelta(days=self.rng.randrange(2, 9)), self.words)
        names = {"contact_first": self.plot.contact.first, "contact_last": self.plot.contact.last}
        return text.format(**self.plot.slots, **names, agent_first=self.plot.agent_first, date=past, **more)
