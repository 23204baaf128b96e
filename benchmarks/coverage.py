"""What renders cover of what photos show: the same measures of both, side by side.

    python benchmarks/coverage.py FACES 300w:PATH [300w:PATH ...] -o coverage.png [--n 5000]

FACES is a dataset labelled with the 68. Everything is measured in the same way on renders and on
photos, from the 68 points and the pixels, so that an estimator's own error is in both: head pose by
PnP of eyes, nose, mouth corners, chin and upper jaw (a camera 1 m off; annotators' habits shift
pitch by some degrees), openings in mm of the head so placed, light and skin from patches of the
cheeks. Writes the histograms and, beside them, a JSON of percentiles and Kolmogorov-Smirnov
distances: 0 is the same distribution, 1 has nothing in common. Of lips and lids it also says how
much as photos the renders spread along each principal component of the photos' shapes: 1 is as
much, below 1 the renders lack shapes that photos show.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from scipy.stats import ks_2samp

from dlm import datasets
from dlm.generator import models
from dlm.train import crops
from dlm.train.photos import merge, open_photos, read_picture

Float64 = NDArray[np.float64]

RIGID = [0, 1, 2, 8, 14, 15, 16, 27, 28, 29, 30, 33, 36, 39, 42, 45, 48, 54]  # of the 68
DISTANCE = 1.0  # metres from camera to head that PnP takes for granted
STEPS = 12
SIDE = 96  # pixels of the crops that light and skin are read from
FRONTAL = 30.0  # degrees of yaw up to which both cheeks are seen
TURNED, NODDED = 0.12, 0.15  # of the eyes' distance: how far aside or up the nose may stand,
LOW_NOSE = 0.55  # and its base, below them, on most heads
PERCENTILES = (5, 25, 50, 75, 95)
SHAPES = {"lips": [range(48, 68)], "lids": [range(36, 42), range(42, 48)]}  # each about its middle
COMPONENTS = 6
LABELS = {
    "yaw": "yaw, degrees", "pitch": "pitch, degrees", "roll": "roll, degrees",
    "eye": "gap of the lids, mm", "mouth": "gap of the inner lips, mm",
    "mouth_width": "width of the mouth, mm", "corners": "mouth corners above its middle, mm",
    "brows": "brows above the eyes, mm", "side": "left cheek over right, stops",
    "brightness": "luminance of the cheeks (CIE L*)", "contrast": "spread of L* over the face",
    "skin": "typology angle of the cheeks (ITA), degrees", "warmth": "hue of the cheeks, degrees",
    "sharpness": "finest detail beside all detail",
}  # fmt: skip


def placed(points: Float64, shape: Float64) -> tuple[Float64, Float64]:
    """Return (N, 3) yaw, pitch, roll in degrees and (N,) pixels a metre of (N, 68, 2) points.

    Gauss-Newton for all faces at once; `shape` (68, 3) is the mean head in metres.
    """
    model, seen = shape[RIGID], points[:, RIGID]
    span = np.linalg.norm(shape[36] - shape[45])
    scale = np.linalg.norm(points[:, 36] - points[:, 45], axis=1) / span
    state = np.concatenate(
        [np.zeros((len(points), 3)), np.log(scale)[:, None], seen.mean(axis=1)], axis=1
    )
    for _ in range(STEPS):
        base = _projected(state, model)
        steps = []
        for k in range(6):
            moved = state.copy()
            moved[:, k] += 1e-4
            steps.append((_projected(moved, model) - base) / 1e-4)
        slope = np.stack(steps, axis=-1).reshape(len(points), -1, 6)
        rest = (seen - base).reshape(len(points), -1, 1)
        normal = slope.mT @ slope
        normal += 1e-3 * np.eye(6) * np.trace(normal, axis1=1, axis2=2)[:, None, None] / 6
        change = np.linalg.solve(normal, slope.mT @ rest)[..., 0]
        change[:, :4] = np.clip(change[:, :4], -0.5, 0.5)  # a profile may lead far astray
        state += change
    # Image y points down, so the turn found is that of a head seen in a mirror laid flat.
    yaw, pitch, roll = Rotation.from_rotvec(state[:, :3]).as_euler("YXZ", degrees=True).T
    return np.stack([yaw, -pitch, -roll], axis=1), np.exp(state[:, 3])


def _projected(state: Float64, model: Float64) -> Float64:
    """Return (N, Q, 2) pixels of `model` (Q, 3) under (N, 6) rotation, log scale, shift."""
    turned = np.einsum("nij,qj->nqi", Rotation.from_rotvec(state[:, :3]).as_matrix(), model)
    nearer = DISTANCE / (DISTANCE - turned[..., 2:])
    flat = turned[..., :2] * [1.0, -1.0] * nearer * np.exp(state[:, 3])[:, None, None]
    return np.asarray(flat + state[:, None, 4:])


def shapes(points: Float64, shape: Float64) -> dict[str, Float64]:
    """Return what (N, 68, 2) points say of pose and expression, (N,) each."""
    angles, scale = placed(points, shape)
    mm = 1000 / scale
    roll = np.radians(angles[:, 2])
    up = np.stack([np.sin(roll), -np.cos(roll)], axis=-1) * [-1.0, 1.0]

    def gap(a: Sequence[int], b: Sequence[int]) -> Float64:
        return np.asarray(np.linalg.norm(points[:, a] - points[:, b], axis=-1).mean(axis=1) * mm)

    def above(a: Sequence[int], b: Sequence[int]) -> Float64:
        return np.asarray(((points[:, a].mean(1) - points[:, b].mean(1)) * up).sum(1) * mm)

    lids, middle = list(range(36, 48)), [51, 57, 62, 66]
    return {
        "yaw": angles[:, 0], "pitch": angles[:, 1], "roll": angles[:, 2],
        "eye": gap([37, 38, 43, 44], [41, 40, 47, 46]), "mouth": gap([62], [66]),
        "mouth_width": gap([48], [54]), "corners": above([48, 54], middle),
        "brows": above(list(range(17, 27)), lids),
    }  # fmt: skip


def spreads(renders: Float64, photos: Float64) -> dict[str, list[float]]:
    """Return for each of SHAPES the variance of (N, 68, 2) renders over that of (M, 68, 2) photos.

    One figure a principal component of the photos, the largest first. Heads that turn as those on
    photos are compared, and what bridge and tip of the nose say of a head's turn is taken out.
    """
    kinds = []
    for points in (renders, photos):
        shape = _on_eye_line(points)
        frontal = shape[np.abs(shape[:, 30, 0]) < TURNED]
        kinds.append(frontal[np.abs(frontal[:, 33, 1] - LOW_NOSE) < NODDED])
    found = {}
    for name, parts in SHAPES.items():
        mine, real = (_given_turn(kind, parts) for kind in kinds)
        _, sizes, axes = np.linalg.svd(real, full_matrices=False)
        along = (mine @ axes[:COMPONENTS].T).var(axis=0)
        found[name] = [round(float(v), 2) for v in along / (sizes[:COMPONENTS] ** 2 / len(real))]
    return found


def _on_eye_line(points: Float64) -> Float64:
    """Return (N, 68, 2) in outer eye corners' distances from their middle, the line level."""
    plane = points @ [1.0, 1j]
    across = plane[:, 45] - plane[:, 36]
    level = (plane - (plane[:, 45] + plane[:, 36])[:, None] / 2) / across[:, None]
    return np.stack([level.real, level.imag], axis=-1)


