"""The ONNX graph of MiniLM (a BERT encoder, mean pooling, unit length), written with ONNX Runtime's fused operators.

Inputs: `input_ids` and `attention_mask`, int64, shape (batch, tokens), padded on the right. Output:
`sentence_embedding`, float32, shape (batch, hidden). The operators of `com.microsoft` are specified in ONNX Runtime's
`docs/ContribOperators.md`.

Three choices that the code does not explain by itself. The embedding of token type 0, the only type that a single text
has, is added to the position embeddings here, once. Mean pooling is a sum, because the L2 norm cancels the division.
And two fused operators are left out: `SkipLayerNormalization`, whose CPU kernel is scalar and, measured on ONNX Runtime
1.32, seven times slower than its parts; and `QAttention`, which has one scale for all tokens of a batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sidecar.adapters.model_folder import Precision

Matrix = NDArray[np.float32]
Weights = Mapping[str, Matrix]
"""Tensors by the names of the published checkpoint; linear weights have the shape (out, in)."""

REVISION = 1
"""Raised with every change that changes a vector; a model folder of another revision is built again."""

_FUSED = "com.microsoft"
_OPSETS = {"": 17, _FUSED: 1}
_IR_VERSION = 8
_REDUCED_RANGE = 64
_FULL_RANGE = 127
_GELU_MINIMUM = -0.17


@dataclass(frozen=True, slots=True)
class Architecture:
    """The numbers of the encoder that its tensors do not say."""

    layers: int
    heads: int
    epsilon: float


def quantize(matrix: Matrix, axis: int, limit: int) -> tuple[NDArray[np.int8], Matrix]:
    """Symmetric int8 with one scale for each slice along `axis`, so that `matrix ~= integers * scales`.

    Args:
        matrix: shape (rows, columns).
        axis: 0 gives a scale per column, 1 a scale per row.
        limit: the largest magnitude used, at most 127. Factors of a product take 64 (the "reduced range"): a CPU
            without VNNI adds pairs of products in 16 bits and saturates beyond it.
    """
    scales = np.maximum(np.abs(matrix).max(axis=axis, keepdims=True), np.finfo(np.float32).tiny) / np.float32(limit)
    return np.rint(matrix / scales).astype(np.int8), scales.astype(np.float32)


def build_graph(weights: Weights, architecture: Architecture, precision: Precision) -> onnx.ModelProto:
    """The encoder as a checked ONNX model.

    int8 stores the token table with a scale per row, and runs every linear layer as an int8 product with a scale per
    token and a scale per output channel. Attention itself, normalisation and GELU stay in float32 in both precisions.

    Raises:
        KeyError: `weights` lacks a tensor of the architecture.
        onnx.checker.ValidationError: the graph is not valid.
    """
    graph = _Graph(weights, precision)
    graph.constant("token_axis", np.array([1], np.int64))
    graph.constant("tiny", np.array([np.finfo(np.float32).tiny]))
    mask = graph.node("Cast", ["attention_mask"], "mask", to=TensorProto.INT32)
    graph.node("ReduceSum", [mask, "token_axis"], "lengths", keepdims=0)
    hidden = _embeddings(graph, architecture)
    for layer in range(architecture.layers):
        hidden = _block(graph, architecture, hidden, f"encoder.layer.{layer}")
    _pool(graph, hidden)
    shape, width = ["batch", "tokens"], weights["embeddings.word_embeddings.weight"].shape[1]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            f"minilm-{precision}",
            [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("input_ids", "attention_mask")],
            [helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["batch", width])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()],
        ir_version=_IR_VERSION,
        producer_name="crm-sidecar",
    )
    onnx.checker.check_model(model)
    return model


@dataclass(frozen=True, slots=True)
class _Graph:
    """Collects nodes and constants. A value is known by its name, and so every method returns one."""

    weights: Weights
    precision: Precision
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def weight(self, name: str) -> str:
        """A constant straight from the checkpoint."""
        return self.constant(name, self.weights[name])

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:  # noqa: ANN401 - an attribute of any operator
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def table(self, matrix: Matrix, indices: str, name: str) -> str:
        """Rows of a table by index."""
        if self.precision == "fp32":
            return self.node("Gather", [self.constant(f"{name}.table", matrix), indices], name)
        integers, scales = quantize(matrix, axis=1, limit=_FULL_RANGE)
        row = self.node("Gather", [self.constant(f"{name}.table", integers), indices], f"{name}.integers")
        scale = self.node("Gather", [self.constant(f"{name}.scales", scales), indices], f"{name}.scale")
        return self.node("Mul", [self.node("Cast", [row], f"{name}.floats", to=TensorProto.FLOAT), scale], name)

    def affine(self, value: str, matrix: Matrix, bias: Matrix, name: str, *, floor: float | None = None) -> str:
        """`value @ matrix + bias`, the matrix of shape (in, out).

        In int8, values known to be at least `floor` are shifted to start at zero, which uses all 8 bits of an unsigned
        byte; the bias takes the shift back.
        """
        if self.precision == "fp32":
            product = self.node("MatMul", [value, self.constant(f"{name}.matrix", matrix)], f"{name}.product")
            return self.node("Add", [product, self.constant(f"{name}.bias", bias)], name)
        integers, scales = quantize(matrix, axis=0, limit=_REDUCED_RANGE)
        if floor is not None:
            shift = self.constant(f"{name}.floor", np.array([floor], np.float32))
            value = self.node("Sub", [value, shift], f"{name}.shifted")
            bias = bias + floor * (integers * scales).sum(axis=0, dtype=np.float32)
        product = self._integer_product(value, integers, scales[0], name, signed=floor is None)
        return self.node("Add", [product, self.constant(f"{name}.bias", bias)], name)

    def _integer_product(
        self, value: str, integers: NDArray[np.int8], scales: Matrix, name: str, *, signed: bool
    ) -> str:
        """`value @ (integers * scales)`, with `value` rounded to bytes.

        Every row of `value` (one token) is divided by its own largest magnitude first and multiplied by it afterwards,
        so that what a text becomes never depends on the texts beside it.
        """
        zero, steps = (128, 127) if signed else (0, 255)
        step = self.constant(f"{name}.step", np.array(1 / steps, np.float32))
        start = self.constant(f"{name}.zero", np.array(zero, np.uint8))
        magnitude = self.node("Abs", [value], f"{name}.magnitude") if signed else value
        largest = self.node("ReduceMax", [magnitude], f"{name}.largest", axes=[-1])
        row = self.node("Max", [largest, "tiny"], f"{name}.row")
        unit = self.node("Div", [value, row], f"{name}.unit")
        rounded = self.node("QuantizeLinear", [unit, step, start], f"{name}.bytes")
        factors = [self.constant(f"{name}.matrix", integers), step, self.constant(f"{name}.scales", scales), start]
        product = self.node("MatMulIntegerToFloat", [rounded, *factors], f"{name}.product", domain=_FUSED)
        return self.node("Mul", [product, row], f"{name}.scaled")

    def dense(self, value: str, name: str, *, floor: float | None = None) -> str:
        """A linear layer of the checkpoint."""
        matrix, bias = self.weights[f"{name}.weight"].T, self.weights[f"{name}.bias"]
        return self.affine(value, matrix, bias, name, floor=floor)

    def norm(self, value: str, name: str, architecture: Architecture) -> str:
        inputs = [value, self.weight(f"{name}.weight"), self.weight(f"{name}.bias")]
        return self.node("LayerNormalization", inputs, name, epsilon=architecture.epsilon)


def _embeddings(graph: _Graph, architecture: Architecture) -> str:
    """Token plus position, normalised: (batch, tokens, hidden)."""
    words = graph.table(graph.weights["embeddings.word_embeddings.weight"], "input_ids", "words")
    positions = (
        graph.weights["embeddings.position_embeddings.weight"]
        + graph.weights["embeddings.token_type_embeddings.weight"][0]
    )
    tokens = graph.node("Shape", ["input_ids"], "tokens", start=1)
    bounds = [graph.constant("first", np.array([0], np.int64)), tokens]
    position = graph.node("Slice", [graph.constant("positions", positions), *bounds], "position")
    return graph.norm(graph.node("Add", [words, position], "embeddings"), "embeddings.LayerNorm", architecture)


def _block(graph: _Graph, architecture: Architecture, hidden: str, name: str) -> str:
    """One transformer block."""
    context = _attention(graph, architecture, hidden, f"{name}.attention.self")
    attended = graph.dense(context, f"{name}.attention.output.dense")
    middle = _residual(graph, architecture, attended, hidden, f"{name}.attention.output")
    wide = graph.dense(middle, f"{name}.intermediate.dense")
    active = graph.node("Gelu", [wide], f"{name}.intermediate", domain=_FUSED)
    narrow = graph.dense(active, f"{name}.output.dense", floor=_GELU_MINIMUM)
    return _residual(graph, architecture, narrow, middle, f"{name}.output")


def _residual(graph: _Graph, architecture: Architecture, value: str, skip: str, name: str) -> str:
    """The residual connection and its normalisation."""
    return graph.norm(graph.node("Add", [value, skip], f"{name}.sum"), f"{name}.LayerNorm", architecture)


def _attention(graph: _Graph, architecture: Architecture, hidden: str, name: str) -> str:
    """Multi-head self-attention over the first `lengths` tokens, with one product for query, key and value."""
    parts = [f"{name}.{part}" for part in ("query", "key", "value")]
    matrix = np.concatenate([graph.weights[f"{part}.weight"].T for part in parts], axis=1)
    bias = np.concatenate([graph.weights[f"{part}.bias"] for part in parts])
    packed = graph.affine(hidden, matrix, bias, f"{name}.packed")
    graph.nodes.append(helper.make_node("Split", [packed], parts, name=f"{name}.split", axis=-1))
    inputs = [*parts, "", "lengths"]
    return graph.node("MultiHeadAttention", inputs, name, domain=_FUSED, num_heads=architecture.heads)


def _pool(graph: _Graph, hidden: str) -> str:
    """The sum over the tokens that the mask keeps, at unit length: (batch, hidden)."""
    kept = graph.node("Cast", ["attention_mask"], "kept", to=TensorProto.FLOAT)
    row = graph.node("MatMul", [graph.node("Unsqueeze", [kept, "token_axis"], "kept.row"), hidden], "sum.row")
    total = graph.node("Squeeze", [row, "token_axis"], "sum")
    return graph.node("LpNormalization", [total], "sentence_embedding", axis=-1, p=2)
