"""What one caller may see and do: scopes at the door, the user's rights behind it when the token is user-level."""

from collections.abc import Sequence
from typing import Final

from connectors.sandbox.hubspot.caller import Caller
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import ENGAGEMENTS, ObjectType
from connectors.sandbox.hubspot.permissions import Action, may, may_create
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.store import Record

EMAIL_CONTENT: Final = frozenset({"hs_email_text", "hs_email_html", "hs_email_headers"})
"""Left out of every answer without the scope `sales-email-read`. That they are left out, not empty, is a guess."""


def read_scopes(kind: ObjectType) -> tuple[str, ...]:
    """The scopes of which one opens a type for reading."""
    if kind.name == "tickets":
        return ("tickets",)
    return (f"crm.objects.{_family(kind)}.read",)


def write_scopes(kind: ObjectType) -> tuple[str, ...]:
    """The scopes of which one opens a type for writing."""
    if kind.name == "tickets":
        return ("tickets",)
    return (f"crm.objects.{_family(kind)}.write",)


def definition_scopes(kind: ObjectType, action: str) -> tuple[str, ...]:
    """The scopes of which one opens a type's definitions; `action` is read or write."""
    if kind.name == "tickets":
        return ("tickets",)
    schema = f"crm.schemas.{_family(kind)}.{action}"
    return (schema,) if action == "write" else (schema, *read_scopes(kind))


def _family(kind: ObjectType) -> str:
    if kind.custom:
        return "custom"
    return "contacts" if kind.name in ENGAGEMENTS else kind.name


class Access:
    """The eyes and hands of one caller on one portal."""

    def __init__(self, portal: Portal, caller: Caller) -> None:
        self._portal = portal
        self.caller = caller
        self._user = portal.user(caller.user_id) if caller.user_level else None
        self._everything = not caller.user_level

    def need(self, scopes: Sequence[str]) -> None:
        """Refuse a call for which the app has none of `scopes`.

        Raises:
            HubError: 403 `MISSING_SCOPES`.
        """
        if self.caller.scopes.isdisjoint(scopes):
            raise HubError.missing_scopes(scopes)

    def sees(self, record: Record) -> bool:
        """Whether the record exists for this caller."""
        return self._everything or self._may(record, Action.VIEW)

    def shows(self, type_name: str, property_name: str) -> bool:
        """Whether a property exists for this caller; others are left out, as unknown ones are."""
        if property_name in EMAIL_CONTENT and "sales-email-read" not in self.caller.scopes:
            return False
        user = self._user
        return user is None or user.super_admin or f"{type_name}.{property_name}" not in user.hidden_properties

    def check_edit(self, record: Record) -> None:
        """Refuse to change a record that she may only read.

        Raises:
            HubError: 403.
        """
        if not self._everything and not self._may(record, Action.EDIT):
            raise _forbidden(f"You do not have permission to edit this {record.type}")

    def check_create(self, kind: ObjectType) -> None:
        """Refuse to make a record of a type that she may not edit.

        Raises:
            HubError: 403.
        """
        if not self._everything and (self._user is None or not may_create(self._user, kind.name)):
            raise _forbidden(f"You do not have permission to create {kind.name}")

    def check_associate(self) -> None:
        """Refuse to change associations without the right to (checked from 2026-09 on).

        Raises:
            HubError: 403.
        """
        user = self._user
        if not self._everything and (user is None or not (user.super_admin or user.edit_associations)):
            raise _forbidden("You do not have permission to edit associations")

    def _may(self, record: Record, action: Action) -> bool:
        return self._user is not None and may(self._portal, self._user, record, action)


def _forbidden(message: str) -> HubError:
    return HubError(403, "MISSING_PERMISSIONS", message)
