"""Pipelines and their stages, for reading."""

from typing import Final

from connectors.sandbox.hubspot.access import definition_scopes
from connectors.sandbox.hubspot.call import Answer, Call
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import Pipeline, Stage
from connectors.sandbox.hubspot.values import instant
from connectors.sandbox.wire import JSON

_CREATED: Final = instant(1_609_459_200_000)


def list_pipelines(call: Call, type_name: str) -> Answer:
    """All pipelines of a type."""
    return Answer(200, {"results": [_document(found) for found in _all(call, type_name).values()]})


def read_pipeline(call: Call, type_name: str, pipeline_id: str) -> Answer:
    """One pipeline."""
    return Answer(200, _document(_one(call, type_name, pipeline_id)))


def list_stages(call: Call, type_name: str, pipeline_id: str) -> Answer:
    """The stages of a pipeline."""
    stages = _one(call, type_name, pipeline_id).stages.values()
    return Answer(200, {"results": [_stage(stage) for stage in stages]})


def read_stage(call: Call, type_name: str, pipeline_id: str, stage_id: str) -> Answer:
    """One stage."""
    stage = _one(call, type_name, pipeline_id).stages.get(stage_id)
    if stage is None:
        raise HubError.not_found(stage_id)
    return Answer(200, _stage(stage))


def _all(call: Call, type_name: str) -> dict[str, Pipeline]:
    kind = call.kind(type_name)
    call.access.need(definition_scopes(kind, "read"))
    return call.portal.schema.pipelines.get(kind.name, {})


def _one(call: Call, type_name: str, pipeline_id: str) -> Pipeline:
    found = _all(call, type_name).get(pipeline_id)
    if found is None:
        raise HubError.not_found(pipeline_id)
    return found


def _document(found: Pipeline) -> JSON:
    return {
        "id": found.id,
        "label": found.label,
        "displayOrder": found.order,
        "stages": [_stage(stage) for stage in found.stages.values()],
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
