"""Train the face detector that dlm ships, on renders alone: heads cut out and laid on pictures.

    python tools/train_detector.py --work heads -o train/detector.safetensors

Draws HEADS heads (a tenth from behind: not every head is a face), then learns from canvases with
none to four of them. Everything follows from the seed but the order of two processes' sums.
"""

import argparse
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from dlm import landmark_specs
from dlm.generator import labels
from dlm.generator.models.normals import vertex_normals
from dlm.generator.pipeline import BATCH, Generator, plan, pose_heads
from dlm.generator.render.background import background_bank
from dlm.train.colour import jitter_colour
from dlm.train.degrade import degrade
from dlm.train.detector_network import LARGEST, SIDE, SMALLEST, STRIDE, DetectorNetwork
from dlm.train.draws import generator, on_some
from dlm.train.ema import MovingAverage
from dlm.train.occlude import cast_shadow

HEAD = 160  # pixels of a drawn head's picture; its face takes about 72
CANVAS = 128
SEED = 4242  # of the heads: another than any dataset's in the docs
MOST = 6  # faces a canvas that are told to the loss
BACKS = 0.12  # share of heads seen from behind
SKIPPED = 1.5  # how far outside the known sizes a face counts neither as face nor as none
FACE, IGNORED, ABSENT = 1.0, 0.0, -1.0


def draw_heads(count: int) -> dict[str, np.ndarray]:
    """Return pictures (N, S, S, 4), the last channel what is head, and boxes (N, 4) x y w h.

    The box of a head seen from behind is zero.
    """
    drawer = Generator(plan(landmark_specs.load("68"), size=HEAD, seed=SEED))
    pictures = np.zeros((count, HEAD, HEAD, 4), np.uint8)
    boxes = np.zeros((count, 4), np.float32)
    rng = np.random.default_rng(SEED)
    for start in range(0, count, BATCH):
        ids = range(start, min(start + BATCH, count))
        back = rng.random(len(ids)) < BACKS
        turned = rng.uniform(np.radians(125), np.radians(235), len(ids))
        scenes = [
            replace(s, head=np.array([angle, *s.head[1:]], np.float32)) if away else s
            for s, away, angle in zip(drawer.scenes(ids), back, turned, strict=True)
        ]
        heads = pose_heads(drawer.model, scenes)
        normals = vertex_normals(heads, drawer.model)
        for k, scene in enumerate(scenes):
            world = labels.to_world(scene, heads[k])
            frame = drawer.renderer.draw(scene, world, labels.to_world(scene, normals[k]))
            pictures[ids[k], ..., :3], pictures[ids[k], ..., 3] = (
                frame.image,
                255 * (frame.depth > 0),
            )
            pixels = labels.project(scene.camera, world)[0][drawer.vertices]
            boxes[ids[k]] = 0 if back[k] else labels.tight_box(pixels)
    return {"pictures": pictures, "boxes": boxes}


