"""Finds secrets in text: keys by the shape that their issuers gave them, passwords by the words around them. Pure.

A password has no shape of its own. It counts when a label stands before it ("the password of the archive is X",
"Passwort: X", "パスワードは X です") or a login is spoken of ("log in with X"), and when it does not look like a word.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import re2

_HINT: Final = re2.compile(
    r"(?i)pass|pwd|\bpw\b|kenn|mdp|contrase|clave|\bclé\b|schl(?:ü|ue)ssel|\bpin\b|geheim|key|secret|token|credential"
    r"|bearer|basic|authorization|パス|暗証|キー|トークン|://|log|sign|meld|connect|entr[ea]|acce|inici|ログイン|サインイン"
    r"|_live|_test|_prod|_sk|_pat_|akia|asia|sk[-_]|rk_|whsec|gh[pousr]_|github|xox|aiza|gocspx|ya29|glpat|hvs"
    r"|eyj|npm_"
    r"|pypi|hf_|dop_v1|shp|sg\.|begin|[A-Za-z0-9]{20}"
)
"""Something that a secret could hang on; most texts have nothing of it and are done here."""

_SHAPES: Final = re2.compile(
    r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"
    r"|\bsk[-_](?:live|test|proj|ant|sbx)?[-_]?[A-Za-z0-9_\-]{16,}|\brk_(?:live|test)_[A-Za-z0-9]{16,}"
    r"|\bwhsec_[A-Za-z0-9+/=]{20,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{22,}|\bglpat-[A-Za-z0-9_\-]{16,}"
    r"|\bxox[abeprs]-[A-Za-z0-9\-]{10,}|https://hooks\.slack\.com/services/[A-Za-z0-9/]{20,}"
    r"|\bAIza[A-Za-z0-9_\-]{30,}|\bGOCSPX-[A-Za-z0-9_\-]{20,}|\bya29\.[A-Za-z0-9_\-]{20,}"
    r"|\bhvs\.[A-Za-z0-9_\-]{20,}|\bSG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}|\b(?:AC|SK)[0-9a-f]{32}\b"
    r"|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_\-]{30,}|\bhf_[A-Za-z0-9]{20,}|\bdop_v1_[0-9a-f]{40,}"
    r"|\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{20,}"
    r"|\beyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{5,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s:,\-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?"
    r"|\b[a-z][a-z0-9+.\-]{1,12}://[^\s/:@]{1,64}:[^\s/@]{1,64}@[^\s]+"
    r"|\bhttps?://[^\s]+[?&](?:(?:access_|refresh_|id_|auth_)?token|api_?key|key|secret|client_secret|sig"
    r"|signature|password"
    r"|pwd|auth|code|x-amz-signature)=[^\s&]{6,}[^\s]*"
    r"|\b(?:AccountKey|SharedAccessKey|SharedSecret|Password|Pwd)=[^\s;\"']{6,}"
    r"|\b[a-z]{2,10}_(?:live|test|key|sk|prod|pat|secret|token)_[A-Za-z0-9]{12,}"
)
"""What issuers print, re-expressed from their documentation: AWS, Stripe, GitHub, GitLab, Slack, Google, Vault …"""
_BEARER: Final = re2.compile(r"(?i)\b(?:bearer|basic)\s+([A-Za-z0-9._~+/\-]{12,}=*)")
_RANDOM: Final = re2.compile(r"\b[A-Za-z0-9]{28,128}\b")
"""Letters and digits in one piece, longer than any number that people use."""
_CHANGES: Final = 8
"""So often a random token changes between upper case, lower case and digits."""

_LABEL: Final = re2.compile(
    r"(?i)\b(?:pass ?(?:words?|phrases?|code|wort|w(?:oe|ö)rter)|passwd|pwd|pw|kennw(?:ort|örter)|mots? de passe|mdp"
    r"|contrase(?:ñ|n)as?|claves?|clés?|(?:geheim|pin-?)zahl|pin(?:-?code)?|access ?codes?|zugangscodes?|code d'accès"
    r"|(?:api|access|license|secret|private|shared|webhook|client)[ _-]?(?:key|secret|token)s?|key|secret|token"
    r"|schl(?:ü|ue)ssel"
    r"|credentials|zugangsdaten|identifiants|credenciales)\b"
    r"|パスワード|暗証番号|パスコード|キー|トークン"
)
_VALUE: Final = re.compile(
    r"(?:[:=\uff1a\uff1d\u2192]\s*|->\s*|は\s?|を\s?"
    r"|\s(?:is|was|to|ist|lautet|lauten|war|auf|est|sera|reste|à|es|será|era|como|with|mit|avec|con|namely"
    r"|le)\s+(?:le\s|:\s?)?|^\s*)"
    r"[\"'`\u201c\u201e\u00ab\u300c(\[<]?\s?(?P<value>[^\s\"'`\u201c\u201d\u00ab\u00bb\u300c\u300d()<>\u3001\u3002]{4,120})",
    re.IGNORECASE,
)
_REACH: Final = 70
"""Characters behind a label in which its value begins."""
_SHORT: Final = 6
"""Characters of the shortest password that is told from a word."""
_LONG: Final = 12
"""Characters from which on a value needs no verb before it."""
_LOGIN: Final = re.compile(
    r"(?:\blog(?:ged|ging)?[ -]?(?:in|on)\b|\bsign(?:ed)?[ -]?in\b|\bmelden\b|\banmeld\w*|\beinlogg\w*"
    r"|\bconnecte[zr]|\bconnexion"
    r"|\bentr[ae]\w*|\bacced\w*|\binici\w+)[^\n.]{0,30}?\s(?:with|using|mit|avec"
    r"|con)\s+(?P<value>[^\s\"'\u201c\u201e()<>,;]{8,60})",
    re.IGNORECASE,
)
_LOGIN_EAST: Final = re.compile(r"(?P<value>[!-~]{8,60})\s?(?:で|を使って|を使い)(?:ログイン|サインイン)")
_SYMBOL: Final = re.compile(r"[!?#%$&*^~+=@|\\{}]")
_END: Final = ".!?:;,)]}>\"'\u201d\u00bb"
_EAST: Final = re.compile("(?<=[!-~])[\u3040-\u30ff\u3400-\u9fff]")
"""Where a Japanese sentence goes on behind a value, without a space."""
_DIGITS: Final = re.compile(r"\d{4,12}")
_ORDINARY: Final = re.compile(
    r"(?:https?://.*|www\..*|[^\s@]+@[^\s@]+\.[a-z]{2,}|v?\d+(?:[.,:/\-]\d+)*(?:[a-z]{1,3})?|[A-Z]{1,4}-?\d{1,8}"
    r"|\[[A-Z_]+_\d+\]?)",
    re.IGNORECASE,
)
"""Links, addresses, dates, versions, order numbers, placeholders: what may follow a label without being its value."""


def credentials(text: str) -> Iterator[tuple[int, int]]:
    """Where secrets stand in `text`, as (start, end), in no order; they may overlap."""
    if not _HINT.search(text):
        return
    yield from (match.span() for match in _SHAPES.finditer(text))
    yield from (match.span(1) for match in _BEARER.finditer(text) if _mixed(match.group(1)))
    yield from (match.span() for match in _RANDOM.finditer(text) if _random(match.group()))
    yield from _labelled(text)
    for pattern in (_LOGIN, _LOGIN_EAST):
        for match in pattern.finditer(text):
            value = match["value"].rstrip(_END)
            if _SYMBOL.search(value) and _mixed(value) and not _ORDINARY.fullmatch(value):
                yield match.start("value"), match.start("value") + len(value)


def _labelled(text: str) -> Iterator[tuple[int, int]]:
    for label in _LABEL.finditer(text):
        window = text[label.end() : label.end() + _REACH + 120]
        for match in _VALUE.finditer(window, 0):
            if match.start("value") > _REACH:
                break
            value = _EAST.split(match["value"])[0].rstrip(_END)
            if value and _secret(label.group(), window, match, value):
                start = label.end() + match.start("value")
                yield start, start + len(value)
                break


def _secret(label: str, window: str, match: re.Match[str], value: str) -> bool:
    """Whether what stands behind a label is its value and not the next word of the sentence."""
    adjacent = not window[: match.start()].strip()
    lead = window[match.start() : match.start("value")]
    if _DIGITS.fullmatch(value):
        return adjacent or "pin" in label.lower() or "暗証" in label
    if _ORDINARY.fullmatch(value):
        return False
    if _mixed(value):
        return bool(lead.strip()) or _SYMBOL.search(value) is not None or len(value) >= _LONG
    # A plain word counts only where a form would have it: "Password: swordfish" and nothing else on the line.
    rest = window[match.end("value") :].split("\n", 1)[0].strip(_END + " ")
    return adjacent and any(mark in lead for mark in ":=\uff1a\uff1d") and not rest and "\n" not in lead


def _mixed(value: str) -> bool:
    """Letters beside digits or symbols: no word of any language."""
    letters = any(char.isalpha() for char in value)
    return len(value) >= _SHORT and letters and (any(char.isdigit() for char in value) or bool(_SYMBOL.search(value)))


def _random(token: str) -> bool:
    kinds = ["d" if char.isdigit() else "u" if char.isupper() else "l" for char in token]
    changes = sum(one != other for one, other in pairwise(kinds))
    return set(kinds) == {"d", "u", "l"} and changes >= _CHANGES
