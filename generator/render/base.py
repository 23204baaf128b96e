"""What a renderer is to dlm: posed vertices and a Scene in, a Frame out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import Float32
from dlm.generator.scene import Scene


@dataclass(frozen=True, eq=False)
class Frame:
    """One drawn picture before the sensor's JPEG."""

    image: NDArray[np.uint8]  # (H, W, 3) sRGB
    depth: Float32  # (H, W) metres along the optical axis, 0 where there is nothing
    layers: Mapping[str, NDArray[Any]] = field(default_factory=dict)  # see dlm.datasets.layers


class Renderer(Protocol):
    """Draws one head model; one a process, for life."""

    host: str  # gl or pyrender
    driver: str  # GL_VENDOR / GL_RENDERER, as the driver says it

    def draw(self, scene: Scene, vertices: Float32, normals: Float32) -> Frame:
        """Draw `vertices` (V, 3), metres in the world, with unit `normals` (V, 3)."""
        ...
