"""samples.png of a run: what the network is shown, and what it makes of held-out faces."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dlm.train.pictures import PREDICTED, TRUTH, draw_face, sheet, write_png

if TYPE_CHECKING:
    from dlm.train.trainer import Trainer

COLUMNS = 8


def draw_samples(path: Path, trainer: "Trainer") -> None:
    """Write a sheet: augmented training faces with labels, then held-out ones with predictions."""
    batch = trainer.batch(trainer.step)
    shown = (batch.images[:COLUMNS] * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    labels = batch.points[:COLUMNS].cpu().numpy()
    tiles = [draw_face(i, [(p, TRUTH)], "shown") for i, p in zip(shown, labels, strict=True)]
    tiles += [tiles[0] * 0 + 255] * (COLUMNS - len(tiles))
    faces = trainer.data.validation
    rows = np.arange(min(COLUMNS, len(faces)))
    predicted = trainer.predict(faces.images[rows])
    for row in rows:
        layers = [(faces.points[row], TRUTH), (predicted[row], PREDICTED)]
        tiles.append(draw_face(faces.images[row], layers, "held out"))
    write_png(path, sheet(tiles, COLUMNS))
