"""Carry layouts from makehuman to ict and back: `layout_round_trip.py [LAYOUT ...]`.

Prints a table in mm on the mean makehuman head. The bindings that are shipped are not used, but
for the lids, lips, bridge and tip of the nose that the warp starts from.
"""

import sys
from dataclasses import replace

import numpy as np

from dlm.generator import models
from dlm.generator.layout_surface import FaceSurface
from dlm.generator.layout_transfer import transfer
from dlm.landmark_specs import load


def main(names: list[str]) -> None:
    """Print a row for each layout and group."""
    here, there = (FaceSurface(models.load(name)) for name in ("makehuman", "ict"))
    print("| layout | group | points | onto ict: mean | largest | there and back: mean | largest |")
    print("|---|---|---|---|---|---|---|")
    for name in names:
        spec = load(name)
        out = transfer(spec, here, there)
        back = transfer(
            replace(spec, vertices={"ict": out.vertices.astype(np.int32)},
                    topology={"ict": there.model.topology.hash}),
            there, here,
        )  # fmt: skip
        start = spec.vertices["makehuman"]
        gap = np.linalg.norm(here.vertices[back.vertices] - here.vertices[start], axis=1) * 1000
        groups = {key: points for key, points in spec.groups.items() if "right" not in key}
        for group, points in {"all": np.arange(spec.size), **groups}.items():
            onto, again = out.residual[points] * 1000, gap[points]
            print(f"| {name} | {group} | {len(points)} | {onto.mean():.2f} | {onto.max():.2f} | "
                  f"{again.mean():.2f} | {again.max():.2f} |")  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:] or ["68", "490"])
