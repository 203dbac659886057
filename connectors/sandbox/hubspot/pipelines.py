"""Pipelines and their stages: read, made, changed, archived."""

from dataclasses import replace
from typing import Final

from connectors.sandbox.hubspot.call import Answer, Call, boolean
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import ObjectType, Pipeline, Stage, pipeline_of, with_stage
from connectors.sandbox.hubspot.values import instant
from connectors.sandbox.wire import JSON

_CREATED: Final = instant(1_609_459_200_000)
_FIRST_ID: Final = 900_000_000


def list_pipelines(call: Call, type_name: str) -> Answer:
    """All pipelines of a type, in their order."""
    found = _all(call, call.definitions(type_name, "read"))
    return Answer(200, {"results": [_document(one) for one in sorted(found.values(), key=lambda one: one.order)]})


def read_pipeline(call: Call, type_name: str, pipeline_id: str) -> Answer:
    """One pipeline."""
    return Answer(200, _document(_one(call, call.definitions(type_name, "read"), pipeline_id)))


def create_pipeline(call: Call, type_name: str) -> Answer:
    """A new pipeline with its stages."""
    kind = call.definitions(type_name, "write")
    return Answer(201, _document(_put(call, kind, _given(call, kind, _mint(call, kind), call.json()))))


def replace_pipeline(call: Call, type_name: str, pipeline_id: str) -> Answer:
    """Another pipeline under the same id."""
    kind = call.definitions(type_name, "write")
    _one(call, kind, pipeline_id)
    return Answer(200, _document(_put(call, kind, _given(call, kind, pipeline_id, call.json()))))


def update_pipeline(call: Call, type_name: str, pipeline_id: str) -> Answer:
    """Another label or place."""
    kind = call.definitions(type_name, "write")
    found, body = _one(call, kind, pipeline_id), call.json()
    label, order = _label(body, found.label), _order(body, found.order)
    return Answer(200, _document(_put(call, kind, replace(found, label=label, order=order))))


def archive_pipeline(call: Call, type_name: str, pipeline_id: str) -> Answer:
    """Take a pipeline away; with `validateReferencesBeforeDelete` only when no record is in it."""
    kind = call.definitions(type_name, "write")
    _one(call, kind, pipeline_id)
    if boolean(call.value("validateReferencesBeforeDelete", "false"), "validateReferencesBeforeDelete"):
        _refuse_used(call, kind, kind.pipeline, pipeline_id)
    kept = {key: one for key, one in _all(call, kind).items() if key != pipeline_id}
    if not kept:
        raise HubError.invalid("The last pipeline cannot be deleted")
    call.portal.schema.pipelines[kind.name] = kept
    return Answer(204)


def list_stages(call: Call, type_name: str, pipeline_id: str) -> Answer:
    """The stages of a pipeline, in their order."""
    stages = _one(call, call.definitions(type_name, "read"), pipeline_id).stages.values()
    return Answer(200, {"results": [_stage(stage) for stage in sorted(stages, key=lambda one: one.order)]})


def read_stage(call: Call, type_name: str, pipeline_id: str, stage_id: str) -> Answer:
    """One stage."""
    return Answer(200, _stage(_stage_of(_one(call, call.definitions(type_name, "read"), pipeline_id), stage_id)))


def create_stage(call: Call, type_name: str, pipeline_id: str) -> Answer:
    """A new stage."""
    kind = call.definitions(type_name, "write")
    found, body = _one(call, kind, pipeline_id), call.json()
    stage = Stage(_mint(call, kind), _label(body), _order(body, len(found.stages)), _metadata(body))
    _put(call, kind, with_stage(found, stage))
    return Answer(201, _stage(stage))


def update_stage(call: Call, type_name: str, pipeline_id: str, stage_id: str) -> Answer:
    """Change a stage; `PUT` needs all of it."""
    kind = call.definitions(type_name, "write")
    pipeline, body = _one(call, kind, pipeline_id), call.json()
    old = _stage_of(pipeline, stage_id)
    whole = call.method == "PUT"
    stage = replace(
        old,
        label=_label(body, "" if whole else old.label),
        order=_order(body, old.order),
        metadata=_metadata(body) if whole or "metadata" in body else old.metadata,
    )
    _put(call, kind, with_stage(pipeline, stage))
    return Answer(200, _stage(stage))


