"""One thread that poses and draws: it owns the GL context, and skips what is out of date."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlm.cli.design.faces import Face, posed
from dlm.cli.design.preview import Preview
from dlm.errors import DlmError
from dlm.generator.models.base import FaceModel, Float32
from dlm.landmark_specs import LandmarkSpec


@dataclass(frozen=True, kw_only=True, eq=False)
class Wanted:
    """What the page shows: a face, seen from somewhere, with a layout's points."""

    face: Face
    view: tuple[float, float]  # yaw and pitch of the head that is seen, radians
    spec: LandmarkSpec | None


class Worker:
    """Poses the face for the 3-D view at once, and draws the preview when nothing newer waits."""

    def __init__(
        self,
        model: FaceModel,
        on_face: Callable[[Float32], None],
        on_picture: Callable[[NDArray[np.uint8]], None],
        on_failure: Callable[[str], None],
    ) -> None:
        self._model = model
        self._on_face, self._on_picture, self._on_failure = on_face, on_picture, on_failure
        self._news = threading.Condition()
        self._wanted: Wanted | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="design-preview", daemon=True)
        self._thread.start()

    def want(self, wanted: Wanted) -> None:
        """Ask for this; what was asked for before and is not begun is forgotten."""
        with self._news:
            self._wanted = wanted
            self._news.notify()

    def stop(self) -> None:
        """End the thread after the picture it is at."""
        with self._news:
            self._stopping = True
            self._news.notify()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        preview: Preview | None = None
        face: Face | None = None
        vertices = np.zeros((0, 3), np.float32)
        try:
            while (wanted := self._next()) is not None:
                if wanted.face != face:
                    face, vertices = wanted.face, posed(self._model, wanted.face)
                    self._on_face(vertices)
                if self._overtaken():
                    continue
                preview = preview or Preview(self._model)
                self._on_picture(preview.draw(wanted.face, vertices, wanted.view, wanted.spec))
        except DlmError as error:
            self._on_failure(str(error))
            self._pose_only(face)

    def _pose_only(self, face: Face | None) -> None:
        """Go on without pictures, on a machine that cannot draw them."""
        while (wanted := self._next()) is not None:
            if wanted.face != face:
                face = wanted.face
                self._on_face(posed(self._model, face))

    def _next(self) -> Wanted | None:
        """Wait for the next request; None when stopping."""
        with self._news:
            self._news.wait_for(lambda: self._stopping or self._wanted is not None)
            wanted, self._wanted = self._wanted, None
            return None if self._stopping else wanted

    def _overtaken(self) -> bool:
        with self._news:
            return self._wanted is not None or self._stopping
