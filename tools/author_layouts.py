"""Author the layouts of 243 to 1001 points from the 68: `author_layouts.py FOLDER [68.yaml]`.

The lines of the 243 that go through points of the 68 are laid anew where the 68 stand now; its
other lines stay. Rows of points are laid between them on the makehuman head, then lines are
refined; each layout holds all points of the one before. Rows are named on the left side and
mirrored. A layout of which a vertex moves is given the next version; `carry_layouts.py` then binds
it to ict. A run on the shipped files makes them again, as long as the head's mean shape stays.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dlm.generator import models
from dlm.generator.layout_authoring import (
    Row,
    add_row,
    add_vertices,
    between,
    refine,
    segments,
)
from dlm.generator.layout_counts import resize
from dlm.generator.layout_surface import FaceSurface, Float, Index
from dlm.landmark_specs import LandmarkSpec, load
from dlm.landmark_specs.drafts import Draft, DraftPoint, from_spec, to_spec
from dlm.landmark_specs.editing import other_side, remove
from dlm.landmark_specs.writing import to_yaml

MIDDLE = "|"  # after a point: the point on the midline at its height
BETWEEN = "~"  # between two points: the place halfway
IRIS = 0.40  # its radius as a share of the eyeball's: the mean of those that looks draw
IRIS_POINTS = 8
IRIS_BALL = 15.4  # millimetres: the eyeball's radius
IRIS_SLACK = 0.4  # a millimetre along the rim counts as little against one off it


@dataclass(frozen=True)
class Rows:
    """Rows between two curves, each through points of the 243, at `shares` of the way."""

    part: str  # 'cheek': rows cheek_left_1_01, ...
    inner: str
    outer: str
    shares: tuple[float, ...]
    count: int  # points of one side, that on the midline included
    across: bool = False  # one line from right to left, through the midline
    first: int = 1  # number of the first row


FACE_460 = (
    Rows("forehead", "brow_left_upper_09 brow_left_upper_07 brow_left_upper_05 brow_left_upper_03 "
         "brow_left_upper_01 brow_left_upper_01|", "hairline_left_03 hairline_left_05 "
         "hairline_left_07 hairline_middle", (0.25, 0.5, 0.75), 7, across=True),
    Rows("glabella", "eye_left_inner~nose_bridge_01 nose_bridge_01",
         "brow_left_upper_01 brow_left_upper_01|", (0.45, 0.8), 2, across=True),
    Rows("orbit", "crease_left_01 crease_left_03 crease_left_05 crease_left_07",
         "brow_left_lower_01 brow_left_lower_03 brow_left_lower_05 brow_left_lower_07", (0.45,), 7),
    Rows("under_eye", "eye_left_inner lid_left_lower_03 lid_left_lower_06 eye_left_outer",
         "nose_left_side_03 nose_left_side_03~jaw_left_04", (0.3, 0.65), 7),
    Rows("temple", "brow_left_lower_07 eye_left_outer nose_left_side_03~jaw_left_04",
         "hairline_left_01 jaw_left_01 jaw_left_02 jaw_left_03", (0.33, 0.67), 5),
    Rows("cheek", "nose_left_side_03 nose_left_wing_03 nose_left_wing_06 lip_left_outer_corner "
         "lip_left_outer_lower_03 lip_left_outer_lower_06 lip_middle_outer_lower",
         "jaw_left_04 jaw_left_06 jaw_left_09 jaw_left_12 jaw_left_15 chin",
         (0.2, 0.4, 0.6, 0.8), 9, across=True),
    Rows("nose_dorsum", "nose_bridge_01 nose_bridge_06", "nose_left_side_01 nose_left_side_03",
         (0.5,), 5),
    Rows("nose_lobe", "nose_bridge_06 nose_tip", "nose_left_wing_02 nose_left_wing_05", (0.45,), 3),
    Rows("lip_upper", "lip_left_outer_upper_02 lip_left_outer_upper_04 lip_left_outer_upper_06 "
         "lip_middle_outer_upper", "lip_left_inner_upper_01 lip_left_inner_upper_03 "
         "lip_left_inner_upper_05 lip_middle_inner_upper", (0.5,), 5, across=True),
    Rows("lip_lower", "lip_left_outer_lower_02 lip_left_outer_lower_04 lip_left_outer_lower_06 "
         "lip_middle_outer_lower", "lip_left_inner_lower_01 lip_left_inner_lower_03 "
         "lip_left_inner_lower_05 lip_middle_inner_lower", (0.5,), 5, across=True),
    Rows("moustache", "nose_left_wing_06 nose_left_base_04 nose_left_base_02",
         "lip_left_outer_upper_01 lip_left_outer_upper_03 lip_left_outer_upper_05", (0.5,), 4),
)  # fmt: skip
FOLD_490 = (
    Rows("fold_lower", "eye_left_inner lid_left_lower_03 lid_left_lower_06 eye_left_outer",
         "under_eye_left_1_01 under_eye_left_1_03 under_eye_left_1_05 under_eye_left_1_07",
         (0.45,), 6),
)  # fmt: skip

MORE_SHARES = {
    "forehead": (0.125, 0.375, 0.625, 0.875),  "under_eye": (0.88,),
    "temple": (0.16, 0.5, 0.84), "cheek": (0.1, 0.3, 0.5, 0.7, 0.9),
    "nose_lobe": (0.2, 0.7), "moustache": (0.75,),
}  # fmt: skip
MORE_ROWS = (
    Rows("brow_middle", "brow_left_upper_01 brow_left_upper_03 brow_left_upper_05 "
         "brow_left_upper_07 brow_left_upper_09", "brow_left_lower_01 brow_left_lower_03 "
         "brow_left_lower_05 brow_left_lower_07", (0.5,), 7),
    Rows("lip_upper", "lip_left_outer_upper_03 lip_left_outer_upper_04 lip_left_outer_upper_06 "
         "lip_middle_outer_upper", "lip_left_inner_upper_02 lip_left_inner_upper_03 "
         "lip_left_inner_upper_05 lip_middle_inner_upper", (0.25, 0.75), 5, across=True, first=2),
    Rows("lip_lower", "lip_left_outer_lower_03 lip_left_outer_lower_04 lip_left_outer_lower_06 "
         "lip_middle_outer_lower", "lip_left_inner_lower_02 lip_left_inner_lower_03 "
         "lip_left_inner_lower_05 lip_middle_inner_lower", (0.25, 0.75), 5, across=True, first=2),
)  # fmt: skip
MORE_POINTS = {"forehead": 13, "cheek": 13}  # on one side of a new row
REFINED = (
    "jaw",
    "forehead_1",
    "forehead_2",
    "forehead_3",
    "cheek_1",
    "cheek_2",
    "cheek_3",
    "cheek_4",
)
KEPT = ("jaw", "hairline", "iris_left", "iris_right")  # groups that are not filled up at last,
# nor are the lines of REFINED
# Rims, and the stops of their way on makehuman's left side where that is not the rim as it was:
# the lids' ways follow one edge loop each, from canthus to canthus.
RIMS: Mapping[str, tuple[int, ...]] = {
    "lid_left_upper": (5039, 14300, 5018, 5019, 5020, 5021, 5022, 2991),
    "lid_left_lower": (5039, 3039, 5098, 15509, 5791, 2991),
    "lip_inner_upper": (), "lip_inner_lower": (),
}  # fmt: skip
HEADINGS = {
    "243": "243 points: the face oval with the hairline, and dense lines along brows, lids, nose "
    "and lips.",
    "460": "460 points: the 243, and rows over forehead, temples, cheeks, chin, nose and lips.",
    "490": "490 points: the 460 with irises, pupils and the folds under the eyes.",
    "1001": "1001 points: the whole face, every line of the 490 denser, and rows between them.",
}


def through_68(draft: Draft, surface: FaceSurface, now: LandmarkSpec) -> Draft:
    """Return the draft with its points of the 68 where the layout `now` has them.

    Lines through them are laid anew with as many points as before; every name keeps its index.
    """
    at = dict(zip(range(68), now.vertices["makehuman"][now.ibug68].tolist(), strict=True))
    number = {name: k for k, name in draft.ibug68.items()}
    moved = {name: at[k] for name, k in number.items()}
    through = [key for key, line in draft.lines.items() if len(number.keys() & line.points) > 2]
    laid = {name for key in through for name in draft.lines[key].points} - number.keys()
    bare = remove(_placed(draft, moved), laid, mirrored=True)
    for key in (key for key in through if "_right" not in key):
        place = {name: k for k, name in enumerate(draft.lines[key].points)}
        extra = [
            abs(place[one] - place[other]) - 1
            for one, other in (segment.ends for segment in segments(bare, surface, key))
        ]
        if key in RIMS:
            moved |= _along_rim(draft, surface, key, moved)
            continue
        bare = refine(bare, surface, key, extra)
        vertex = {point.name: point.vertices["makehuman"] for point in bare.points}
        for one in {key, other_side(key)}:
            laid_anew = (vertex[name] for name in bare.lines[one].points)
            moved |= dict(zip(draft.lines[one].points, laid_anew, strict=True))
    return _placed(draft, moved)


def _along_rim(
    draft: Draft, surface: FaceSurface, key: str, moved: Mapping[str, int]
) -> dict[str, int]:
    """Return the vertices of a rim's points, both sides: those between `moved` ones evenly."""
    names = draft.lines[key].points
    before = dict(zip(draft.names, draft.vertices("makehuman").tolist(), strict=True))
    way = surface.walk(RIMS[key] or [before[name] for name in names])
    length = np.linalg.norm(np.diff(surface.vertices[way], axis=0), axis=1)
    at = np.concatenate([[0.0], np.cumsum(length)])
    settled = [k for k, name in enumerate(names) if name in moved]
    gaps = [surface.vertices[way] - surface.vertices[moved[names[k]]] for k in settled]
    stops = [at[np.linalg.norm(gap, axis=1).argmin()] for gap in gaps]
    wanted = np.interp(np.arange(len(names)), settled, stops)
    chosen = way[np.abs(at[None] - wanted[:, None]).argmin(axis=1)].tolist()
    found = {name: moved.get(name, v) for name, v in zip(names, chosen, strict=True)}
    mirrored = {draft.mirror[name]: int(surface.mirror[v]) for name, v in found.items()}
    left = {name: v for name, v in found.items() if surface.vertices[v, 0] > -1e-4}
    return left | {name: v for name, v in mirrored.items() if name not in left}


