"""Metadata of objects and fields as one user sees them: the global list and the describe of one object."""

from functools import lru_cache
from typing import Final

from connectors.sandbox.salesforce.content import DOCUMENT, VERSION
from connectors.sandbox.salesforce.schema import NUMBERS, SYSTEM_NAMES, Field, ObjectType
from connectors.sandbox.salesforce.setup import RecordType
from connectors.sandbox.salesforce.soql_scope import View
from connectors.sandbox.salesforce.values import Json, text_of

_SOAP: Final = {
    "base64": "xsd:base64Binary",
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double",
    "currency": "xsd:double", "percent": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime",
}  # fmt: skip
_REPLICATED: Final = frozenset({"UserRecordAccess"})
_MASTER: Final = RecordType("012000000000000AAA", "", "Master", "Master")


def describe_global(view: View) -> Json:
    """`/sobjects`: every object that the user may see."""
    kinds = [kind for kind in view.org.schema.objects.values() if view.visible(kind.name)]
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [summary(view, kind) for kind in sorted(kinds, key=lambda kind: kind.name)],
    }


def describe(view: View, kind: ObjectType) -> Json:
    """`/sobjects/X/describe`: the object with the fields that the user may see."""
    visible = view.visible(kind.name)
    editable = view.org.permissions.editable(view.user_id, kind.name)
    fields = [field for field in kind.fields.values() if field.name in visible]
    permissionable = view.org.permissions.permissionable
    children: list[Json] = [
        {
            "childSObject": child.name,
            "field": lookup.name,
            "relationshipName": lookup.child_relationship or None,
            "cascadeDelete": lookup.name == "ParentId" and not lookup.nillable,
            "deprecatedAndHidden": False,
            "restrictedDelete": False,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
        }
        for child, lookup in view.org.schema.children(kind.name)
        if lookup.name in view.visible(child.name)
    ]
    path = view.url(kind.name, "{ID}").removesuffix("/{ID}")
    return summary(view, kind) | {
        "actionOverrides": [],
        "childRelationships": children,
        "compactLayoutable": True,
        "fields": [
            _field(field, kind.name, may_write=field.name in editable, permissionable=permissionable(kind.name, field))
            for field in fields
        ],
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": _record_types(view, kind, path),
        "searchLayoutable": True,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {kind.plural.lower()}", "name": "everything"}],
    }


def _record_types(view: View, kind: ObjectType, path: str) -> list[Json]:
    """The record types of an object and the one that stands for none; the user's default is marked."""
    profile = text_of(view.org.user(view.user_id) or {}, "ProfileId")
    types = view.org.setup.types_of(kind.name)
    first = next((item.id for item in types if item.default and item.open_to(profile)), _MASTER.id)
    return [
        {
            "active": True,
            "available": item.open_to(profile),
            "defaultRecordTypeMapping": item.id == first,
            "developerName": item.developer_name,
            "master": item is _MASTER,
            "name": item.name,
            "recordTypeId": item.id,
            "urls": {"layout": f"{path}/describe/layouts/{item.id}"},
        }
        for item in (*types, _MASTER)
    ]


def summary(view: View, kind: ObjectType) -> Json:
    """One entry of the global list."""
    letters = view.org.permissions.letters(view.user_id, kind.name)
    path = view.url(kind.name, "{ID}")
    base = path.removesuffix("/{ID}")
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": "C" in letters and not kind.virtual and kind.name != DOCUMENT,
        "custom": kind.custom,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": "D" in letters and not kind.setup and kind.name != VERSION,
        "deprecatedAndHidden": False,
        "feedEnabled": kind.owned,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": kind.prefix,
        "label": kind.label,
        "labelPlural": kind.plural,
        "layoutable": not kind.virtual,
        "mergeable": kind.name in {"Account", "Case", "Contact"},
        "mruEnabled": kind.owned,
        "name": kind.name,
        "queryable": True,
        "replicateable": kind.name not in _REPLICATED,
        "retrieveable": not kind.virtual,
        "searchable": kind.searchable,
        "triggerable": not kind.virtual,
        "undeletable": "D" in letters and not kind.setup,
        "updateable": "E" in letters and not kind.virtual,
        "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": path},
    }


@lru_cache(maxsize=4_096)
def _field(field: Field, kind: str, *, may_write: bool, permissionable: bool) -> Json:
    plain_text = not field.long_text and field.type != "boolean"
    return {
        "aggregatable": plain_text,
        "aiPredictionField": False,
        "autoNumber": field.auto_number,
        "byteLength": field.length * 3,
        "calculated": False,
        "calculatedFormula": None,
        "cascadeDelete": False,
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": None,
        "controllerName": None,
        "createable": field.createable and may_write,
        "custom": field.custom,
        "defaultValue": field.default,
        "defaultValueFormula": None,
        "defaultedOnCreate": field.default is not None or field.auto_number or field.name in {*SYSTEM_NAMES, "OwnerId"},
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": 9 if field.type == "int" else 0,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": field.external_id,
        "extraTypeInfo": "plaintextarea" if field.long_text and field.type == "textarea" else None,
        "filterable": field.filterable,
        "filteredLookupInfo": None,
        "groupable": plain_text and field.type not in {"datetime", "double", "currency", "percent"},
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": field.id_lookup,
        "inlineHelpText": None,
        "label": field.label,
        "length": field.length,
        "mask": None,
        "maskType": None,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": len(field.reference_to) > 1,
        "nillable": field.nillable,
        "permissionable": permissionable,
        "picklistValues": [
            {
                "active": True,
                "defaultValue": choice == field.default,
                "label": choice,
                "validFor": None,
                "value": choice,
            }
            for choice in field.picklist
        ],
        "polymorphicForeignKey": len(field.reference_to) > 1,
        "precision": 18 if field.type in NUMBERS - {"int"} else 0,
        "queryByDistance": False,
        "referenceTargetField": None,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship or None,
        "relationshipOrder": None,
        "restrictedDelete": False,
        "restrictedPicklist": False,
        "scale": 2 if field.type in {"currency", "percent", "double"} else 0,
        "searchPrefilterable": False,
        "soapType": _SOAP.get(field.type, "xsd:string"),
        "sortable": not field.long_text,
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable and may_write,
        "writeRequiresMasterRead": kind == "CaseComment",
    }
