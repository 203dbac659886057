"""The reasoner with a language model, at any endpoint that speaks OpenAI's chat completions (vLLM, llama.cpp, Ollama…).

One client and one pool of connections for the process. A call streams, so that its progress shows, and ends at its time
limit, whatever the server does. Nothing that was asked or answered stands in an error.

Endpoints differ in what they understand. A request goes out in the strictest of three `_FORMS` first; one that is
refused as a bad request goes out in the next one, and the form that worked is kept for the rest of the process.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx2
import openai

from sidecar.adapters import openai_context, openai_output
from sidecar.adapters.openai_failures import Failure, broken_off, interrupted, no_stream, refused, silent
from sidecar.adapters.openai_wire import Allowance, Clock, Unacceptable, Wire, allowed, tls
from sidecar.domain import Claim
from sidecar.errors import Misconfigured, ModelFailed, Unavailable
from sidecar.settings import Settings
from sidecar.templates import Prompt

Progress = Callable[[int], None]

CONNECT: Final = 10.0
"""Seconds to open a connection."""
EVENT: Final = 64_000
"""Bytes of one event of the stream: one token and the words around it."""
PER_TOKEN: Final = 1_000
"""Bytes that an answer may take for each token that was asked for."""
FRAME: Final = 64
"""Tokens of a chat template around the messages, and to spare."""
BACKOFF: Final = 0.5
"""Seconds before the first new attempt when the server names none; doubled for each further one."""
DRAIN: Final = 1.0
"""Seconds that the end of a complete answer may take: then the connection can be used again."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model answers and how it is asked. Times in seconds.

    `models` gives an action a model of its own, which may be the name of a LoRA adapter. `context_tokens` is what the
    server allows for prompt and answer together, `output_tokens` the part of it for the answer.
    """

    url: str
    model: str
    models: Mapping[str, str] = field(default_factory=dict)
    api_key: str = field(default="", repr=False)
    ca_file: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    time_limit: float = 60.0
    read_timeout: float = 30.0
    retries: int = 2
    context_tokens: int = 8192
    output_tokens: int = 2048
    seed: int = 0

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The endpoint that the settings name.

        Raises:
            Misconfigured: there is none, or the file of its key cannot be read.
        """
        return cls(
            url=settings.llm_url,
            model=settings.llm_model,
            models=settings.llm_models,
            api_key=settings.llm_key(),
            ca_file=settings.llm_ca_file,
            client_cert=settings.llm_client_cert,
            client_key=settings.llm_client_key,
            time_limit=settings.llm_time_limit,
            read_timeout=settings.llm_read_timeout,
            retries=settings.llm_retries,
            context_tokens=settings.llm_context_tokens,
            output_tokens=settings.llm_output_tokens,
            seed=settings.llm_seed,
        )


