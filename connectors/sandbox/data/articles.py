"""Knowledge articles, published ones and drafts."""

from collections.abc import Mapping
from datetime import timedelta
from html import escape
from typing import Any, Final

from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import NOW, OrgBuilder
from connectors.sandbox.data.org import Staff
from connectors.sandbox.data.people import slug
from connectors.sandbox.salesforce.values import stamp

_LOCALES: Final = {"en": "en_US", "de": "de", "fr": "fr", "es": "es", "ja": "ja"}
_FIRST_NUMBER: Final = 1000


def build_articles(builder: OrgBuilder, staff: Staff, *, every: bool) -> dict[str, list[str]]:
    """Add the articles of the bank, all of them or (`every=False`) those that both companies have.

    Returns:
        Scenario -> ids of the published articles about it.
    """
    published: dict[str, list[str]] = {}
    editor = staff.holder("profile", "knowledge").id
    chosen = [entry for entry in bank("articles") if every or entry.get("both")]
    for number, entry in enumerate(chosen):
        article_id = _article(builder, staff, editor, entry, number)
        if not entry.get("draft"):
            published.setdefault(entry["scenario"], []).append(article_id)
    return published


def _article(builder: OrgBuilder, staff: Staff, editor: str, entry: Mapping[str, Any], number: int) -> str:
    rng = builder.random("article", number)
    products = staff.spec["products"]
    slots = {family: names[0] for family, names in products.items()}
    title = entry["title"].format(**slots)
    created = NOW - timedelta(days=rng.randrange(40, 520), minutes=rng.randrange(600))
    changed = created + timedelta(days=rng.randrange(1, 40))
    online = not entry.get("draft")
    published = stamp(changed) if online else None
    row = builder.add(
        "Knowledge__kav",
        created,
        editor,
        {
            "KnowledgeArticleId": builder.mint("KnowledgeArticle"),
            "ArticleNumber": f"{_FIRST_NUMBER + number:09d}",
            "Title": title,
            "UrlName": f"{slug(title) or 'article'}-{_FIRST_NUMBER + number}",
            "Summary": entry["summary"].format(**slots),
            "Answer__c": _answer(entry, slots),
            "OwnerId": editor,
            "PublishStatus": "Online" if online else "Draft",
            "Language": _LOCALES[entry.get("language", "en")],
            "VersionNumber": 1 + rng.randrange(4) if online else 1,
            "IsLatestVersion": True,
            "ValidationStatus": "Validated" if online else "Not Validated",
            "FirstPublishedDate": published,
            "LastPublishedDate": published,
        },
        changed=changed,
    )
    return str(row["Id"])


def _answer(entry: Mapping[str, Any], slots: Mapping[str, str]) -> str:
    """The rich text of an article: what it is about, the steps, a remark."""
    steps = "".join(f"<li>{escape(step.format(**slots), quote=False)}</li>" for step in entry["steps"])
    summary, note = (escape(entry[part].format(**slots), quote=False) for part in ("summary", "note"))
    return f"<p>{summary}</p>\n<ol>{steps}</ol>\n<p><em>{note}</em></p>"
