"""The tab of sliders that move the face, to see whether points stay where they belong."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dlm.cli.design import faces
from dlm.cli.design.faces import Face
from dlm.cli.design.inputs import fill

if TYPE_CHECKING:
    import viser

_PERSONS = 200


class FaceTab:
    """Sliders of person, expression and gaze; `face` is what they say."""

    def __init__(self, gui: "viser.GuiApi", changed: Callable[[], None]) -> None:
        self.face = Face()
        self._gui, self._changed = gui, changed
        self._draws = np.random.default_rng(0)
        self._filling = False
        person = gui.add_slider("Person", 0, _PERSONS, 1, 0, hint="0 is the mean face")
        strength = gui.add_slider(
            "Likeness", 0.0, 1.5, 0.05, 1.0, hint="0 the mean face, 1 the person, more: caricature"
        )
        person.on_update(lambda _: self._set(replace(self.face, person=person.value)))
        strength.on_update(lambda _: self._set(replace(self.face, strength=strength.value)))
        names = list(faces.PRESETS)
        for row in (names[:4], names[4:]):
            presets = gui.add_button_group("Expression" if row[0] == names[0] else "", row)
            presets.on_click(lambda event: self._show(faces.PRESETS[event.target.value]))
        drawn = gui.add_button("Draw an expression", hint="As datasets draw theirs", color="gray")
        drawn.on_click(lambda _: self._show(self._draw()))
        yaw = gui.add_slider("Gaze, yaw", -35.0, 35.0, 1.0, 0.0, hint="degrees")
        pitch = gui.add_slider("Gaze, pitch", -25.0, 25.0, 1.0, 0.0, hint="degrees")
        yaw.on_update(lambda _: self._set(replace(self.face, gaze_yaw=yaw.value)))
        pitch.on_update(lambda _: self._set(replace(self.face, gaze_pitch=pitch.value)))
        self._units = {unit: slider for area in faces.AREAS for unit, slider in self._area(area)}

    def _area(self, area: str) -> "list[tuple[str, viser.GuiSliderHandle[float]]]":
        with self._gui.add_folder(area, expand_by_default=False):
            return [(unit, self._slider(unit)) for unit in faces.units_of(area)]

    def _slider(self, unit: str) -> "viser.GuiSliderHandle[float]":
        slider = self._gui.add_slider(unit, 0.0, 1.0, 0.01, 0.0)
        slider.on_update(lambda _: self._set(self.face.with_unit(unit, slider.value)))
        return slider

    def _set(self, face: Face) -> None:
        if not self._filling:
            self.face = face
            self._changed()

    def _draw(self) -> dict[str, float]:
        return faces.drawn_expression(int(self._draws.integers(1_000_000)))

    def _show(self, expression: Mapping[str, float]) -> None:
        """Set every expression slider, and the face once."""
        self._filling = True
        for unit, slider in self._units.items():
            fill(slider, expression.get(unit, 0.0))
        self._filling = False
        self._set(replace(self.face, expression=dict(expression)))
