"""The pages of a query: Salesforce may cut an answer anywhere, and says where the rest is."""

from collections.abc import Mapping
from typing import Any

from connectors.errors import NotFound, Retriable
from connectors.salesforce.answers import records_of
from connectors.salesforce.client import Client
from connectors.salesforce.composite import Answer


def all_rows(client: Client, answer: Answer | None, limit: int | None = None) -> list[dict[str, Any]]:
    """The rows of a query, following its pages up to `limit` rows."""
    if answer is None:
        return []
    page = answer.result()
    rows = records_of(page)
    while not page.get("done", True) and (limit is None or len(rows) < limit):
        page = next_page(client, page)
        rows += records_of(page)
    return rows if limit is None else rows[:limit]


def next_page(client: Client, page: Mapping[str, Any]) -> Mapping[str, Any]:
    """The next page: the locator alone is taken from the answer, never a host.

    Raises:
        Retriable: the cursor is gone, or a record of a later page is, which says nothing about what was asked for.
    """
    locator = str(page.get("nextRecordsUrl", "")).rstrip("/").rpartition("/")[2]
    try:
        found: Mapping[str, Any] = client.get(f"query/{locator}")
    except NotFound as gone:
        raise Retriable("records went away while they were read", code=gone.code) from None
    return found