def _given_turn(shape: Float64, parts: Sequence[range]) -> Float64:
    """Return (N, 2 P) of the points of `parts` about their middles, less what the nose predicts."""
    bodies = [shape[:, part] - shape[:, part].mean(axis=1, keepdims=True) for part in parts]
    flat = np.concatenate(bodies, axis=1).reshape(len(shape), -1)
    nose = np.concatenate([shape[:, [27, 30, 33]], shape[:, [30, 33]] ** 2], axis=1)
    known = np.concatenate([np.ones((len(shape), 1)), nose.reshape(len(shape), -1)], axis=1)
    return np.asarray(flat - known @ np.linalg.lstsq(known, flat, rcond=None)[0])


def looks(picture: NDArray[np.uint8], points: Float64) -> dict[str, float]:
    """Return what one (S, S, 3) crop with its (68, 2) points says of light, skin and sharpness."""
    linear = (picture / 255.0) ** 2.2
    grey = linear @ [0.2126, 0.7152, 0.0722]
    left, right = (_cheek(points, ids) for ids in ((45, 46, 54, 13), (36, 41, 48, 3)))
    sides = [_patch(linear, centre) for centre in (left, right)]
    light, a, b = _lab(np.mean(sides, axis=0))
    levels = [float(side @ [0.2126, 0.7152, 0.0722]) + 1e-3 for side in sides]
    inside = grey[_box(points)]
    lightness = 116 * np.cbrt(inside.clip(0.009)) - 16
    fine = inside - (np.roll(inside, 1, 0) + np.roll(inside, 1, 1)) / 2
    return {
        "side": float(np.log2(levels[0] / levels[1])),
        "brightness": light,
        "contrast": float(lightness.std()),
        "skin": float(np.degrees(np.arctan2(light - 50, max(b, 0.1)))),
        "warmth": float(np.degrees(np.arctan2(b, a))),
        "sharpness": float(fine[1:, 1:].std() / (inside.std() + 1e-4)),
    }


def _cheek(points: Float64, ids: Sequence[int]) -> Float64:
    return np.asarray(points[list(ids)].mean(axis=0))


def _patch(linear: Float64, centre: Float64) -> Float64:
    """Return the median colour of the patch of a ninth of the crop around `centre` (x, y)."""
    x, y = np.clip(np.round(centre).astype(int), 0, SIDE - 1)
    half = SIDE // 24
    area = linear[max(y - half, 0) : y + half + 1, max(x - half, 0) : x + half + 1]
    return np.asarray(np.median(area.reshape(-1, 3), axis=0))


