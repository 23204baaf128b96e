"""Adapters recover what separates two conventions, and invent nothing where nothing does."""

from dataclasses import replace

import numpy as np
import pytest

from dlm.errors import TrainError
from dlm.landmark_specs import load
from dlm.train import adapter
from dlm.train.metrics import nme, normaliser_68
from dlm.train.protocols import MIRROR_68, Labelled, Nearest, fit_adapter
from tests.train.builders import spec as dots

SPEC = load("68")
NOISE = 0.5  # pixels


@pytest.fixture(autouse=True)
def one_network(monkeypatch):
    monkeypatch.setattr(adapter, "MLP_SEEDS", 1)


def faces(n, *, seed=0, moved=lambda points, scale: points, noise=NOISE) -> Labelled:
    """Random shapes; the network sees them as `moved` moves them, plus noise."""
    rng = np.random.default_rng(seed)
    template = np.random.default_rng(99).normal(0, 1, (68, 2))
    template = (template + template[MIRROR_68] * [-1, 1]) / 2
    template[36:42, 0] -= 1.5
    template[42:48, 0] += 1.5
    modes = np.random.default_rng(98).normal(0, 0.15, (6, 68, 2))
    shape = template + np.einsum("nk,kpc->npc", rng.normal(size=(n, 6)), modes)
    other_way = rng.random(n) < 0.5  # as many faces look to one side as to the other
    shape[other_way] = shape[other_way][:, MIRROR_68] * [-1, 1]
    centre, scale = rng.uniform(100, 200, (n, 1, 2)), rng.uniform(20, 40, (n, 1, 1))
    truth = shape * scale + centre
    boxes = np.concatenate([centre[:, 0], 6 * scale[:, 0]], axis=1)
    points = moved(truth, scale) + rng.normal(0, noise, truth.shape)
    return Labelled(points, truth, boxes, np.arange(n).astype(str))


def rolled(labelled):
    """Turn each face by up to 60 degrees about the centre of its box."""
    angle = np.random.default_rng(97).uniform(-np.pi / 3, np.pi / 3, len(labelled))
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.moveaxis(np.array([[cos, -sin], [sin, cos]]), -1, 0)
    centre = labelled.boxes[:, None, :2]
    points, truth = (
        np.einsum("nij,npj->npi", turn, each - centre) + centre
        for each in (labelled.points, labelled.truth)
    )
    return replace(labelled, points=points, truth=truth)


def ocular_error(protocol, labelled):
    answer = protocol(labelled.points, labelled.boxes)
    return nme(answer, labelled.truth, normaliser_68(labelled.truth, "ocular")).mean()


def lower_the_jaw(points, scale):
    lowered = points.copy()
    lowered[:, :17, 1] += 0.3 * scale[:, :, 0]
    return lowered


def test_nearest_takes_the_layouts_own_points():
    labelled = faces(3, noise=0)
    assert ocular_error(Nearest(SPEC), labelled) < 1e-12


def test_a_constant_offset_is_removed_to_the_noise_floor():
    fitting, test = faces(400, moved=lower_the_jaw), faces(200, seed=1, moved=lower_the_jaw)
    fitted, found = fit_adapter(SPEC, fitting)
    floor = ocular_error(Nearest(SPEC), faces(200, seed=1))
    assert ocular_error(Nearest(SPEC), test) > 2 * floor
    assert ocular_error(fitted, test) < 1.05 * floor
    assert found["fitted_on"] == 400
    assert found["held_out_to_choose"] == 40
    errors = found["held_out_nme_ocular"]
    assert errors["mlp"] < 1.05 * errors["ridge"]


def test_labels_that_all_lie_a_pixel_aside_are_met_whatever_the_faces_size_and_roll():
    def aside(labelled):
        labelled = rolled(labelled)
        return replace(labelled, truth=labelled.truth + np.array([1.0, 0.0]))

    fitted, found = fit_adapter(SPEC, aside(faces(400)))
    test = aside(faces(200, seed=1))
    floor = ocular_error(Nearest(SPEC), faces(200, seed=1))
    assert found["sideways_px"] == pytest.approx(1, abs=0.05)
    assert ocular_error(Nearest(SPEC), test) > 1.5 * floor
    assert ocular_error(fitted, test) < 1.05 * floor


def test_where_conventions_agree_an_adapter_improves_nothing():
    test = faces(300, seed=1, noise=1e-3)
    fitted, _ = fit_adapter(SPEC, faces(400, noise=1e-3))
    assert abs(ocular_error(fitted, test) - ocular_error(Nearest(SPEC), test)) < 2e-4


def test_labels_of_other_faces_teach_no_more_than_the_mean_shape():
    fitting = faces(300)
    order = np.random.default_rng(0).permutation(300)
    in_box = (fitting.truth - fitting.boxes[:, None, :2]) / fitting.boxes[:, None, 2:]
    shuffled = in_box[order] * fitting.boxes[:, None, 2:] + fitting.boxes[:, None, :2]
    fitted, _ = fit_adapter(SPEC, replace(fitting, truth=shuffled))
    test = faces(200, seed=1)
    mean = in_box.mean(axis=0) * test.boxes[:, None, 2:] + test.boxes[:, None, :2]
    floor = nme(mean, test.truth, normaliser_68(test.truth, "ocular")).mean()
    assert ocular_error(fitted, test) == pytest.approx(floor, rel=0.1)


def test_a_bent_convention_is_work_for_the_mlp():
    def bend(labelled):
        """Human labels of the jaw slide down with the size of the tilt, whichever its side."""
        truth = labelled.truth.copy()
        tilt = np.abs(truth[:, 8, 0] - truth[:, 27, 0])[:, None]
        truth[:, :17, 1] += tilt
        return replace(labelled, truth=truth)

    test = bend(faces(200, seed=1, noise=0.1))
    fitted, found = fit_adapter(SPEC, bend(faces(900, noise=0.1)))
    errors = found["held_out_nme_ocular"]
    assert found["chosen"] == "mlp"
    assert errors["mlp"] < 0.6 * errors["ridge"]
    assert ocular_error(fitted, test) < 0.6 * ocular_error(Nearest(SPEC), test)


def test_points_that_a_layout_lacks_are_not_scored_and_an_adapter_supplies_them():
    partial = replace(SPEC, ibug68=np.where(np.arange(68) < 17, -1, SPEC.ibug68))
    nearest = Nearest(partial)
    assert nearest.scored.sum() == 51
    assert np.isnan(nearest(faces(2).points, faces(2).boxes)[:, :17]).all()
    fitted, _ = fit_adapter(partial, faces(400))
    assert fitted.scored.all()
    assert ocular_error(fitted, faces(100, seed=1)) < 0.05


def test_a_layout_without_any_of_the_68_asks_for_an_adapter():
    none = replace(dots(), ibug68=np.full(68, -1, np.int32))
    with pytest.raises(TrainError, match="--protocol adapter"):
        Nearest(none)


def test_faces_of_one_photo_are_held_out_together():
    labelled = faces(200)
    pairs = replace(labelled, photos=np.repeat(np.arange(100), 2).astype(str))
    _, found = fit_adapter(SPEC, pairs)
    assert found["held_out_to_choose"] == 20


def test_a_single_point_is_refused():
    with pytest.raises(TrainError, match="one point is too few"):
        fit_adapter(replace(SPEC, names=SPEC.names[:1]), faces(400))


def test_too_few_photos_are_refused():
    with pytest.raises(TrainError, match="too few to fit an adapter"):
        fit_adapter(SPEC, faces(6))
