"""A head laid on points: derivatives, known answers, errors in mm, and what denser layouts give."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from dlm import landmark_specs
from dlm.generator import models
from dlm.generator.scene import rotation
from dlm.train import fit as fitting
from dlm.train import fit_basis, fit_truth

AWAY = np.diag([1.0, -1.0, -1.0])  # from the head's axes to those of a camera before it


@pytest.fixture(scope="module")
def basis():
    return fit_basis.build(models.load("makehuman"))


@pytest.fixture(scope="module")
def drawn(basis):
    """Six heads of the basis with expressions, turned, 0.4 to 2 m before a camera of 300 px."""
    rng = np.random.default_rng(3)
    identity = rng.normal(size=(6, len(basis.identity)))
    expression = np.clip(rng.normal(0.1, 0.15, size=(6, 52)), 0, 1)
    expression[:, _looks()] = 0
    turn = np.stack([AWAY @ rotation(*rng.normal(0, 0.3, 3)) for _ in range(6)])
    distance = np.linspace(0.4, 2.0, 6)
    known = fitting.Fitted(
        identity=identity, expression=expression, turn=turn, distance=distance,
        place=rng.normal(0, 0.02, (6, 2)), scale=np.full(6, 700.0), axis=np.full((6, 2), 149.5),
        residual=np.zeros(6),
    )  # fmt: skip
    heads = basis.heads(identity, expression)
    return known, heads, known.project(heads)


def _looks():
    from dlm.generator.models.base import ARKIT_UNITS

    return [k for k, n in enumerate(ARKIT_UNITS) if n.startswith("eyeLook") or n == "tongueOut"]


def fitted_to(basis, drawn, name, *, noise=0.0, focal=False):
    """Return the fit to a layout's points of the drawn heads, and its errors in mm."""
    known, heads, pixels = drawn
    spec = landmark_specs.load(name)
    points = pixels[:, spec.vertices["makehuman"]]
    points = points + np.random.default_rng(1).normal(size=points.shape) * noise
    sigma = np.full(points.shape[:2], max(noise, 0.1))
    seen = fitting.Seen(points=points, sigma=sigma, axis=known.axis,
                        focal=known.scale * known.distance if focal else None)  # fmt: skip
    fitted = fitting.fit(basis, spec, seen, lambda count: None)
    truth = fit_truth.Truth(
        faces=heads[:, basis.face].astype(np.float64), axis=known.axis, focal=np.zeros(6)
    )
    return fitted, fit_truth.face_errors(basis, fitted, truth), truth


def test_true_points_give_back_the_head_its_turn_and_where_it_stands(basis, drawn):
    known, _, _ = drawn
    fitted, errors, truth = fitted_to(basis, drawn, "243", focal=True)
    assert fitted.residual.max() < 1.0  # pixels, of faces 100 wide: what is not linear
    assert errors.mean() < 0.3 * fit_truth.mean_face_errors(basis, truth).mean()
    np.testing.assert_allclose(fitted.pose_degrees(), known.pose_degrees(), atol=2.5)
    np.testing.assert_allclose(fitted.scale * fitted.distance, known.scale * known.distance,
                               rtol=0.02)  # fmt: skip


def test_more_points_of_the_same_noise_give_better_heads(basis, drawn):
    errors = [fitted_to(basis, drawn, name, noise=1.5)[1].mean() for name in ("68", "490")]
    assert errors[1] < errors[0]


def test_expressions_stay_between_rest_and_full(basis, drawn):
    fitted, _, _ = fitted_to(basis, drawn, "68", noise=4.0)
    assert fitted.expression.min() >= 0
    assert fitted.expression.max() <= 1


def test_one_point_far_off_is_outvoted(basis, drawn):
    known, _, pixels = drawn
    spec = landmark_specs.load("243")
    points = pixels[:, spec.vertices["makehuman"]].copy()
    points[:, 100] += 60.0
    seen = fitting.Seen(points=points, sigma=np.ones(points.shape[:2]), axis=known.axis)
    fitted = fitting.fit(basis, spec, seen, lambda count: None)
    heads = basis.heads(fitted.identity, fitted.expression)
    left = (
        fitted.project(heads[:, spec.vertices["makehuman"]]) - pixels[:, spec.vertices["makehuman"]]
    )
    assert np.linalg.norm(left[:, 100], axis=-1).max() < 6


def test_derivatives_are_those_of_finite_differences(basis, drawn):
    known, _, pixels = drawn
    spec = landmark_specs.load("68")
    vertices = spec.vertices["makehuman"]
    solver = fitting._Solver(basis, vertices)
    target = fitting._Target(
        torch.from_numpy(pixels[:, vertices]), torch.ones(6, 68, dtype=torch.float64),
        torch.from_numpy(known.axis), None, 1.0,
    )  # fmt: skip
    state = solver._start(target)
    jacobian = solver._jacobian(state, target, *solver._pixels(state, target))
    step = 1e-6
    for k in (0, 30, 65, 100, *range(-7, 0)):
        move = torch.zeros(6, jacobian.shape[-1], dtype=torch.float64)
        move[:, k] = step
        free = fitting._State(state.weights + 0.5, state.turn, state.camera)  # off its bounds
        ahead = solver._pixels(fitting._moved(free, move, 60), target)[0]
        behind = solver._pixels(fitting._moved(free, -move, 60), target)[0]
        here = solver._jacobian(free, target, *solver._pixels(free, target))
        torch.testing.assert_close(
            here[..., k], (ahead - behind) / (2 * step), atol=1e-3, rtol=1e-5
        )


