"""A user's panoramas around the heads: light from where they shine, and refused in one line."""

import json
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
import typer

from dlm import datasets, landmark_specs
from dlm.cli.render import open_behind
from dlm.errors import DatasetError, RenderError
from dlm.generator.backgrounds import Backgrounds
from dlm.generator.environment import MARGIN, ROWS, Environment
from dlm.generator.look.draws import luminance
from dlm.generator.look.environment import directions, in_environment, light_of, turned
from dlm.generator.look.lighting import direction, irradiance
from dlm.generator.look.probabilities import default
from dlm.generator.look.sample import sample_look
from dlm.generator.models import cache
from dlm.generator.pipeline import plan
from dlm.generator.run import prepare
from tests.cli.shell import dlm

LEFT = (1.0, 0.0, 0.0)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DLM_CACHE", str(tmp_path / "cache"))
    made = tmp_path / "panoramas"
    made.mkdir()
    return made


def write(path, rgb):
    assert cv2.imwrite(str(path), np.ascontiguousarray(rgb[..., ::-1], np.float32))


def spot(column, rows=64, colour=(60.0, 40.0, 20.0), radius=6.0):
    """A dim panorama with one bright disc at the height of the eyes, `column` 0 to 1."""
    height = np.pi * (0.5 - (np.arange(rows) + 0.5) / rows)
    around = 2 * np.pi * ((np.arange(2 * rows) + 0.5) / (2 * rows) - column)
    inside = np.cos(height)[:, None] * np.cos(around) > np.cos(np.radians(radius))
    return np.where(inside[..., None], colour, 0.2).astype(np.float32)


def test_a_spot_becomes_a_lamp_with_its_direction_and_colour():
    (lamp,) = light_of(spot(0.25)).lamps
    assert np.dot(lamp.direction, LEFT) > 0.999
    assert lamp.colour[1] / lamp.colour[0] == pytest.approx(2 / 3, rel=0.02)
    assert lamp.softness < 0.2 < light_of(spot(0.25, radius=25.0)).lamps[0].softness


@pytest.mark.parametrize("radius", [6.0, 25.0, 90.0])
def test_what_falls_on_a_face_is_what_the_panorama_sends(radius):
    pixels = spot(0.4, radius=radius)
    towards, solid = directions(len(pixels))
    flux = (pixels.reshape(-1, 3) * solid[:, None]) / np.pi
    light = light_of(pixels)
    for normal in ((0.0, 0.0, 1.0), direction(36.0, 0.0), LEFT, (0.0, 1.0, 0.0)):
        sent = luminance(np.maximum(towards @ normal, 0.0) @ flux)
        assert luminance(irradiance(light, normal)) == pytest.approx(sent, rel=0.35)


def test_turning_moves_lamps_and_side_to_the_subject_s_left():
    light = turned(light_of(spot(0.5)), np.pi / 2)
    assert np.dot(light.lamps[0].direction, LEFT) > 0.999
    whole = turned(turned(light_of(spot(0.3)), 2.0), 2 * np.pi - 2.0)
    assert np.dot(whole.lamps[0].direction, light_of(spot(0.3)).lamps[0].direction) > 0.999


def test_a_look_is_drawn_anew_only_in_light_exposure_and_backdrop():
    lights, person = [light_of(spot(0.1)), light_of(spot(0.6))], {"age": 30.0, "sex": 0.0}
    settings = default()
    drawn = [sample_look(2, k, person, settings) for k in range(40)]
    lit = [in_environment(look, lights, 2, k, settings) for k, look in enumerate(drawn)]
    assert lit[7] == in_environment(drawn[7], lights, 2, 7, settings)
    assert {look.background.layer for look in lit} == {0, 1}
    assert len({look.background.shift for look in lit}) == 40
    for before, after in zip(drawn, lit, strict=True):
        assert (before.skin, before.hair, before.wardrobe) == (
            after.skin,
            after.hair,
            after.wardrobe,
        )
        assert before.sensor.jpeg_quality == after.sensor.jpeg_quality
        assert before.background.blur == after.background.blur


