"""What is seen but is not geometry, as plain numbers that travel with every row.

Colours are linear RGB reflectances (or radiances, for light) unless a name says otherwise.
Directions are in the world and point to the light. `left` and `right` are the subject's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

Colour = tuple[float, float, float]
Vec3 = tuple[float, float, float]

JSON_VERSION = 3


@dataclass(frozen=True, kw_only=True)
class Skin:
    """One person's skin: pigment, tints by region, and what age and make-up add."""

    melanin: float  # 0 very light to 1 very dark
    blood: float  # haemoglobin, 0 pale to 1 flushed
    albedo: Colour  # of the cheek without flush, what the two above come to
    lips: Colour  # what the skin's albedo is multiplied with, on the lips
    lip_strength: float  # 0 lips like skin to 1 tint in full
    lip_line: float  # dark line where the lips meet
    flush: float  # redder cheeks, nose and ears
    under_eye: float  # darker below the eyes
    freckles: float
    mottle: float  # slow unevenness of the pigment
    pores: float
    wrinkles: float  # grows with age
    oil: float  # strength of the specular lobe
    roughness: float  # 0.25 wet to 0.7 powder
    shadow_colour: Colour  # eye shadow, multiplies the albedo of the upper lid
    shadow: float  # strength of the eye shadow
    liner: float  # eyeliner, 0 to 1
    texture: tuple[float, float]  # where in the noise this person's skin lies


@dataclass(frozen=True, kw_only=True)
class Eyes:
    """Iris, sclera and lashes; both eyes alike."""

    iris: Colour  # outer ring
    iris_inner: Colour  # around the pupil
    iris_radius: float  # as a fraction of the eyeball's radius
    pupil: float  # as a fraction of the iris
    limbal: float  # dark ring around the iris
    sclera: Colour
    veins: float
    wet: float  # strength of the corneal reflection
    lashes: float  # 0 hardly seen to 1 thick and dark
    lid_shade: float  # shade of the upper lid on the ball
    lid_crease: float  # dark fold above the upper lid


@dataclass(frozen=True, kw_only=True)
class Hair:
    """Hair of the head, brows and beard. Lengths in metres along the strand."""

    style: str  # bald, shaved, short, medium, long, afro, receding, bun
    colour: Colour
    tip_colour: Colour
    front: float
    side: float
    back: float
    volume: float  # how far it stands off the head
    hairline: float  # -1 deep on the forehead to 1 receding
    combed: str  # back: from the crown; fringe: so, and forward; parted: both ways; swept: across
    part: float  # -1 parted on the subject's right to 1 on its left
    falls: tuple[float, float]  # degrees from the face's middle where parted hair comes down: l, r
    dip: float  # 0 parted hair crosses the forehead high to 1 low
    ragged: float  # metres by which the ends of strands differ
    curl: float  # 0 straight to 1 tight curls
    density: float  # 0 thin to 1 full
    shine: float
    brow_colour: Colour
    brow_thickness: float  # 1 is the average
    brow_density: float
    brow_arch: float  # -1 flat to 1 arched
    brow_length: float  # 1 is the average
    brow_height: float  # metres above the average
    beard: str  # none, stubble, moustache, goatee, full
    beard_colour: Colour
    beard_density: float
    beard_length: float
    texture: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Wardrobe:
    """Clothes, glasses, hats, masks, jewellery."""

    shirt: Colour
    shirt_second: Colour
    shirt_pattern: float  # 0 plain; blotches, or negative: stripes, a metre
    glasses: str  # none, clear, sun
    frame_colour: Colour
    frame_shape: float  # superellipse exponent: 2 round to 6 rectangular
    frame_width: float  # half width of a lens, metres
    frame_height: float  # half height of a lens, metres
    rim: float  # thickness of the rim, metres
    lens_tint: float  # 0 clear to 1 opaque
    lens_glare: float
    lens_colour: Colour  # of dark lenses
    lens_mirror: float  # 0 plain glass to 1 a mirror of the surroundings
    hat: str  # none, cap, beanie, headscarf
    hat_colour: Colour
    mask: str  # none, surgical, cloth
    mask_colour: Colour
    mask_slip: float  # 0 over the nose to 1 under the chin
    scarf: float  # thickness around the neck, metres; 0 none
    scarf_colour: Colour
    earrings: str  # none, stud, hoop
    earring_size: float  # radius, metres
    metal: Colour
    headphones: bool
    headphone_colour: Colour


@dataclass(frozen=True, kw_only=True)
class Lamp:
    """A distant light."""

    direction: Vec3
    colour: Colour  # irradiance on a surface that faces it
    softness: float  # 0 hard sun to 1 large window: wraps around the terminator


