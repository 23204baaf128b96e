"""The main panel: status, undo, and one tab each for points, lines, the face and the file."""

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Literal

from dlm.cli.design.controls_face import FaceTab
from dlm.cli.design.controls_file import FileTab
from dlm.cli.design.controls_order import OrderList
from dlm.cli.design.controls_parts import PartsTab
from dlm.cli.design.faces import Face
from dlm.cli.design.inputs import fill
from dlm.cli.design.session import Pen, Session
from dlm.landmark_specs import drafts, editing

if TYPE_CHECKING:
    import viser

_ADDS, _CHOOSES = "adds or removes a point", "chooses a point"
_UNDO, _REDO = "Undo", "Redo"


class Controls:
    """Builds the panel and reads it; `act(action, client)` runs an action and shows its words."""

    def __init__(
        self,
        server: "viser.ViserServer",
        session: Session,
        act: Callable[..., None],
        redraw: Callable[[], None],
        show_wire: Callable[[bool], None],
    ) -> None:
        self._gui = server.gui
        self._session, self._act, self._redraw = session, act, redraw
        self._status = self._gui.add_html("")
        back = self._gui.add_button_group("", (_UNDO, _REDO), hint="Ctrl+Z and Ctrl+Y")
        back.on_click(
            lambda event: act(
                session.undo if event.target.value == _UNDO else session.redo, event.client
            )
        )
        tabs = self._gui.add_tab_group()
        with tabs.add_tab("Points"):
            self._build_pen(show_wire)
            self._build_chosen()
        with tabs.add_tab("Lines, groups"):
            self._parts = PartsTab(self._gui, session, act, lambda: self.pen)
        with tabs.add_tab("Face"):
            self._face = FaceTab(self._gui, redraw)
        with tabs.add_tab("File"):
            self._file = FileTab(server, session, act)

    @property
    def adding(self) -> bool:
        """Whether a click adds and removes points; else it chooses them."""
        return self._mode.value == _ADDS

    @property
    def pen(self) -> Pen:
        """The settings of the next click."""
        return Pen(
            mirrored=self._mirrored.value,
            group=self._group.value.strip(),
            line=self._line.value.strip(),
            radius=self._radius.value / 1000,
        )

    @property
    def face(self) -> Face:
        """What the sliders of the face say."""
        return self._face.face

    def show(self, said: str) -> None:
        """Show the session as it is now, and what was done last."""
        draft = self._session.draft
        sizes = {"point": draft.points, "group": draft.groups, "line": draft.lines}
        counts = ", ".join(
            f"{len(found)} {word}{'' if len(found) == 1 else 's'}" for word, found in sizes.items()
        )
        state = "unsaved edits" if self._session.unsaved else "no unsaved edits"
        wrong = drafts.problems(draft)[:1] if draft.points else []
        warning = f'<div style="color:#c2410c">{escape(wrong[0])}</div>' if wrong else ""
        self._status.content = (
            f'<div style="font-size:0.9em;padding:0.5em 0.75em"><b>{escape(draft.name)}</b>: '
            f'<span id="dlm-counts">{counts}</span>, {state}'
            f'<div id="dlm-said" style="opacity:0.75">{escape(said)}</div>{warning}</div>'
        )
        self._show_chosen()
        self._parts.show()
        self._file.show()

    def _button(
        self,
        label: str,
        action: Callable[[], str],
        hint: str = "",
        color: Literal["gray", "red"] = "gray",
    ) -> None:
        button = self._gui.add_button(label, hint=hint or None, color=color)
        button.on_click(lambda event: self._act(action, event.client))

    def _build_pen(self, show_wire: Callable[[bool], None]) -> None:
        gui = self._gui
        self._mode = gui.add_dropdown("A click", (_ADDS, _CHOOSES))
        self._mirrored = gui.add_checkbox(
            "Mirrored", True, hint="Whatever is done to a point is done on the other side too"
        )
        self._group = gui.add_text(
            "Group", "", hint="New points join it; 'eye_left' is 'eye_right' on the other side"
        )
        self._line = gui.add_text(
            "Line", "", hint="New points are added to its end, and are named after it"
        )
        self._radius = gui.add_slider("Size, mm", 0.3, 2.0, 0.1, 1.0)
        self._radius.on_update(lambda _: self._redraw())
        wire = gui.add_checkbox("Show mesh", False, hint="The corners are what can be picked")
        wire.on_update(lambda _: show_wire(wire.value))

    def _build_chosen(self) -> None:
        gui = self._gui
        with gui.add_folder("Chosen points"):
            self._chosen = gui.add_html("")
            self._name = gui.add_text("Name", "", hint="Of the one chosen point")
            self._button("Rename", self._rename)
            self._button("Put into the group above", self._join)
            self._button("Draw the line above through them", self._draw,
                         "In the order in which they were chosen")  # fmt: skip
            self._place = gui.add_number("Index", 0, min=0, step=1)
            self._button("Move to this index", self._move, "Changes the order of the layout")
            self._button("Remove", self._remove, color="red")
            self._button("Choose none", self._choose_none)
        self._order = OrderList(gui, self._session, self._act)

    def _show_chosen(self) -> None:
        names = self._session.draft.names
        chosen = self._session.chosen
        self._order.show()
        told = ", ".join(f"{names.index(name)} {escape(name)}" for name in chosen[:12])
        more = f" and {len(chosen) - 12} more" if len(chosen) > 12 else ""
        self._chosen.content = (
            f'<div style="padding:0 0.75em;font-size:0.8em">{told or "none"}{more}</div>'
        )
        if len(chosen) == 1:
            fill(self._name, chosen[0])

    def _rename(self) -> str:
        if len(self._session.chosen) != 1:
            return "choose one point to rename"
        (old,) = self._session.chosen
        new = self._name.value.strip()
        self._session.edit(
            editing.rename(self._session.draft, old, new, mirrored=self.pen.mirrored)
        )
        self._session.chosen = (new,)
        return f"renamed {old} to {new}"

    def _join(self) -> str:
        if not self.pen.group or not self._session.chosen:
            return "choose points, and name a group above"
        self._session.edit(
            editing.join_group(
                self._session.draft,
                self.pen.group,
                self._session.chosen,
                mirrored=self.pen.mirrored,
            )
        )
        return f"{len(self._session.chosen)} points are in {self.pen.group}"

    def _draw(self) -> str:
        if not self.pen.line or len(self._session.chosen) < 2:
            return "choose two points or more, and name a line above"
        self._session.edit(
            editing.draw_line(
                self._session.draft, self.pen.line, self._session.chosen, mirrored=self.pen.mirrored
            )
        )
        return f"{self.pen.line} goes through {len(self._session.chosen)} points"

    def _move(self) -> str:
        if not self._session.chosen:
            return "choose points to move"
        place = int(self._place.value)
        self._session.edit(editing.move(self._session.draft, self._session.chosen, place))
        return f"moved to index {self._session.draft.names.index(self._session.chosen[0])}"

    def _remove(self) -> str:
        count = len(self._session.draft.points)
        self._session.edit(
            editing.remove(
                self._session.draft, self._session.chosen, mirrored=self.pen.mirrored
            )
        )  # fmt: skip
        return f"removed {count - len(self._session.draft.points)} points"

    def _choose_none(self) -> str:
        self._session.chosen = ()
        return "no point is chosen"
