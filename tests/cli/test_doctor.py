"""The doctor names each thing that is wrong, with the way to mend it, and survives all of them."""

import importlib.metadata
import json
from pathlib import Path

import pytest

from dlm.cli import doctor
from tests.cli.shell import dlm


def test_healthy_machine_passes_as_json() -> None:
    done = dlm("doctor", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["ok"] is True
    assert [check["name"] for check in told["checks"]] == list(doctor.LOOKS)


def test_missing_gl_is_exit_1_with_the_line_to_run() -> None:
    done = dlm("doctor", env={"EGL_DEVICE_ID": "99"})
    assert done.returncode == 1
    assert done.stderr == "error: doctor: missing: gl; mend as told above\n"
    assert f"apt-get install -y {doctor.GL_PACKAGES}" in done.stdout


def test_driver_that_kills_its_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "GL_PROBE", "import os; os.abort()")
    check = doctor.look_at_gl()
    assert (check.state, check.value) == ("missing", "the driver died of signal 6")


def test_driver_that_hangs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "GL_PROBE", "import time; time.sleep(60)")
    monkeypatch.setattr(doctor, "GL_SECONDS", 0.5)
    check = doctor.look_at_gl()
    assert (check.state, check.value) == ("missing", "no context within 0.5 s")


@pytest.mark.parametrize(("gpus", "state"), [([], "ok"), (["NVIDIA H100, 80 GB"], "warn")])
def test_software_gl_is_a_warning_only_beside_a_gpu(
    monkeypatch: pytest.MonkeyPatch, gpus: list[str], state: str
) -> None:
    monkeypatch.setattr(doctor, "GL_PROBE", "print('Mesa / llvmpipe (LLVM 15)')")
    monkeypatch.setattr(doctor, "_nvidia_gpus", lambda: gpus)
    check = doctor.look_at_gl()
    assert check.state == state
    assert bool(check.mend) == (state == "warn")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of installed distributions holding a pyrender-maintained."""
    (tmp_path / "pyrender").mkdir()
    (tmp_path / "pyrender/__init__.py").write_text("")
    info = tmp_path / "pyrender_maintained-1.0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: pyrender-maintained\nVersion: 1.0.1\n")
    empty = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
    (info / "RECORD").write_text(f"pyrender/__init__.py,sha256={empty},0\n")

    def only_here(name: str) -> importlib.metadata.Distribution:
        found = importlib.metadata.Distribution.discover(name=name, path=[str(tmp_path)])
        for distribution in found:
            return distribution
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", only_here)
    return tmp_path


def test_pyrender_as_it_should_be(installed: Path) -> None:
    assert doctor.look_at_pyrender().state == "ok"


def test_pyrender_that_overwrote_the_maintained_one(installed: Path) -> None:
    (installed / "pyrender/__init__.py").write_text("__version__ = '0.1.45'")
    check = doctor.look_at_pyrender()
    assert (check.state, check.value) == ("missing", "pyrender-maintained 1.0.1, overwritten")
    assert "pip uninstall -y pyrender" in check.mend


def test_old_pyrender_beside_the_maintained_one(installed: Path) -> None:
    info = installed / "pyrender-0.1.45.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: pyrender\nVersion: 0.1.45\n")
    check = doctor.look_at_pyrender()
    assert check.state == "warn"
    assert "pyrender 0.1.45" in check.value


def test_full_disk_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_free_gb", lambda place: 1.2)
    assert doctor.look_at_disk().state == "warn"


def test_unforeseen_failure_does_not_hide_the_other_checks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> doctor.Check:
        raise RuntimeError("never seen\nbefore")

    monkeypatch.setattr(
        doctor, "LOOKS", {"python": doctor.look_at_python, "gl": broken, "gpu": doctor.look_at_gpu}
    )
    checks = list(doctor.examine())
    assert [check.name for check in checks] == ["python", "gl", "gpu"]
    assert (checks[1].state, checks[1].value) == ("missing", "RuntimeError: never seen")