def _placed(draft: Draft, vertices: Mapping[str, int]) -> Draft:
    """Return the draft, on makehuman alone, with these points moved."""
    points = tuple(
        DraftPoint(
            name=point.name,
            vertices={"makehuman": vertices.get(point.name, point.vertices["makehuman"])},
        )
        for point in draft.points
    )
    topology = {"makehuman": draft.topology["makehuman"]}
    return replace(draft, points=points, topology=topology)


def iris_ring(surface: FaceSurface) -> Index:
    """Return the vertices about the rim of the left iris, from the top one outwards."""
    eye = surface.model.topology.part_vertices("eye_left").astype(np.int64)
    vertices = surface.vertices[eye]
    centre = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    out = (vertices - centre) / np.linalg.norm(vertices - centre, axis=1)[:, None]
    off_rim = np.arccos(out[:, 2]) - np.arcsin(IRIS)
    bearing = np.arctan2(out[:, 0], out[:, 1])

    wanted = np.linspace(0, 2 * np.pi, IRIS_POINTS, endpoint=False)
    along = np.angle(np.exp(1j * (bearing[None] - wanted[:, None]))) * IRIS
    ring = np.hypot(off_rim[None], IRIS_SLACK * along).argmin(axis=1)
    print(f"iris: at most {np.abs(off_rim[ring]).max() * IRIS_BALL:.1f} mm off its rim")
    return np.asarray(eye[ring])


