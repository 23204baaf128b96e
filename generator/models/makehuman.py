"""The head model `makehuman`: linear in identity and expression, then lids, gaze and neck.

Frame   the origin is the midpoint of the eyeballs, for every identity.
Shapes  B samples, N base vertices, V vertices, C = I + 52 coefficients.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dlm.generator.models import cache
from dlm.generator.models.base import ARKIT_UNITS, Float32, Identity, Surface, Topology, heads_of
from dlm.generator.models.linear_rig import lids_follow
from dlm.generator.models.makehuman_files import content_hash
from dlm.generator.models.makehuman_pose import EyeRigs, LipRig, NeckRig, TeethRig

Progress = Callable[[int, int], None]

_UNIT = {name: k for k, name in enumerate(ARKIT_UNITS)}
_BLINKS = [_UNIT["eyeBlinkLeft"], _UNIT["eyeBlinkRight"]]


class MakeHuman:
    """A FaceModel from the CC0 MakeHuman files."""

    name = "makehuman"
    licence = "CC0-1.0"

    def __init__(self, arrays: cache.Arrays) -> None:
        self._subdivide = _sparse(arrays, "subdivide", len(arrays["template"]))
        self.identity_names = tuple(str(name) for name in arrays["identity_names"])
        self.identity_size = len(self.identity_names)
        self.identity_mirror: NDArray[np.int64] = arrays["identity_mirror"]
        self.identity_sign: NDArray[np.int64] = arrays["identity_sign"]
        self.expression_mirror: NDArray[np.int64] = arrays["expression_mirror"]
        self._basis = _sparse(arrays, "basis", self.identity_size + len(ARKIT_UNITS))
        self._rows: Float32 = arrays["template"]
        self.base_index: NDArray[np.int32] = arrays["base_index"]
        self._eyes, self._teeth = EyeRigs(arrays), TeethRig(arrays)
        self._lips, self._neck = LipRig(arrays), NeckRig(arrays)
        self.lid_edges = self._eyes.lid_edges()
        self.lip_edges = self._lips.edges()
        names = arrays["part_names"].tolist()
        self.topology = Topology(
            model=self.name, vertex_count=len(arrays["mirror"]), triangles=arrays["triangles"],
            uv=arrays["uv"], mirror=arrays["mirror"],
            parts=_parts(names, arrays["part_ends"]),
        )  # fmt: skip
        self.regions: Mapping[str, Float32] = {
            key.removeprefix("region_"): mask
            for key, mask in arrays.items()
            if key.startswith("region_")
        }
        rest = (np.zeros(shape, np.float32) for shape in (
            (1, self.identity_size), (1, len(ARKIT_UNITS)), (1, 2, 2), (1, 3)))  # fmt: skip
        self.template = np.ascontiguousarray(self.vertices(*rest)[0])
        self.surface = Surface(
            triangles=arrays["surface"], parts=_parts(names, arrays["surface_ends"])
        ).in_order(self.template)

    def sample_identity(self, rng: np.random.Generator) -> Identity:
        """Draw one plausible person."""
        from dlm.generator.sampling.identity import sample_identity

        return sample_identity(rng, self.identity_names)

    def vertices(
        self, identity: Float32, expression: Float32, gaze: Float32, neck: Float32
    ) -> Float32:
        """Return (B, V, 3) metres; see FaceModel."""
        count = len(identity)
        coefficients = np.concatenate([identity, lids_follow(expression, gaze)], axis=1)
        shift = self._basis @ np.ascontiguousarray(coefficients.T, dtype=np.float32)
        rows = self._rows[..., None] + shift.reshape(*self._rows.shape, count)
        self._lips.shut(rows, coefficients[:, self.identity_size :])
        self._teeth.keep_behind_lips(rows)
        balls = self._eyes.fit_lids(rows, np.ascontiguousarray(expression[:, _BLINKS].T))
        fine = self._subdivide @ rows.reshape(len(rows), -1)
        points = heads_of(fine.reshape(-1, 3, count))
        self._eyes.turn_balls(points, gaze, balls)
        self._neck.turn_torso(points, rows, neck)
        return points


def load(progress: Progress | None = None) -> MakeHuman:
    """Return the model, baked on first use; `progress(done, total)` is called while baking."""
    here = Path(__file__).parent
    code = [here / f"{stem}.py" for stem in (
        "makehuman_files", "makehuman_targets", "makehuman_bake", "makehuman_regions",
        "makehuman_rig",        "subdivision", "occlusion")]  # fmt: skip

    def make() -> cache.Arrays:
        from dlm.generator.models.makehuman_bake import bake

        return bake(progress)

    return MakeHuman(cache.cached("makehuman", content_hash(code), make))


def _parts(names: list[str], ends: NDArray[np.int64]) -> dict[str, tuple[int, int]]:
    return {name: (int(ends[k]), int(ends[k + 1])) for k, name in enumerate(names)}


def _sparse(arrays: cache.Arrays, name: str, columns: int) -> sp.csr_matrix:
    parts = tuple(arrays[f"{name}_{field}"] for field in ("data", "indices", "indptr"))
    return sp.csr_matrix(parts, shape=(len(parts[2]) - 1, columns))