@dataclass(frozen=True, kw_only=True)
class Light:
    """Ambient light as sky, ground and one bright side, and up to three lamps."""

    kind: str
    sky: Colour
    ground: Colour
    side: Colour  # added where the normal points along side_direction
    side_direction: Vec3
    lamps: tuple[Lamp, ...]
    shadow: float  # how dark the head's own shadow is, 0 to 1


@dataclass(frozen=True, kw_only=True)
class Background:
    """A layer of the background bank, placed and tinted."""

    layer: int  # counted around and around the bank, however many it holds
    shift: tuple[float, float]  # before a panorama: its turn, 0 to 1, and 0
    zoom: float  # side of the picture in sides of the layer
    angle: float  # radians
    tint: Colour
    level: float  # brightness beside the light on the face
    contrast: float
    blur: float  # mip level: 0 sharp to 5 a mere gradient
    flip: bool


@dataclass(frozen=True, kw_only=True)
class Occluder:
    """Something simple held before the face, in units of the face's half height."""

    kind: str  # hand, fist, microphone, cup, phone, board, paper
    centre: tuple[float, float]  # from the face's centre, x to the image's right, y down
    size: tuple[float, float]
    angle: float
    colour: Colour
    second: Colour
    distance: float  # metres before the origin of the head


@dataclass(frozen=True, kw_only=True)
class Sensor:
    """From radiance to bytes."""

    exposure: float
    white_balance: Colour
    contrast: float
    saturation: float
    gamma: float
    tint: float  # 0 none to 1 old-photo sepia; negative: cool
    grey: bool
    vignette: float
    flare: float  # veiling glare, lifts the blacks
    blur: float  # sigma, pixels at 256; below zero: sharpened by that share
    motion: tuple[float, float]  # length and direction of the smear, pixels at 256
    low_side: float  # side in pixels the picture was once reduced to, as a fraction
    noise: float  # standard deviation in sRGB, 0 to 1
    grain: float  # noise's correlation, 0 white to 1 coarse
    jpeg_quality: int


@dataclass(frozen=True, kw_only=True)
class Look:
    """Everything that is seen but is not geometry."""

    skin: Skin
    eyes: Eyes
    hair: Hair
    wardrobe: Wardrobe
    light: Light
    background: Background
    occluders: tuple[Occluder, ...]
    sensor: Sensor


def to_plain(look: Look) -> dict[str, Any]:
    """Return `look` as what JSON holds, with the version of its fields."""
    return {"version": JSON_VERSION, **_plain(look)}


def to_json(look: Look) -> str:
    """Return `look` as one line of JSON; `from_json` gives an equal Look."""
    return json.dumps(to_plain(look), separators=(",", ":"))


def from_json(text: str) -> Look:
    """Return the Look that `to_json` wrote.

    Raises
    ------
    ValueError
        Where the text was written by another version of Look.
    """
    values = json.loads(text)
    version = values.pop("version", None)
    if version != JSON_VERSION:
        raise ValueError(f"a look of version {version}, this is version {JSON_VERSION}")
    look = _build(Look, values)
    assert isinstance(look, Look)
    return look


def attributes(look: Look) -> dict[str, float | str]:
    """Return what one would filter a dataset by, one value a column."""
    return {
        "skin_melanin": look.skin.melanin,
        "hair_style": look.hair.style,
        "beard": look.hair.beard,
        "glasses": look.wardrobe.glasses,
        "hat": look.wardrobe.hat,
        "mask": look.wardrobe.mask,
        "light": look.light.kind,
        "occluder": look.occluders[0].kind if look.occluders else "none",
        "grey": float(look.sensor.grey),
    }


def _plain(value: Any) -> Any:
    """Return dataclasses as mappings: `dataclasses.asdict` copies each number, ten times slower."""
    if isinstance(value, (float, str, int)):
        return value
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return {name: _plain(entry) for name, entry in vars(value).items()}


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Return the annotated types of a dataclass: working them out costs more than using them."""
    return get_type_hints(kind)


def _build(kind: Any, value: Any) -> Any:
    """Return `value`, as JSON holds it, as an instance of the annotated type `kind`."""
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        return tuple(_build(item, entry) for entry in value)
    if isinstance(value, Mapping):
        hints = _hints(kind)
        names = {field.name for field in fields(kind)}
        if names != set(value):
            raise ValueError(f"{kind.__name__}: fields {sorted(names ^ set(value))} do not match")
        return kind(**{name: _build(hints[name], entry) for name, entry in value.items()})
    return kind(value)
