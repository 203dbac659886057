"""Salesforce's own refusals: HTTP status, `errorCode`, text and fields, raised inside and rendered at the edge."""

_COLUMN_HINT = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. "
    "Please reference your WSDL or the describe call for the appropriate names."
)
_TYPE_HINT = (
    "If you are attempting to use a custom object, be sure to append the '__c' after the entity name. "
    "Please reference your WSDL or the describe call for the appropriate names."
)


class ApiError(Exception):
    """One refusal as the REST API words it.

    `status` is the HTTP status, `code` the vendor's `errorCode`; `fields` is rendered only when it is not None.
    """

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    def body(self) -> list[dict[str, object]]:
        """The JSON array of the error envelope."""
        error: dict[str, object] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            error["fields"] = list(self.fields)
        return [error]

    def save_error(self) -> dict[str, object]:
        """The same refusal inside a save result of a collection, where the code is called `statusCode`."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    """Missing and hidden look the same."""
    return ApiError(404, "NOT_FOUND", message)


def malformed_query(message: str) -> ApiError:
    """The query does not parse or breaks a rule of its object."""
    return ApiError(400, "MALFORMED_QUERY", message)


def malformed_id(text: str, field: str = "Id") -> ApiError:
    """The text is not an id of the wanted kind."""
    return ApiError(400, "MALFORMED_ID", f"{field}: id value of incorrect type: {text}", (field,))


def no_such_column(field: str, entity: str, where: str = "") -> ApiError:
    """Unknown and hidden fields look the same. `where` is the Row/Column excerpt of a query."""
    return ApiError(400, "INVALID_FIELD", f"{where}No such column '{field}' on entity '{entity}'. {_COLUMN_HINT}")


def no_such_type(entity: str, where: str = "") -> ApiError:
    """Unknown and hidden objects look the same."""
    return ApiError(400, "INVALID_TYPE", f"{where}sObject type '{entity}' is not supported. {_TYPE_HINT}")


def not_writable(fields: tuple[str, ...]) -> ApiError:
    """The user may see the fields but not write them (or nobody may)."""
    text = (
        f"Unable to create/update fields: {', '.join(fields)}. Please check the security settings of this field and "
        "verify that it is read/write for your profile or permission set."
    )
    return ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", text, fields)


def no_access() -> ApiError:
    """The user may read the record but not do this to it."""
    return ApiError(403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", ())


def bad_json(message: str) -> ApiError:
    """The body is not the JSON that the resource takes."""
    return ApiError(400, "JSON_PARSER_ERROR", message)


def bad_input(message: str) -> ApiError:
    """The request is JSON but not what the resource takes."""
    return ApiError(400, "INVALID_INPUT", message)
