"""HTML pages that need nothing beside them: a template of this package, pictures inside."""

import base64
import io
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dlm.datasets.files import replacing

Picture = dict[str, str]  # caption, and source: the picture itself as an address


def write_page(path: Path, template: str, content: Any, pictures: list[Picture]) -> None:
    """Write `template` (a file of this package) filled with numbers and pictures."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = resources.files("dlm.train")
    environment = Environment(
        loader=FunctionLoader(lambda name: folder.joinpath(name).read_text("utf-8")),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    page = environment.get_template(template).render(content=content, pictures=pictures)
    with replacing(path) as file:
        file.write(page.encode())


def png(caption: str, data: bytes) -> Picture:
    """Return a PNG's bytes as a picture of a page."""
    return _picture(caption, "png", data)


def jpeg(caption: str, image: NDArray[np.uint8]) -> Picture:
    """Return an (H, W, 3) image, packed as JPEG, as a picture of a page."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="JPEG", quality=88)
    return _picture(caption, "jpeg", buffer.getvalue())


def _picture(caption: str, kind: str, data: bytes) -> Picture:
    text = base64.b64encode(data).decode("ascii")
    return {"caption": caption, "source": f"data:image/{kind};base64,{text}"}
