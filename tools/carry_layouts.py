"""Carry the shipped layouts of 243 to 1001 points from makehuman to ict: `carry_layouts.py FOLDER`.

Both columns of the 68 are picked by hand, and so is what stands in this file: the line of ict's
jaw, the rims of the nostrils, single points of brow and crease, and the outer lip beside the
corners, where the shortest way along edges leaves the lip's rim. Each layout keeps the vertices of
the one before; all other points go where `dlm spec transfer` puts them.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from author_layouts import HEADINGS, iris_ring

from dlm.generator import models
from dlm.generator.layout_surface import FaceSurface
from dlm.generator.layout_transfer import transfer
from dlm.landmark_specs import LandmarkSpec, load
from dlm.landmark_specs.writing import to_yaml

JAW = (3497, 3495, 3493, 3491, 3488, 2255, 3984, 4038, 3668, 4101, 2484, 3084, 3929, 3051, 4387,
       3709)  # fmt: skip
PICKED = {
    "243": {
        **{f"jaw_left_{k:02d}": vertex for k, vertex in enumerate(JAW, 1)},
        "lip_left_outer_upper_01": 6105, "lip_left_outer_upper_02": 6170,
        "lip_left_outer_lower_01": 6283, "lip_left_outer_lower_02": 6312,
        "nose_left_base_03": 2310, "nose_left_rim_01": 5077, "nose_left_rim_02": 5050,
        "nose_left_rim_03": 5225, "nose_left_rim_04": 5247, "nose_left_rim_05": 5488,
        "nose_left_rim_06": 5064, "brow_left_upper_06": 4114, "crease_left_06": 3237,
    },
    "460": {},
    "490": {},
    "1001": {"brow_left_upper_07": 2722, "jaw_left_17": 4100},
}  # fmt: skip


def main(folder: Path) -> None:
    """Write the layouts with their new column of ict to `folder`."""
    here, there = (FaceSurface(models.load(name)) for name in ("makehuman", "ict"))
    known = _columns(load("68"))
    for name, picked in PICKED.items():
        spec = load(name)
        vertex = dict(zip(spec.names, spec.vertices["makehuman"].tolist(), strict=True))
        known |= {vertex[point]: place for point, place in picked.items()}
        if name == "490":
            ring = (vertex[point] for point in vertex if point.startswith("iris_left"))
            known |= dict(zip(ring, iris_ring(there).tolist(), strict=True))
        bare = replace(
            spec, vertices={"makehuman": spec.vertices["makehuman"]},
            topology={"makehuman": spec.topology["makehuman"]},
        )  # fmt: skip
        carried = transfer(bare, here, there, known)
        both = replace(
            spec,
            vertices={**spec.vertices, "ict": carried.vertices.astype(np.int32)},
            topology={**spec.topology, "ict": there.model.topology.hash},
        )
        known |= _columns(both)
        (folder / f"{name}.yaml").write_text(to_yaml(both, HEADINGS[name]), encoding="utf-8")
        off = carried.residual * 1000
        print(f"{name}: {off.mean():.2f} mm onto a vertex, at most {off.max():.2f}, "
              f"{spec.names[int(off.argmax())]}")  # fmt: skip


def _columns(spec: LandmarkSpec) -> dict[int, int]:
    """Return vertex of makehuman -> vertex of ict."""
    pairs = zip(spec.vertices["makehuman"], spec.vertices["ict"], strict=True)
    return {int(one): int(other) for one, other in pairs}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
