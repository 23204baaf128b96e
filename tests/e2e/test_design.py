"""`dlm spec design` as a person uses it: a real browser, a real click on the face."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlm.landmark_specs import load
from tests.cli.shell import DLM, dlm

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WITHOUT_GPU = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader",
               "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")  # fmt: skip
WIDTH, HEIGHT, PANEL = 1200, 600, 370  # CSS pixels; a small view, since no GPU draws it
PATIENCE = 240.0  # seconds; takes 5 alone on two cores, and a minute beside other work


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        reason = "no Chromium here: apt-get install -y chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        window = driver.chromium.launch(executable_path=found, args=list(WITHOUT_GPU))
        yield window
        window.close()


class Opened:
    """A running `dlm spec design` and its page."""

    def __init__(self, browser: Any, folder: Path, *words: str) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [*DLM, "spec", "design", *words], cwd=folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        self.page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        self.page.set_default_timeout(PATIENCE * 1000)

    def go(self) -> None:
        self.page.goto(self.address)
        self.page.wait_for_selector("#dlm-counts")
        self.page.wait_for_selector("canvas")

    def points(self) -> int:
        return int(self.page.inner_text("#dlm-counts").split()[0])

    def said(self) -> str:
        return str(self.page.inner_text("#dlm-said"))

    def until(self, holds: Callable[[], bool], seconds: float = PATIENCE) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if holds():
                return True
            self.page.wait_for_timeout(100)
        return False

    def click_face(self, right: float, down: float, adds: int) -> None:
        """Click so many pixels from the middle of the view, which is below the nose's tip."""
        before = self.points()
        self.page.mouse.click((WIDTH - PANEL) / 2 + right, HEIGHT / 2 + down)
        assert self.until(lambda: self.points() == before + adds), self.said()

    def field(self, label: str) -> Any:
        return self.page.locator(
            f'xpath=//*[normalize-space(text())="{label}"]/following::input[1]'
        )  # fmt: skip

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name, exact=True).click()

    def stop(self) -> str:
        """Press Ctrl-C in the terminal and return what it says."""
        self.process.send_signal(signal.SIGINT)
        _, told = self.process.communicate(timeout=30)
        return told


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    pages: list[Opened] = []

    def open_page(*words: str) -> Opened:
        pages.append(Opened(browser, tmp_path, *words))
        return pages[-1]

    yield open_page
    for one in pages:
        one.page.close()
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


AT_REST = """element => document.getAnimations().every(
    each => each.playState !== "running" || !each.effect.target.contains(element)
) && element.clientHeight > 0"""


def drag_rows(page: Opened) -> None:
    """Drag point 60 of the 68 to index 62; move one by writing, and take that back."""
    page.page.get_by_text("All points, in order").click()
    rows, order = page.page.locator("#dlm-order [data-k]"), page.page.locator("#dlm-order")
    # A page that moves between press and pull lets Chromium take the row that is there by then,
    # or none: so the folder has opened, and both rows are in sight, before the drag begins.
    assert page.until(lambda: order.evaluate(AT_REST))
    rows.nth(62).scroll_into_view_if_needed()
    assert page.until(lambda: stands_still(rows.nth(60)) and stands_still(rows.nth(62)))
    assert all(in_sight(rows.nth(k)) for k in (60, 62))
    name, scrolled = rows.nth(60).inner_text().split()[1], order.evaluate("list => list.scrollTop")
    assert scrolled > 0
    for _ in range(3):  # a press and a pull that come too close on a busy machine are no drag
        rows.nth(60).drag_to(rows.nth(62))
        if page.until(lambda: f"{name} moved to index 62" in page.said(), seconds=20):
            break
    assert f"{name} moved to index 62" in page.said(), page.said()
    assert rows.nth(62).inner_text() == f"62 {name}"
    assert page.until(lambda: order.evaluate("list => list.scrollTop") == scrolled)
    page.field("Order").fill("67 > 0")
    assert page.until(lambda: "moved to index 0" in page.said()), page.said()
    page.press("Undo")
    assert page.until(lambda: rows.nth(62).inner_text() == f"62 {name}")


def in_sight(element: Any) -> bool:
    """Say whether all of an element is within the window."""
    box = element.bounding_box()
    return bool(box["y"] >= 0 and box["y"] + box["height"] <= HEIGHT)


def stands_still(element: Any) -> bool:
    """Say whether an element is where it was a tenth of a second ago."""
    before = element.bounding_box()
    element.page.wait_for_timeout(100)
    return bool(element.bounding_box() == before)


