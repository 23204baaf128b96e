"""ONNX files say what PyTorch says, and what they are."""

import json
import sys

import numpy as np
import pytest
import torch

from dlm.errors import TrainError
from dlm.train import export as exporting
from dlm.train.export import TOLERANCE, describe, export
from dlm.train.networks.landmark import build
from dlm.train.predictor import Predictor
from dlm.train.run_folder import RunFile
from tests.train.builders import SPEC, draw, settings, spec

SIZE = 64


def predictor(**changes) -> Predictor:
    """A network that has learned nothing, but whose maps have peaks."""
    asked = settings(size=SIZE, **changes)
    run = RunFile(
        settings=asked, spec_name="dots_6", spec_hash=spec().hash, spec_text=SPEC, dataset={},
        precision="", measured={}, device="", versions={}, licence="as the test says", command="",
    )  # fmt: skip
    torch.manual_seed(3)
    network = build(asked, spec().size).train()
    with torch.no_grad():
        for _ in range(3):  # batch norm sees some pictures
            network(torch.rand(4, 3, SIZE, SIZE))
        for name, weight in network.named_parameters():
            if ".maps." in name and weight.ndim > 1:
                weight *= 4
    return Predictor(run, network, torch.device("cpu"))


def pictures(count: int) -> np.ndarray:
    rng = np.random.default_rng(5)
    return np.stack([draw(rng.uniform(8, SIZE - 8, (6, 2)), SIZE) for _ in range(count)])


def assert_same(found: Predictor, path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for count in (1, 3):
        crops = pictures(count)
        plain = found.predict(crops)
        assert plain.visibility is not None
        points, sigma, seen = session.run(None, {"crops": crops})
        assert np.abs(points - plain.points).max() < TOLERANCE
        np.testing.assert_allclose(sigma, plain.sigma, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(seen, plain.visibility, atol=1e-4)


@pytest.fixture
def extra():
    for package in ("onnx", "onnxruntime", "onnxscript"):
        pytest.importorskip(package)


def test_the_file_says_what_pytorch_says_and_what_it_is(tmp_path, monkeypatch, extra):
    import onnx

    monkeypatch.setattr(exporting, "SECONDS", 0.0)
    found = predictor()
    done = export(found, tmp_path / "deep" / "face.onnx")
    assert done.largest_difference < TOLERANCE
    assert_same(found, done.path)
    said = {each.key: each.value for each in onnx.load(done.path).metadata_props}
    assert said == describe(found)
    assert json.loads(said["point_names"])[0] == "eye_right"
    assert said["licence"] == "as the test says"
    assert "1.3 times" in said["crop"]


@pytest.mark.slow
@pytest.mark.parametrize("head", ["heatmap", "simcc", "sigma"])
@pytest.mark.parametrize("network", ["hourglass", "light"])
def test_every_network_and_head_is_exported(tmp_path, monkeypatch, extra, network, head):
    monkeypatch.setattr(exporting, "SECONDS", 0.0)
    found = predictor(network=network, head=head, coord_conv=True)
    assert_same(found, export(found, tmp_path / "face.onnx").path)


def test_a_file_that_would_differ_is_not_written(tmp_path, monkeypatch, extra):
    monkeypatch.setattr(exporting, "_serialised", lambda *_: b"")
    monkeypatch.setattr(exporting, "_session", lambda *_: None)
    monkeypatch.setattr(exporting, "_largest_difference", lambda *_: 2 * TOLERANCE)
    with pytest.raises(TrainError, match=r"differ from PyTorch's by 0\.0020 pixels"):
        export(predictor(), tmp_path / "face.onnx")
    assert not (tmp_path / "face.onnx").exists()


def test_a_missing_extra_is_one_line_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(TrainError, match=r"onnx.*pip install 'dlm\[export\]'"):
        export(predictor(), tmp_path / "face.onnx")
