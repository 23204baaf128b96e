"""Which library speaks to the driver: by name, or the first that works here."""

from collections.abc import Callable, Mapping
from typing import Literal

from dlm.errors import RenderError
from dlm.generator.render.contexts import WAY_OUT
from dlm.generator.render.gpu import Gpu

Host = Literal["auto", "pyrender", "gl"]
AUTO: Host = "auto"
NOT_HERE = (ImportError, AttributeError, OSError, RuntimeError, TypeError)  # of GL libraries


def open_gpu(host: Host) -> Gpu:
    """Open this process's GL context.

    Raises
    ------
    RenderError
        Where the host does not work here; for AUTO, where none does.
    """
    if host != AUTO:
        return _open(host)
    failures = []
    for name in HOSTS:
        try:
            return _open(name)
        except RenderError as error:
            failures.append(error)
    raise failures[-1]


def _open(name: str) -> Gpu:
    try:
        return HOSTS[name]()
    except NOT_HERE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
        what = f"no EGL on this machine ({reason})"
        raise RenderError(what, f"renderer {name}", WAY_OUT) from None


def _moderngl() -> Gpu:
    from dlm.generator.render.moderngl_host import ModernGpu

    return ModernGpu()


def _pyrender() -> Gpu:
    from dlm.generator.render.pyrender_host import PyrenderGpu

    return PyrenderGpu()


HOSTS: Mapping[str, Callable[[], Gpu]] = {  # in the order that AUTO tries them
    "gl": _moderngl,
    "pyrender": _pyrender,
}
