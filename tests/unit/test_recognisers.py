"""What is found, what is not, and how much of what the sandbox has planted a reasoner could still read."""

import re
import time
from collections import Counter
from pathlib import Path

import pytest

from connectors.sandbox.data.planted import _occurrences
from connectors.sandbox.data.truth import Planted
from sidecar.firewall import Admitted
from sidecar.masking import Placeholders, mask
from sidecar.recognisers import NEVER_RESTORED, Span, find, resolve
from sidecar.replies import own_words
from sidecar.sanitise import clean
from tests.unit.firewall_world import admit_file, world

HARD_NEGATIVES = (Path(__file__).parent / "hard_negatives.txt").read_text("utf-8").splitlines()
HELD_OUT = 11
"""Patterns and thresholds were chosen on seed 7 and frozen."""
GOALS = {
    "card": 0.995,
    "iban": 0.995,
    "email": 0.995,
    "ip": 0.995,
    "api_key": 0.995,
    "national_id": 0.98,
    "phone": 0.97,
    "password": 0.95,
    "name": 0.995,
}
"""Least share masked. Remarks on health and postal addresses in free text are no goal yet."""

FOUND = [
    ("card", "My card is 4111 1111 1111 1111.", "4111 1111 1111 1111"),
    ("card", "5555-5555-5555-4444 was charged", "5555-5555-5555-4444"),
    ("card", "2223003122003222", "2223003122003222"),
    ("card", "Amex 3782 822463 10005", "3782 822463 10005"),
    ("card", "カード番号は4111111111111111です", "4111111111111111"),
    ("card", "\uff14\uff11\uff11\uff11 1111 1111 1111", "\uff14\uff11\uff11\uff11 1111 1111 1111"),
    ("card", "4111\u200b1111\u200b1111\u200b1111", "4111\u200b1111\u200b1111\u200b1111"),
    ("card", "\u0664\u0661\u0661\u0661 1111 1111 1111", "\u0664\u0661\u0661\u0661 1111 1111 1111"),
    ("iban", "IBAN: DE89 3704 0044 0532 0130 00, thanks", "DE89 3704 0044 0532 0130 00"),
    ("iban", "gb29nwbk60161331926819", "gb29nwbk60161331926819"),
    ("iban", "FR14 2004 1010 0505 0001 3M02 606 bitte", "FR14 2004 1010 0505 0001 3M02 606"),
    ("email", "write to anna.o'neil+crm@mail.example.co.uk.", "anna.o'neil+crm@mail.example.co.uk"),
    ("email", "info@m\u00fcller.example", "info@m\u00fcller.example"),
    ("government_id", "My SSN is 219-09-9999", "219-09-9999"),
    ("government_id", "NHS number 943 476 5919", "943 476 5919"),
    ("government_id", "NINO AB 12 34 56 C", "AB 12 34 56 C"),
    ("government_id", "Steuer-ID 86 095 742 719", "86 095 742 719"),
    ("government_id", "mi DNI es 12345678Z", "12345678Z"),
    ("government_id", "NIE X-1234567-L", "X-1234567-L"),
    ("government_id", "2 55 08 14 168 025 38", "2 55 08 14 168 025 38"),
    ("government_id", "codice fiscale RSSMRA85T10A562S", "RSSMRA85T10A562S"),
    ("government_id", "PESEL 44051401359", "44051401359"),
    ("government_id", "BSN 111222333", "111222333"),
    ("government_id", "AHV 756.9217.0769.85", "756.9217.0769.85"),
    ("government_id", "personnummer 811228-9874", "811228-9874"),
    ("network", "from 203.0.113.7:443", "203.0.113.7"),
    ("network", "host 2001:db8::8a2e:370:7334 is down", "2001:db8::8a2e:370:7334"),
    ("network", "MAC 00:1B:44:11:3A:B7", "00:1B:44:11:3A:B7"),
    ("link", "See https://shop.example/a_(b)?x=1.", "https://shop.example/a_(b)?x=1"),
    ("link", "<www.shop.example>", "www.shop.example"),
    ("link", "https://203.0.113.7/anna@x.example!", "https://203.0.113.7/anna@x.example"),
    ("link", "こちらhttps://shop.example/aをご覧ください。", "https://shop.example/a"),
    ("link", "h\u200bttps://shop.example", "h\u200bttps://shop.example"),
    ("link", "\uff48ttps://shop.example", "\uff48ttps://shop.example"),
    ("phone", "Call me: +49 30 23125 123", "+49 30 23125 123"),
    ("phone", "ring 0171 3920012 please", "0171 3920012"),
    ("phone", "(415) 555-0132 is my number", "(415) 555-0132"),
    ("phone", "Tel. 01 99 00 12 34", "01 99 00 12 34"),
    ("phone", "0044 20 7946 0123", "0044 20 7946 0123"),
    ("phone", "直通番号が03-5550-0190に変わりました。", "03-5550-0190"),
    ("credential", "The password of the archive is Thornbeck!47-k219.", "Thornbeck!47-k219"),
    ("credential", "the password is hunter2!", "hunter2"),
    ("credential", 'password: "Sommer!23-x104"', "Sommer!23-x104"),
    ("credential", "Password: swordfish", "swordfish"),
    ("credential", "pw=abc123def", "abc123def"),
    ("credential", "We have set the password to Werk!70-q952 for now.", "Werk!70-q952"),
    ("credential", "You can log in with Werk?69-z649 and look.", "Werk?69-z649"),
    ("credential", "Das Passwort lautet Pumpe?26-k915.", "Pumpe?26-k915"),
    ("credential", "Das Kennwort des Testnutzers ist \u201eAqua#1900\u201c.", "Aqua#1900"),
    ("credential", "Melden Sie sich mit Kanda?37-x706 an.", "Kanda?37-x706"),
    ("credential", "Le mot de passe est Loire!50-q762.", "Loire!50-q762"),
    ("credential", "mdp : Loire!50-q762", "Loire!50-q762"),
    ("credential", "La contrase\u00f1a del usuario es Bilbao%91-k443.", "Bilbao%91-k443"),
    ("credential", "パスワードは Kanda!12-z345 です。", "Kanda!12-z345"),
    ("credential", "Harvest!75-k890 でログインしてください。", "Harvest!75-k890"),
    ("credential", "PIN: 4711", "4711"),
    ("credential", "key AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ("credential", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    ("credential", "nwk_live_a1B2c3D4e5F6g7H8i9J0", "nwk_live_a1B2c3D4e5F6g7H8i9J0"),
    ("credential", "postgres://app:s3cr3t@db.example/x", "postgres://app:s3cr3t@db.example/x"),
    ("credential", "https://x.example/f?token=abcdef123456&b=1", "https://x.example/f?token=abcdef123456&b=1"),
    ("credential", "Authorization: Bearer abcDEF123456789", "abcDEF123456789"),
    (
        "credential",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3",
    ),
]


@pytest.mark.parametrize(("category", "text", "value"), FOUND, ids=[value for _, _, value in FOUND])
def test_a_value_is_found_whole(category: str, text: str, value: str) -> None:
    """The whole value and nothing beside it."""
    assert [(span.category, text[span.start : span.end]) for span in find(text)] == [(category, value)]


def test_what_only_looks_like_personal_data_is_left_alone() -> None:
    """Orders, serials, versions, dates, amounts: at most two in a hundred are masked."""
    masked = [text for text in HARD_NEGATIVES if find(text)]
    assert len(HARD_NEGATIVES) >= 120
    assert len(masked) <= 0.02 * len(HARD_NEGATIVES), masked


def test_overlapping_finds_become_one_that_never_comes_back() -> None:
    """No part of either value stays readable, and the stricter category wins."""
    spans = [Span(0, 9, "person"), Span(5, 12, "credential"), Span(20, 25, "phone")]
    assert resolve(spans) == [Span(0, 12, "credential"), Span(20, 25, "phone")]


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "1-",
        "a@",
        "a.",
        ":",
        "0:",
        "DE12 ",
        "password is ",
        "A1",
        "+",
        "(1",
        "key:",
        "eyJ",
        "://a:",
        "log in ",
    ],
)
def test_time_is_linear(piece: str) -> None:
    """Half a megabyte of any repeated piece takes no longer than a few seconds."""
    started = time.perf_counter()
    find(piece * (200_000 // len(piece)))
    assert time.perf_counter() - started < 6


def shown(admitted: Admitted) -> dict[tuple[str, str], str]:
    """All that a reasoner sees of each field."""
    texts: dict[tuple[str, str], str] = {}
    for passage in admitted.passages:
        key = passage.key.ref.id, passage.key.field
        texts[key] = f"{texts.get(key, '')}\n{passage.text}\n{passage.author}"
    return texts


def stands(item: Planted, text: str) -> bool:
    """Whether the value can be read in a text; a name only as a word of its own."""
    return any(True for _ in _occurrences(text, item.value, alone=item.category == "name"))


@pytest.mark.parametrize("seed", [7, HELD_OUT])
def test_planted_values_are_masked(seed: int) -> None:
    """Of every kind of value in a sender's own words the goal's share is masked; the case's people are known."""
    planted: dict[tuple[str, str], list[Planted]] = {}
    for item in world(seed).truth.planted:
        planted.setdefault((item.place.record_id, item.place.field), []).append(item)
    held: Counter[str] = Counter()
    readable: Counter[str] = Counter()
    for file in world(seed).files.values():
        texts = shown(admit_file(file))
        for record in (file.case, *file.thread):
            for name, value in record.fields.items():
                if (record.ref.id, name) not in texts:
                    continue
                own = own_words(clean(str(value), html=name == "HtmlBody").text)
                for item in planted.get((record.ref.id, name), ()):
                    if stands(item, own):
                        held[item.category] += 1
                        readable[item.category] += stands(item, texts[record.ref.id, name])
    recall = {category: 1 - readable[category] / held[category] for category in GOALS}
    assert all(held[category] >= 15 for category in GOALS), held
    assert all(recall[category] >= goal for category, goal in GOALS.items()), recall


def test_never_restored_values_are_gone_from_masked_text() -> None:
    """Masked texts hold nothing that the recognisers would still find and that may not come back."""
    for file in list(world(7).files.values())[:80]:
        for passage in admit_file(file).passages:
            bare = re.sub(r"\[[A-Z_]+_\d+\]", "", passage.text)
            assert not [span for span in find(bare) if span.category in NEVER_RESTORED], passage.key


SUMS = (  # noqa: SIM905 - reads as the list it is
    "EUR 12,400|900 €|12.400,- EUR|EUR12k|Rs. 12,000|₹12,000|CHF 3'000.--|Fr. 3'000|1,2 Mio. Euro|$1.2bn|US$ 12k|"
    "12 TEUR|12 T€|12000,-|price: 12000|worth 45000.0|ARR 120k|45k|500 zł|5000 Ft|RMB 500|500元|12万円|1億円|₽12000|"
    "500 рублей|१२००० रुपये|**12000** EUR|€ **12000**|EUR: 12000|12000 in EUR|twelve thousand euros|zwölftausend Euro|"
    "half a million dollars|10 grand|12,000 bucks|12-15k EUR|12 and 15 thousand euros|12000 Swiss francs|500 dólares|"
    "12000 U.S. dollars|500 TRY|EUR\n12000|12\u2009000 €|12\u200b000 EUR|€\u00ad12000|"
    "\uff11\uff12\uff0c\uff10 EUR|€\uff11\uff12"
).split("|")


@pytest.mark.parametrize("text", SUMS)
def test_a_sum_of_money_is_hidden_in_any_spelling(text: str) -> None:
    """No figure of a sum is left, whatever its format, script, language or markup; what stands around it stays."""
    hidden = mask(f"Offer of {text} for Carla", Placeholders(), {"amount"})
    assert "[AMOUNT_1]" in hidden
    assert not any(char.isdigit() for char in hidden.replace("[AMOUNT_1]", ""))
    assert not {"thousand", "zwölftausend", "million"} & set(hidden.split())
    assert hidden.startswith("Offer of ")
    assert hidden.endswith(" for Carla")


@pytest.mark.parametrize(
    "text",
    [
        "Call on 2026-11-20 at 10:30",
        "Order 4711-22",
        "Version 5.12 of PHP 8",
        "Try 3 times",
        "20% of 12 users",
        "8 to 10",
    ],
)
def test_a_number_that_is_no_money_stays(text: str) -> None:
    """Dates, orders, versions and counts are no sums."""
    assert mask(text, Placeholders(), {"amount"}) == text


def test_two_sums_are_two() -> None:
    """What joins two sums is no part of either; a range with one currency is one sum."""
    two = mask("EUR 12,400 and 900 €, or EUR 5 to 9 EUR; EUR 5 to 9", Placeholders(), {"amount"})
    assert two == "[AMOUNT_1] and [AMOUNT_2], or [AMOUNT_3] to [AMOUNT_4]; [AMOUNT_5]"