class Author:
    """A draft, and the head it grows on."""

    def __init__(self, draft: Draft, surface: FaceSurface) -> None:
        self.draft, self.surface = draft, surface

    def lay(self, rows: Rows) -> None:
        """Lay rows of points between two curves."""
        for number, share in enumerate(rows.shares, rows.first):
            places = between(self.knots(rows.inner), self.knots(rows.outer), share, rows.count)
            alone = number == 1 and len(rows.shares) == 1
            sided = f"{rows.part}_left" + ("" if alone else f"_{number}")
            row = Row(
                name=sided,
                line=sided.replace("_left", "") if rows.across else sided,
                group=f"{rows.part}_left" if not rows.across else rows.part,
                middle=sided.replace("_left", "_middle") if rows.across else "",
            )
            self.draft = add_row(self.draft, self.surface, places, row)

    def irises(self) -> None:
        """Put a ring of points about each iris, and one on each pupil."""
        eye = self.surface.model.topology.part_vertices("eye_left")
        pupil = eye[self.surface.vertices[eye, 2].argmax()]
        ring = iris_ring(self.surface)
        for part, chosen in (("iris", ring), ("pupil", np.array([pupil]))):
            row = Row(name=f"{part}_left", line="iris_left" if part == "iris" else "",
                      closed=True, group="iris_left")  # fmt: skip
            self.draft = add_vertices(self.draft, self.surface, chosen.tolist(), row)

    def finish(self, folder: Path, name: str) -> None:
        """Write the layout as it stands now."""
        self.draft = replace(self.draft, name=name)
        spec = to_spec(self.draft)
        before = load(name)
        moved = (spec.vertices["makehuman"] != before.vertices["makehuman"]).any()
        spec = replace(spec, version=before.version + int(moved))
        if spec.size != int(name):
            print(f"{name} has {spec.size} points")
        (folder / f"{name}.yaml").write_text(to_yaml(spec, HEADINGS[name]), encoding="utf-8")

    def knots(self, names: str) -> Float:
        """Return the unrolled places of named points."""
        found = []
        at = dict(zip(self.draft.names, self.draft.vertices("makehuman").tolist(), strict=True))
        for name in names.split():
            ends = name.removesuffix(MIDDLE).split(BETWEEN)
            place = self.surface.unrolled[[at[end] for end in ends]].mean(axis=0)
            found.append(place * [0, 1] if name.endswith(MIDDLE) else place)
        return np.array(found)


