"""Which handler answers which method and path in which version. Every request runs in a transaction of its own."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from connectors.sandbox.hubspot import (
    associations,
    associations_v3,
    batch,
    definitions,
    merging,
    objects,
    owners,
    pipelines,
    properties,
    property_groups,
    search,
)
from connectors.sandbox.hubspot.call import Answer, Call
from connectors.sandbox.hubspot.errors import HubError

DATES: Final = ("2025-09", "2026-03", "2026-09")
_DATED: Final = "|".join(DATES)
_AREA: Final = "objects|associations|properties|pipelines|owners|schemas"
_PATHS: Final = (
    re.compile(rf"/crm/(?P<area>{_AREA})/(?P<version>{_DATED})(?P<rest>/.*)?"),
    re.compile(rf"/crm/(?P<version>v3)/(?P<area>{_AREA})(?P<rest>/.*)?"),
    re.compile(r"/crm/(?P<version>v4)/(?P<area>objects|associations)(?P<rest>/.*)?"),
    re.compile(rf"/crm-object-schemas/(?P<version>v3|{_DATED})/(?P<area>schemas)(?P<rest>/.*)?"),
)
"""Version and API stand the other way round in dated paths (contract, 2.1)."""

Handler = Callable[..., Answer]
_Routes = dict[str, dict[str, Handler]]
_Table = tuple[tuple[re.Pattern[str], Mapping[str, Handler]], ...]


def _table(routes: _Routes) -> _Table:
    return tuple((re.compile(pattern), handlers) for pattern, handlers in routes.items())


_BATCH: Final[_Routes] = {
    "/([^/]+)/batch/read": {"POST": batch.read},
    "/([^/]+)/batch/create": {"POST": batch.create},
    "/([^/]+)/batch/update": {"POST": batch.update},
    "/([^/]+)/batch/upsert": {"POST": batch.upsert},
    "/([^/]+)/batch/archive": {"POST": batch.archive},
}
_RECORDS: Final[_Routes] = {
    "/([^/]+)": {"GET": objects.list_records, "POST": objects.create_record},
    "/([^/]+)/search": {"POST": search.search},
    "/([^/]+)/merge": {"POST": merging.merge},
    "/([^/]+)/gdpr-delete": {"POST": merging.erase},
    **_BATCH,
    "/([^/]+)/([^/]+)": {
        "GET": objects.read_record,
        "PATCH": objects.update_record,
        "DELETE": objects.archive_record,
    },
}
_LINKS_V3: Final[_Routes] = {
    "/([^/]+)/([^/]+)/associations/([^/]+)": {"GET": associations_v3.of_record},
    "/([^/]+)/([^/]+)/associations/([^/]+)/([^/]+)/([^/]+)": {
        "PUT": associations_v3.put,
        "DELETE": associations_v3.delete,
    },
}
_LINKS: Final[_Routes] = {
    "/([^/]+)/([^/]+)/associations/([^/]+)": {"GET": associations.of_record},
    "/([^/]+)/([^/]+)/associations/default/([^/]+)/([^/]+)": {"PUT": associations.put_default},
    "/([^/]+)/([^/]+)/associations/([^/]+)/([^/]+)": {"PUT": associations.put, "DELETE": associations.delete},
}
_PAIRS_V3: Final[_Routes] = {
    "/([^/]+)/([^/]+)/batch/read": {"POST": associations_v3.read},
    "/([^/]+)/([^/]+)/batch/create": {"POST": associations_v3.create},
    "/([^/]+)/([^/]+)/batch/archive": {"POST": associations_v3.archive},
    "/([^/]+)/([^/]+)/types": {"GET": associations_v3.types},
}
_PAIRS: Final[_Routes] = {
    "/([^/]+)/([^/]+)/batch/read": {"POST": associations.read},
    "/([^/]+)/([^/]+)/batch/create": {"POST": associations.create},
    "/([^/]+)/([^/]+)/batch/archive": {"POST": associations.archive},
    "/([^/]+)/([^/]+)/batch/associate/default": {"POST": associations.create_default},
    "/([^/]+)/([^/]+)/batch/labels/archive": {"POST": associations.archive_labels},
    "/([^/]+)/([^/]+)/labels": {
        "GET": definitions.list_labels,
        "POST": definitions.create_label,
        "PUT": definitions.rename_label,
    },
    r"/([^/]+)/([^/]+)/labels/(\d+)": {"DELETE": definitions.delete_label},
}
_PROPERTIES: Final[_Routes] = {
    "/([^/]+)": {"GET": properties.list_properties, "POST": properties.create_property},
    "/([^/]+)/batch/read": {"POST": properties.read_batch},
    "/([^/]+)/batch/create": {"POST": properties.create_batch},
    "/([^/]+)/batch/archive": {"POST": properties.archive_batch},
    "/([^/]+)/groups": {"GET": property_groups.list_groups, "POST": property_groups.create_group},
    "/([^/]+)/groups/([^/]+)": {
        "GET": property_groups.read_group,
        "PATCH": property_groups.update_group,
        "DELETE": property_groups.archive_group,
    },
    "/([^/]+)/([^/]+)": {
        "GET": properties.read_property,
        "PATCH": properties.update_property,
        "DELETE": properties.archive_property,
    },
}
_PIPELINES: Final[_Routes] = {
    "/([^/]+)": {"GET": pipelines.list_pipelines, "POST": pipelines.create_pipeline},
    "/([^/]+)/([^/]+)": {
        "GET": pipelines.read_pipeline,
        "PATCH": pipelines.update_pipeline,
        "PUT": pipelines.replace_pipeline,
        "DELETE": pipelines.archive_pipeline,
    },
    "/([^/]+)/([^/]+)/stages": {"GET": pipelines.list_stages, "POST": pipelines.create_stage},
    "/([^/]+)/([^/]+)/stages/([^/]+)": {
        "GET": pipelines.read_stage,
        "PATCH": pipelines.update_stage,
        "PUT": pipelines.update_stage,
        "DELETE": pipelines.archive_stage,
    },
}
_OWNERS: Final[_Routes] = {"": {"GET": owners.list_owners}, "/([^/]+)": {"GET": owners.read_owner}}
_SCHEMAS: Final[_Routes] = {
    "": {"GET": definitions.list_schemas},
    "/schemas": {"GET": definitions.list_schemas},
    "/([^/]+)": {"GET": definitions.read_schema},
    "/schemas/([^/]+)": {"GET": definitions.read_schema},
}
_ROUTES: Final[Mapping[str, tuple[_Table, _Table, _Table]]] = {
    "objects": (_table(_RECORDS | _LINKS_V3), _table(_LINKS), _table(_RECORDS | _LINKS)),
    "associations": (_table(_PAIRS_V3), _table(_PAIRS), _table(_PAIRS)),
    "properties": (_table(_PROPERTIES), (), _table(_PROPERTIES)),
    "pipelines": (_table(_PIPELINES), (), _table(_PIPELINES)),
    "owners": (_table(_OWNERS), (), _table(_OWNERS)),
    "schemas": (_table(_SCHEMAS), (), _table(_SCHEMAS)),
}
"""Per API: the routes of v3, of v4 and of the dated versions."""


def dispatch(call: Call) -> Answer:
    """Answer one request.

    Raises:
        HubError: refused; nothing was written.
    """
    path = call.path.rstrip("/")
    found = next((match for pattern in _PATHS if (match := pattern.fullmatch(path))), None)
    if found is None:
        raise _no_path()
    version = found["version"]
    table = _ROUTES[found["area"]][{"v3": 0, "v4": 1}.get(version, 2)]
    method = "GET" if call.method == "HEAD" else call.method
    allowed = False
    for pattern, handlers in table:
        match = pattern.fullmatch(found["rest"] or "")
        if match is None:
            continue
        handler = handlers.get(method)
        if handler is not None:
            with call.portal.store.transaction():
                return handler(replace(call, path=path, version=version), *match.groups())
        allowed = True
    raise HubError(405, "METHOD_NOT_ALLOWED", "HTTP 405 Method Not Allowed") if allowed else _no_path()


def _no_path() -> HubError:
    return HubError(404, "OBJECT_NOT_FOUND", "No resource matches the request path")
