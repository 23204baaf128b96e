"""Where ICT-FaceKit's own README puts facial landmarks: vertex numbers of its mesh, 0-based.

dlm's head `ict` keeps those vertex numbers, so a layout's `ict` column can name them as they are.
Source: README of ICT-FaceKit (MIT), section Facial Landmarks.
"""

MULTI_PIE_68: tuple[int, ...] = (
    1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966,  # jaw, from the subject's right ear
    3661, 4390, 3927, 3924, 2608, 3272, 4088, 3443,
    268, 493, 1914, 2044, 1401,  # brows
    3615, 4240, 4114, 2734, 2509,
    978, 4527, 4942, 4857, 1140, 2075, 1147, 4269, 3360,  # nose
    1507, 1542, 1537, 1528, 1518, 1511,  # eyes
    3742, 3751, 3756, 3721, 3725, 3732,
    5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841,  # outer lips
    5702, 5711, 5533, 6216, 6207, 6470, 5517, 5966,  # inner lips
)  # fmt: skip

# Better jaw lines: they stand for points 0 to 7 and 9 to 16 of the list above.
JAW_RIGHT: tuple[int, ...] = (1278, 1272, 12, 1834, 243, 781, 2199, 1447)
JAW_LEFT: tuple[int, ...] = (3661, 4390, 3022, 2484, 4036, 2253, 3490, 3496)

# The same lines with a vertex between each two, for denser layouts.
JAW_RIGHT_DENSE: tuple[int, ...] = (
    1280, 1278, 1275, 1272, 1248, 12, 820, 1834, 1902, 243, 844, 781, 1673, 2199, 801, 1447, 800,
)  # fmt: skip
JAW_LEFT_DENSE: tuple[int, ...] = (
    3041, 3661, 3042, 4390, 3880, 3022, 3085, 2484, 4102, 4036, 3061, 2253, 3466, 3490, 3493,
    3496, 3498,
)  # fmt: skip


def ibug_68() -> tuple[int, ...]:
    """Return the 68 vertices in iBUG order, with the better jaw lines."""
    return (*JAW_RIGHT, MULTI_PIE_68[8], *JAW_LEFT, *MULTI_PIE_68[17:])
