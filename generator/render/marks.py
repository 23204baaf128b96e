"""What a pixel of the picture shows: its alpha, as the shaders write it."""

from enum import IntEnum


class Mark(IntEnum):
    """What was drawn at a pixel, the byte in its alpha."""

    NOTHING = 0
    SKIN = 1
    EYES = 2
    MOUTH = 3  # teeth and tongue
    LASHES = 4
    HAIR = 5
    HEADWEAR = 6
    GLASSES = 7  # a clear lens keeps the mark of what lies behind it
    FACEWEAR = 8
    OCCLUDER = 9
    CLOTHES = 10  # over the shirt, which is skin here


def as_glsl() -> str:
    """Return the marks as constants of the shaders: MARK_SKIN and so on."""
    return "\n".join(f"const float MARK_{mark.name} = {mark.value}.0 / 255.0;" for mark in Mark)