def _box(points: Float64) -> tuple[slice, slice]:
    """Return the rows and columns from the brows to the mouth."""
    low = np.clip(points[17:60].min(axis=0), 0, SIDE - 8).astype(int)
    high = np.clip(points[17:60].max(axis=0), low + 8, SIDE).astype(int)
    return slice(low[1], high[1]), slice(low[0], high[0])


def _lab(linear: Float64) -> tuple[float, float, float]:
    """Return CIE L*, a*, b* (D65) of a linear sRGB colour."""
    matrix = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    x, y, z = np.cbrt(np.maximum(matrix @ linear / [0.9505, 1.0, 1.089], 0.0089))
    return float(116 * y - 16), float(500 * (x - y)), float(200 * (y - z))


def measured(
    points: Float64, pictures: Iterator[NDArray[np.uint8]], shape: Float64
) -> dict[str, Float64]:
    """Return (N,) of every measure; light and skin are NaN where a cheek is turned away."""
    boxes = crops.square_box(points)
    inside = crops.apply(crops.crop_matrix(boxes, SIDE), points)
    drawn = [crops.crop_image(picture, box, SIDE)
             for picture, box in zip(pictures, boxes, strict=True)]  # fmt: skip
    seen = [looks(crop, own) for crop, own in zip(drawn, inside, strict=True)]
    found = shapes(points, shape) | {k: np.array([one[k] for one in seen]) for k in seen[0]}
    turned = np.abs(found["yaw"]) > FRONTAL
    for name in ("side", "brightness", "skin", "warmth"):
        found[name][turned] = np.nan
    return found


def compare(renders: dict[str, Float64], photos: dict[str, Float64]) -> dict[str, Any]:
    """Return percentiles and distances by measure, the most different first."""
    rows: dict[str, Any] = {}
    for name in LABELS:
        mine, real = (each[name][np.isfinite(each[name])] for each in (renders, photos))
        rows[name] = {
            "ks": round(float(ks_2samp(mine, real).statistic), 3),
            "renders": [round(float(v), 3) for v in np.percentile(mine, PERCENTILES)],
            "photos": [round(float(v), 3) for v in np.percentile(real, PERCENTILES)],
        }
    return dict(sorted(rows.items(), key=lambda row: row[1]["ks"], reverse=True))


def draw(renders: dict[str, Float64], photos: dict[str, Float64], path: Path) -> None:
    """Draw one histogram a measure."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(4, 4, figsize=(16, 11), layout="constrained")
    for axis, (name, label) in zip(axes.flat, LABELS.items(), strict=False):
        mine, real = (each[name][np.isfinite(each[name])] for each in (renders, photos))
        low, high = np.percentile(np.concatenate([mine, real]), [0.5, 99.5])
        bins = np.linspace(low, high, 40)
        axis.hist(mine, bins, density=True, color="#d98a3d", alpha=0.7, label="renders")
        axis.hist(real, bins, density=True, histtype="step", color="#20305a", label="photos")
        axis.set(title=label, yticks=[])
    for axis in axes.flat[len(LABELS) :]:
        axis.axis("off")
    axes.flat[0].legend()
    figure.savefig(path, dpi=80)


def main() -> None:
    """Measure both, print the table, write picture and JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("faces", type=Path)
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--n", type=int, default=5000)
    parser.add_argument("-o", "--out", type=Path, required=True)
    asked = parser.parse_args()
    dataset = datasets.open(asked.faces)
    head = models.load(dataset.recipe.model)
    spec, topology = dataset.spec, head.topology
    chosen = spec.vertex_indices(head.name, topology.hash, topology.vertex_count)[spec.ibug68]
    shape = head.template[chosen].astype(np.float64)
    rows = np.arange(min(asked.n, len(dataset)))
    points = dataset.columns(["points"], rows)["points"][:, spec.ibug68].astype(np.float64)
    pictures = (image for part in np.array_split(rows, -(-len(rows) // 64))
                for image in dataset.images(part))  # fmt: skip
    renders = measured(points, pictures, shape)
    real = merge([open_photos(source) for source in asked.photos])
    photos = measured(real.points, (read_picture(path) for path in real.paths), shape)
    found = compare(renders, photos)
    draw(renders, photos, asked.out)
    spread = spreads(points, real.points)
    content = {"renders": len(rows), "photos": len(real), "percentiles": PERCENTILES} | found
    content["spreads"] = spread
    asked.out.with_suffix(".json").write_text(json.dumps(content, indent=1) + "\n")
    print(f"| measure | KS | renders {PERCENTILES} | photos |\n|---|---|---|---|")
    for name, row in found.items():
        cells = [", ".join(f"{v:.3g}" for v in row[who]) for who in ("renders", "photos")]
        print(f"| {LABELS[name]} | {row['ks']:.2f} | {' | '.join(cells)} |")
    for name, ratios in spread.items():
        print(f"variance of {name} over that of photos, by component: {ratios}")


if __name__ == "__main__":
    main()
