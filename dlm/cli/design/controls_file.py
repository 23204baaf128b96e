"""The tab that loads, names, checks and saves the layout."""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from dlm.cli.design.inputs import fill
from dlm.cli.design.session import Session
from dlm.landmark_specs import available

if TYPE_CHECKING:
    import viser


class FileTab:
    """Start from a shipped layout, match iBUG-68, check, save; asks before it replaces a file."""

    def __init__(
        self, server: "viser.ViserServer", session: Session, act: Callable[..., None]
    ) -> None:
        self._gui, self._session, self._act = server.gui, session, act
        gui = self._gui
        self._shown = session.draft.name
        self._name = gui.add_text("Name", session.draft.name)
        self._path = gui.add_text("File", str(session.path), hint="Beside where dlm was started")
        save = gui.add_button("Save", color="green")
        save.on_click(lambda event: self._save(event.client))
        check = gui.add_button("Check", hint="As dlm spec check does, on 50 faces", color="gray")
        check.on_click(lambda event: act(self._check, event.client))
        self._verdicts = gui.add_html("")
        with gui.add_folder("iBUG-68"):
            gui.add_markdown("Scores on real photos need a point for each of the 68.")
            self._within = gui.add_slider("Within, mm", 0.5, 10.0, 0.5, 3.0)
            match = gui.add_button("Match nearest points", color="gray")
            match.on_click(lambda event: act(self._match, event.client))
        with gui.add_folder("Start from"):
            self._shipped = gui.add_dropdown("Layout", tuple(available()))
            start = gui.add_button("Load", hint="Undo brings back what was there", color="gray")
            start.on_click(lambda event: act(self._load, event.client))

    def show(self) -> None:
        """Show the layout's name, which loading and undo change."""
        if self._shown != self._session.draft.name:  # else it may be being typed
            self._shown = self._session.draft.name
            fill(self._name, self._shown)

    def _match(self) -> str:
        return self._session.match(self._within.value)

    def _load(self) -> str:
        said = self._session.start_from(self._shipped.value)
        fill(self._path, f"{self._session.draft.name}.yaml")
        return said

    def _check(self) -> str:
        verdicts = self._session.check()
        self._verdicts.content = '<div style="padding:0 0.75em;font-size:0.8em">' + "".join(
            f'<div style="color:{"#15803d" if v.passed else "#c2410c"}">'
            f"{'ok' if v.passed else 'fails'}: {escape(v.rule)}: {escape(v.detail)}</div>"
            for v in verdicts
        ) + "</div>"  # fmt: skip
        failed = sum(not verdict.passed for verdict in verdicts)
        return f"{failed} rules fail: see the File tab" if failed else "all rules hold"

    def _save(self, client: "viser.ClientHandle | None") -> None:
        path = Path(self._path.value.strip()).expanduser()
        if client is not None and path.exists():
            self._ask(client, path)
        else:
            self._act(lambda: self._write(path, replace=False), client)

    def _write(self, path: Path, *, replace: bool) -> str:
        if self._name.value.strip() != self._session.draft.name:
            self._session.rename_layout(self._name.value.strip())
        return f"{self._session.save(path, replace=replace)}; {self._check()}"

    def _ask(self, client: "viser.ClientHandle", path: Path) -> None:
        modal = client.gui.add_modal("Replace the file?")
        with modal:
            client.gui.add_markdown(f"`{path}` exists. Replacing it cannot be undone.")
            yes = client.gui.add_button("Replace it", color="red")
            no = client.gui.add_button("Keep it", color="gray")
        no.on_click(lambda _: modal.close())

        @yes.on_click
        def _(event: "viser.GuiEvent[viser.GuiButtonHandle]") -> None:
            modal.close()
            self._act(lambda: self._write(path, replace=True), client)