def main(folder: Path, base: str = "68") -> None:
    """Write the layouts to `folder`, grown from the 68 of `base`."""
    surface = FaceSurface(models.load("makehuman"))
    author = Author(through_68(from_spec(load("243")), surface, load(base)), surface)
    author.finish(folder, "243")
    for rows in FACE_460:
        author.lay(rows)
    author.finish(folder, "460")
    for rows in FOLD_490:
        author.lay(rows)
    author.irises()
    author.finish(folder, "490")
    for rows in FACE_460:
        if rows.part in MORE_SHARES:
            author.lay(
                replace(
                    rows,
                    shares=MORE_SHARES[rows.part],
                    count=MORE_POINTS.get(rows.part, rows.count),
                    first=len(rows.shares) + 1,
                )
            )
    for rows in MORE_ROWS:
        author.lay(rows)
    for line in REFINED:
        extra = [min(1, segment.room) for segment in segments(author.draft, surface, line)]
        author.draft = refine(author.draft, surface, line, extra)
    print(f"{len(author.draft.points)} before the lines are filled up")
    kept = {name for group in KEPT for name in author.draft.groups[group]}
    kept |= {name for line in REFINED for name in author.draft.lines[line].points}
    others = [name for name in author.draft.names if name not in kept]
    author.draft = resize(author.draft, surface, 1001 - len(kept), others)
    author.finish(folder, "1001")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:3])
