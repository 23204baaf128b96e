"""Drawing posed heads: `open_renderer(model, size).draw(scene, vertices, normals) -> Frame`."""

from typing import TYPE_CHECKING

from dlm.errors import RenderError
from dlm.generator.models.base import FaceModel
from dlm.generator.render.base import Frame, Renderer
from dlm.generator.render.hosts import AUTO, Host, open_gpu

if TYPE_CHECKING:
    from dlm.generator.backgrounds import Backgrounds

__all__ = ["AUTO", "Frame", "Host", "Renderer", "open_renderer"]

_open: list[Renderer] = []


def open_renderer(
    model: FaceModel,
    size: int,
    backgrounds: "Backgrounds | None" = None,
    *,
    layers: bool = False,
    host: Host = AUTO,
) -> Renderer:
    """Return this process's renderer for `model` and pictures of `size` pixels a side.

    `backgrounds` are photos to stand behind the heads, procedural ones where None; with `layers`
    a Frame holds more than picture and depth. `host` is what speaks to the driver: pictures are the
    same to a rounding.

    Raises
    ------
    RenderError
        Where there is no GL, or the process already draws another model or size, or by another
        host: GL contexts of one process share a display and cannot be closed one by one.
    """
    from dlm.generator.render.head_renderer import HeadRenderer

    if _open:
        held = _open[0]
        assert isinstance(held, HeadRenderer)
        if held.draws(model, size, backgrounds, layers) and host in (AUTO, held.host):
            return held
        raise RenderError(
            "this process already draws another head, size, backgrounds or layers, or by another "
            "host", "renderer", "use one process for each",
        )  # fmt: skip
    _open.append(HeadRenderer(open_gpu(host), model, size, backgrounds, layers=layers))
    return _open[0]
