"""Start the page and wait until its owner stops it."""

import sys
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING

from dlm.errors import DlmError

if TYPE_CHECKING:
    from dlm.cli.design.session import Session


def require_viser() -> None:
    """Raise DlmError, with the line that mends it, where the extra is not installed."""
    if find_spec("viser") is None:
        raise DlmError(
            "the design page needs viser, which is not installed", "dlm spec design",
            "install the extra: pip install 'dlm[design]'",
        )  # fmt: skip


def serve(name: str | None, model: str, port: int) -> None:
    """Serve the page until Ctrl-C; its address is the one line on stdout.

    Raises SpecError and ModelError for what cannot be opened, and KeyboardInterrupt with what
    became of unsaved work.
    """
    from dlm.cli.baking import load_model
    from dlm.cli.design import guard
    from dlm.cli.design.page import Page
    from dlm.cli.design.session import Session, begin
    from dlm.cli.design.stage import shown_triangles

    head = load_model(model)
    draft, path = begin(name, head)
    session = Session(head, shown_triangles(head.topology), draft, path)
    door = guard.Door()
    server = guard.start_server(door, port)
    page = Page(server, head, session)
    try:
        count = f"{len(draft.points)} points" if draft.points else "a new layout"
        print(f"{draft.name}: {count}, to be saved as {path}; Ctrl-C stops", file=sys.stderr)
        print(guard.address(server, door), flush=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        page.stop()
        raise KeyboardInterrupt(_farewell(session)) from None
    finally:
        guard.stop_server(server)


def _farewell(session: "Session") -> str:
    if not session.unsaved:
        return "stopped; nothing was unsaved"
    kept = session.keep()
    if kept is None:
        return "stopped; the unsaved layout could not be kept, since it is not complete"
    return f"stopped; the unsaved layout is kept in {kept}"
