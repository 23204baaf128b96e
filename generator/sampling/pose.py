"""How heads turn before a camera: joint draws of head, neck and camera.

Fitted to the 68 points of in-the-wild photographs, yaw, pitch and roll spread by 13, 7.5 and 8
degrees; three quarters of the heads follow that, the others turn much further, up to profiles,
which such collections lack and users do not.
"""

import numpy as np

from dlm.generator.models.base import Float32
from dlm.generator.sampling.identity import growth
from dlm.generator.sampling.streams import within
from dlm.generator.scene import Camera, rotation

HEAD_LIMITS = np.radians([90.0, 45.0, 45.0])  # yaw, pitch, roll
FACE_CENTRE = np.array([0.0, -0.038, -0.03], dtype=np.float32)  # metres from between the eyes
FACE_SIDE = 0.145  # metres, the longer side of the box about the 68 points of an adult


def sample_head(rng: np.random.Generator) -> Float32:
    """Return yaw, pitch, roll of the head in radians: (3,)."""
    spread = np.radians([13.5, 7.5, 7.5] if rng.random() < 0.74 else [36.0, 14.0, 13.0])
    angles = rng.normal(size=3) * spread
    return np.clip(angles, -HEAD_LIMITS, HEAD_LIMITS).astype(np.float32)


def sample_neck(rng: np.random.Generator, head: Float32) -> Float32:
    """Return the head's angles relative to the torso: people turn partly by the neck. (3,)."""
    share = rng.uniform(0.2, 0.9, size=3)
    own = rng.normal(size=3) * np.radians([8.0, 5.0, 4.0])
    limits = np.radians([60.0, 30.0, 25.0])
    return np.clip(head * share + own, -limits, limits).astype(np.float32)


def sample_camera(
    rng: np.random.Generator, head: Float32, size: int, years: float = 30.0
) -> Camera:
    """Return a camera that looks at a face of `years` from selfie to portrait distance.

    The longer side of the face takes 34 to 60 % of the picture, off centre by some per cent; what a
    long or a short lens does to a face follows from the distance alone.
    """
    grown = growth(years)
    distance = float(np.exp(rng.uniform(np.log(0.38), np.log(3.0))))
    share = within(rng.normal(0.45, 0.05), 0.34, 0.60)
    shift = np.clip(rng.normal(scale=0.025, size=2), -0.07, 0.07) * size
    focal = share * size * distance / (FACE_SIDE * grown)
    centre = (size - 1) / 2
    world_to_camera = np.diag([1.0, -1.0, -1.0, 1.0])
    looked_at = world_to_camera[:3, :3] @ (rotation(*head) @ (FACE_CENTRE * np.float32(grown)))
    world_to_camera[:3, 3] = np.array([0.0, 0.0, distance]) - looked_at
    return Camera(
        fx=focal,
        fy=focal,
        cx=centre + float(shift[0]),
        cy=centre + float(shift[1]),
        size=size,
        world_to_camera=world_to_camera.astype(np.float32),
    )
