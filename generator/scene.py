"""A Scene: all numbers of one sample, and nothing else.

Angles here are radians. Yaw is positive when the subject turns to its left, pitch when it looks
up, roll when its head leans to its left shoulder.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dlm.generator.look.factors import Look
from dlm.generator.models.base import Float32


@dataclass(frozen=True, kw_only=True, eq=False)
class Camera:
    """A pinhole camera without distortion; pixel (0, 0) is the centre of the top-left pixel."""

    fx: float
    fy: float
    cx: float
    cy: float
    size: int  # pixels; images are square
    world_to_camera: Float32  # (4, 4); OpenCV axes: +x right, +y down, +z into the scene


@dataclass(frozen=True, kw_only=True, eq=False)
class Pose:
    """The geometry of a sample: what labels follow from."""

    identity: Float32  # (I,)
    expression: Float32  # (52,)
    gaze: Float32  # (2, 2) [left, right][yaw, pitch]
    neck: Float32  # (3,) yaw, pitch, roll of the head relative to the torso
    head: Float32  # (3,) yaw, pitch, roll of the head in the world, about the model's origin
    camera: Camera


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene(Pose):
    """One sample before it is drawn."""

    seed: int
    index: int
    traits: Mapping[str, float]
    look: Look


def rotation(yaw: float, pitch: float, roll: float) -> Float32:
    """Return the (3, 3) rotation of a head turned by these angles."""
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, -pitch, -roll) for f in (np.cos, np.sin))
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_y @ about_x @ about_z, dtype=np.float32)
