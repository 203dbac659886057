"""What a merge does to an org. REST has no resource for it: a colleague does it in the user interface."""

from collections.abc import Iterable
from typing import Final

from connectors.sandbox.salesforce.ids import canonical
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.rules import derive
from connectors.sandbox.salesforce.values import Row, text_of

MERGEABLE: Final = frozenset({"Account", "Case", "Contact"})


def merge(org: Org, master_id: str, loser_ids: Iterable[str], *, keep: bool = False) -> None:
    """Merge records into `master_id`: their children are re-parented, they are deleted and name their master.

    The children's `SystemModstamp` moves, `LastModifiedDate` stays: nobody edited them. With `keep`, which an admin may
    choose for cases, the losers are not deleted but closed.

    Raises:
        KeyError: a record is missing or deleted.
        ValueError: objects that cannot be merged, or not with each other.
    """
    master = canonical(master_id) or ""
    kind = org.kind_of(master)
    losers = [canonical(record_id) or "" for record_id in loser_ids]
    if keep and kind.name != "Case":
        raise ValueError("only merged cases can be kept")
    if kind.name not in MERGEABLE or any(loser[:3] != kind.prefix or loser == master for loser in losers):
        raise ValueError(f"only different records of one of {', '.join(sorted(MERGEABLE))} can be merged")
    for record_id in (master, *losers):
        row = org.store.get(kind.name, record_id)
        if row is None or row.get("IsDeleted"):
            raise KeyError(record_id)
    moved = org.now()
    with org.store.transaction():
        for loser in losers:
            for child, lookup in org.schema.children(kind.name):
                if lookup.name != "MasterRecordId":
                    for below in list(org.store.linked(child.name, lookup.name, loser)):
                        change: Row = {lookup.name: master, "SystemModstamp": moved}
                        org.store.put(child.name, text_of(below, "Id"), below | change)
            end: Row = {"Status": "Closed", "LastModifiedDate": moved} if keep else {"IsDeleted": True}
            row = (org.store.get(kind.name, loser) or {}) | end | {"MasterRecordId": master, "SystemModstamp": moved}
            org.store.put(kind.name, loser, derive(kind, row))
        org.touch(master)
