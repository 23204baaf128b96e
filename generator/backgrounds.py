"""A user's own photos as backgrounds: which files, what they are called by, and their pixels."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from dlm.errors import RenderError
from dlm.generator.look.factors import Light
from dlm.generator.render.background import SIDE, packed

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
MOST = 256  # photos in the bank: 64 MB, and as much again while it is made


@dataclass(frozen=True)
class Backgrounds:
    """Photos in the order of their names, and a hash over what they hold."""

    paths: tuple[Path, ...]
    digest: str  # twelve hex digits: the recipe's name for them, wherever the folder lies

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Return the photos of `folder`, every so many of them where there are more than MOST.

        Raises RenderError where there is no such folder, no photo in it, or one cannot be read.
        """
        paths = files_in(folder, SUFFIXES, MOST, "--backgrounds", "photos")
        digest = sha256()
        for path in paths:
            digest.update(sha256(content_of(path)).digest())
        return cls(paths, digest.hexdigest()[:12])

    @property
    def lights(self) -> tuple[Light, ...]:
        """The light that each sheds on the heads: none, where they are photos."""
        return ()

    def bank(self) -> NDArray[np.uint8]:
        """Return (N, SIDE, SIDE, 4) bytes, packed alike; RenderError where one is broken."""
        return np.stack([packed(_picture(path)) for path in self.paths])


def files_in(
    folder: Path, suffixes: tuple[str, ...], most: int, option: str, things: str
) -> tuple[Path, ...]:
    """Return files by name, every so many of them where there are more than `most`.

    `option` and `things` are what a message calls the folder and what should be in it.
    """
    if not folder.is_dir():
        raise RenderError("no such folder", str(folder), f"give {option} a folder of {things}")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    if not paths:
        raise RenderError(
            f"holds no {things}", str(folder), f"put some in that end in {', '.join(suffixes)}"
        )
    spread = np.linspace(0, len(paths) - 1, min(len(paths), most)).round().astype(int)
    return tuple(paths[k] for k in spread)


def content_of(path: Path) -> bytes:
    """Return a file's bytes; RenderError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise RenderError(f"cannot be read: {error.strerror}", str(path), "remove it") from None


def _picture(path: Path) -> NDArray[np.float32]:
    """Return the photo's middle square as (SIDE, SIDE, 3) linear light."""
    try:
        with Image.open(path) as photo:
            photo.draft("RGB", (2 * SIDE, 2 * SIDE))
            upright = ImageOps.exif_transpose(photo).convert("RGB")
            square = ImageOps.fit(upright, (SIDE, SIDE), Image.Resampling.LANCZOS)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise RenderError(f"is no photo: {error}", str(path), "replace or remove it") from None
    return np.asarray((np.asarray(square, np.float32) / 255) ** 2.2, dtype=np.float32)
