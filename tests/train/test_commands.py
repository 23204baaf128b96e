"""`dlm train`, `eval` and `compare` as a user runs them, on toy faces."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dlm.cli import main
from dlm.train.photos import write_pts
from tests.cli.shell import DLM, dlm
from tests.train.builders import SPEC, face, spec, write_dataset


@pytest.fixture
def run_dlm(place, monkeypatch, capsys):
    """Run a command in this process, in the place: torch is not imported anew."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(place)
        with pytest.raises(SystemExit) as left:
            main(words)
        streams = capsys.readouterr()
        return subprocess.CompletedProcess(words, int(left.value.code or 0), *streams)

    return run


TINY = ("--size", "32", "--width", "16", "--batch", "8")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with a layout, a dataset and a finished run."""
    folder = tmp_path_factory.mktemp("commands")
    (folder / "dots.yaml").write_text(SPEC)
    write_dataset(folder / "data", 60)
    done = dlm("train", "--spec", "dots.yaml", "--data", "data", "-o", "run", "--samples", "400",
               "--lr", "5e-3", *TINY, cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("run: 400 samples in ")
    return folder


def photos(folder: Path, n: int) -> Path:
    """Toy photos with 68 labels each: the six dots, and the rest at the nose."""
    folder.mkdir()
    for index in range(n):
        image, points = face(1000 + index)
        labels = np.repeat(points[2:3], 68, axis=0)
        labels[spec().ibug68 >= 0] = points[spec().ibug68[spec().ibug68 >= 0]]
        Image.fromarray(image).save(folder / f"{index}_1.png")
        write_pts(folder / f"{index}_1.pts", labels.astype(float))
    return folder


def test_ctrl_c_keeps_everything_and_says_how_to_go_on(place):
    words = ["train", "--spec", "dots.yaml", "--data", "data", "-o", "stopped",
             "--samples", "200000", *TINY]  # fmt: skip
    running = subprocess.Popen(
        [*DLM, *words], cwd=place, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert running.stderr is not None
    for line in running.stderr:
        if " on cpu" in line or " on NVIDIA" in line:
            break
    while not (place / "stopped" / "samples.png").exists():  # training has begun
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    last = errors.strip().splitlines()[-1]
    assert last.startswith("stopped after ")
    assert "the same command goes on from here" in last
    record = json.loads((place / "stopped" / "run.json").read_text())
    assert not record["finished"]
    assert (place / "stopped" / "state.safetensors").exists()


def test_a_finished_run_is_told_again_in_a_moment(place, run_dlm):
    again = run_dlm("train", "--spec", "dots.yaml", "--data", "data", "-o", "run",
                    "--samples", "400", "--lr", "5e-3", *TINY)  # fmt: skip
    assert again.returncode == 0
    assert again.stdout.startswith("run: 400 samples in ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("--mode", "telepathy"), "no mode 'telepathy'; there is: synthetic"),
        (("--spec", "68"), "dlm relabel data --spec 68 -o DIR"),
        (("--data", "nowhere"), "nowhere: no such folder"),
        (("--size", "100"), "--size: 100 is not possible; it must be a multiple of 32"),
        (("-o", "data"), "data: holds files but no run.json"),
    ],
)
def test_mistakes_are_one_line_with_a_way_out(run_dlm, place, change, message):
    words = {"--spec": "dots.yaml", "--data": "data", "-o": "new", "--size": "32"}
    words |= {change[0]: change[1]}
    flat = [word for pair in words.items() for word in pair]
    done = run_dlm("train", *flat, "--width", "16", "--samples", "64")
    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1]
    assert not (place / "new" / "run.json").exists()


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("--render", "nowhere"), 1, "nowhere: no such folder; make one with 'dlm render'"),
        (("--render", "dots.yaml"), 1, "dots.yaml: not a recipe"),
        (("--render", "data", "--data", "data"), 2, "exclude each other"),
        (("--mode", "real", "--render", "data"), 2, "takes no renders"),
        ((), 2, "learns from --data DIR or --render RECIPE"),
    ],
)
def test_faces_come_from_a_dataset_or_from_a_recipe(run_dlm, words, status, message):
    done = run_dlm("train", "--spec", "dots.yaml", "-o", "new", *words)
    assert done.returncode == status
    assert message in " ".join(done.stderr.split())


def test_unseen_renders_are_scored_on_every_point(place, run_dlm):
    done = run_dlm("eval", "run", "--synthetic", "data", "--json", "out/s.json", "-o", "out")
    assert done.returncode == 0, done.stderr
    result = json.loads((place / "out" / "s.json").read_text())
    run = json.loads((place / "run" / "run.json").read_text())
    assert result["n"] == run["dataset"]["held_out_faces"]
    assert result["points_scored"] == 6
    # The run was validated in the precision that trained it, results are in float32.
    assert result["nme_all_points"] == pytest.approx(100 * run["nme"], rel=0.02)
    assert result["nme_ocular"] > 0
    assert result["nme_pupil"] is None  # the layout lacks points of it
    assert set(result["groups"]) == {"eyes", "rest"}
    names = {path.name for path in (place / "out").iterdir()}
    assert names == {"s.json", "ced.png", "calibration.png", "faces.png", "eval.html"}
    page = (place / "out" / "eval.html").read_text()
    assert f"{result['nme_all_points']:.2f}" in page
    assert "http" not in page.replace("http-equiv", "")


def test_results_say_how_doubt_visibility_and_pose_go_with_error(place, run_dlm):
    done = run_dlm("eval", "run", "--synthetic", "data", "--json", "out/t.json")
    assert done.returncode == 0, done.stderr
    result = json.loads((place / "out" / "t.json").read_text())
    assert result["calibration"]["n_points"] == 6 * result["n"]
    assert 0 <= result["calibration"]["expected_error"] <= 1
    # The toy rows have no visible point and no turn.
    assert result["visibility"]["seen"] == 0
    assert result["by_yaw"]["0 to 15"]["n"] == result["n"]
    assert result["by_yaw"]["0 to 15"]["nme_all_points"] == result["nme_all_points"]
    for name in ("nme_all_points", "nme_ocular", "auc8", "fr8"):
        low, high = result["ci95"][name]
        assert low <= result[name] <= high
    assert result["ced"]["share"][-1] == 100 - result["fr8"]


def test_an_export_without_its_extra_says_what_to_install(place, run_dlm, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    done = run_dlm("export", "run", "-o", "face.onnx")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("pip install 'dlm[export]'")
    assert not (place / "face.onnx").exists()


@pytest.mark.slow
def test_an_export_says_how_it_compares(place, run_dlm):
    pytest.importorskip("onnxruntime")
    done = run_dlm("export", "run", "-o", "face.onnx")
    assert done.returncode == 0, done.stderr
    assert "pixels from PyTorch at most" in done.stdout
    assert "without photographs" in done.stdout
    assert (place / "face.onnx").stat().st_size > 1000


def test_photos_are_scored_by_both_protocols(place, run_dlm):
    test, fit = photos(place / "test", 12), photos(place / "fit", 24)
    for image in fit.glob("*.png"):  # other pictures than the test's
        picture = np.array(Image.open(image))
        picture[0, 0] = 255
        Image.fromarray(picture).save(image)
    near = run_dlm("eval", "run", "--real", f"300w:{test}", "--json", "near.json")
    assert near.returncode == 0, near.stderr
    wide = run_dlm("eval", "run", "--real", f"300w:{test}", "--protocol", "adapter", "--adapt-on",
               f"300w:{fit}", "--json", "adapter.json")  # fmt: skip
    assert wide.returncode == 0, wide.stderr
    nearest, adapter = (
        json.loads((place / name).read_text()) for name in ("near.json", "adapter.json")
    )
    for result, name in ((nearest, "nearest"), (adapter, "adapter")):
        assert result["protocol"] == name
        assert result["n"] == 12
        assert result["crop"] == "gt-box 1.3"
        for key in ("nme_ocular", "nme_pupil", "nme_box", "auc8", "fr8", "groups", "ci95"):
            assert result[key] is not None
    assert nearest["points_scored"] == 6
    assert adapter["points_scored"] == 68
    assert adapter["adapter"]["chosen"] in ("ridge", "mlp")


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("run",), 2, "give photos with --real, or a dataset with --synthetic"),
        (("run", "--real", "300w:none"), 1, "none: no such folder"),
        (("run", "--real", "300w:data"), 1, "no .pts file"),
        (("data", "--synthetic", "data"), 1, "is no run: it holds no run.json"),
        (("run", "--synthetic", "data", "--protocol", "best"), 1, "there is: nearest, adapter"),
        (("run", "--real", "300w:x", "--protocol", "adapter"), 2, "go together"),
    ],
)
def test_wrong_requests_to_eval_are_one_line(run_dlm, words, status, message):
    done = run_dlm("eval", *words)
    assert done.returncode == status
    assert message in " ".join(done.stderr.split())


def test_an_adapter_must_not_see_the_test(place, run_dlm):
    folder = photos(place / "same", 2)
    done = run_dlm("eval", "run", "--real", f"300w:{folder}", "--protocol", "adapter",
               "--adapt-on", f"300w:{folder}")  # fmt: skip
    assert done.returncode == 1
    assert "an adapter must not see the test" in done.stderr
