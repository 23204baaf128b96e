"""An off-screen GL context through pyrender's EGL platform: one a process, for life.

Closing one pyrender context terminates the display that all contexts of the process share, and
contexts do not survive a fork: nothing here ever closes one, and workers are spawned.
"""

import os
from typing import Any

from dlm.errors import RenderError

WAY_OUT = "install Mesa's EGL (apt-get install -y libegl1 libgl1 libegl-mesa0 libgl1-mesa-dri)"


def open_context(size: int) -> tuple[Any, str]:
    """Return pyrender's platform with a current context, and the driver's own name for itself.

    Every EGL device is tried; hardware is preferred to software.

    Raises
    ------
    RenderError
        Where no EGL device gives a context.
    """
    _set_environment()
    try:
        from pyrender.platforms import egl
    except (ImportError, AttributeError, OSError, RuntimeError, TypeError) as error:
        reason = f"no EGL on this machine ({_short(error)})"
        raise RenderError(reason, "renderer", WAY_OUT) from None
    try:
        devices = egl.query_devices() or [egl.EGLDevice(None)]
    except RuntimeError:
        devices = [egl.EGLDevice(None)]
    chosen = os.environ.get("EGL_DEVICE_ID")
    if chosen is not None:
        devices = devices[int(chosen) :][:1]
    failures = []
    fallback = None
    for device in devices:
        try:
            platform = egl.EGLPlatform(size, size, device=device)
            platform.init_context()
        except Exception as error:  # the platform asserts, and EGL raises several families
            failures.append(_short(error))
            continue
        driver = _driver()
        if not _is_software(driver):
            return platform, driver
        fallback = fallback or (platform, driver)
    if fallback is None:
        reasons = "; ".join(sorted(set(failures))) or "no device"
        raise RenderError(f"no EGL device gives an OpenGL context ({reasons})", "renderer", WAY_OUT)
    fallback[0].make_current()
    return fallback


def _set_environment() -> None:
    """Set what must stand before the first GL library is loaded."""
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    os.environ.setdefault("LP_NUM_THREADS", "0")  # one process a core beats llvmpipe's threads
    import pyglet

    pyglet.options["headless"] = True  # else pyrender opens X11 libraries


def _driver() -> str:
    from OpenGL import GL

    vendor, renderer = (GL.glGetString(name) for name in (GL.GL_VENDOR, GL.GL_RENDERER))
    return " / ".join(part.decode(errors="replace") for part in (vendor, renderer) if part)


def _is_software(driver: str) -> bool:
    return any(name in driver.lower() for name in ("llvmpipe", "softpipe", "swrast"))


def _short(error: Exception) -> str:
    """Return the first words of an error; PyOpenGL's own begin with a line that says nothing."""
    code = getattr(error, "err", None)
    if code is not None:
        return f"EGL error {getattr(code, 'name', code)}"
    return (str(error).splitlines() or [""])[0][:120] or type(error).__name__
