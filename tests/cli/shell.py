"""Run `dlm` as a user does: its own process, its own streams."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

DLM = (sys.executable, "-P", "-m", "dlm.cli")


def dlm(
    *words: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `dlm WORDS` without a terminal and return its status, stdout and stderr."""
    return subprocess.run(
        [*DLM, *words],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "100", **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
