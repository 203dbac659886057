"""Which passages of a prompt a model's context holds: whole ones, the newest and the most relevant, in their order."""

import math
import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from sidecar.domain import Passage
from sidecar.templates import Prompt

_OTHERS: Final = 1 / 4
"""Most of the room that related records get."""
_FLAT: Final = 10
"""Weighs the two orders of the thread against each other: the larger, the less it helps to stand first in one."""
_PLAIN: Final = re.compile("[A-Za-z ]+")


def tokens(text: str) -> int:
    """How many tokens a text has at most, for any tokenizer in use: a guess on the safe side.

    Three letters or blanks of ASCII make one (English has about four), any other ASCII character counts as one (digits,
    code, logs), and two bytes of UTF-8 elsewhere (an umlaut one, an ideograph one and a half, an emoji two).
    """
    plain = sum(map(len, _PLAIN.findall(text)))
    characters = len(text)
    beyond = len(text.encode("utf-8", "surrogatepass"))
    ascii_ = sum(map(str.isascii, text))
    return math.ceil(plain / 3 + (ascii_ - plain) + (beyond - ascii_) / 2) if characters else 0


def fit(prompt: Prompt, room: int) -> str:
    """The blocks of the passages that fit into `room` tokens, in the order of the prompt; "" when none does.

    The record's own passages come first, then the thread's by how new they are and how near to the record; a quarter of
    the room at most goes to related records, nearest first. A passage that does not fit is left out as a whole.
    """
    costs = [tokens(block) + 1 for block in prompt.blocks]
    if sum(costs) <= room:
        return prompt.data
    near = _nearness(prompt)
    own: list[int] = []
    thread: list[int] = []
    related: list[int] = []
    for i, passage in enumerate(prompt.passages):
        (related if passage.related else own if passage.key.ref == passage.root else thread).append(i)
    related.sort(key=lambda i: -near[i])
    reserved = min(int(room * _OTHERS), sum(costs[i] for i in related))
    chosen = _fill([*own, *_both(thread, prompt.passages, near)], costs, room - reserved)
    chosen += _fill(related, costs, room - sum(costs[i] for i in chosen))
    return "\n".join(prompt.blocks[i] for i in sorted(chosen))


def _fill(order: Sequence[int], costs: Sequence[int], room: int) -> list[int]:
    """As many as there is room for, the first ones first; one that is too large makes place for smaller ones."""
    chosen = []
    for i in order:
        if costs[i] <= room:
            chosen.append(i)
            room -= costs[i]
    return chosen


def _both(thread: Sequence[int], passages: Sequence[Passage], near: Sequence[float]) -> list[int]:
    """The thread by two orders at once (reciprocal rank fusion): newest first, and nearest to the record first."""
    newest = sorted(thread, key=lambda i: (-_age(passages[i]), -i))
    nearest = sorted(newest, key=lambda i: -near[i])
    score = dict.fromkeys(thread, 0.0)
    for order in (newest, nearest):
        for rank, i in enumerate(order):
            score[i] += 1 / (_FLAT + rank)
    return sorted(thread, key=lambda i: -score[i])


def _age(passage: Passage) -> float:
    return passage.when.timestamp() if passage.when else -math.inf


def _nearness(prompt: Prompt) -> list[float]:
    """Cosine of each passage to what the record itself says (or the thread, if it says nothing); 0 without vectors."""
    vectors, passages = prompt.vectors, prompt.passages
    if vectors is None or len(vectors) != len(passages):
        return [0.0] * len(passages)
    record = [i for i, passage in enumerate(passages) if passage.key.ref == passage.root and not passage.related]
    own = record or [i for i, passage in enumerate(passages) if not passage.related]
    if not own:
        return [0.0] * len(passages)
    return [float(value) for value in np.nan_to_num(vectors @ vectors[own].mean(axis=0))]
