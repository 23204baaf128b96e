"""Sheets of a look: one person, and one factor after the other drawn over its range.

What a sheet shows is drawn as datasets are: a population of scenes by the look's probabilities.
Of each the factor alone is laid over one plain scene, and the shares and percentiles written beside
the pictures are the population's.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dlm.generator import labels
from dlm.generator.look.draws import luminance
from dlm.generator.look.factors import Look, Vec3
from dlm.generator.look.lighting import metered_exposure
from dlm.generator.look.probabilities import Probabilities
from dlm.generator.look.surroundings import background_kind, nothing_worn
from dlm.generator.models.base import ARKIT_UNITS, FaceModel
from dlm.generator.models.normals import vertex_normals
from dlm.generator.pipeline import pose_heads, sample_scene
from dlm.generator.sampling.pose import sample_camera
from dlm.generator.scene import Camera, Scene, rotation
from dlm.landmark_specs.pictures import Picture

if TYPE_CHECKING:
    from dlm.generator.render.base import Renderer

DRAWS = 400
COLUMNS = 8
PANEL, HEAD, TITLE = 192, 30, 20  # pixels: a picture's side, a sheet's headline, a picture's title
Value = float | str


@dataclass(frozen=True)
class Factor:
    """One thing that scenes vary by: how to lay it over another scene, and what to say of it."""

    mix: Callable[[Scene, Scene], Scene]  # the plain scene with this factor of the other one
    value: Callable[[Scene], Value]  # what draws are told apart by: a word, or a number
    said: str  # what the value is
    zoom: float = 1.0
    spot: Vec3 = (0.0, 0.0, 0.02)  # in the head, metres: what a longer or shorter lens looks at
    title: Callable[[Scene], str] | None = None  # of a picture, where the value says too little


def _of_look(*parts: str) -> Callable[[Scene, Scene], Scene]:
    """Return a mix of whole parts of the Look."""
    return lambda plain, other: _with(plain, {part: getattr(other.look, part) for part in parts})


def _of_part(part: str, *starts: str) -> Callable[[Scene, Scene], Scene]:
    """Return a mix of those fields of a part of the Look whose names begin with one of `starts`."""

    def mix(plain: Scene, other: Scene) -> Scene:
        mine, its = getattr(plain.look, part), getattr(other.look, part)
        names = [field.name for field in fields(mine) if field.name.startswith(starts)]
        return _with(plain, {part: replace(mine, **{name: getattr(its, name) for name in names})})

    return mix


def _with(scene: Scene, parts: Mapping[str, Any]) -> Scene:
    """Return the scene with these parts of its Look, and exposed for the light it then has."""
    look = replace(scene.look, **parts)
    exposure = metered_exposure(np.random.default_rng(0), look.light, look.skin.albedo)
    return replace(scene, look=replace(look, sensor=replace(look.sensor, exposure=exposure)))


def _person(plain: Scene, other: Scene) -> Scene:
    look = {part: getattr(other.look, part) for part in ("skin", "eyes", "hair")}
    return _with(replace(plain, identity=other.identity, traits=other.traits), look)


def _pose(plain: Scene, other: Scene) -> Scene:
    return replace(plain, head=other.head, neck=other.neck, camera=other.camera, gaze=other.gaze)


def _fault(scene: Scene) -> str:
    """Return what one would first say of the sensor's picture."""
    sensor = scene.look.sensor
    faults = {
        "grey": sensor.grey,
        "motion": sensor.motion[0] > 1,
        "few pixels": sensor.low_side < 0.7,
        "defocus": sensor.blur > 0.7,
        "noise": sensor.noise > 0.02,
        "JPEG": sensor.jpeg_quality < 60,
        "cast": max(sensor.white_balance) > 1.35 * min(sensor.white_balance),
        "vignette": sensor.vignette > 0,
    }
    return next((name for name, found in faults.items() if found), "sharp")


def _shown_units(scene: Scene) -> str:
    """Return the two strongest units of the face, left and right as one."""
    order = np.argsort(-scene.expression)
    names = dict.fromkeys(
        ARKIT_UNITS[k].removesuffix("Left").removesuffix("Right")
        for k in order[:4]
        if scene.expression[k] > 0.05
    )
    return " ".join([*names][:2]) or "at rest"


def _angles(scene: Scene) -> str:
    yaw, pitch, roll = np.degrees(scene.head)
    return f"yaw {yaw:.0f}, {pitch:.0f}, {roll:.0f}"


COMBED = ("combed", "part", "falls", "dip", "ragged")
HAIR_SHAPE = ("style", "front", "side", "back", "volume", "hairline", "curl", "density", *COMBED)

