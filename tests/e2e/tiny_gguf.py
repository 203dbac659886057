"""A language model of half a megabyte: two layers of random weights over characters and words. `tiny_gguf.py FILE`.

llama.cpp takes it for any other model of the Llama family. Bound by a JSON schema it answers with the right form and
nothing in it. Whatever stands before leans away from the closing bracket, so that lists go on, and to the quotation
mark, so that strings end; only a quotation mark leans away from the next one, so that no string is empty.
"""

import string
import sys
from pathlib import Path
from typing import Final

import numpy as np
from gguf import GGUFWriter, TokenType  # type: ignore[import-not-found, unused-ignore]  # in llama.cpp's own environment

CONTEXT: Final = 32_768
WIDTH, HIDDEN, HEADS, LAYERS = 64, 128, 4, 2
LEAN: Final = 1.5
"""How far every character leans, in widths of its own randomness."""
WORDS: Final = """
    refund invoice order broken login password update error shipped closed sync export tomorrow Friday promised meeting
    contract renewal license outage restored escalated manager customer EUR 4711 2026 never always approved rejected
"""
PULL: Final = 12.0
"""How much stronger the two marks are than any other character."""
TEMPLATE: Final = "{% for message in messages %}{{ message['content'] }}\n{% endfor %}"


def vocabulary() -> list[tuple[str, TokenType]]:
    """Three marks, the 256 bytes that stand for all other text, what can be printed in ASCII, and a few words."""
    marks = [("<unk>", TokenType.UNKNOWN), ("<s>", TokenType.CONTROL), ("</s>", TokenType.CONTROL)]
    letters = ["\u2581", *string.digits, *string.ascii_letters, *string.punctuation]  # U+2581 is the blank
    octets = [(f"<0x{octet:02X}>", TokenType.BYTE) for octet in range(256)]
    return [*marks, *octets, *[(letter, TokenType.NORMAL) for letter in [*letters, *WORDS.split()]]]


def write(path: Path, seed: int = 2) -> None:
    """Write the model; the same bytes for the same seed."""
    tokens = vocabulary()
    draw = np.random.default_rng(seed)
    writer = GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _ in tokens])
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([kind for _, kind in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template(TEMPLATE)

    def random(name: str, *shape: int) -> None:
        writer.add_tensor(f"{name}.weight", draw.normal(0, 1 / np.sqrt(shape[-1]), shape).astype(np.float32))

    quote, bracket = draw.normal(0, 1 / np.sqrt(WIDTH), (2, WIDTH))
    meanings = draw.normal(0, 1 / np.sqrt(WIDTH), (2, len(tokens), WIDTH))
    texts = [text for text, _ in tokens]
    meanings[0] += LEAN * (quote - bracket)
    meanings[0, texts.index('"')] -= 2 * LEAN * quote
    meanings[1, texts.index('"')] = PULL * quote
    meanings[1, texts.index("]")] = PULL * bracket
    writer.add_tensor("token_embd.weight", meanings[0].astype(np.float32))
    writer.add_tensor("output.weight", meanings[1].astype(np.float32))
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in range(LAYERS):
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{norm}.weight", np.ones(WIDTH, np.float32))
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            random(f"blk.{layer}.{part}", WIDTH, WIDTH)
        random(f"blk.{layer}.ffn_gate", HIDDEN, WIDTH)
        random(f"blk.{layer}.ffn_up", HIDDEN, WIDTH)
        random(f"blk.{layer}.ffn_down", WIDTH, HIDDEN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write(Path(sys.argv[1]))
