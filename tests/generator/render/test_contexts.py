"""Of the EGL devices of a machine, the one that draws is hardware where there is any."""

import pytest

from dlm.errors import RenderError
from dlm.generator.render.contexts import best

DEVICES = ("refuses", "Mesa / llvmpipe (LLVM 15.0.6, 256 bits)", "refuses", "NVIDIA / H100")


def opener(devices):
    def open_device(index):
        if index >= len(devices):
            raise IndexError(index)
        if devices[index] == "refuses":
            raise OSError("cannot open /dev/dri/renderD128\nand more")
        return f"context {index}", devices[index]

    return open_device


@pytest.fixture(autouse=True)
def _any_device(monkeypatch):
    monkeypatch.delenv("EGL_DEVICE_ID", raising=False)


def test_hardware_comes_before_software():
    assert best(opener(DEVICES)) == ("context 3", DEVICES[3])


def test_software_draws_where_there_is_no_hardware():
    assert best(opener(DEVICES[:3])) == ("context 1", DEVICES[1])


def test_a_device_may_be_chosen(monkeypatch):
    monkeypatch.setenv("EGL_DEVICE_ID", "1")
    assert best(opener(DEVICES)) == ("context 1", DEVICES[1])
    monkeypatch.setenv("EGL_DEVICE_ID", "nvidia")
    with pytest.raises(RenderError, match="'nvidia' is no number of an EGL device"):
        best(opener(DEVICES))


def test_no_device_says_why_and_what_to_do():
    with pytest.raises(RenderError, match=r"\(cannot open /dev/dri/renderD128\).*apt-get install"):
        best(opener(("refuses", "refuses")))
    with pytest.raises(RenderError, match="no device"):
        best(opener(()))
