"""How hair is combed: where on the skull each strand of a hairdo runs from root to tip.

A strand starts on the parting, or at the crown where none is, and crosses to the azimuth where it
comes to lie; from there it runs down. On the flat, azimuth and metres from the crown are polar
coordinates, and the parting is a ray from the crown to the hairline.

Shapes: S strands, from the parting to the subject's left around the head and back; J steps of each,
more where hair bends.
"""

from dataclasses import dataclass

import numpy as np

from dlm.generator.look.factors import Hair
from dlm.generator.render.skull_paths import AROUND, NODES, STEP, Grid, Line, SkullPaths, bump

STRANDS = AROUND + 1
PARTED = ("parted", "swept")
PART_REACH = 0.72  # radians from the middle to the parting that lies farthest aside
CROSSING = 1.3  # how much longer than straight across a strand takes to come to its azimuth
SKULL_RADIUS = 0.085  # metres
PARTED_SHARE = 0.55  # of the strands of each side that start on the parting, not at the crown
WAVE, WAVE_LENGTH = 0.09, 0.085  # radians and metres, of the waviest hair
FLOWING = ("medium", "long")  # styles not cut at the sides
CUT = 0.005  # metres by which tips that are cut differ
FAR = 1.0  # metres: from no parting
# Where along itself, from root to tip, a strand has its nodes. Hair that is long, or crosses the
# head, bends over it, where it would have corners, and then hangs.
CROPPED_STEPS = np.linspace(0.0, 1.0, 11)
BENT_STEPS = np.interp(np.linspace(0.0, 1.0, 20), (0.0, 0.62, 1.0), (0.0, 0.43, 1.0))


@dataclass(frozen=True, eq=False)
class Combing:
    """A hairdo on the skull."""

    azimuth: Grid  # (S, J) radians
    length: Grid  # (S, J) metres from the crown
    from_part: Grid  # (S, J) metres along the strand from the parting; FAR where there is none
    rooted: Line  # (S,) 1 for roots at the front of the parting to 0 for roots at the crown
    to_tip: Grid  # (S, J) metres
    even: Line  # (S,) how many times less ragged its tips are than those at the front
    loose: Line  # (S,) 0 where the tip lies at the hairline to 1 where it hangs free
    share: Line  # (J,) of its length that a strand has run


def side_shares() -> tuple[Line, Line]:
    """Return (S,) 0 at the parting to 1 at the back of the head, and 1 left or -1 right."""
    k = np.arange(STRANDS)
    left = k <= AROUND // 2
    return np.where(left, k, AROUND - k) / (AROUND / 2), np.where(left, 1.0, -1.0)


def combing(hair: Hair, paths: SkullPaths) -> Combing:
    """Return how `hair` lies on the skull that `paths` cover."""
    share, side = side_shares()
    parted = hair.combed in PARTED
    part = PART_REACH * hair.part if parted else 0.0
    fall = np.radians(np.where(side > 0, *hair.falls)) * parted
    where = side * (fall + share * (np.pi - fall))  # comes to lie
    rooted = np.clip(1 - share / PARTED_SHARE, 0.0, 1.0) * parted
    root = paths.hairline(np.array([part])) * rooted**0.7
    across = (where - part) * SKULL_RADIUS * np.sin(np.minimum(root / SKULL_RADIUS, np.pi / 2))
    sink = np.abs(across) * (1 - hair.dip)
    line = paths.hairline(where)
    tip = np.clip(line + _beyond(hair, share, where), 0.03, (NODES - 1.01) * STEP)
    loose = np.clip((tip - line) / 0.03, 0.0, 1.0)
    whole = np.maximum(tip - root + sink, 0.02)[:, None]
    gone = steps(hair) ** 0.9
    run = gone * whole
    crossed = 1 - (1 - np.minimum(run / (CROSSING * np.abs(across[:, None]) + 1e-4), 1)) ** 2
    from_crown = (rooted <= 0)[:, None]
    begun = np.where(from_crown, 1.0, crossed)
    return Combing(
        azimuth=part + (where - part)[:, None] * begun + _waves(hair, share * side, run),
        length=np.maximum(root[:, None] + run - sink[:, None] * crossed, 0.0),
        from_part=np.where(from_crown, FAR, run),
        rooted=rooted,
        to_tip=whole - run,
        even=1 + _cut(hair, share, loose) * max(hair.ragged / CUT - 1, 0.0),
        loose=loose,
        share=gone,
    )


def steps(hair: Hair) -> Line:
    """Return (J,) from 0 at the root to 1 at the tip: where a strand of `hair` has nodes."""
    bends = hair.style in (*FLOWING, "afro") or hair.combed in PARTED
    return BENT_STEPS if bends else CROPPED_STEPS


def _cut(hair: Hair, share: Line, loose: Line) -> Line:
    """Return (S,) 1 where tips are all alike, to 0 where they are as ragged as they can be.

    Cropped hair is cut at the sides; flowing hair is where it is combed from the hairline.
    """
    return 1 - loose if hair.style in FLOWING else 1 - bump(180 * share, 42)


def _waves(hair: Hair, strand: Line, run: Grid) -> Grid:
    """Return (S, J) radians by which wavy hair swings to the side along its way `run`, metres."""
    grown = np.clip(run / 0.06 - 1.0, 0.0, 1.0)
    phase = (25.0 * hair.texture[1] * strand)[:, None]
    return WAVE * hair.curl * grown * np.sin(2 * np.pi * run / WAVE_LENGTH + phase)


def _beyond(hair: Hair, share: Line, where: Line) -> Line:
    """Return (S,) metres that hair reaches beyond the hairline."""
    front = bump(180 * share, 42)
    ring = np.degrees(np.arccos(np.clip(np.cos(where), -1, 1)))
    back = (1 - bump(ring, 125)) * (1 - front)
    swing = 1 + 0.35 * hair.part * np.sin(where)
    fringe = hair.front * swing - 0.024 * max(hair.hairline, 0.0)
    return np.asarray(front * fringe + (1 - front - back) * hair.side + back * hair.back)
