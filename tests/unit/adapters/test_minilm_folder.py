"""Model folders: what is refused, and what the fingerprint stands for."""

import json
from pathlib import Path

import pytest

from sidecar.adapters.model_folder import MANIFEST, MINILM, MINILM_SOURCE, select, sha256, verify
from sidecar.errors import Misconfigured
from tests.unit.adapters.tiny_model import foreign_folder, tiny_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a manifest, as the builder leaves it."""
    directory = tiny_folder(tmp_path / "model")
    files = {path.name: sha256(path) for path in directory.iterdir()}
    manifest = {"model": MINILM, "revision": 1, "source": dict(MINILM_SOURCE), "files": files}
    (directory / MANIFEST).write_text(json.dumps(manifest))
    return directory


def change(path: Path) -> None:
    """Add one byte to a file."""
    path.write_bytes(path.read_bytes() + b"\n")


def edit_manifest(folder: Path, **changes: object) -> None:
    """Replace keys of the manifest."""
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | changes))


def test_folder_without_a_manifest_does_not_verify(tmp_path: Path) -> None:
    """What nobody vouches for is not verified."""
    with pytest.raises(Misconfigured, match=r"manifest\.json cannot be read"):
        verify(tiny_folder(tmp_path))


@pytest.mark.parametrize("content", ["", "[]", "{}", "\x00"])
def test_broken_manifest_does_not_verify(folder: Path, content: str) -> None:
    """A manifest that is empty, of another shape or incomplete is refused with advice."""
    (folder / MANIFEST).write_text(content)
    with pytest.raises(Misconfigured, match="model build"):
        verify(folder)


@pytest.mark.parametrize("name", ["model_int8.onnx", "tokenizer.json", "config.json"])
def test_changed_file_does_not_verify(folder: Path, name: str) -> None:
    """One byte more in any file is noticed."""
    change(folder / name)
    with pytest.raises(Misconfigured, match=f"{name} is not the file that was built"):
        verify(folder)


def test_missing_file_does_not_verify(folder: Path) -> None:
    """A file of the manifest that is gone is named."""
    (folder / "model_fp32.onnx").unlink()
    with pytest.raises(Misconfigured, match=r"model_fp32\.onnx is missing"):
        verify(folder)


def test_other_weights_do_not_verify(folder: Path) -> None:
    """A consistent folder that was built from other weights than the pinned ones is refused."""
    edit_manifest(folder, source={**MINILM_SOURCE, "model.safetensors": "0" * 64})
    with pytest.raises(Misconfigured, match="not the pinned ones"):
        verify(folder)


def test_whole_folder_verifies(folder: Path) -> None:
    """An untouched folder verifies and says what it is."""
    info = verify(folder)
    assert (info.name, info.revision, info.directory) == (MINILM, 1, folder)


def test_changed_model_is_not_selected(folder: Path) -> None:
    """Loading checks the manifest too, not only `model verify`."""
    change(folder / "model_int8.onnx")
    with pytest.raises(Misconfigured, match=r"model_int8\.onnx is not the file that was built"):
        select(folder, "int8")


def test_missing_precision_is_refused(tmp_path: Path) -> None:
    """A folder with float32 only does not silently stand in for int8."""
    with pytest.raises(Misconfigured, match="holds no int8 model"):
        select(foreign_folder(tmp_path), "int8")


def test_other_pooling_is_refused(folder: Path) -> None:
    """A model that pools by its first token would give wrong vectors, so it is refused."""
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    with pytest.raises(Misconfigured, match="does not pool by the mean"):
        select(folder, "int8")


def test_fingerprint_is_stable(folder: Path, tmp_path: Path) -> None:
    """The same files give the same fingerprint in another place, with or without a manifest."""
    assert select(folder, "int8").fingerprint == select(tiny_folder(tmp_path / "copy"), "int8").fingerprint


def test_fingerprint_changes_with_whatever_changes_vectors(tmp_path: Path) -> None:
    """Precision, weights, external weights, tokenizer and the limit of tokens each change the fingerprint."""
    folder = tiny_folder(tmp_path)
    seen = {select(folder, "int8").fingerprint, select(folder, "fp32").fingerprint}
    change(folder / "model_int8.onnx")
    seen.add(select(folder, "int8").fingerprint)
    (folder / "model_int8.onnx_data").write_bytes(b"weights")
    seen.add(select(folder, "int8").fingerprint)
    change(folder / "tokenizer.json")
    seen.add(select(folder, "int8").fingerprint)
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 12}')
    seen.add(select(folder, "int8").fingerprint)
    assert len(seen) == 6
