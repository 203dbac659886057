"""Embeds texts with an ONNX model: tokenizers in front, ONNX Runtime behind, batches by length in between.

The session runs on the calling thread alone, and a small pool calls it from several threads at once: whole batches in
parallel scale better than the operators of one batch, and the pool bounds the processors that embedding may take from
the web workers.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sidecar.adapters.model_folder import Precision, select
from sidecar.domain import Vectors
from sidecar.errors import Misconfigured

_Tokens = list[NDArray[np.int64]]

_WINDOW = 1024
"""Texts tokenised at once, which bounds the memory of one call."""

_CHARACTERS_PER_TOKEN = 64
"""A text is cut to this many characters for each token that is kept, so that a huge one costs no more than a page."""

_TOKEN_OUTPUTS = ("last_hidden_state", "token_embeddings")


class OnnxEmbedder:
    """An `Embedder` on a model folder (see `model_folder`).

    Args:
        directory: the folder.
        precision: which of its models to run.
        threads: batches that run at once, over all callers.
        token_budget: the largest batch, in tokens including padding; bounds the memory of a thread.

    Raises:
        Misconfigured: the folder is incomplete, was changed, or holds a model of another kind.
    """

    def __init__(
        self, directory: Path, *, precision: Precision = "int8", threads: int = 2, token_budget: int = 384
    ) -> None:
        files = select(directory, precision)
        self.fingerprint = files.fingerprint
        self._threads = threads
        self._token_budget = token_budget
        self._max_characters = _CHARACTERS_PER_TOKEN * files.max_tokens
        try:
            self._tokenizer = Tokenizer.from_file(str(files.tokenizer))
            self._session = _session(files.onnx)
        except Exception as error:  # both libraries raise their own undocumented types
            raise Misconfigured(f"{directory} cannot be loaded: {type(error).__name__}.") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(files.max_tokens)
        self._inputs = {value.name for value in self._session.get_inputs()}
        self._output = _output(self._session, directory)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="embed")
        self.dimension = int(self._run(self._tokenize([""])).shape[1])

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors in the order of `texts`: shape (len(texts), dimension), float32, unit length.

        Texts are cut at the model's limit of tokens. A lone surrogate counts as an unknown character; an empty text
        has a vector too. Safe to call from many threads, which share the pool fairly, batch by batch.
        """
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), _WINDOW):
            tokens = self._tokenize(texts[start : start + _WINDOW])
            self._fill(vectors[start : start + _WINDOW], tokens)
        return vectors

    def _tokenize(self, texts: Sequence[str]) -> _Tokens:
        cut = [_well_formed(text[: self._max_characters]) for text in texts]
        return [np.array(encoding.ids, np.int64) for encoding in self._tokenizer.encode_batch_fast(cut)]

    def _fill(self, vectors: Vectors, tokens: _Tokens) -> None:
        """Run all batches, at most one for each thread at a time so that other callers get their turn."""
        running: dict[Future[Vectors], NDArray[np.intp]] = {}
        for rows in batches([len(ids) for ids in tokens], self._token_budget, self._threads):
            if len(running) == self._threads:
                _collect(running, vectors)
            running[self._pool.submit(self._run, [tokens[row] for row in rows])] = rows
        while running:
            _collect(running, vectors)

    def _run(self, tokens: _Tokens) -> Vectors:
        """One batch through the model."""
        shape = (len(tokens), max(map(len, tokens)))
        ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, values in enumerate(tokens):
            ids[row, : len(values)] = values
            mask[row, : len(values)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros(shape, np.int64)}
        (output,) = self._session.run([self._output], {name: feed[name] for name in self._inputs})
        return _mean(output, mask) if self._output in _TOKEN_OUTPUTS else output


def batches(lengths: Sequence[int], token_budget: int, threads: int) -> Iterator[NDArray[np.intp]]:
    """Row numbers batch by batch, longest texts first, neighbours in length together.

    A batch holds at most `token_budget` tokens including its padding, unless a single text is longer. Little work is
    spread over all threads.
    """
    order = np.argsort(np.negative(lengths), kind="stable")
    budget = min(token_budget, -(-sum(lengths) // threads))
    start = 0
    while start < len(order):
        stop = start + max(1, budget // lengths[order[start]])
        yield order[start:stop]
        start = stop


def _collect(running: dict[Future[Vectors], NDArray[np.intp]], vectors: Vectors) -> None:
    """Wait for at least one batch, and put what is done where it belongs."""
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        vectors[running.pop(future)] = future.result()


def _mean(states: Vectors, mask: NDArray[np.int64]) -> Vectors:
    """Mean over the tokens that the mask keeps, at unit length: (batch, tokens, hidden) to (batch, hidden)."""
    total = np.einsum("bth,bt->bh", states, mask.astype(np.float32))
    return np.asarray(total / np.linalg.norm(total, axis=1, keepdims=True), np.float32)


def _well_formed(text: str) -> str:
    """The text with lone surrogates replaced, which cannot be encoded as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _output(session: onnxruntime.InferenceSession, directory: Path) -> str:
    """The output to use: a pooled one if there is one, else the states of the tokens."""
    names = [value.name for value in session.get_outputs()]
    for name in ("sentence_embedding", *_TOKEN_OUTPUTS):
        if name in names:
            return name
    raise Misconfigured(f"The model in {directory} has none of the outputs sentence_embedding, last_hidden_state.")