class OpenAIReasoner:
    """See the module. Safe from many threads."""

    def __init__(
        self, endpoint: Endpoint, *, clock: Clock = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Make the client; nothing is sent before the first draft.

        Raises:
            Misconfigured: the endpoint cannot be used as it is described.
        """
        _check(endpoint)
        self.name = f"openai:{endpoint.model}"
        self._endpoint = endpoint
        self._clock = clock
        self._sleep = sleep
        self._form = 0
        wire = Wire(tls(endpoint.ca_file, endpoint.client_cert, endpoint.client_key), endpoint.api_key)
        self._client = openai.OpenAI(
            base_url=endpoint.url,
            api_key="sent by the wire",  # or it looks into the environment
            http_client=httpx2.Client(transport=wire, trust_env=False, follow_redirects=False),
            max_retries=0,
            timeout=httpx2.Timeout(endpoint.read_timeout, connect=CONNECT),
        )

    def generate(self, prompt: Prompt, progress: Progress = lambda _: None) -> tuple[Claim, ...]:
        """Claims in the order of the template's sections; their quotes are not yet checked.

        `progress` is called with the characters received so far.

        Raises:
            Unavailable: no answer, or none in time. `part` is "model".
            ModelFailed: an answer, but not what was asked for.
        """
        return openai_output.claims(self._answer(prompt, progress), prompt.template)

    def close(self) -> None:
        """Close the idle connections."""
        self._client.close()

    def _answer(self, prompt: Prompt, progress: Progress) -> str:
        endpoint = self._endpoint
        size = PER_TOKEN * endpoint.output_tokens + EVENT
        allowance = Allowance(self._clock, self._clock() + endpoint.time_limit, size)
        messages = _messages(prompt, endpoint)
        form, attempt = self._form, 0
        while True:
            body = self._body(prompt, messages, form)
            with allowed(allowance):
                answer = self._attempt(body, allowance, progress)
            if isinstance(answer, str):
                self._form = form
                return answer
            if answer.simpler and form + 1 < len(_FORMS):
                form += 1
                continue
            wait = None if answer.wait is None else answer.wait or BACKOFF * 2**attempt
            if wait is None or attempt == endpoint.retries or allowance.left() <= wait:
                raise answer.error
            attempt += 1
            self._sleep(wait)

    def _attempt(self, body: Mapping[str, Any], allowance: Allowance, progress: Progress) -> str | Failure:
        """One request. A failure is returned, not raised, so that no error carries another one with its content."""
        try:
            with self._client.chat.completions.with_streaming_response.create(**body) as response:
                events = iter(httpx2.EventSource(response.http_response, EVENT))
                answer = _read(events, progress)
                if isinstance(answer, str):
                    allowance.deadline = min(allowance.deadline, self._clock() + DRAIN)
                    with suppress(httpx2.TransportError, Unacceptable):
                        deque(events, maxlen=0)
                return answer
        except openai.APIStatusError as error:
            return refused(error.response)
        except openai.APIConnectionError as error:
            return silent(error.__cause__)
        except (httpx2.HTTPError, Unacceptable) as error:
            return interrupted(error)

    def _body(self, prompt: Prompt, messages: tuple[str, str], form: int) -> dict[str, Any]:
        endpoint = self._endpoint
        return {
            "model": endpoint.models.get(prompt.template.action, endpoint.model),
            "stream": True,
            "temperature": 0,
            "max_tokens": endpoint.output_tokens,
            **_FORMS[form](messages, openai_output.portable(prompt.template.output), endpoint.seed),
        }


def _strict(messages: tuple[str, str], schema: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """OpenAI's own: https://platform.openai.com/docs/guides/structured-outputs."""
    wanted = {"type": "json_schema", "json_schema": {"name": "draft", "strict": True, "schema": schema}}
    return {"messages": _two(messages), "response_format": wanted, "seed": seed, "store": False}


def _schema(messages: tuple[str, str], schema: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Older servers: JSON, bound by a schema where they know llama.cpp's `schema`, else by the instructions alone."""
    wanted = {"type": "json_object", "schema": schema}
    return {"messages": _two(messages), "response_format": wanted, "seed": seed, "store": False}


def _plain(messages: tuple[str, str], _: Mapping[str, Any], __: int) -> dict[str, Any]:
    """Nothing that a server may not know, and one message: some models have no place for a system's."""
    return {"messages": [{"role": "user", "content": "\n\n".join(messages)}]}


_FORMS: Final = (_strict, _schema, _plain)


def _two(messages: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": "system", "content": messages[0]}, {"role": "user", "content": messages[1]}]


def _messages(prompt: Prompt, endpoint: Endpoint) -> tuple[str, str]:
    """What the model is told, and the passages that there is room for."""
    room = endpoint.context_tokens - endpoint.output_tokens - openai_context.tokens(prompt.instructions) - FRAME
    data = openai_context.fit(prompt, room)
    if prompt.blocks and not data:
        raise ModelFailed(
            "The language model's context is too small for this record: see CRM_SIDECAR_LLM_CONTEXT_TOKENS."
        )
    return prompt.instructions, data


def _read(events: Iterator[httpx2.ServerSentEvent], progress: Progress) -> str | Failure:
    """The text of a stream that came to a good end."""
    parts: list[str] = []
    characters, end = 0, None
    for event in events:
        if event.data.strip() == "[DONE]":
            break
        chunk = openai_output.chunk(event.data)
        if chunk is None:
            return no_stream()
        if chunk.error is not None:
            return Failure(Unavailable("The language model stopped with an error.", part="model"))
        for choice in chunk.choices[:1]:
            end = choice.finish_reason or end
            if choice.delta.content:
                parts.append(choice.delta.content)
                characters += len(choice.delta.content)
                progress(characters)
    match end:
        case None:
            return broken_off()
        case "length":
            return Failure(ModelFailed("The language model's answer is longer than it may be."))
        case "content_filter":
            return Failure(ModelFailed("The language model's filter refused an answer."))
    return "".join(parts)


def _check(endpoint: Endpoint) -> None:
    url = urlsplit(endpoint.url)
    if url.scheme not in ("http", "https") or not url.hostname or url.username or url.query or url.fragment:
        raise Misconfigured("The address of the model endpoint must look like https://host/v1 (CRM_SIDECAR_LLM_URL).")
    if not endpoint.model:
        raise Misconfigured("The model endpoint needs the name of a model (CRM_SIDECAR_LLM_MODEL).")
    if endpoint.output_tokens >= endpoint.context_tokens:
        raise Misconfigured("CRM_SIDECAR_LLM_OUTPUT_TOKENS must be a part of CRM_SIDECAR_LLM_CONTEXT_TOKENS.")
