"""Which EGL device draws: hardware before software, whichever host asks.

Contexts do not survive a fork, and those of one process share a display that goes with the first
one closed: nothing ever closes one, a process has one for life, and workers are spawned.
"""

import os
from collections.abc import Callable, Iterable
from typing import TypeVar

from dlm.errors import RenderError

WAY_OUT = "install Mesa's EGL (apt-get install -y libegl1 libgl1 libegl-mesa0 libgl1-mesa-dri)"
MOST_DEVICES = 64
CHOSEN = "EGL_DEVICE_ID"  # the environment variable that picks one
SOFTWARE = ("llvmpipe", "softpipe", "swrast")

Context = TypeVar("Context")


def best(open_device: Callable[[int], tuple[Context, str]]) -> tuple[Context, str]:
    """Return a context on the first device that is hardware, or else that works, and its driver.

    `open_device(index)` returns both for one EGL device, and raises IndexError past the last. A
    machine with a GPU may list software before it, and devices that give no context.

    Raises
    ------
    RenderError
        Where no EGL device gives a context.
    """
    os.environ.setdefault("LP_NUM_THREADS", "0")  # one process a core beats llvmpipe's threads
    failures, software = set(), None
    for device in _devices():
        try:
            found = open_device(device)
        except IndexError:
            break
        except Exception as error:  # EGL raises several families, and hosts assert
            failures.add(_short(error))
            continue
        if not is_software(found[1]):
            return found
        software = software or found
    if software is None:
        reasons = "; ".join(sorted(failures)) or "no device"
        raise RenderError(f"no EGL device gives an OpenGL context ({reasons})", "renderer", WAY_OUT)
    return software


def _devices() -> Iterable[int]:
    """Return the numbers of the devices to try, as EGL counts them."""
    chosen = os.environ.get(CHOSEN)
    if chosen is None:
        return range(MOST_DEVICES)
    if not chosen.isdecimal():
        raise RenderError(f"{chosen!r} is no number of an EGL device", CHOSEN, "0 is the first")
    return (int(chosen),)


def is_software(driver: str) -> bool:
    """Tell whether the CPU draws with this driver."""
    return any(name in driver.lower() for name in SOFTWARE)


def _short(error: Exception) -> str:
    """Return the first words of an error; PyOpenGL's own begin with a line that says nothing."""
    code = getattr(error, "err", None)
    if code is not None:
        return f"EGL error {getattr(code, 'name', code)}"
    return (str(error).splitlines() or [""])[0][:120] or type(error).__name__
