"""How dates are written in English, German, French, Spanish, Italian, Portuguese, Dutch and Japanese. Data only."""

import re
from collections.abc import Iterable
from typing import Final

from sidecar.lexicon import NUMBERS
from sidecar.words import spaceless, words

_MONTHS: Final = (
    "january jan januar jänner janvier janv enero ene gennaio gen janeiro januari",
    "february feb februar février fevrier févr fev febrero febbraio fevereiro februari",
    "march mar märz maerz mrz mars marzo março marco maart",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio maio mei",
    "june jun juni juin junio giugno junho",
    "july jul juli juillet juil julio luglio julho",
    "august aug août aout agosto ago augustus",
    "september sept sep septembre septiembre settembre set setembro",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez décembre decembre déc diciembre dic dicembre dezembro",
)
MONTHS: Final = {word: number for number, names in enumerate(_MONTHS, 1) for word in names.split()}
_WEEKDAYS: Final = (
    "monday montag lundi lunes lunedì segunda-feira maandag 月曜日 月曜",
    "tuesday dienstag mardi martes martedì terça-feira dinsdag 火曜日 火曜",
    "wednesday mittwoch mercredi miércoles miercoles mercoledì quarta-feira woensdag 水曜日 水曜",
    "thursday donnerstag jeudi jueves giovedì quinta-feira donderdag 木曜日 木曜",
    "friday freitag vendredi viernes venerdì sexta-feira vrijdag 金曜日 金曜",
    "saturday samstag sonnabend samedi sábado sabado sabato zaterdag 土曜日 土曜",
    "sunday sonntag dimanche domingo domenica zondag 日曜日 日曜",
)
WEEKDAYS: Final = {word: number for number, names in enumerate(_WEEKDAYS) for word in names.split()}
DAY_WORDS: Final = {
    "today": 0, "tonight": 0, "heute": 0, "aujourd'hui": 0, "hoy": 0, "oggi": 0, "hoje": 0, "vandaag": 0,
    "本日": 0, "今日": 0,
    "tomorrow": 1, "demain": 1, "mañana": 1, "manana": 1, "domani": 1, "amanhã": 1, "明日": 1,
    "day after tomorrow": 2, "übermorgen": 2, "après-demain": 2, "pasado mañana": 2, "dopodomani": 2, "overmorgen": 2,
    "depois de amanhã": 2, "明後日": 2,
}  # fmt: skip
_GERMAN_TOMORROW: Final = r"(?:(?<=\bbis )|(?<!\bguten )(?<!\bam )(?<!\bheute )(?<!\bden )(?<!\bjeden ))\bmorgen\b"
_DAYS: Final = words("days? tage?n? jours? días? dias? giorni giorno dagen dag")
_WEEKS: Final = words("weeks? wochen? semaines? semanas? settimane settimana weken week")
_HOURS: Final = words("hours? hrs? stunden? heures? horas? ore uur")
_BUSINESS: Final = (
    r"(?:business|working|work)[ -]days?|werktage?n?|arbeitstage?n?|jours? (?:ouvrés?|ouvrables?)"
    r"|días? (?:hábiles|laborables)|dias? úteis|giorni lavorativi|werkdagen"
)
_END_OF_WEEK: Final = (
    r"(?:end of (?:the|this) week|ende (?:der|dieser) woche|(?:la )?fin de (?:la |cette )?semaine"
    r"|(?:el )?fin(?:al)? de (?:la |esta )?semana|fine (?:della )?settimana|fim da semana|eind van de week"
    r"|今週中|週末まで)"
)
_NEXT_WEEK: Final = (
    r"(?:(?:end of )?next week|(?:ende )?nächste[rn]? woche|kommende[rn]? woche|la semaine prochaine"
    r"|la (?:próxima semana|semana que viene)|la prossima settimana|na próxima semana|volgende week|来週中?)"
)
_END_OF_MONTH: Final = (
    r"(?:end of (?:the|this) month|month[- ]end|ende (?:des|dieses) monats|monatsende|(?:la )?fin du mois"
    r"|fin(?:ales)? de(?:l| este)? mes|fine (?:del )?mese|fim do mês|eind van de maand|今月末|月末)"
)
PAST: Final = re.compile(
    r"(?:\b(?:since|last|past|from|after|of|seit|seit dem|letzte[nrs]?|vergangene[nrs]?|am letzten|vom"
    r"|depuis(?: le)?|du|dernier|desde(?: el)?|del|pasado|dal|dallo|scorso|sinds|vorige|afgelopen)\s+)$"
)
PAST_AFTER: Final = re.compile(r"^\s*(?:dernier|pasado|passé|scorso|passado|ago|から|以来)\b")
NEXT: Final = re.compile(r"\bnext\s+$")
NEXT_AFTER: Final = re.compile(
    r"^\s+(?:next week|nächster woche|nächste woche|de la semaine prochaine|volgende week)\b"
)
DEADLINE: Final = re.compile(
    r"(?:\b(?:by|until|till|before|no later than|bis(?: zum| spätestens)?|spätestens(?: am)?|vor dem|avant(?: le)?"
    r"|d'ici(?: le| à| au)?|au plus tard(?: le)?|antes del?|para el|hasta el|a más tardar(?: el)?|entro(?: il)?|até"
    r"|vóór|uiterlijk|tot)\s+(?:the\s+|le\s+|el\s+|il\s+|den\s+|dem\s+|am\s+)?(?:end of\s+|eod\s+)?)$"
)


