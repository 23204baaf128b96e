"""Text files, read whole: UTF-8 and not too large, or one line that says what is wrong."""

from pathlib import Path

from dlm.errors import SpecError


def read_text(path: Path, limit: int, smaller: str) -> str:
    """Return the text of a file; SpecError where it cannot be read as such.

    `smaller` is the way out where it has more than `limit` bytes.
    """
    try:
        size = path.stat().st_size
        if size > limit:
            raise too_large(size, f"{path}:1:1", smaller)
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise SpecError(
            f"byte {error.start} is no UTF-8", f"{path}:1:1", "save the file as UTF-8 text"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError(f"cannot read the file: {reason}", str(path), "check the path") from None


def too_large(size: int, where: str, smaller: str) -> SpecError:
    """Return the error of a text of `size` bytes, which are too many."""
    return SpecError(f"the file has {size:,} bytes", where, smaller)