FACTORS: Mapping[str, Factor] = {
    "skin tone": Factor(_of_look("skin"), lambda s: s.look.skin.melanin, "melanin"),
    "skin detail": Factor(
        _of_part("skin", "freckles", "mottle", "pores", "wrinkles", "under_eye", "flush", "oil"),
        lambda s: s.look.skin.wrinkles, "wrinkles", 1.5,
    ),
    "age": Factor(_person, lambda s: s.traits.get("age", 0.0), "years"),
    "eyes": Factor(_of_look("eyes"), lambda s: luminance(s.look.eyes.iris), "iris", 5.0,
                   (0.033, 0.0, 0.0)),
    "hair style": Factor(_of_part("hair", *HAIR_SHAPE), lambda s: s.look.hair.style, "style"),
    "hair at the front": Factor(
        _of_part("hair", *HAIR_SHAPE), lambda s: s.look.hair.combed, "combed"
    ),
    "hair colour": Factor(
        _of_part("hair", "colour", "tip_colour", "brow_colour"),
        lambda s: luminance(s.look.hair.colour), "reflectance",
    ),
    "brows": Factor(
        _of_part("hair", "brow_"), lambda s: s.look.hair.brow_thickness, "thickness", 2.0
    ),
    "beard": Factor(_of_part("hair", "beard"), lambda s: s.look.hair.beard, "beard"),
    "glasses": Factor(
        _of_part("wardrobe", "glasses", "frame", "rim", "lens"),
        lambda s: s.look.wardrobe.glasses, "glasses",
    ),
    "headwear": Factor(
        _of_part("wardrobe", "hat", "headphone"),
        lambda s: "headphones" if s.look.wardrobe.headphones else s.look.wardrobe.hat, "hat",
    ),
    "masks": Factor(_of_part("wardrobe", "mask"), lambda s: s.look.wardrobe.mask, "mask"),
    "jewellery": Factor(
        _of_part("wardrobe", "earring", "metal"), lambda s: s.look.wardrobe.earrings, "earrings",
        1.3, (0.0, -0.05, 0.0),
    ),
    "scarf": Factor(
        _of_part("wardrobe", "scarf"),
        lambda s: "scarf" if s.look.wardrobe.scarf > 0 else "none", "neck",
    ),
    "clothes": Factor(
        _of_part("wardrobe", "shirt"), lambda s: float(luminance(s.look.wardrobe.shirt)),
        "reflectance", 0.6, (0.0, -0.07, 0.0),
    ),
    "occluders": Factor(
        _of_look("occluders"), lambda s: s.look.occluders[0].kind if s.look.occluders else "none",
        "held",
    ),
    "light": Factor(_of_look("light"), lambda s: s.look.light.kind, "kind"),
    "background": Factor(
        _of_look("background"), lambda s: background_kind(s.look.background), "kind", 0.8
    ),
    "sensor": Factor(_of_look("sensor"), _fault, "strongest"),
    "expression": Factor(
        lambda plain, other: replace(plain, expression=other.expression),
        lambda s: float(s.expression.sum()), "sum of units",
        title=_shown_units,
    ),
    "pose": Factor(_pose, lambda s: float(np.degrees(s.head[0])), "yaw, degrees",
                   title=_angles),
}  # fmt: skip


def population(
    model: FaceModel, probabilities: Probabilities, seed: int, count: int = DRAWS
) -> list[Scene]:
    """Return the first `count` scenes of a dataset of this look and seed."""
    return [sample_scene(model, probabilities, seed, index, PANEL) for index in range(count)]


def told(factor: Factor, scenes: Sequence[Scene]) -> str:
    """Return how the factor is distributed over `scenes`, in one line."""
    values = [factor.value(scene) for scene in scenes]
    if isinstance(values[0], str):
        counts = Counter(map(str, values)).most_common()
        return ", ".join(f"{name} {count / len(values):.0%}" for name, count in counts)
    low, middle, high = np.percentile(np.array(values, float), [5, 50, 95])
    return f"{factor.said}: 5 % {low:.3g}, median {middle:.3g}, 95 % {high:.3g}"


def sheet(name: str, model: FaceModel, scenes: Sequence[Scene]) -> Picture:
    """Return the sheet of one factor; RenderError where there is no GL."""
    from dlm.generator.render import open_renderer

    factor, renderer = FACTORS[name], open_renderer(model, PANEL)
    plain = _plain(scenes)
    panels = [_panel(factor, factor.mix(plain, scene), model, renderer)
              for scene in _picked(factor, scenes)]  # fmt: skip
    width = COLUMNS * PANEL
    headline = Image.new("RGB", (width, HEAD), (255, 255, 255))
    text = f"{name}   {told(factor, scenes)}"
    ImageDraw.Draw(headline).text((6, 5), text, fill=(0, 0, 0), font=ImageFont.load_default(16))
    rows = [np.asarray(headline)]
    for start in range(0, len(panels), COLUMNS):
        row = panels[start : start + COLUMNS]
        blank = [np.full_like(row[0], 255)] * (COLUMNS - len(row))
        rows.append(np.concatenate([*row, *blank], axis=1))
    return np.concatenate(rows, axis=0)


