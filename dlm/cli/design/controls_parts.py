"""The tab of groups and lines that the layout has."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dlm.cli.design.inputs import fill
from dlm.cli.design.session import Pen, Session
from dlm.landmark_specs import editing

if TYPE_CHECKING:
    import viser

_NONE = "(none)"


class PartsTab:
    """Lists, chooses, closes and deletes groups and lines."""

    def __init__(
        self,
        gui: "viser.GuiApi",
        session: Session,
        act: Callable[..., None],
        pen: Callable[[], Pen],
    ) -> None:
        self._gui, self._session, self._act, self._pen = gui, session, act, pen
        with gui.add_folder("Lines"):
            self._line = gui.add_dropdown("Line", (_NONE,))
            self._line.on_update(lambda _: self.show())
            self._closed = gui.add_checkbox("Closed", False, hint="Joins the last to the first")
            self._closed.on_update(lambda event: self._on_closed(event.client))
            self._button("Choose the line's points", lambda: self._choose_line())
            self._button("Delete the line", self._delete_line, "Its points stay")
        with gui.add_folder("Groups"):
            self._group = gui.add_dropdown("Group", (_NONE,))
            self._group.on_update(lambda _: self.show())
            self._slides = gui.add_checkbox(
                "Slides to outline", False,
                hint="With --contour visible, as people annotate the jaw",
            )  # fmt: skip
            self._slides.on_update(lambda event: self._on_slides(event.client))
            self._button("Choose the group's points", self._choose_group)
            self._button("Take the chosen points out", self._leave)
            self._button("Delete the group", self._delete_group, "Its points stay")
        self._button("Complete the other side", self._complete,
                     "Adds what is missing across from every point")  # fmt: skip

    def show(self) -> None:
        """Show the layout's lines and groups as they are now."""
        draft = self._session.draft
        _offer(self._line, list(draft.lines))
        _offer(self._group, list(draft.groups))
        line, group = self._line.value, self._group.value
        fill(self._closed, line in draft.lines and draft.lines[line].closed)
        fill(self._slides, group in draft.contour)

    def _button(self, label: str, action: Callable[[], str], hint: str = "") -> None:
        button = self._gui.add_button(label, hint=hint or None, color="gray")
        button.on_click(lambda event: self._act(action, event.client))

    def _on_closed(self, client: "viser.ClientHandle | None") -> None:
        if client is not None:  # a person's click, not `show`
            self._act(self._close, client)

    def _on_slides(self, client: "viser.ClientHandle | None") -> None:
        if client is not None:
            self._act(self._slide, client)

    def _close(self) -> str:
        line, closed = self._line.value, self._closed.value
        self._session.edit(
            editing.close_line(self._session.draft, line, closed, mirrored=self._pen().mirrored)
        )
        return f"{line} is {'closed' if closed else 'open'}"

    def _choose_line(self) -> str:
        line = self._session.draft.lines.get(self._line.value)
        self._session.chosen = line.points if line else ()
        return f"chose {len(self._session.chosen)} points"

    def _delete_line(self) -> str:
        self._session.edit(
            editing.delete_line(
                self._session.draft, self._line.value, mirrored=self._pen().mirrored
            )
        )  # fmt: skip
        return "the line is gone, its points stay"

    def _slide(self) -> str:
        group, draft = self._group.value, self._session.draft
        if group not in draft.groups:
            return "choose a group first"
        contour = tuple(name for name in draft.contour if name != group)
        if self._slides.value:
            contour = (*contour, group)
        self._session.edit(replace(draft, contour=contour))
        return f"{group} {'slides' if self._slides.value else 'does not slide'} to the outline"

    def _choose_group(self) -> str:
        self._session.chosen = self._session.draft.groups.get(self._group.value, ())
        return f"chose {len(self._session.chosen)} points"

    def _leave(self) -> str:
        self._session.edit(
            editing.leave_group(
                self._session.draft, self._group.value, self._session.chosen,
                mirrored=self._pen().mirrored,
            )
        )  # fmt: skip
        return f"the chosen points are not in {self._group.value}"

    def _delete_group(self) -> str:
        self._session.edit(
            editing.delete_group(
                self._session.draft, self._group.value, mirrored=self._pen().mirrored
            )
        )  # fmt: skip
        return "the group is gone, its points stay"

    def _complete(self) -> str:
        count = len(self._session.draft.points)
        self._session.edit(editing.complete(self._session.draft, self._session.surface))
        return f"added {len(self._session.draft.points) - count} points on the other side"


def _offer(dropdown: "viser.GuiDropdownHandle[str]", names: list[str]) -> None:
    """Offer these names, keeping the one that is chosen."""
    options = tuple(names) or (_NONE,)
    if tuple(dropdown.options) != options:
        value = dropdown.value
        dropdown.options = options
        fill(dropdown, value if value in options else options[0])
