"""What a pixel of the picture shows, as the stencil counts it while the picture is drawn."""

from enum import IntEnum


class Mark(IntEnum):
    """What is being drawn."""

    NOTHING = 0
    SKIN = 1
    EYES = 2
    MOUTH = 3  # teeth and tongue
    LASHES = 4
    HAIR = 5
    HEADWEAR = 6
    GLASSES = 7
    FACEWEAR = 8
    OCCLUDER = 9
    CLOTHES = 10  # over the shirt, which is skin here
    SEEN_THROUGH = 11  # a clear lens: what lies behind it stays marked