def _either(alternatives: Iterable[str]) -> str:
    return "|".join(sorted(alternatives, key=len, reverse=True))


_MONTH: Final = rf"(?:{_either([re.escape(word) for word in MONTHS])})\b\.?"
_WEEKDAY: Final = _either([re.escape(word) for word in WEEKDAYS])
_COUNT: Final = rf"(?P<count>\d{{1,3}}|{_either(NUMBERS)})"
_DOTTED: Final = (
    r"(?<![\d.])(?P<dot>(?P<dd>\d{1,2})\.\s?(?P<dm>\d{1,2})\."
    r"\s?(?P<dy>20\d\d|\d\d(?!\d|:))?)(?!\d)"
)
_DAY_BEFORE_MONTH: Final = (
    rf"\b(?P<dayfirst>(?P<fd>\d{{1,2}})(?:st|nd|rd|th|er|\.|º|°)?\s+(?:of |de |d')?(?P<fm>{_MONTH})"
    r"(?:,?\s+(?:de |del )?(?P<fy>20\d\d))?)(?!\d)"
)
_MONTH_BEFORE_DAY: Final = (
    rf"\b(?P<monthfirst>(?P<mm>{_MONTH})\s+(?P<md>\d{{1,2}})(?:st|nd|rd|th)?"
    r"(?:,?\s+(?P<my>20\d\d))?)(?![\d:])"
)
_SPAN: Final = (
    rf"(?P<span>\b{_COUNT}[\s-]+(?:(?P<business>{_BUSINESS})|(?P<days>{_either(_DAYS)})"
    rf"|(?P<weeks>{_either(_WEEKS)})|(?P<hours>{_either(_HOURS)}))\b)"
)
_WORD: Final = (
    rf"(?P<word>(?:\b(?:{_either(re.escape(word) for word in DAY_WORDS if not spaceless(word))})\b)"
    rf"|{_either(word for word in DAY_WORDS if spaceless(word))}|{_GERMAN_TOMORROW})"
)
FORMS: Final = re.compile(
    "|".join(
        [
            r"(?<!\d)(?P<iso>(?P<iy>20\d\d)[-/](?P<im>\d{1,2})[-/](?P<id>\d{1,2}))(?!\d)",
            r"(?P<ja>(?:(?P<jy>20\d\d)年)?(?P<jm>\d{1,2})月(?P<jd>\d{1,2})日)",
            _DOTTED,
            r"(?<![\d/])(?P<slash>(?P<sa>\d{1,2})/(?P<sb>\d{1,2})(?:/(?P<sy>20\d\d|\d\d))?)(?![\d/])",
            _DAY_BEFORE_MONTH,
            _MONTH_BEFORE_DAY,
            rf"(?P<endweek>{_END_OF_WEEK})",
            rf"(?P<nextweek>{_NEXT_WEEK})",
            rf"(?P<endmonth>{_END_OF_MONTH})",
            _SPAN,
            r"(?P<jaspan>(?P<jn>\d{1,3})\s?(?P<ju>営業日|日|週間|時間)(?=以内|後))",
            _WORD,
            rf"(?<![\w-])(?P<weekday>{_WEEKDAY})(?:s(?=\s))?",
            r"\b(?P<eod>eod|cob|close of business|end of (?:the )?(?:business )?day)\b",
        ]
    )
)
"""Every form of a date, each in a group of its own that names the form. For lower-case text."""
KINDS: Final = words("iso ja dot slash dayfirst monthfirst endweek nextweek endmonth span jaspan word weekday eod")
HINT_WORD: Final = re.compile(r"[\w'-]+")
DIGIT: Final = re.compile(r"\d")
HINTS: Final = words(" ".join([*WEEKDAYS, *DAY_WORDS, *NUMBERS])) | words("""
    morgen week woche semaine semana settimana month month-end monats monatsende mois mes mese mês maand
    day eod cob close
""")
"""Words without which an ASCII text with no digit names no day: spares the large pattern below."""
SPAN_LEAD: Final = re.compile(
    r"(?:\b(?:within|in|inside|innerhalb(?: von| der)?|binnen|dans|sous|d'ici|en|dentro de|entro|em|tra|fra|over)\s+"
    r"(?:the next |den nächsten |les |los próximos |the coming )?|\b(?:next|nächsten|prochains|próximos|prossimi)\s+)$"
)
SPAN_AFTER: Final = re.compile(r"^\s*(?:from now|at the latest|maximum|max\b|以内)")