def test_angles_are_those_that_the_head_was_turned_by():
    angles = np.array([0.4, -0.2, 0.15])
    turned = fitting.Fitted(
        turn=(AWAY @ rotation(*angles))[None],
        **{
            name: np.zeros((1, 2)) for name in fitting.Fitted.__dataclass_fields__ if name != "turn"
        },
    )
    np.testing.assert_allclose(turned.pose_degrees()[0], np.degrees(angles), atol=1e-4)


def test_error_knows_neither_place_nor_turn_nor_size_but_a_displacement(basis):
    area, face = basis.area, basis.mean[basis.face].astype(np.float64)[None]
    moved = 1.3 * face @ rotation(0.3, 0.2, -0.4).T.astype(np.float64) + [0.1, 0, 0.2]
    assert fit_truth._distances(moved, face, area)[0] < 1e-3
    mirrored = face * [-1, 1, 1] + face[:, :, :1] * [0.1, 0, 0]
    assert fit_truth._distances(mirrored, face, area)[0] > 1  # a reflection is no similarity
    rough = face + np.random.default_rng(0).normal(0, 0.001, face.shape)
    expected = 2 * np.sqrt(2 / np.pi)  # mm: the mean length of three normal numbers
    assert fit_truth._distances(rough, face, area)[0] == pytest.approx(expected, rel=0.05)


def test_the_command_leaves_meshes_numbers_and_pictures(basis, drawn, tmp_path, monkeypatch):
    import json

    import trimesh
    from PIL import Image

    from dlm.cli.fit import command

    _, _, pixels = drawn
    spec = landmark_specs.load("68")
    points = pixels[0, spec.vertices["makehuman"]]
    Image.new("RGB", (300, 300)).save(tmp_path / "a.png")
    face = {"box": [0, 0, 9, 9], "score": None, "points": points.tolist(), "sigma": [1.0] * 68}
    photo = {"path": str(tmp_path / "a.png"), "size": [300, 300], "faces": [face]}
    content = {
        "format": 1,
        "layout": {"text": spec.text},
        "licence": "free",
        "contour": "fixed",
        "photos": [photo],
    }
    (tmp_path / "points.json").write_text(json.dumps(content))
    monkeypatch.setattr(fit_basis, "build", lambda model: basis)
    command(tmp_path, out=tmp_path / "out", draw=True)
    found = json.loads((tmp_path / "out" / "fits.json").read_text())["faces"][0]
    assert len(found["expression"]) == 52
    assert found["residual"] < 2
    for kind in ("obj", "glb"):
        mesh = trimesh.load(
            tmp_path / "out" / "meshes" / f"a-0.{kind}", force="mesh", process=False
        )
        assert len(mesh.vertices) == basis.model.topology.vertex_count
    picture = np.asarray(Image.open(tmp_path / "out" / "pictures" / "a.png"))
    assert picture[int(points[30, 1]), int(points[30, 0])].max() > 30  # a nose, where it was black


def test_a_jaw_that_follows_the_outline_pulls_nothing(basis, drawn):
    known, _, pixels = drawn
    spec = landmark_specs.load("68")
    points = pixels[:, spec.vertices["makehuman"]].copy()
    points[:, spec.groups["jaw"]] += 8.0
    seen = fitting.Seen(
        points=points, sigma=np.ones(points.shape[:2]), axis=known.axis, sliding=True
    )
    fitted = fitting.fit(basis, spec, seen, lambda count: None)
    assert fitted.residual.max() < 1.5


def test_a_report_tells_the_error_of_faces_not_of_seeds_and_the_paired_difference():
    from dlm.train.report import _fit

    def runs(*errors):
        return [
            SimpleNamespace(fitted=np.array(each), fitted_to_truth=np.array([0.5, 0.7]))
            for each in errors
        ]

    found = _fit(runs([1.0, 3.0], [2.0, 4.0]), runs([1.0, 2.0], [1.0, 2.0]))
    assert found is not None
    assert (found["mm"], found["true_points_mm"], found["difference"]) == (2.5, 0.6, 1.0)
    assert found["by_seed"] == [2.0, 3.0]
    assert _fit([SimpleNamespace(fitted=None)], [SimpleNamespace(fitted=None)]) is None


def test_heads_of_another_topology_are_known_not_to_be_known(tmp_path):
    from dlm.train.fit_score import knows_heads, own_basis
    from tests.train.builders import write_dataset

    dots = write_dataset(tmp_path / "dots", 4)
    assert not knows_heads(dots, "makehuman")
    assert own_basis(dots) is None
