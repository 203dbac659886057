"""Tells phone numbers from the other numbers of a support case: orders, serials, dates, amounts. Pure."""

import re
from functools import lru_cache
from typing import Final

import phonenumbers

REGIONS: Final = ("DE", "GB", "US", "FR", "ES", "JP", "NL", "PL", "IT", "CH", "AT", "SE", "PT", "BE")
"""Whose national formats are known. Numbers with a country code are known for all countries."""
_TOLD_APART: Final = ("DE", "GB", "US", "FR", "ES", "JP", "NL")
"""Formats that count without a word such as "call" before them."""
_LONGEST: Final = 15
"""ITU E.164."""
_SEPARATORS: Final = re.compile(r"[\s.\-/()\u2010-\u2013]")
_DATE: Final = re.compile(
    r"\d{4}[-./]\d{1,2}[-./]\d{1,2}.*|\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d{2}.*|\d{1,2}[-./]\d{1,2}[-./]\d{2}"
    r"|(?:19|20)\d{2}\s?[-/\u2013]\s?(?:19|20)\d{2}",
    re.DOTALL,
)
_AMOUNT: Final = re.compile(
    r"[.,]\d|\s?(?:[€$£¥%‰°]|(?:EUR|USD|GBP|CHF|JPY|PLN|SEK|kg|km|mm|cm|kWh|MWh|kW|MB|GB|TB|bytes?|Stück|pcs"
    r"|pieces|units|Euro"
    r"|hours|Stunden|rpm|ppm|bar|Hz|円|時)\b)",
    re.IGNORECASE,
)
_NOT_A_PHONE: Final = re.compile(
    r"(?:drawing|zeichnung|plan|rev|page|line|order|bestell|auftrag|commande|pedido|ticket|case|fall|invoice|rechnung|facture|factura|serial|serien"
    r"|série|serie|s/n|sn"
    r"|part|artikel|article|item|tracking|sendung|colis|envío|parcel|shipment|version|firmware|build|ref\w*"
    r"|contract|vertrag|customer"
    r"|kunden|client|cliente|asset|device|gerät|batch|charge|lot|model|modell|modèle|modelo|sku|po|rma|id|log"
    r"|register|€|\$|£|¥|eur|usd"
    r"|注文|シリアル|番号は製|追跡|伝票|型番|請求)[\s\-]{0,2}(?:number|no|nr|nummer|num|code|id|numéro|número"
    r"|n°)?[.:#\uff1a]{0,2}[\s(]{0,2}"
    r"(?:is|was|ist|lautet|est|es|:|は)?\s{0,2}\Z",
    re.IGNORECASE,
)
"""Before a number that is something else."""
_SAID: Final = re.compile(
    r"\b(?:tel|phone|call|dial|ring|mobile|mobil|cell|fax|direct|extension|reach|whatsapp|sms|text me|handy"
    r"|telefon|anruf|rufen"
    r"|erreich|durchwahl|rückruf|téléphone|appel|joindre|joign|portable|ligne directe|teléfono|llam|móvil|línea)"
    r"|電話|直通|携帯|内線|連絡",
    re.IGNORECASE,
)
_LETTER: Final = re.compile(r"[A-Za-z0-9\u00c0-\u024f#_\-]\Z")


def is_phone(value: str, digits: str, before: str, after: str) -> bool:
    """Whether `value` (its digits alone: `digits`) is a phone number, given the text around it."""
    if len(digits) > _LONGEST or _LETTER.search(before) or (after[:1].isascii() and after[:1].isalnum()):
        return False
    said = _SAID.search(before) is not None
    if value.startswith(("+", "(+")):
        return said or _international(f"+{digits}")
    if _DATE.fullmatch(value) or _AMOUNT.match(after) or is_labelled(before):
        return False
    if value.startswith("00"):
        return _international(f"+{digits.removeprefix('00')}")
    written = said or _SEPARATORS.search(value) is not None or value.startswith("0")
    return written and any(_national(digits, value, region) for region in (REGIONS if said else _TOLD_APART))


def is_labelled(before: str) -> bool:
    """Whether the text before a number says that it counts or names something else than a person or a line."""
    return _NOT_A_PHONE.search(before) is not None


@lru_cache(maxsize=4096)
def _international(value: str) -> bool:
    try:
        return bool(phonenumbers.is_possible_number(phonenumbers.parse(value, None)))
    except phonenumbers.NumberParseException:
        return False


def _national(digits: str, value: str, region: str) -> bool:
    """Whether the number is valid in a region and written as its people write it: with the trunk prefix, in groups."""
    trunk = value.lstrip("(").startswith("0")
    if trunk != (region in _TRUNK):
        return False
    return _valid(digits, region)


_TRUNK: Final = frozenset({"DE", "GB", "FR", "JP", "NL", "IT", "CH", "AT", "SE", "BE"})
"""Regions whose national numbers begin with 0."""


@lru_cache(maxsize=4096)
def _valid(digits: str, region: str) -> bool:
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(digits, region)))
    except phonenumbers.NumberParseException:
        return False
