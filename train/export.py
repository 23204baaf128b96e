"""`export`: a trained network as one ONNX file that says what goes in, what comes out, and whose.

The file takes uint8 pixels, so that no scaling can be forgotten, and any number of crops at once.
What it says is compared with PyTorch before it is put in its place.
"""

import contextlib
import io
import json
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import dlm
from dlm.datasets.files import replacing, write_errors
from dlm.errors import TrainError
from dlm.train import crops
from dlm.train.faces import UInt8
from dlm.train.networks.landmark import LandmarkNetwork, to_unit
from dlm.train.predictor import Predictor

OPSET = 18
TOLERANCE = 1e-3  # pixels between PyTorch's points and ONNX Runtime's
CHECKED = 4  # crops compared
SECONDS = 1.0  # of timing, each
INPUT = "crops"


@dataclass(frozen=True)
class Export:
    """What was written, and how it compares with PyTorch on this machine."""

    path: Path
    megabytes: float
    largest_difference: float  # pixels, of any point
    images_per_s: float
    torch_images_per_s: float
    torch_threads: int


class _Answers(nn.Module):
    """(N, S, S, 3) uint8 crops to points (N, P, 2), sigma (N, P) and, where learned, visibility."""

    def __init__(self, network: LandmarkNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        said = self.network.predict(to_unit(pixels))
        return tuple(part for part in said if part is not None)


def export(predictor: Predictor, path: Path, *, threads: int = 1) -> Export:
    """Write the network of `predictor` to `path`; TrainError where the extra is missing."""
    _require_extra()
    module = _Answers(predictor.network.cpu().to(memory_format=torch.contiguous_format)).eval()  # type: ignore[call-overload]
    content = _serialised(module, predictor)
    session = _session(content, threads)
    pictures = _pictures(predictor.size)
    difference = _largest_difference(module, session, pictures)
    if difference > TOLERANCE:
        raise TrainError(
            f"ONNX Runtime's points differ from PyTorch's by {difference:.4f} pixels", str(path),
            "this is a fault of dlm or of these versions of torch and onnx: report it",
        )  # fmt: skip
    with write_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(content)
    one = pictures[:1]
    with torch.inference_mode():
        plain = _rate(lambda: module(torch.from_numpy(one)))
    fast = _rate(lambda: session.run(None, {INPUT: one}))
    return Export(path, len(content) / 1e6, difference, fast, plain, torch.get_num_threads())


def describe(predictor: Predictor) -> dict[str, str]:
    """Return the file's metadata: what a reader needs who has nothing but the file."""
    run, spec, size = predictor.run, predictor.spec, predictor.size
    return {
        "dlm_version": dlm.__version__,
        "layout": spec.name,
        "layout_hash": spec.hash,
        "point_names": json.dumps(list(spec.names)),
        "ibug68": json.dumps([int(index) for index in spec.ibug68]),
        "input": f"{INPUT}: uint8 (N, {size}, {size}, 3), RGB, sRGB, 0 to 255, rows from the top",
        "points": f"float32 (N, {spec.size}, 2): x, y in pixels of the crop, (0, 0) the centre of "
        "the top-left pixel, x right, y down",
        "sigma": f"float32 (N, {spec.size}): standard deviation of a point along either axis, "
        "pixels of the crop",
        "visibility": f"float32 (N, {spec.size}): probability that the point is seen; "
        + ("there" if run.settings.visibility else "not learned by this run, not there"),
        "crop": f"a square, its side {crops.ENLARGE} times the longer side of the tight box of the "
        "points that stand for iBUG-68 (all points where none do), its centre the box's; beyond "
        "the picture its border is repeated; resized with antialiasing",
        "crop_rule": crops.CROP_RULE,
        "licence": run.licence,
        "trained": json.dumps({"mode": run.settings.mode, "samples": run.samples_seen,
                               "dataset": run.dataset.get("recipe")}),
    }  # fmt: skip


def _require_extra() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise TrainError(
            f"needs the package {error.name}", "", "pip install 'dlm[export]'"
        ) from None


def _serialised(module: nn.Module, predictor: Predictor) -> bytes:
    """Return the bytes of the ONNX file."""
    import onnx

    names = ["points", "sigma", *(["visibility"] if predictor.run.settings.visibility else [])]
    pixels = torch.zeros(2, predictor.size, predictor.size, 3, dtype=torch.uint8)
    with _quiet():
        program: Any = torch.onnx.export(
            module, (pixels,), dynamo=True, opset_version=OPSET, input_names=[INPUT],
            output_names=names, dynamic_shapes=({0: torch.export.Dim("n", min=1)},),
        )  # fmt: skip
    model = program.model_proto
    onnx.helper.set_model_props(model, describe(predictor))
    model.producer_name, model.producer_version = "dlm", dlm.__version__
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's steps and its warnings about itself from the terminal."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def _session(content: bytes, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Told, not guessed: in a container with fewer cores than the machine, guessing fails to pin.
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _pictures(size: int) -> UInt8:
    """Return a few crops with smooth shapes and noise: random weights of a face, so to speak."""
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.uniform(0, 255, (CHECKED, 3, 6, 6))).float()
    smooth = nn.functional.interpolate(coarse, size=(size, size), mode="bicubic")
    noisy = smooth.permute(0, 2, 3, 1).numpy() + rng.normal(0, 8, (CHECKED, size, size, 3))
    return np.asarray(noisy.clip(0, 255), dtype=np.uint8)


def _largest_difference(module: nn.Module, session: Any, pictures: UInt8) -> float:
    """Return the largest distance along an axis over batches of one and of all, in pixels."""
    found = 0.0
    for part in (pictures[:1], pictures):
        with torch.inference_mode():
            plain = module(torch.from_numpy(part))[0].numpy()
        found = max(found, float(np.abs(session.run(["points"], {INPUT: part})[0] - plain).max()))
    return found


def _rate(work: Callable[[], object]) -> float:
    """Return how often a second `work` is done."""
    work()
    count, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < SECONDS:
        work()
        count += 1
    return count / spent
