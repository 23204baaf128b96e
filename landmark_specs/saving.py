"""Files that are whole or absent, and layouts that are never written over by accident."""

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path

from dlm.errors import SpecError


def save(text: str, path: Path, *, replace: bool = False) -> None:
    """Write the YAML of a layout to `path`, under a temporary name first.

    Raises SpecError where a file stands there and `replace` is false, where the name does not end
    in .yaml, or where the system refuses.
    """
    if path.suffix not in (".yaml", ".yml"):
        raise SpecError("a layout file ends in .yaml", str(path), "choose such a name")
    write(text.encode(), path, replace=replace)


def write(data: bytes, path: Path, *, replace: bool = True) -> None:
    """Write a file under a temporary name first, so that it is whole or absent.

    Raises SpecError where one stands there and `replace` is false, or where the system refuses.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if not replace:
            _reserve(path)
        temporary.replace(path)
    except FileExistsError:
        raise SpecError(
            "the file exists", str(path), "choose another name, or say that it may be replaced"
        ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "make the folder first" if error.errno == errno.ENOENT else "choose another place"
        raise SpecError(f"cannot write: {reason}", str(path), hint) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _reserve(path: Path) -> None:
    """Take the name in one step, so that a file made at the same moment is not lost."""
    with open(path, "x", encoding="utf-8"):
        pass