def _picked(factor: Factor, scenes: Sequence[Scene]) -> list[Scene]:
    """Return scenes from end to end of a number's range, or some of every word."""
    values = [factor.value(scene) for scene in scenes]
    if not isinstance(values[0], str):
        order = np.argsort(np.array(values, float))
        return [
            scenes[order[round(p * (len(order) - 1))]] for p in np.linspace(0.01, 0.99, COLUMNS)
        ]
    words = [word for word, _ in Counter(map(str, values)).most_common()]
    each = {word: [s for s, v in zip(scenes, values, strict=True) if v == word] for word in words}
    taken = dict.fromkeys(words, 0)
    room = -(-len(words) // COLUMNS) * COLUMNS
    while sum(taken.values()) < room and any(taken[w] < len(each[w]) for w in words):
        for word in words:
            if sum(taken.values()) < room and taken[word] < len(each[word]):
                taken[word] += 1
    return [scene for word in words for scene in each[word][: taken[word]]]


def _plain(scenes: Sequence[Scene]) -> Scene:
    """Return a grown man with short hair in soft light, nothing worn or held, before a wall."""

    def oddness(scene: Scene) -> float:
        hair, traits = scene.look.hair, scene.traits
        return (
            abs(traits.get("age", 30.0) - 30.0) / 10.0
            + 4.0 * (traits.get("sex", 1.0) < 0.5)
            + 4.0 * (hair.style != "short")
            + 2.0 * (hair.beard != "none")
            + 60.0 * max(hair.front - 0.02, 0.0)
        )

    one = min(scenes, key=oddness)
    head = np.array([np.radians(8.0), 0.0, 0.0], np.float32)
    still = replace(
        one, head=head, neck=np.zeros(3, np.float32), expression=np.zeros_like(one.expression),
        gaze=np.tile(np.array([-head[0], 0.0], np.float32), (2, 1)),
        camera=sample_camera(np.random.default_rng(6), head, PANEL),
    )  # fmt: skip
    return _with(still, _bare(one.look, scenes))


def _bare(look: Look, scenes: Sequence[Scene]) -> dict[str, Any]:
    """Return the parts of a Look that are made plain, those of the plainest scenes."""
    looks = [scene.look for scene in scenes]
    light = max(looks, key=lambda each: (each.light.kind == "soft", -len(each.light.lamps))).light
    wall = min(looks, key=lambda each: each.background.contrast).background
    sensor = min(looks, key=lambda each: np.ptp(each.sensor.white_balance)).sensor
    clean = replace(
        sensor, grey=False, vignette=0.0, flare=0.0, blur=0.3, motion=(0.0, 0.0), low_side=1.0,
        noise=0.0, jpeg_quality=95, contrast=1.0, saturation=1.0, gamma=1.0, tint=0.0,
    )  # fmt: skip
    return {
        "light": light, "background": replace(wall, level=0.8), "sensor": clean,
        "occluders": (), "wardrobe": nothing_worn(look.wardrobe),
    }  # fmt: skip


def _panel(factor: Factor, scene: Scene, model: FaceModel, renderer: "Renderer") -> Picture:
    from dlm.datasets.images import decode_jpeg, encode_jpeg

    if factor.zoom != 1:
        scene = replace(scene, camera=_zoomed(scene, factor.zoom, factor.spot))
    heads = pose_heads(model, [scene])
    world = labels.to_world(scene, heads[0])
    facing_out = labels.to_world(scene, vertex_normals(heads, model)[0])
    drawn = renderer.draw(scene, world, facing_out).image
    picture = Image.new("RGB", (PANEL, TITLE + PANEL), (255, 255, 255))
    seen = decode_jpeg(encode_jpeg(drawn, scene.look.sensor.jpeg_quality))
    picture.paste(Image.fromarray(seen), (0, TITLE))
    value = factor.value(scene)
    title = f"{value:.3g}" if isinstance(value, float) else value
    title = factor.title(scene) if factor.title else title
    font = ImageFont.load_default(14)
    ImageDraw.Draw(picture).text((5, 2), title, fill=(0, 0, 0), font=font)
    return np.asarray(picture)


def _zoomed(scene: Scene, zoom: float, spot: Vec3) -> Camera:
    """Return the camera with a lens `zoom` times as long, and `spot` of the head in the middle."""
    camera = scene.camera
    place = np.array([spot], np.float32) @ rotation(*scene.head).T
    x, y = labels.project(camera, place)[0][0]
    centre = (camera.size - 1) / 2
    return replace(
        camera, fx=camera.fx * zoom, fy=camera.fy * zoom,
        cx=centre - zoom * float(x - camera.cx), cy=centre - zoom * float(y - camera.cy),
    )  # fmt: skip
