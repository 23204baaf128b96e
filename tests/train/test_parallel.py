"""Several processes compute what one computes with the whole batch."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dlm.errors import TrainError
from dlm.train.parallel import Ranks
from tests.train.builders import write_dataset

SCRIPT = Path(__file__).with_name("shared_run.py")


def losses(folder: Path, *launcher: str) -> list[float]:
    """Run the script and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-P", *launcher, str(SCRIPT), str(folder)],
        capture_output=True, text=True, timeout=300, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [float(word) for word in done.stdout.split()]


@pytest.mark.slow
def test_two_processes_learn_as_one_with_the_doubled_batch(tmp_path):
    write_dataset(tmp_path / "d", 40)
    alone = losses(tmp_path / "d")
    together = losses(
        tmp_path / "d", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"
    )
    assert together[0] == pytest.approx(alone[0], rel=1e-5)
    # Adam's first steps are signs of gradients: later losses may differ by a little more.
    np.testing.assert_allclose(together[:3], alone[:3], rtol=1e-4)
    ours, theirs = np.array(together[3:]), np.array(alone[3:])
    assert np.linalg.norm(ours - theirs) < 2e-4 * np.linalg.norm(theirs)


def test_a_batch_that_cannot_be_shared_says_how_large_it_must_be():
    assert Ranks(1, 2).share(8) == 4
    with pytest.raises(TrainError, match="multiple of 3"):
        Ranks(0, 3).share(8)
