"""Forms in request bodies, as every vendor's OAuth takes them."""

from typing import Final
from urllib.parse import parse_qsl

_MAX_FIELDS: Final = 100


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of a form; a body that is no form, or has more than 100 fields, has none."""
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        return {}
