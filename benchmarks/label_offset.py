"""Do labels lie on their pictures? The axis of mirror symmetry of a face, in both.

    python benchmarks/label_offset.py 300w:PATH [300w:PATH ...]

No network takes part. On faces that look straight ahead, by their labels, the band about the eyes
is compared with its own mirror image, by how steep the picture is at each place: it fits best about
the face's axis. Prints how far, in pixels of the photo, that lies to the right of the middle of the
eyes' labels. Light and pose have no side over many faces; an offset of the labels has.
"""

import sys

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dlm.train.photos import open_photos, read_picture

Float = NDArray[np.float64]

STRAIGHT = 0.05  # of the inter-ocular distance: the tip of the nose off the middle of the eyes
JAW_STRAIGHT = 0.08  # the same for the middle of the jaw's ends
BAND = (0.75, 0.22)  # half width and half height of the band, of the inter-ocular distance
REACH = 14  # pixels: axes are tried up to half of this far
CERTAIN = 0.3  # correlation of a face with its mirror image


def axes_of(points: Float) -> tuple[Float, Float, float]:
    """Return the middle of the eyes, the unit vector along them, and the inter-ocular distance."""
    along = points[45] - points[36]
    length = float(np.linalg.norm(along))
    return points[36:48].mean(axis=0), along / length, length


def straight(points: Float) -> bool:
    """Whether a face (68, 2) looks at the camera."""
    middle, along, length = axes_of(points)
    nose = (points[30] - middle) @ along / length
    jaw = (points[[0, 16]].mean(axis=0) - middle) @ along / length
    return abs(nose) < STRAIGHT and abs(jaw) < JAW_STRAIGHT


def offset(grey: Float, points: Float) -> float | None:
    """Return how far (pixels) the picture's axis lies along the eyes; None where it has none."""
    middle, along, length = axes_of(points)
    across = np.arange(-int(BAND[0] * length) - REACH, int(BAND[0] * length) + REACH + 1)
    down = np.arange(-int(BAND[1] * length), int(BAND[1] * length) + 1)
    normal = np.array([-along[1], along[0]])
    places = middle + across[None, :, None] * along + down[:, None, None] * normal
    band = ndimage.map_coordinates(grey, [places[..., 1], places[..., 0]], order=1, mode="nearest")
    band = ndimage.gaussian_filter(band, 1.0)
    steep = np.hypot(ndimage.sobel(band, 0), ndimage.sobel(band, 1))
    steep = np.minimum(steep, np.percentile(steep, 97))
    inner, mirrored = steep[:, REACH:-REACH].ravel(), steep[:, ::-1]
    tried = np.arange(-REACH, REACH + 1)
    fits = np.array([
        np.corrcoef(inner, mirrored[:, REACH - k : steep.shape[1] - REACH - k].ravel())[0, 1]
        for k in tried
    ])  # fmt: skip
    best = int(fits.argmax())
    if not 0 < best < len(fits) - 1 or fits[best] < CERTAIN:
        return None
    before, here, after = fits[best - 1 : best + 2]
    return float(tried[best] + (before - after) / (2 * (before - 2 * here + after))) / 2


def main(sources: list[str]) -> None:
    """Print a row a source."""
    print("| photos | faces | picture to the right of its labels, px | standard error |")
    print("|---|---|---|---|")
    for source in sources:
        photos = open_photos(source)
        faces = zip(photos.paths, photos.points, strict=True)
        tried = [
            offset(read_picture(path).mean(axis=-1), points)
            for path, points in faces if straight(points)
        ]  # fmt: skip
        found = np.array([one for one in tried if one is not None])
        error = found.std() / np.sqrt(len(found))
        print(f"| {source} | {len(found)} | {found.mean():+.2f} | {error:.2f} |")


if __name__ == "__main__":
    main(sys.argv[1:])
