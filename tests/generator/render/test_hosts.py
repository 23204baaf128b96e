"""Both hosts draw the same: picture, depth, layers, and so the labels."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from dlm.errors import RenderError
from dlm.generator import models
from dlm.generator.render import hosts
from dlm.generator.render.gpu import mip_levels

HERE = Path(__file__).parent
FACES = 12  # of every look that comes


def drawn(folder: Path, host: str, model: str, size: int) -> dict[str, np.ndarray]:
    """Return what `drawing.py` draws in a process of its own: a context cannot be given back."""
    path = folder / f"{host}.npz"
    words = [sys.executable, "-P", str(HERE / "drawing.py"), host, model, str(size), str(FACES)]
    subprocess.run([*words, str(path)], check=True, timeout=300)
    with np.load(path) as file:
        return dict(file)


@pytest.mark.parametrize(
    ("model", "size"),
    [
        ("makehuman", 128),
        pytest.param("makehuman", 300, marks=pytest.mark.slow),
        pytest.param("ict", 64, marks=pytest.mark.slow),
        pytest.param("ict", 512, marks=pytest.mark.slow),
    ],
)
def test_hosts_agree(tmp_path, model, size):
    if model not in models.names():
        pytest.skip(f"head model {model} has not been added here")
    first, second = (drawn(tmp_path, host, model, size) for host in hosts.HOSTS)
    assert str(first["host"]) != str(second["host"])
    gap = np.abs(first["image"].astype(int) - second["image"])
    assert gap.max() <= 2
    assert gap.mean() < 0.05
    np.testing.assert_allclose(first["depth"], second["depth"], atol=1e-5)
    for layer in ("segmentation", "visible"):
        assert (first[layer] != second[layer]).mean() < 1e-4
    for layer in ("normals", "uv"):
        np.testing.assert_allclose(first[layer], second[layer], atol=1e-4)


def test_levels_of_a_texture_halve_down_to_one_pixel():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 4, 4), np.uint8)
    levels = mip_levels(pixels)
    assert [level.shape[1:3] for level in levels] == [(8, 4), (4, 2), (2, 1), (1, 1)]
    for above, half in pairwise(levels[:3]):
        wide = above.reshape(3, half.shape[1], 2, half.shape[2], 2, 4)
        gap = half - wide.mean(axis=(2, 4))
        assert gap.min() >= 0
        assert gap.max() <= 1
    np.testing.assert_array_equal(levels[0], pixels)


def test_auto_takes_the_first_that_works(monkeypatch):
    def broken():
        raise OSError("libGL.so.1: cannot open shared object file\nand more")

    opened = object()
    monkeypatch.setattr(hosts, "HOSTS", {"gl": broken, "pyrender": lambda: opened})
    assert hosts.open_gpu("auto") is opened
    with pytest.raises(RenderError, match=r"renderer gl: no EGL .*libGL.so.1: cannot"):
        hosts.open_gpu("gl")
    monkeypatch.setattr(hosts, "HOSTS", {"gl": broken, "pyrender": broken})
    with pytest.raises(RenderError, match="apt-get install"):
        hosts.open_gpu("auto")