def pixels(page: Any) -> Any:
    """Return the preview that the page shows, made small, (48, 48, 4); black before it is there."""
    flat = page.evaluate(
        """side => {
            const canvas = document.createElement("canvas");
            canvas.width = canvas.height = side;
            const pen = canvas.getContext("2d");
            const shown = [...document.images].find(image => image.naturalWidth === 384);
            if (shown) pen.drawImage(shown, 0, 0, side, side);
            return Array.from(pen.getImageData(0, 0, side, side).data);
        }""",
        48,
    )
    return np.array(flat, np.float32).reshape(48, 48, 4)


def test_a_layout_is_picked_saved_and_read_back(
    opened: Callable[..., Opened], tmp_path: Path
) -> None:
    page = opened("lips", "--port", "8390")
    page.go()
    assert "token" not in page.page.url  # nothing to leak by a screenshot or a copied address
    page.field("Group").fill("face")
    page.page.wait_for_timeout(500)
    page.click_face(40, 53, adds=2)
    print(f"first pick {time.monotonic() - page.started:.1f} s after the command")
    assert "face_left_01 and face_right_01" in page.said()
    page.click_face(67, -27, adds=2)
    page.press("Undo")
    assert page.until(lambda: page.points() == 2)
    page.press("Redo")
    assert page.until(lambda: page.points() == 4)
    page.click_face(40, 53, adds=-2)  # the same place again takes both away
    page.click_face(40, 53, adds=2)

    page.tab("File")
    page.press("Save")
    assert page.until(lambda: "saved lips.yaml" in page.said()), page.said()
    spec = load(tmp_path / "lips.yaml")
    assert spec.names == ("face_left_02", "face_right_02", "face_left_01", "face_right_01")
    assert spec.mirror.tolist() == [1, 0, 3, 2]
    assert set(spec.groups) == {"face"}
    written = (tmp_path / "lips.yaml").read_text()

    page.tab("Points")
    page.click_face(0, 100, adds=1)
    page.tab("File")
    page.press("Save")  # the file exists now: it asks
    page.press("Keep it")
    page.page.wait_for_timeout(500)
    assert (tmp_path / "lips.yaml").read_text() == written
    page.press("Save")
    page.press("Replace it")
    assert page.until(lambda: load(tmp_path / "lips.yaml").size == 5)
    told = page.stop()
    assert told.splitlines()[1:] == ["stopped; nothing was unsaved"], told
    assert page.process.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == ["lips.yaml"]


def test_a_shipped_layout_is_reordered_and_copied_and_the_face_moves(
    opened: Callable[..., Opened], tmp_path: Path
) -> None:
    page = opened("68", "--port", "8490")
    page.go()
    assert page.points() == 68
    drag_rows(page)
    names = list(load("68").names)
    names.insert(62, names.pop(60))
    assert page.until(lambda: pixels(page.page)[..., :3].std() > 20)  # drawn, no longer blank
    neutral = pixels(page.page)
    page.tab("Face")
    page.press("open")
    assert page.until(lambda: np.abs(pixels(page.page) - neutral).mean() > 0.5)
    page.tab("File")
    page.press("Save")
    assert page.until(lambda: "saved my_68.yaml: 68 points" in page.said()), page.said()
    assert list(load(tmp_path / "my_68.yaml").names) == names
    page.tab("Points")
    page.click_face(40, 53, adds=2)
    told = page.stop()
    kept = re.search(r"kept in (\S+)", told)
    assert kept, told
    assert load(tmp_path / kept[1]).size == 70


def test_the_page_refuses_whoever_has_no_token(opened: Callable[..., Opened], browser: Any) -> None:
    page = opened("lips", "--port", "8590")
    stranger = browser.new_context().new_page()
    answer = stranger.goto(page.address.partition("?")[0])
    assert answer.status == 403
    assert "needs the token" in stranger.inner_text("body")
    assert stranger.locator("canvas").count() == 0
    stranger.context.close()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["a b"], "'a b' is no name"),
        (["68", "--model", "nobody"], "nobody"),
        (["none/own.yaml"], "no such folder"),
    ],
)
def test_what_cannot_be_opened_is_told_in_one_line(
    words: list[str], found: str, tmp_path: Path
) -> None:
    done = dlm("spec", "design", *words, cwd=tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert found in done.stderr


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\n"
        "plain = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'viser' else plain(name, *rest)\n"
    )
    done = dlm("spec", "design", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert "pip install 'dlm[design]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
