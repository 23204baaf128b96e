"""The list of all points in their order, in which rows are dragged to where they shall stand.

viser has no such list, so rows carry a few lines of script: a drop writes 'from > to' into the text
field above them, which the page reads as if it were typed. Every change replaces the whole list;
the new one scrolls to where the old one stood as soon as it is shown.
"""

import re
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from dlm.cli.design.inputs import fill
from dlm.cli.design.session import Session
from dlm.errors import SpecError
from dlm.landmark_specs import editing

if TYPE_CHECKING:
    import viser

_FIELD = "Order"
_MOVE = re.compile(r"\s*(\d{1,6})\s*>\s*(\d{1,6})\s*")
_ROWS = 1200
_SHOWN = "<style>@keyframes dlm-shown { from { opacity: 1 } }</style>"  # tells, and does nothing
_LIST = (
    "max-height:20em;overflow:auto;padding:0 0.75em;font-size:0.8em;cursor:grab;"
    "animation:dlm-shown 1ms"
)
_KEEP, _RETURN = "window.dlmOrderTop = scrollTop", "scrollTop = window.dlmOrderTop ?? 0"
_TAKE = "event.dataTransfer.setData('text/plain', event.target.dataset.k)"
_DROP = f"""event.preventDefault();
const onto = event.target.closest('[data-k]'), from = event.dataTransfer.getData('text/plain');
const field = document.evaluate('//*[normalize-space(text())="{_FIELD}"]/following::input[1]',
  document, null, XPathResult.FIRST_ORDERED_NODE_TYPE, null).singleNodeValue;
if (onto && field) {{
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set
    .call(field, from + ' > ' + onto.dataset.k);
  field.dispatchEvent(new Event('input', {{bubbles: true}}));
}}"""


class OrderList:
    """Shows the points in order and moves them; a dragged row that is chosen takes all chosen."""

    def __init__(
        self, gui: "viser.GuiApi", session: Session, act: Callable[..., None]
    ) -> None:  # fmt: skip
        self._session, self._act = session, act
        with gui.add_folder("All points, in order", expand_by_default=False):
            self._field = gui.add_text(
                _FIELD, "", hint="Drag rows below, or write '12 > 3': point 12 goes to index 3"
            )
            self._table = gui.add_html("")
        self._field.on_update(lambda event: self._typed(event.client))

    def show(self) -> None:
        """Show the points of the session as they are now."""
        names, chosen = self._session.draft.names, set(self._session.chosen)
        rows = "".join(
            f'<div draggable="true" data-k="{k}"'
            f"{' style=font-weight:bold' if name in chosen else ''}>"
            f'<span style="opacity:0.5">{k}</span> {escape(name)}</div>'
            for k, name in enumerate(names[:_ROWS])
        )
        more = f"<div>and {len(names) - _ROWS} more</div>" if len(names) > _ROWS else ""
        self._table.content = (
            f'{_SHOWN}<div id="dlm-order" style="{_LIST}" onscroll="{_KEEP}" '
            f'onanimationstart="{_RETURN}" ondragstart="{_TAKE}" '
            f'ondragover="event.preventDefault()" ondrop="{escape(_DROP)}">{rows}{more}</div>'
        )

    def _typed(self, client: "viser.ClientHandle | None") -> None:
        found = _MOVE.fullmatch(self._field.value)
        if found:
            fill(self._field, "")
            self._act(lambda: moved(self._session, int(found[1]), int(found[2])), client)


def moved(session: Session, number: int, place: int) -> str:
    """Move point `number`, and with a chosen one all chosen, to index `place`; tell what was done.

    Raises SpecError where there is no such point.
    """
    names = session.draft.names
    if max(number, place) >= len(names):
        raise SpecError(
            f"no point {max(number, place)}", "order", f"0 to {len(names) - 1} are there"
        )
    name = names[number]
    together = session.chosen if name in session.chosen else (name,)
    session.edit(editing.move(session.draft, together, place))
    what = name if len(together) == 1 else f"{len(together)} chosen points"
    return f"{what} moved to index {session.draft.names.index(together[0])}"