def test_the_name_follows_the_content_and_the_bank_closes_around(folder):
    write(folder / "a.hdr", spot(0.0))
    made = Environment.open(folder)
    (layer,) = made.bank()
    assert layer.shape == (ROWS, 2 * (ROWS + MARGIN), 4)
    np.testing.assert_array_equal(layer[:, :MARGIN], layer[:, -2 * MARGIN : -MARGIN])
    assert layer[ROWS // 2, MARGIN, :3].min() == 255  # the disc lies at the first column
    assert Environment.open(folder) == made
    write(folder / "a.hdr", spot(0.1))
    assert Environment.open(folder).digest != made.digest
    assert Environment(made.paths, made.digest) != Backgrounds(made.paths, made.digest)


def test_files_are_read_once(folder, monkeypatch):
    write(folder / "a.hdr", spot(0.0))
    Environment.open(folder)
    monkeypatch.setattr(cache, "write", pytest.fail)
    assert Environment.open(folder).bank().any()


def test_what_is_no_panorama_is_refused_by_name(folder):
    with pytest.raises(RenderError, match="no such folder"):
        Environment.open(folder / "nowhere")
    with pytest.raises(RenderError, match=r"holds no panoramas.*end in .hdr"):
        Environment.open(folder)
    bad = folder / "bad.hdr"
    for content in (
        b"",
        b"#?RADIANCE\n",
        b"not a picture",
        cv2.imencode(".png", np.ones((4, 8)))[1],
    ):
        bad.write_bytes(bytes(content))
        with pytest.raises(RenderError, match=r"bad.hdr: is no Radiance picture"):
            Environment.open(folder)
    write(bad, np.ones((40, 60, 3)))
    with pytest.raises(RenderError, match=r"bad.hdr: 60 by 40 pixels are no panorama"):
        Environment.open(folder)
    write(bad, np.zeros((32, 64, 3)))
    with pytest.raises(RenderError, match=r"bad.hdr: is black"):
        Environment.open(folder)


def test_exr_shines_like_hdr(folder, tmp_path):
    exr = pytest.importorskip("OpenEXR")
    pixels = spot(0.25)
    pixels[0, 0] = np.inf  # as half floats hold a sun
    header = {"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage}
    for name, kind in (("RGB", np.float32), ("RGBA", np.float16)):
        depth = len(name)
        planes = np.concatenate([pixels, pixels[..., :1]], axis=-1)[..., :depth].astype(kind)
        with exr.File(header, {name: np.ascontiguousarray(planes)}) as file:
            file.write(str(folder / f"{name}.exr"))
    write(tmp_path / "same.hdr", pixels.clip(0, 65504))
    (tmp_path / "same.hdr").rename(folder / "same.hdr")
    first, second, known = Environment.open(folder).lights
    for light in (first, second):
        assert np.dot(light.lamps[0].direction, known.lamps[0].direction) > 0.999
        assert light.lamps[0].colour == pytest.approx(known.lamps[0].colour, rel=0.02)


def test_exr_without_its_package_or_content_is_refused_with_a_way_out(folder, monkeypatch):
    (folder / "bad.exr").write_bytes(b"not a picture")
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "OpenEXR", None)
        with pytest.raises(RenderError, match=r"bad.exr: .*pip install 'dlm\[exr\]'"):
            Environment.open(folder)
    pytest.importorskip("OpenEXR")
    with pytest.raises(RenderError, match=r"bad.exr: is no OpenEXR picture"):
        Environment.open(folder)


def cheeks_of(images, points):
    """Return the grey levels (n, 2) of the subject's left and right cheeks."""
    found = []
    for image, own in zip(images.mean(axis=-1), points, strict=True):
        spots = [own[list(ring)].mean(axis=0) for ring in ((45, 54, 14), (36, 48, 2))]
        column, row = np.clip(np.rint(spots), 0, len(image) - 1).astype(int).T
        found.append(image[row, column])
    return np.array(found)


def test_faces_are_lit_from_where_the_backdrop_shines(folder, tmp_path):
    """A white lamp at the subject's left before any turn; all around, red and blue in turn."""
    pixels = spot(0.25, colour=(60.0, 60.0, 60.0), radius=12.0)
    dim = pixels[..., 0] < 1
    columns = np.broadcast_to(np.arange(128) % 32 < 16, dim.shape)
    pixels[dim & columns], pixels[dim & ~columns] = (0.5, 0.1, 0.1), (0.1, 0.1, 0.5)
    write(folder / "a.hdr", pixels)
    words = ("render", "--spec", "68", "--size", "64", "--workers", "1", "--seed", "9",
             "--environment", str(folder))  # fmt: skip
    for host, count in (("gl", 40), ("pyrender", 4)):
        done = dlm(*words, "--renderer", host, "--n", str(count), "-o", str(tmp_path / host))
        assert done.returncode == 0, done.stderr
    faces, others = datasets.open(tmp_path / "gl"), datasets.open(tmp_path / "pyrender")
    images = faces.images(np.arange(40)).astype(int)
    assert np.abs(images[:4] - others.images(np.arange(4))).max() <= 12  # JPEG lifts a two

    rows = faces.columns(["scene", "yaw", "points", "intrinsics"], np.arange(40))
    looks = [json.loads(text)["look"] for text in rows["scene"]]
    turn = np.array([look["background"]["shift"][0] for look in looks])
    from_left = np.sin(np.pi / 2 + 2 * np.pi * turn - np.radians(rows["yaw"]))
    cheeks = cheeks_of(images, rows["points"])
    assert np.corrcoef(cheeks[:, 0] - cheeks[:, 1], from_left)[0, 1] > 0.6

    fx, _, cx, _ = rows["intrinsics"].T
    redder, red = [], []  # than blue at the picture's left and right edge; what should be
    for low, column in ((0, 0.0), (60, 63.0)):
        corner = np.median(images[:, :10, low : low + 4], axis=(1, 2))
        redder.append(corner[:, 0] - corner[:, 2])
        red.append((turn + np.arctan((column - cx) / fx) / (2 * np.pi)) % 0.25 < 0.125)
    told, agrees = np.abs(redder) > 15, (np.array(redder) > 0) == np.array(red)
    assert told.sum() > 40
    assert agrees[told].mean() > 0.9
    across = told.all(axis=0) & (red[0] != red[1])
    assert across.sum() >= 2
    assert agrees[:, across].mean() > 0.8


def test_a_dataset_with_other_panoramas_is_refused(folder, tmp_path):
    write(folder / "a.hdr", spot(0.1))
    recipe = plan(landmark_specs.load("68"), backgrounds=Environment.open(folder))
    prepare(recipe, tmp_path / "faces", 0)
    write(folder / "a.hdr", spot(0.2))
    other = replace(recipe, backgrounds=Environment.open(folder).digest)
    with pytest.raises(DatasetError, match="backgrounds"):
        prepare(other, tmp_path / "faces", 0)


def test_photos_and_panoramas_exclude_each_other(tmp_path):
    with pytest.raises(typer.BadParameter, match="exclude each other"):
        open_behind(tmp_path, tmp_path)