def archive_stage(call: Call, type_name: str, pipeline_id: str, stage_id: str) -> Answer:
    """Take a stage away that no record is in."""
    kind = call.definitions(type_name, "write")
    pipeline = _one(call, kind, pipeline_id)
    _stage_of(pipeline, stage_id)
    _refuse_used(call, kind, kind.stage, stage_id)
    _put(call, kind, replace(pipeline, stages={key: one for key, one in pipeline.stages.items() if key != stage_id}))
    return Answer(204)


def _all(call: Call, kind: ObjectType) -> dict[str, Pipeline]:
    return call.portal.schema.pipelines.get(kind.name, {})


def _one(call: Call, kind: ObjectType, pipeline_id: str) -> Pipeline:
    found = _all(call, kind).get(pipeline_id)
    if found is None:
        raise HubError.not_found(pipeline_id)
    return found


def _stage_of(pipeline: Pipeline, stage_id: str) -> Stage:
    found = pipeline.stages.get(stage_id)
    if found is None:
        raise HubError.not_found(stage_id)
    return found


def _put(call: Call, kind: ObjectType, pipeline: Pipeline) -> Pipeline:
    """Store a pipeline; labels are unique."""
    others = [one for one in _all(call, kind).values() if one.id != pipeline.id]
    if any(one.label == pipeline.label for one in others):
        raise HubError(409, "CONFLICT", f"A pipeline labelled '{pipeline.label[:100]}' already exists")
    call.portal.schema.pipelines[kind.name] = {**_all(call, kind), pipeline.id: pipeline}
    return pipeline


def _given(call: Call, kind: ObjectType, pipeline_id: str, body: JSON) -> Pipeline:
    """The pipeline of a request."""
    if not kind.pipeline:
        raise HubError.invalid(f"{kind.name} have no pipelines")
    entries = body.get("stages")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise HubError.invalid("Some required fields were not set: [stages]")
    first = int(_mint(call, kind)) + 1
    stages = [
        {"id": str(first + place), "label": _label(one), "displayOrder": _order(one, place), "metadata": _metadata(one)}
        for place, one in enumerate(entries)
    ]
    return pipeline_of({"id": pipeline_id, "label": _label(body), "displayOrder": _order(body, 0), "stages": stages})


def _mint(call: Call, kind: ObjectType) -> str:
    """An id that no pipeline and no stage of the type has."""
    pipelines = _all(call, kind).values()
    taken = {one.id for one in pipelines} | {key for one in pipelines for key in one.stages}
    return str(max((int(key) for key in taken if key.isdigit()), default=0) + _FIRST_ID)


def _refuse_used(call: Call, kind: ObjectType, name: str, value: str) -> None:
    rows = call.portal.store.tables[kind.name].rows.values()
    ids = [row.id for row in rows if not row.archived_at and row.get(name) == value]
    if ids:
        raise HubError.invalid(f"{value} is in use by {len(ids)} records")


def _label(body: JSON, default: str = "") -> str:
    found = body.get("label", default)
    if not isinstance(found, str) or not found:
        raise HubError.invalid("Some required fields were not set: [label]")
    return found


def _order(body: JSON, default: int) -> int:
    found = body.get("displayOrder", default)
    if isinstance(found, bool) or not isinstance(found, int):
        raise HubError.invalid("displayOrder must be a number")
    return found


def _metadata(body: JSON) -> dict[str, str]:
    found = body.get("metadata")
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise HubError.invalid("metadata must be an object")
    return {name: str(value) for name, value in found.items()}


def _document(found: Pipeline) -> JSON:
    return {
        "id": found.id,
        "label": found.label,
        "displayOrder": found.order,
        "stages": [_stage(stage) for stage in sorted(found.stages.values(), key=lambda one: one.order)],
        "createdAt": _CREATED,
        "updatedAt": _CREATED,
        "archived": False,
    }


def _stage(stage: Stage) -> JSON:
    return {
        "id": stage.id,
        "label": stage.label,
        "displayOrder": stage.order,
        "metadata": dict(stage.metadata),
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        "createdAt": _CREATED,
        "updatedAt": _CREATED,
        "archived": False,
    }
