"""The REST resources of Bulk API 2.0 query jobs: make, watch, abort, delete, list, and read results page by page."""

import base64
import binascii
import functools
from typing import Final

from connectors.sandbox.salesforce.bulk_jobs import (
    COMPLETE,
    DELIMITERS,
    FINAL,
    LINE_ENDINGS,
    Job,
    Order,
    wrong_state,
)
from connectors.sandbox.salesforce.bulk_query import check, csv_lines
from connectors.sandbox.salesforce.call import Answer, Call
from connectors.sandbox.salesforce.errors import ApiError, bad_input, malformed_query
from connectors.sandbox.salesforce.ids import mint
from connectors.sandbox.salesforce.values import Json, stamp

_JOB_PREFIX: Final = "750"
_LIST_PAGE: Final = 1_000
_OPERATIONS: Final = ("query", "queryAll")


def create(call: Call) -> Answer:
    """`POST jobs/query`: a job under the session's user, whose query is checked at once and run later."""
    body = call.json_object()
    operation = _choice(body, "operation", "", _OPERATIONS)
    _choice(body, "contentType", "CSV", ("CSV",))
    delimiter = _choice(body, "columnDelimiter", "COMMA", DELIMITERS)
    ending = _choice(body, "lineEnding", "LF", LINE_ENDINGS)
    text = body.get("query")
    if not isinstance(text, str) or not text.strip():
        raise malformed_query("SOQL statement is required in the parameter query")
    view, org = call.view(include_deleted=operation == "queryAll"), call.org
    kind = check(view, text)
    org.jobs.check(kind.name)
    order = Order(call.user_id, call.version, operation, text, kind.name, delimiter, ending)
    run = functools.partial(csv_lines, view, text, DELIMITERS[delimiter], LINE_ENDINGS[ending])
    job = org.jobs.add(mint(_JOB_PREFIX, org.pod, org.next_number(_JOB_PREFIX)), order, run)
    return Answer(200, _shown(job))


def info(call: Call, job_id: str) -> Answer:
    """`GET jobs/query/{id}`: how far the job is."""
    job = call.org.jobs.get(job_id, call.user_id)
    return Answer(200, _shown(job) | _progress(job))


def change(call: Call, job_id: str) -> Answer:
    """`PATCH jobs/query/{id}` with `{"state": "Aborted"}`."""
    job, body = call.org.jobs.get(job_id, call.user_id), call.json_object()
    if body.get("state") != "Aborted":
        raise wrong_state("The only state that a query job can be put into is Aborted")
    job.abort(call.org.clock.now())
    return Answer(200, _shown(job))


def remove(call: Call, job_id: str) -> Answer:
    """`DELETE jobs/query/{id}`: of a job that is over."""
    call.org.jobs.remove(call.org.jobs.get(job_id, call.user_id))
    return Answer(204)


def list_jobs(call: Call) -> Answer:
    """`GET jobs/query`: the user's jobs, newest first, filtered by `jobType` and `concurrencyMode`."""
    if call.query.get("jobType", "V2Query") != "V2Query" or call.query.get("concurrencyMode", "parallel") != "parallel":
        return Answer(200, {"done": True, "records": [], "nextRecordsUrl": None})
    jobs = call.org.jobs.of(call.user_id)
    start = _offset(call.query.get("queryLocator", ""), len(jobs))
    end = start + _LIST_PAGE
    more = f"{call.root}/jobs/query?queryLocator={_locator(end)}" if end < len(jobs) else None
    records = [_shown(job) for job in jobs[start:end]]
    return Answer(200, {"done": more is None, "records": records, "nextRecordsUrl": more})


def results(call: Call, job_id: str) -> Answer:
    """`GET jobs/query/{id}/results`: CSV, whole unless `maxRecords` cuts it; every page has the header and locator."""
    job = call.org.jobs.get(job_id, call.user_id)
    if job.order.version != call.version:
        text = f"The results of a job of API version {job.order.version} cannot be read with {call.version}"
        raise ApiError(409, "INVALID_API_VERSION", text)
    if job.state != COMPLETE:
        raise wrong_state(f"Results are there when the job is JobComplete; it is {job.state}")
    start = _offset(call.query.get("locator", ""), job.records)
    end = min(start + _most(call, job.records), job.records)
    body = job.lines[0] + "".join(job.lines[1 + start : 1 + end])
    headers = {
        "Content-Type": "text/csv",
        "Sforce-NumberOfRecords": str(end - start),
        "Sforce-Locator": _locator(end) if end < job.records else "null",
    }
    return Answer(200, body.encode("utf-8", "replace"), headers)


def _choice(body: Json, name: str, default: str, allowed: "tuple[str, ...] | dict[str, str]") -> str:
    value = body.get(name, default)
    if not isinstance(value, str) or value not in allowed:
        raise ApiError(400, "INVALIDJOB", f"{name} must be one of {', '.join(allowed)}")
    return value


def _shown(job: Job) -> Json:
    order = job.order
    return {
        "id": job.id,
        "operation": order.operation,
        "object": order.target,
        "createdById": order.user_id,
        "createdDate": stamp(job.created),
        "systemModstamp": stamp(job.modified),
        "state": job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(order.version[1:]),
        "lineEnding": order.line_ending,
        "columnDelimiter": order.delimiter,
    }


def _progress(job: Job) -> Json:
    took = int((job.modified - job.created).total_seconds() * 1000) if job.state in FINAL else 0
    progress: Json = {
        "jobType": "V2Query",
        "numberRecordsProcessed": job.records,
        "retries": 0,
        "totalProcessingTime": took,
        "isPkChunkingSupported": True,
    }
    return progress | ({"errorMessage": job.error} if job.error else {})


def _most(call: Call, everything: int) -> int:
    text = call.query.get("maxRecords")
    if text is None:
        return everything
    if not text.isascii() or not text.isdecimal() or not int(text[:10]):
        raise bad_input("maxRecords must be a positive number")
    return int(text[:10])


def _locator(offset: int) -> str:
    """Stable, and as opaque as the real ones."""
    return base64.b64encode(str(offset).encode()).decode().rstrip("=")


def _offset(locator: str, end: int) -> int:
    if locator in {"", "null"}:
        return 0
    try:
        text = base64.b64decode(locator + "=" * (-len(locator) % 4), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    if not text.isdecimal() or not 0 < int(text[:18]) < max(end, 1):
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return int(text[:18])
