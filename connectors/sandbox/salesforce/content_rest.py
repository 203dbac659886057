"""The REST resource of a file's bytes."""

from connectors.sandbox.salesforce.call import Answer, Call
from connectors.sandbox.salesforce.content import VERSION, blob_of
from connectors.sandbox.salesforce.errors import not_found


def version_data(call: Call, name: str, record_id: str) -> Answer:
    """`GET sobjects/ContentVersion/{id}/VersionData`: the bytes, whatever they are."""
    kind = call.kind(name)
    if kind.name != VERSION or "VersionData" not in call.view().visible(VERSION):
        raise not_found()
    row = call.writer.readable(kind, record_id)
    return Answer(200, blob_of(call.org, row), {"Content-Type": "application/octetstream"})
