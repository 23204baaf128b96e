"""Small layouts for tests, as text."""

from collections.abc import Mapping

EYES = """\
name: eyes
version: 1
topology: {makehuman: 3f9c1a}
points:
  eye_left_outer: [3]
  eye_right_outer: [4]
  nose: [5]
groups: {eyes: [eye_left_outer, eye_right_outer], nose: [nose]}
lines:
  across: {points: [eye_right_outer, nose, eye_left_outer], closed: false}
mirror: {pairs: [[eye_left_outer, eye_right_outer]], midline: [nose]}
ibug68: {36: eye_right_outer, 45: eye_left_outer}
normaliser: {inter_ocular: [eye_right_outer, eye_left_outer]}
contour: [nose]
"""


def changed(replacements: Mapping[str, str], text: str = EYES) -> str:
    """Return `text` with each of these words replaced; every one must be there."""
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new, 1)
    return text
