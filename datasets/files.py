"""Files that are whole or absent: temporary name in the same folder, sync, rename."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from dlm.errors import DatasetError

_AGAIN = "then run the same command again: it goes on where it stopped"
_REASONS = {
    errno.ENOSPC: ("the disk is full", f"free some space, {_AGAIN}"),
    errno.EDQUOT: ("your disk quota is used up", f"free some space, {_AGAIN}"),
    errno.EFBIG: ("the file is larger than this system allows", f"raise the limit, {_AGAIN}"),
    errno.EACCES: ("no permission to write here", "choose a folder that you may write to"),
    errno.EPERM: ("no permission to write here", "choose a folder that you may write to"),
    errno.EROFS: ("the file system is read-only", "choose a folder that you may write to"),
    errno.EEXIST: ("a file stands where a folder is needed", "choose another folder"),
    errno.ENOTDIR: ("a file stands where a folder is needed", "choose another folder"),
    errno.EISDIR: ("a folder stands where a file is needed", "choose another name"),
}


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Turn an OSError of writing at `path` into a one-line DatasetError."""
    try:
        yield
    except OSError as error:
        code = error.errno or 0
        what, way_out = _REASONS.get(code, (error.strerror or str(error), "mend that, " + _AGAIN))
        raise DatasetError(f"cannot write: {what}", str(path), way_out) from error


@contextmanager
def replacing(path: Path, outdating: Path | None = None) -> Iterator[BinaryIO]:
    """Open a new file that takes the place of `path` when the block ends without an error.

    `outdating` is a file that would tell wrong things of the new one: it is gone before that.
    Whoever lists the folder sees the old file or the new one, never a part, also after a power
    cut. A killed writer leaves a hidden `.tmp` file, which `remove_leftovers` takes away.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    with write_errors(path):
        try:
            with open(temporary, "xb") as file:
                with suppress(OSError):  # some network file systems know no locks
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield file
                file.flush()
                os.fsync(file.fileno())
                if outdating is not None:
                    outdating.unlink(missing_ok=True)
                os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_leftovers(folder: Path) -> int:
    """Delete temporary files of writers that are gone; return how many.

    A living writer holds a lock on its file, in whatever process or container it runs.
    """
    removed = 0
    for leftover in folder.glob(".*.tmp"):
        with suppress(OSError), open(leftover, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            leftover.unlink()
            removed += 1
    return removed
