"""The page itself: panels of buttons and sliders around the head, wired to a Session."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dlm.cli.design.controls import Controls
from dlm.cli.design.picking import Ray
from dlm.cli.design.preview import SIZE, view_of
from dlm.cli.design.session import Session
from dlm.cli.design.stage import SCALE, Stage
from dlm.cli.design.worker import Wanted, Worker
from dlm.errors import DlmError
from dlm.generator.models.base import FaceModel, Float32
from dlm.landmark_specs import drafts

if TYPE_CHECKING:
    import viser

Action = Callable[[], str]
_PREVIEW_WIDTH, _PANEL_WIDTH = 300, 370  # CSS pixels


class Page:
    """Everything that one browser page shows. Callbacks come from viser's threads."""

    def __init__(self, server: "viser.ViserServer", model: FaceModel, session: Session) -> None:
        self._lock = threading.RLock()
        self._stopped = False
        self._server = server
        self._vertices = model.template
        self.session = session
        self._view = (0.0, 0.0)
        server.gui.configure_theme(control_width="large", show_logo=False, show_share_button=False)
        self._stage = Stage(server, model.topology, model.template, model.name)
        self._picture = self._build_preview()
        self._controls = Controls(server, session, self._act, self._redraw, self._stage.show_wire)
        server.gui.main_panel.dock_right()
        server.gui.main_panel.set_width(_PANEL_WIDTH)
        self._worker = Worker(model, self._show_face, self._show_picture, self._no_preview)
        server.scene.on_click()(self._clicked)
        server.on_client_connect(self._follow)
        self._add_hotkeys()
        self.refresh("click on the face to add points")

    def stop(self) -> None:
        """End the thread that draws, and let what is being done come to its end."""
        self._worker.stop()
        with self._lock:
            self._stopped = True

    def refresh(self, said: str) -> None:
        """Show the session as it is now, and what was done last."""
        with self._lock:
            self._controls.show(said)
            self._redraw()

    def _act(self, action: Action, client: "viser.ClientHandle | None" = None) -> None:
        """Do something, and show what it did or why it could not."""
        with self._lock:
            if self._stopped:
                return
            try:
                said = action()
            except DlmError as error:
                said = str(error)
                if client is not None:
                    client.add_notification("Not done", said, color="red", auto_close_seconds=8)
            if said:
                self.refresh(said)

    def _clicked(self, event: "viser.SceneClickEvent") -> None:
        direction = np.asarray(event.ray_direction, dtype=np.float64)
        ray = Ray(
            np.asarray(event.ray_origin, dtype=np.float64) / SCALE,
            direction / np.linalg.norm(direction),
        )
        does = self.session.toggle if self._controls.adding else self.session.choose
        self._act(lambda: does(ray, self._vertices, self._controls.pen), event.client)

    def _follow(self, client: "viser.ClientHandle") -> None:
        @client.camera.on_update
        def _(camera: "viser.CameraHandle") -> None:
            with self._lock:
                if self._stopped:
                    return
                self._view = view_of(np.asarray(camera.position) / SCALE)
                self._want()

    def _redraw(self) -> None:
        """Show the points as they are now, and ask for the face and the picture."""
        with self._lock:
            if self._stopped:
                return
            draft = self.session.draft
            spec = drafts.unchecked(draft) if draft.points else None
            self._stage.show_points(spec, self.session.chosen, self._controls.pen.radius)
            self._want()

    def _want(self) -> None:
        draft = self.session.draft
        spec = drafts.unchecked(draft) if draft.points else None
        self._worker.want(Wanted(face=self._controls.face, view=self._view, spec=spec))

    def _show_face(self, vertices: Float32) -> None:
        with self._lock:
            self._vertices = vertices
            self._stage.show_face(vertices)

    def _show_picture(self, picture: NDArray[np.uint8]) -> None:
        self._picture.image = picture

    def _no_preview(self, reason: str) -> None:
        with self._lock:
            self._picture.visible = False
            self._note.content = f"No preview: {reason}"

    def _build_preview(self) -> "viser.GuiImageHandle":
        panel = self._server.gui.add_panel()
        with panel.add_tab("Preview"):
            blank = np.full((SIZE, SIZE, 3), 235, dtype=np.uint8)
            picture = self._server.gui.add_image(blank, format="jpeg", jpeg_quality=90)
            self._note = self._server.gui.add_markdown(
                "As `dlm render` draws it, from where you look; no hair. Hidden points are hollow."
            )
        panel.float(x=12, y=-12, width=_PREVIEW_WIDTH)
        return picture

    def _add_hotkeys(self) -> None:
        gui = self._server.gui
        undo = gui.add_command("Undo", hotkey="Z", modifier="cmd/ctrl")
        redo = gui.add_command("Redo", hotkey="Y", modifier="cmd/ctrl")
        undo.on_trigger(lambda event: self._act(self.session.undo, event.client))
        redo.on_trigger(lambda event: self._act(self.session.redo, event.client))
