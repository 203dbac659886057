"""One user's live access to Salesforce: reading, syncing, writing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connectors.interfaces import (
    Bundle,
    Change,
    Checkpoint,
    PreImage,
    Record,
    RecordRef,
    Target,
    User,
    Write,
    Written,
)
from connectors.salesforce import changes, reading, records, rights, targets
from connectors.salesforce.client import Client
from connectors.salesforce.schema import Schema
from connectors.salesforce.soql import object_name, record_id
from connectors.salesforce.writing import Writer


class SalesforceSession:
    """One user's live access; satisfies `connectors.interfaces.Session`, which says what each method does."""

    def __init__(self, user: User, client: Client, schema: Schema) -> None:
        self.user = user
        self._client = client
        self._schema = schema
        self._writer = Writer(client, self._schema, user)

    @property
    def round_trips(self) -> int:
        """Requests to Salesforce so far, describes included."""
        return self._client.round_trips

    @property
    def describe_trips(self) -> int:
        """Requests spent on describes."""
        return self._schema.trips

    def read(self, ref: RecordRef, fields: reading.Fields) -> Bundle:
        """See `Session.read`."""
        return reading.read(self._client, self._schema, ref, fields)

    def reread(self, refs: Sequence[RecordRef], fields: reading.Fields) -> dict[RecordRef, Record]:
        """See `Session.reread`."""
        return reading.reread(self._client, self._schema, refs, fields)

    def recent(self, object_: str, fields: Sequence[str], limit: int) -> list[Record]:
        """See `Session.recent`."""
        return reading.recent(self._client, self._schema, object_, fields, limit)

    def changes(self, checkpoint: Checkpoint, fields: Sequence[str]) -> Iterator[Change]:
        """See `Session.changes`."""
        return changes.changes(self._client, self._schema, checkpoint, fields)

    def targets(self, ref: RecordRef) -> tuple[Target, ...]:
        """See `Session.targets`."""
        return targets.available(ref, self._schema.shapes({object_name(ref.object): ()}))

    def preimage(self, write: Write) -> PreImage:
        """See `Session.preimage`."""
        return self._writer.preimage(write)

    def write(self, write: Write, preimage: PreImage) -> Written:
        """See `Session.write`."""
        return self._linked(write, self._writer.write(write, preimage))

    def find(self, write: Write, preimage: PreImage, since: datetime) -> Written | None:
        """See `Session.find`."""
        found = self._writer.find(write, preimage, since)
        return self._linked(write, found) if found else None

    def undo(self, write: Write, preimage: PreImage, written: Written) -> None:
        """See `Session.undo`."""
        self._writer.undo(write, preimage, written)

    def open_fields(self, objects: Sequence[str]) -> Mapping[str, frozenset[str]] | None:
        """See `Session.open_fields`."""
        return rights.open_fields(self._client, objects)

    def link(self, ref: RecordRef) -> str:
        """See `Session.link`. A Lightning address; the instance host redirects to the org's Lightning host."""
        return f"{self._client.token.instance_url}/lightning/r/{object_name(ref.object)}/{record_id(ref.id)}/view"

    def _linked(self, write: Write, written: Written) -> Written:
        return replace(written, url=self.link(RecordRef(records.CRM, targets.written_object(write), written.ids[0])))
