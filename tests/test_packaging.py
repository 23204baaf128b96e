"""What is installed is what the folders hold, at versions that are written down."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAPPED = {"landmark_specs", "datasets", "generator", "train"}


def folder_packages() -> set[str]:
    """Return the dotted names of every folder that holds an __init__.py."""
    names = set()
    for top in ("dlm", *MAPPED):
        for init in (ROOT / top).rglob("__init__.py"):
            dotted = ".".join(init.parent.relative_to(ROOT).parts)
            names.add(dotted if top == "dlm" else f"dlm.{dotted}")
    return names


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_package_list_equals_the_folders() -> None:
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == folder_packages()


def test_every_folder_with_modules_is_a_package() -> None:
    for top in ("dlm", *MAPPED):
        for module in (ROOT / top).rglob("*.py"):
            assert (module.parent / "__init__.py").exists(), module


def test_every_mapped_package_has_its_own_folder() -> None:
    assert PROJECT["tool"]["setuptools"]["package-dir"] == {
        "dlm": "dlm",
        **{f"dlm.{name}": name for name in MAPPED},
    }


def test_every_direct_dependency_is_pinned() -> None:
    project = PROJECT["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    pinned = {canonical(pin.name): pin for pin in pins}
    assert len(pinned) == len(pins), "a package is pinned twice"
    assert all(len(pin.specifier) == 1 and "==" in str(pin.specifier) for pin in pins)
    for text in wanted:
        requirement = Requirement(text)
        pin = pinned.get(canonical(requirement.name))
        assert pin is not None, f"{requirement.name} is not in constraints.txt"
        version = str(pin.specifier).removeprefix("==")
        assert requirement.specifier.contains(version, prereleases=True), text


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel with what is installed here and return the names of its files.

    From a copy: a build leaves its own folder behind, and would ship what an older one left.
    """
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in ("dlm", *MAPPED):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-P", "-m", "pip", "wheel", "-q", "--no-deps"]
    subprocess.run([*command, "--no-build-isolation", "-w", str(out), str(copy)], check=True)
    (wheel,) = out.glob("dlm-*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_wheel_holds_types_and_licence(wheel_names: set[str]) -> None:
    assert "dlm/py.typed" in wheel_names
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in wheel_names)


def test_wheel_holds_every_module_and_data_file(wheel_names: set[str]) -> None:
    for top in ("dlm", *MAPPED):
        for path in (ROOT / top).rglob("*"):
            inside = path.relative_to(ROOT).as_posix()
            if path.is_dir() or "__pycache__" in inside:
                continue
            assert (inside if top == "dlm" else f"dlm/{inside}") in wheel_names


def test_wheel_holds_nothing_else(wheel_names: set[str]) -> None:
    assert {name.partition("/")[0].partition("-")[0] for name in wheel_names} == {"dlm"}
