"""benchmarks/side_by_side.py starts jobs when they can start, and stops them so that they save."""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(HERE.parent / "benchmarks")
    monkeypatch.syspath_prepend(HERE / "spawned")


def ends(jobs, places, should_stop=lambda: False):
    """Run the jobs and return what each that ended failed of."""
    from side_by_side import Ended, side_by_side

    events = list(side_by_side(jobs, places, should_stop))
    return {job.name: said.failure for job, said in events if isinstance(said, Ended)}


def test_jobs_start_when_theirs_is_ready_and_share_the_places_of_their_lane(tmp_path):
    from doing import Prepare, Touch
    from side_by_side import Job, Told, side_by_side

    paths = [tmp_path / str(k) for k in range(3)]
    jobs = [
        Job(name="prepare", call=Prepare(("faces",), paths[2]), lane="draw"),
        *(Job(name=path.name, call=Touch(path, 0.3), lane="train", after="faces",
              environment={"THREADS": "1"}) for path in paths),
        Job(name="never", call=Touch(tmp_path / "never"), lane="train", after="what never comes"),
    ]  # fmt: skip
    told = [(job.name, said) for job, said in side_by_side(jobs, {"draw": 1, "train": 2},
                                                           lambda: False)]  # fmt: skip
    # the preparation ends after the last of the others: they did not wait for its end
    assert {name for name, said in told if not isinstance(said, Told)} == {"prepare", "0", "1", "2"}
    assert {said.value for _, said in told if isinstance(said, Told)} == {"1"}
    assert "THREADS" not in os.environ
    spans = [tuple(map(float, path.read_text().split())) for path in paths]
    for begun, _ in spans:
        assert sum(start <= begun < end for start, end in spans) <= 2
    assert not (tmp_path / "never").exists()


def test_asked_to_stop_a_job_saves_and_no_other_begins(tmp_path):
    from doing import Stay, Touch
    from side_by_side import Job

    begun, saved, later = (tmp_path / name for name in ("begun", "saved", "later"))
    jobs = [Job(name="stays", call=Stay(begun, saved), lane="train"),
            Job(name="later", call=Touch(later), lane="train")]  # fmt: skip
    assert ends(jobs, {"train": 1}, begun.exists) == {"stays": ""}
    assert saved.exists()
    assert not later.exists()


def test_a_job_that_fails_or_dies_is_told_and_the_others_go_on(tmp_path):
    import doing
    from side_by_side import Job

    calls = {"fails": doing.fail, "dies": doing.die, "works": doing.Touch(tmp_path / "works")}
    jobs = [Job(name=name, call=call, lane="train") for name, call in calls.items()]
    assert ends(jobs, {"train": 3}) == {
        "fails": "it: is broken; mend it", "dies": "its process ended with -9", "works": "",
    }  # fmt: skip
    assert (tmp_path / "works").exists()