class Canvases(IterableDataset[tuple[Tensor, Tensor]]):
    """An endless stream of (3, S, S) uint8 canvases, and (MOST, 5) x y w h kind of their faces."""

    def __init__(self, heads: dict[str, np.ndarray], seed: int) -> None:
        self.pictures, self.boxes, self.seed = heads["pictures"], heads["boxes"], seed
        self.bank = background_bank()[..., :3]

    def __iter__(self):
        info = get_worker_info()
        rng = np.random.default_rng((self.seed, info.id if info else 0))
        while True:
            image, faces = self.compose(rng)
            told = np.full((MOST, 5), ABSENT, np.float32)
            told[: len(faces[:MOST])] = faces[:MOST]
            yield torch.from_numpy(image.transpose(2, 0, 1).copy()), torch.from_numpy(told)

    def compose(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        canvas = self._backdrop(rng)
        faces: list[list[float]] = []
        for _ in range(rng.choice(5, p=[0.2, 0.38, 0.22, 0.12, 0.08])):
            self._lay_head(rng, canvas, faces)
        if rng.random() < 0.15:  # the edge of a photo, as the detector pads it
            _pad_edge(rng, canvas)
        return np.asarray(canvas), np.array(faces, np.float32).reshape(-1, 5)

    def _backdrop(self, rng: np.random.Generator) -> Image.Image:
        if rng.random() < 0.25:  # a close look at hair, skin or cloth
            source = self.pictures[rng.integers(len(self.pictures)), ..., :3]
            side = int(rng.integers(12, 50))
        else:
            source = self.bank[rng.integers(len(self.bank))]
            side = int(rng.integers(40, 256))
        left, top = rng.integers(0, len(source) - side + 1, 2)
        piece = Image.fromarray(np.ascontiguousarray(source[top : top + side, left : left + side]))
        if side < 50:  # turned, so that what it shows is no face
            piece = piece.rotate(float(rng.choice([90, 180, 270])))
        canvas = piece.resize((CANVAS, CANVAS), Image.Resampling.BILINEAR)
        if rng.random() < 0.6:
            _clutter(rng, canvas)
        return canvas

    def _lay_head(
        self, rng: np.random.Generator, canvas: Image.Image, faces: list[list[float]]
    ) -> None:
        index = int(rng.integers(len(self.pictures)))
        box, face = self.boxes[index].copy(), self.boxes[index, 2] > 0
        ends = [10, 130] if rng.random() < 0.35 else [SMALLEST, LARGEST]
        side = float(np.exp(rng.uniform(*np.log(ends))))
        scale = side / (max(box[2:]) if face else 0.45 * HEAD)
        size = max(4, round(HEAD * scale))
        whole = rng.random() < 0.12  # with its own backdrop
        picture = Image.fromarray(self.pictures[index])
        picture = (picture.convert("RGB").convert("RGBA") if whole else picture).resize(
            (size, size), Image.Resampling.BILINEAR
        )
        if rng.random() < 0.5:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            box[0] = HEAD - 1 - box[0] - box[2]
        scrambled = face and rng.random() < 0.06
        if scrambled:
            picture = _scramble(picture, (box + np.array([0.5, 0.5, 0, 0])) * scale)
        middle = (box[:2] + box[2:] / 2 + 0.5) * scale if face else np.array([size / 2, size / 2])
        place = np.round(rng.uniform(-2, CANVAS + 2, 2) - middle).astype(int)
        canvas.paste(picture.convert("RGB"), tuple(place.tolist()), picture.getchannel("A"))
        _hide_covered(faces, np.array([*place, *place + size]))
        if not face or scrambled:
            return
        x, y = middle + place - 0.5
        kind = _kind(side, min(x, CANVAS - x, y, CANVAS - y) / side)
        if kind != ABSENT:
            faces.append([x, y, box[2] * scale, box[3] * scale, kind])
        if rng.random() < 0.15:
            _cover_part(rng, canvas, x, y, side)


def _kind(side: float, inside: float) -> float:
    """What the loss takes a face for, by its side and how far inside its middle is, in sides."""
    if SMALLEST <= side <= LARGEST and inside > 0.1:
        return FACE
    return IGNORED if SMALLEST / SKIPPED < side < LARGEST * SKIPPED else ABSENT


def _hide_covered(faces: list[list[float]], area: np.ndarray) -> None:
    """A face whose middle lies under a later head counts neither way."""
    for face in faces:
        if area[0] + 4 < face[0] < area[2] - 4 and area[1] + 4 < face[1] < area[3] - 4:
            face[4] = IGNORED


def _pad_edge(rng: np.random.Generator, canvas: Image.Image) -> None:
    wide, side = int(rng.integers(4, 40)), int(rng.integers(4))
    area = [(0, 0, wide, CANVAS), (0, 0, CANVAS, wide), (CANVAS - wide, 0, CANVAS, CANVAS),
            (0, CANVAS - wide, CANVAS, CANVAS)][side]  # fmt: skip
    canvas.paste((128, 128, 128), area)


def _cover_part(
    rng: np.random.Generator, canvas: Image.Image, x: float, y: float, side: float
) -> None:
    """Hold something before a part of the face, its lower half more often."""
    wide, high = rng.uniform(0.15, 0.5, 2) * side / 2
    cx, cy = x + rng.uniform(-0.5, 0.5) * side, y + rng.uniform(-0.2, 0.5) * side
    colour = tuple(int(c) for c in rng.integers(0, 256, 3))
    shape = (cx - wide, cy - high, cx + wide, cy + high)
    pen = ImageDraw.Draw(canvas)
    (pen.ellipse if rng.random() < 0.5 else pen.rectangle)(shape, fill=colour)


def _scramble(picture: Image.Image, box: np.ndarray) -> Image.Image:
    """Exchange the upper and the lower half of a face: its parts in a wrong order are no face."""
    x, y, wide, high = (int(v) for v in box)
    upper = picture.crop((x, y, x + wide, y + high // 2))
    lower = picture.crop((x, y + high // 2, x + wide, y + 2 * (high // 2)))
    picture.paste(lower, (x, y))
    picture.paste(upper, (x, y + high // 2))
    return picture


def _clutter(rng: np.random.Generator, canvas: Image.Image) -> None:
    """Draw shapes that are no faces: pairs of dots, bars, rings, stripes, polygons."""
    pen = ImageDraw.Draw(canvas)
    for _ in range(int(rng.integers(1, 14))):
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        x, y = rng.uniform(0, CANVAS, 2)
        r, q = np.exp(rng.uniform(np.log(1.5), np.log(40), 2))
        kind = int(rng.integers(6))
        if kind == 0:
            pen.ellipse((x - r, y - q, x + r, y + q), fill=colour)
        elif kind == 1:
            pen.ellipse((x - r, y - q, x + r, y + q), outline=colour, width=int(rng.integers(1, 6)))
        elif kind == 2:
            pen.rectangle((x - r, y - q, x + r, y + q), fill=colour)
        elif kind == 3:
            corners = np.stack([x, y]) + rng.normal(size=(int(rng.integers(3, 7)), 2)) * r
            pen.polygon([tuple(c) for c in corners.tolist()], fill=colour)
        elif kind == 4:
            gap, width = rng.uniform(3, 14), int(rng.integers(1, 5))
            turn = rng.uniform(0, np.pi)
            step, along = (
                np.array([np.cos(turn), np.sin(turn)]),
                np.array([-np.sin(turn), np.cos(turn)]),
            )
            for k in range(int(rng.integers(2, 9))):
                a = np.array([x, y]) + k * gap * step
                pen.line([*(a - r * along), *(a + r * along)], fill=colour, width=width)
        else:
            dot, apart = rng.uniform(1.5, 5), rng.uniform(6, 24)
            for dx in (-apart / 2, apart / 2):
                pen.ellipse((x + dx - dot, y - dot, x + dx + dot, y + dot), fill=colour)


def loss_of(answers: Tensor, faces: Tensor) -> Tensor:
    """Return the focal loss of centres plus the L1 of boxes. `faces` (B, MOST, 5).

    Centres: the penalty-reduced focal loss of Law and Deng, 2018 (CornerNet), exponents 2 and 4.
    """
    height, width = answers.shape[-2:]
    rows, columns = torch.arange(height).view(1, 1, -1, 1), torch.arange(width).view(1, 1, 1, -1)
    x, y = ((faces[..., k, None, None] + 0.5) / STRIDE - 0.5 for k in (0, 1))
    sides = (faces[..., 2:4] / STRIDE).clamp(min=0.1)
    spread = (0.1 * sides.amax(-1)).clamp(min=0.45)[..., None, None]
    away = (columns - x) ** 2 + (rows - y) ** 2
    mass = torch.exp(-away / (2 * spread**2))  # (B, MOST, H, W)
    is_face, is_ignored = (faces[..., 4] == k for k in (FACE, IGNORED))
    target = (mass * is_face[..., None, None]).amax(1)
    centre = (((columns - x).abs() <= 0.5) & ((rows - y).abs() <= 0.5)) & is_face[..., None, None]
    hit = centre.any(1)
    inside = ((columns - x).abs() <= sides[..., 0, None, None] / 2 + 0.5) & (
        (rows - y).abs() <= sides[..., 1, None, None] / 2 + 0.5
    )
    skipped = (inside & is_ignored[..., None, None]).any(1) & ~hit
    logits = answers[:, 0]
    p = torch.sigmoid(logits)
    positive = -((1 - p) ** 2) * F.logsigmoid(logits) * hit
    negative = -((1 - target) ** 4) * p**2 * F.logsigmoid(-logits) * (~hit & ~skipped)
    found = hit.sum().clamp(min=1)
    near = (mass * is_face[..., None, None]) > 0.4  # the cells beside the centre learn boxes too
    wanted = torch.stack([
        (x - columns).expand_as(mass), (y - rows).expand_as(mass),
        *((faces[..., 2 + k] / SIDE).clamp(min=1e-3).log()[..., None, None].expand_as(mass)
          for k in (0, 1))], 2)  # fmt: skip
    off = F.smooth_l1_loss(
        answers[:, None, 1:].expand_as(wanted), wanted, beta=0.1, reduction="none"
    )
    boxes = (off.sum(2) * near).sum() / near.sum().clamp(min=1)
    return (positive.sum() + negative.sum()) / found + boxes


def train(heads: dict[str, np.ndarray], steps: int, batch: int, rate: float, out: Path) -> None:
    """Write the averaged network to `out`, now and then and after `steps`."""
    torch.manual_seed(0)
    network = DetectorNetwork().to(memory_format=torch.channels_last)
    average = MovingAverage(network)
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=1e-2)
    stream = iter(DataLoader(Canvases(heads, 1), batch, num_workers=1, prefetch_factor=4))
    begun, total = time.monotonic(), 0.0
    for step in range(steps):
        images, faces = next(stream)
        rng = generator(7, step)
        pixels = jitter_colour(on_some(images.float() / 255, 0.3, rng, cast_shadow), rng)
        pixels = degrade(pixels, rng).clamp_(0, 1).contiguous(memory_format=torch.channels_last)
        warm, left = min(1, (step + 1) / 200), 0.5 * (1 + math.cos(math.pi * step / steps))
        for group in optimiser.param_groups:
            group["lr"] = rate * warm * max(left, 0.01)
        with torch.autocast("cpu", torch.bfloat16):
            answers = network(pixels)
        loss = loss_of(answers.float(), faces)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        average.update(network, step)
        total += loss.item()
        if (step + 1) % 100 == 0:
            print(
                f"{step + 1}/{steps}: loss {total / 100:.3f}, "
                f"{(time.monotonic() - begun) / (step + 1) * 1e3:.0f} ms a step",
                flush=True,
            )
            total = 0.0
            save(average.network, out)
    save(average.network, out)


def save(network: DetectorNetwork, path: Path) -> None:
    """Write the weights in half precision."""
    tensors = {
        name: value.half().contiguous()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    save_file(tensors, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for the drawn heads")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--heads", type=int, default=5000)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=4e-3)
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    kept = asked.work / f"heads-{asked.heads}.npz"
    if not kept.exists():
        np.savez(kept, **draw_heads(asked.heads))
    with np.load(kept) as file:
        heads: dict[str, Any] = {name: file[name] for name in file.files}
    train(heads, asked.steps, asked.batch, asked.rate, asked.out)
    print(f"{asked.out}: {asked.out.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
