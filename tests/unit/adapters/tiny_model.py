"""A model folder small enough for unit tests: the tiny encoder and a tokenizer of forty words."""

import json
from pathlib import Path

import onnx
from onnx import TensorProto, helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from sidecar.adapters.minilm_graph import Architecture, build_graph
from tests.unit.adapters.bert_reference import EPSILON, TINY_HEADS, TINY_LAYERS, TINY_VOCABULARY, tiny_weights

TINY = Architecture(TINY_LAYERS, TINY_HEADS, EPSILON)
START, END, UNKNOWN = 0, 1, 2


def word(number: int) -> str:
    """The word with this token id."""
    return f"w{number}"


def tiny_folder(directory: Path) -> Path:
    """A folder in the Hugging Face layout with both precisions."""
    vocabulary = {"[CLS]": START, "[SEP]": END, "[UNK]": UNKNOWN} | {word(i): i for i in range(3, TINY_VOCABULARY)}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    special = [("[CLS]", START), ("[SEP]", END)]
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=special)
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(directory / "tokenizer.json"))
    (directory / "config.json").write_text("{}")
    (directory / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 16}))
    for precision in ("int8", "fp32"):
        onnx.save(build_graph(tiny_weights(), TINY, precision), directory / f"model_{precision}.onnx")
    return directory


def foreign_folder(directory: Path) -> Path:
    """The same model as others export it: `onnx/model.onnx` gives the states of the tokens and has three inputs."""
    tiny_folder(directory)
    for precision in ("int8", "fp32"):
        (directory / f"model_{precision}.onnx").unlink()
    model = build_graph(tiny_weights(), TINY, "fp32")
    states = f"encoder.layer.{TINY_LAYERS - 1}.output.LayerNorm"
    model.graph.node.append(helper.make_node("Identity", [states], ["last_hidden_state"]))
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, None))
    model.graph.input.append(helper.make_tensor_value_info("token_type_ids", TensorProto.INT64, ["batch", "tokens"]))
    (directory / "onnx").mkdir()
    onnx.save(model, directory / "onnx" / "model.onnx")
    return directory
