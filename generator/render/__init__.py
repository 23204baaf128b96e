"""Drawing posed heads: `open_renderer(model, size).draw(scene, vertices, normals) -> Frame`."""

from dlm.errors import RenderError
from dlm.generator.models.base import FaceModel
from dlm.generator.render.base import Frame, Renderer

__all__ = ["Frame", "Renderer", "open_renderer"]

_open: list[Renderer] = []


def open_renderer(model: FaceModel, size: int) -> Renderer:
    """Return this process's renderer for `model` and pictures of `size` pixels a side.

    Raises
    ------
    RenderError
        Where there is no GL, or the process already draws another model or size: GL contexts of
        one process share a display and cannot be closed one by one.
    """
    from dlm.generator.render.pyrender_host import PyrenderRenderer

    if _open:
        held = _open[0]
        assert isinstance(held, PyrenderRenderer)
        if held.draws(model, size):
            return held
        raise RenderError(
            "this process already draws another head or size", "renderer",
            "use one process for each",
        )  # fmt: skip
    _open.append(PyrenderRenderer(model, size))
    return _open[0]
