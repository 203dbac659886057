"""A bug of the sandbox itself, logged so that a test or a person notices, without what a record holds."""

import logging

_log = logging.getLogger("sandbox")


def log_bug(error: Exception) -> None:
    """Say where the engine broke; the exception's text may hold a record, so only its type is named."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f"{place.tb_frame.f_code.co_qualname}:{place.tb_lineno}"
    _log.error("sandbox engine bug: %s in %s", type(error).__name__, where)
