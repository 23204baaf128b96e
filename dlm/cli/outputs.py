"""Where a command may write: refused before any work is done."""

from pathlib import Path

from dlm.errors import DlmError


def check_picture(out: Path, endings: tuple[str, ...] = (".png",)) -> None:
    """Raise DlmError unless `out` ends as a picture does, in a folder that is there."""
    if out.suffix.lower() not in endings:
        raise DlmError(f"cannot write a {out.suffix or 'nameless'} picture", str(out),
                       f"give a name that ends in {' or '.join(endings)}")  # fmt: skip
    check_folder(out)


def check_folder(out: Path) -> None:
    """Raise DlmError where the folder that `out` is to lie in is not there."""
    if not out.parent.is_dir():
        raise DlmError("no such folder", str(out.parent), "make it first, or choose another -o")


def check_directory(out: Path | None) -> None:
    """Raise DlmError where a file stands at `out`, or in its way: no folder can be made there."""
    for place in [] if out is None else [out, *out.parents]:
        if place.exists():
            if not place.is_dir():
                raise DlmError("is a file, not a folder", str(place), "choose another -o")
            return
