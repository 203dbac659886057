"""The request log, the virtual clock and the loader: what the control plane stands on."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.load import LoadError, load
from connectors.sandbox.requestlog import RequestLog

TOKEN = "00D5e000000abcd!AQEAQ.secret_part"
REFRESH = "5Aep861secret-part"


def logged(path: str = "/x", query: dict[str, str] | None = None, parts: tuple[str, ...] = ()) -> str:
    """The log's text after one request."""
    log = RequestLog()
    log.add(
        at="", org="north", user="", method="GET", path=path, query=query or {}, status=200, ms=1.0,
        subrequests=parts, faults=(),
    )  # fmt: skip
    return json.dumps(log.since(0))


def test_unknown_query_parameters_are_masked() -> None:
    """Only listed parameters keep their value: a secret under a new name cannot slip in."""
    text = logged(query={"oauth_token": TOKEN, "code": "aPrx1", "state": "s3", "strange": "hidden", "q": "SELECT Id"})
    assert "SELECT+Id" in text
    for secret in (TOKEN, "aPrx1", "s3", "hidden"):
        assert secret not in text


@pytest.mark.parametrize(
    "secret", [TOKEN, REFRESH, "aPrxCode-1_x", "eyJhbGciOi.eyJzdWIi.c2ln", TOKEN.replace("!", "%21")]
)
def test_secrets_are_masked_wherever_they_stand(secret: str) -> None:
    """Token shapes are masked in paths, in kept parameters and in subrequests."""
    text = logged(f"/id/{secret}", {"q": f"x {secret}"}, (f"GET /query?q={secret}", f"GET /a/{secret}?z={secret}"))
    assert secret not in text
    assert text.count("***") == 5


def test_log_counts_on_after_a_clear() -> None:
    """A remembered number stays valid; `since` and `org` narrow the answer."""
    log = RequestLog()
    for number in range(3):
        log.add(
            at="", org="north" if number else "south", user="", method="GET", path="/x", query={}, status=200, ms=0,
            subrequests=(), faults=(),
        )  # fmt: skip
    assert [entry["sequence"] for entry in log.since(1)] == [2, 3]
    assert [entry["sequence"] for entry in log.since(0, "south")] == [1]
    log.clear()
    assert (log.since(0), log.last) == ([], 3)


def test_clock_refuses_a_time_without_zone() -> None:
    """A naive time would mean another moment on another machine."""
    with pytest.raises(ValueError, match="zone"):
        Clock().set(datetime(2026, 1, 1))  # noqa: DTZ001 - the refusal is the point


def test_clock_moves_and_ticks_on() -> None:
    """It advances, jumps, goes back, and returns to wall-clock time."""
    clock = Clock()
    start = clock.now()
    assert clock.advance(timedelta(hours=2)) - start >= timedelta(hours=2)
    moment = datetime(2027, 1, 1, tzinfo=UTC)
    assert timedelta(0) <= clock.set(moment) - moment < timedelta(seconds=5)
    assert clock.advance(timedelta(hours=-1)) < moment
    assert abs(clock.reset() - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"Id": "1"}\n{"Id": secret}\n', "Case.jsonl, line 2: not JSON"),
        (b'{"Id": "1"}\n\n["secret"]\n', "Case.jsonl, line 3: not a JSON object"),
        (b'{"Subject": "secret \xff"}\n', "Case.jsonl, line 1: not JSON in UTF-8"),
    ],
)
def test_broken_lines_are_named_not_quoted(tmp_path: Path, content: bytes, words: str) -> None:
    """The error says which file and line, and nothing of what stands there."""
    (tmp_path / "Case.jsonl").write_bytes(content)
    [(_, records)] = load(tmp_path)
    with pytest.raises(LoadError, match=words) as caught:
        list(records)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("content", "words"), [(b"{\n oops", "org.json, line 2"), (b'{"org": 1}', "`org` is none")])
def test_broken_org_file(tmp_path: Path, content: bytes, words: str) -> None:
    """A broken document is refused at once."""
    (tmp_path / "Case.jsonl").write_bytes(b"")
    (tmp_path / "org.json").write_bytes(content)
    with pytest.raises(LoadError, match=words):
        load(tmp_path)


def test_nothing_to_load(tmp_path: Path) -> None:
    """An empty folder and a missing one are said to be so."""
    with pytest.raises(LoadError, match="holds neither"):
        load(tmp_path)
    with pytest.raises(LoadError, match="not a folder"):
        load(tmp_path / "missing")


def test_one_org_and_several(tmp_path: Path) -> None:
    """Files right in the folder are one org; sub-folders are one each, and name it unless org.json does."""
    for name, document in (("East", "{}"), ("West", '{"org": {"alias": "wild"}}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Case.jsonl").write_text('{"Id": "500", "Subject": "Hello"}\n\n')
        (tmp_path / name / "org.json").write_text(document)
    assert [document["org"]["alias"] for document, _ in load(tmp_path)] == ["east", "wild"]
    [(_, records)] = load(tmp_path / "East")
    [(name, record)] = records
    assert (name, record["Subject"]) == ("Case", "Hello")
    assert record["attributes"]["place"] == "East/Case.jsonl, line 1"
