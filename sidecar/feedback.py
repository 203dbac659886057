"""What an agent thinks of a draft: a thumb, a reason from a closed list, a privacy concern. Never free text."""

from dataclasses import dataclass
from enum import StrEnum


class Rating(StrEnum):
    """The thumb."""

    UP = "up"
    DOWN = "down"


class Reason(StrEnum):
    """Why; NONE when she did not say."""

    NONE = ""
    WRONG = "wrong"
    MISSING = "missing"
    UNCLEAR = "unclear"
    TOO_LONG = "too_long"
    TONE = "tone"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Opinion:
    """`privacy`: something stands in the draft that should not be there for this purpose."""

    rating: Rating
    reason: Reason = Reason.NONE
    privacy: bool = False


@dataclass(frozen=True, slots=True)
class Total:
    """How many drafts of one template and reasoner got one opinion."""

    template: str
    reasoner: str
    opinion: Opinion
    count: int
