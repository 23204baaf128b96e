"""Imports go one way, heavy libraries stay in their package, and the door stays light."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {  # package -> its folder; each may import itself, those before it, and dlm.errors
    "dlm.landmark_specs": "landmark_specs",
    "dlm.datasets": "datasets",
    "dlm.generator": "generator",
    "dlm.train": "train",
    "dlm.cli": "dlm/cli",
}
HOMES = {  # library -> the only folders whose modules may import it
    "torch": ("train/",),
    "safetensors": ("train/",),
    "OpenGL": ("generator/render/",),
    "pyrender": ("generator/render/",),
    "pyglet": ("generator/render/",),
    "moderngl": ("generator/render/",),
    "typer": ("dlm/cli/",),
    "rich": ("dlm/cli/",),
    "viser": ("dlm/cli/design/",),
    "websockets": ("dlm/cli/design/",),
}
FIRST_PARTY = {"landmark_specs", "datasets", "generator", "train"}
HEAVY = {"numpy", "torch", "pyarrow", "pandas", "matplotlib", "OpenGL", "pyrender", "PIL", "scipy"}


def sources() -> list[Path]:
    """Return every module of the package."""
    folders = ["dlm", "landmark_specs", "datasets", "generator", "train"]
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imported(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, module) of every import, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            assert node.module is not None
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def package_of(module: str) -> str | None:
    """Return the package of FOLDERS that `module` belongs to."""
    return next((p for p in FOLDERS if module == p or module.startswith(f"{p}.")), None)


def offences(path: str, source: str) -> list[str]:
    """Return what the module at `path` (relative to the repository) imports against the rule."""
    order = list(FOLDERS)
    own = next((p for p, folder in FOLDERS.items() if path.startswith(f"{folder}/")), None)
    found = []
    for line, module in imported(source):
        other = package_of(module)
        if own and other and order.index(other) > order.index(own):
            found.append(f"{path}:{line} imports {module}")
        if path == "dlm/errors.py" and module.startswith("dlm"):
            found.append(f"{path}:{line} imports {module}")
        top = module.partition(".")[0]
        if top in HOMES and not path.startswith(HOMES[top]):
            found.append(f"{path}:{line} imports {top}")
        if top in FIRST_PARTY:
            found.append(f"{path}:{line} imports {module} instead of dlm.{module}")
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_module_keeps_the_import_rule(path: Path) -> None:
    relative = path.relative_to(ROOT).as_posix()
    assert offences(relative, path.read_text()) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("landmark_specs/spec.py", "import dlm.datasets"),
        ("datasets/writer.py", "def f():\n    from dlm.generator.scene import Scene"),
        ("generator/labels.py", "from dlm import train"),
        ("train/fit.py", "import dlm.cli"),
        ("train/fit.py", "import rich.progress"),
        ("generator/run.py", "import torch"),
        ("generator/models/base.py", "from OpenGL.GL import glClear"),
        ("datasets/reader.py", "from datasets import load_dataset"),
        ("dlm/errors.py", "import dlm.landmark_specs"),
    ],
)
def test_rule_sees_an_offence(path: str, source: str) -> None:
    assert len(offences(path, source)) >= 1


@pytest.mark.parametrize("statement", ["import dlm", "import dlm.errors", "import dlm.cli"])
def test_door_imports_nothing_heavy(statement: str) -> None:
    program = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True
    )
    assert HEAVY.isdisjoint(done.stdout.split())
