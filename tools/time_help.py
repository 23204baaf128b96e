"""Time `dlm --help` as a user meets it, and fail if its median is over the limit."""

import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

LIMIT_SECONDS = 0.5
RUNS = 7


def main() -> int:
    """Run the installed `dlm --help` once to warm the disk, then RUNS times."""
    dlm = shutil.which("dlm", path=str(Path(sys.executable).parent)) or "dlm"
    times = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        subprocess.run([dlm, "--help"], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    median = statistics.median(times[1:])
    print(f"dlm --help: median {median:.3f} s of {RUNS}, limit {LIMIT_SECONDS} s")
    return 0 if median < LIMIT_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
