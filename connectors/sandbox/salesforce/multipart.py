"""Record inserts that carry a file: `multipart/form-data` with one JSON part and one binary part."""

import json
from email.message import Message
from email.parser import BytesHeaderParser

from connectors.sandbox.salesforce.errors import ApiError, bad_json
from connectors.sandbox.salesforce.values import Json

_MAX_PARTS = 3


def is_multipart(content_type: str) -> bool:
    """Whether a body of this type is read by `record_of`."""
    return content_type.strip().lower().startswith("multipart/form-data")


def record_of(content_type: str, body: bytes) -> Json:
    """The record of a multipart body: the fields of its JSON part, and the bytes under the name of the binary part.

    Raises:
        ApiError: `INVALID_MULTIPART_REQUEST`, `JSON_PARSER_ERROR`.
    """
    head = Message()
    head["content-type"] = content_type
    boundary = head.get_boundary()
    if not boundary:
        raise _refusal("Multipart message has no boundary")
    delimiter = b"\r\n--" + boundary.encode("latin-1", "replace")
    pieces = (b"\r\n" + body).split(delimiter, _MAX_PARTS + 2)[1:]
    record: Json | None = None
    blobs: Json = {}
    for piece in pieces:
        if piece.startswith(b"--"):
            break
        if len(blobs) >= _MAX_PARTS:
            raise _refusal("Multipart message has too many parts")
        headers, _, data = piece.partition(b"\r\n\r\n")
        part = BytesHeaderParser().parsebytes(headers.lstrip(b"\r\n"))
        if part.get_content_type() == "application/json":
            record = _object(data)
        else:
            blobs[str(part.get_param("name", "", "content-disposition"))] = data
    else:
        raise _refusal("Multipart message does not end with its boundary")
    if record is None:
        raise _refusal("Multipart message must include a non-binary part")
    return record | blobs


def _object(data: bytes) -> Json:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise bad_json("The non-binary part is not a JSON object")
    return found


def _refusal(text: str) -> ApiError:
    return ApiError(400, "INVALID_MULTIPART_REQUEST", text)
