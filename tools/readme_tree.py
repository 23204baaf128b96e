"""Write the README's tree: every module with the first line of its docstring."""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("landmark_specs", "datasets", "generator", "train", "dlm")
DATA = {
    "landmark_specs/specs/": "The shipped layouts, one YAML each",
    "generator/look/look.yaml": "How often each thing is seen; `dlm render --look` takes another",
    "generator/render/shaders/": "GLSL, written once for every host",
}
START = "<!-- tree: written by tools/readme_tree.py -->\n"
END = "<!-- end of tree -->"


def tree() -> str:
    """Return the tree as a fenced block."""
    lines = []
    for top in FOLDERS:
        for folder in sorted({path.parent for path in (ROOT / top).rglob("*.py")}):
            lines += folder_lines(folder)
    return "```text\n" + "\n".join(lines) + "\n```\n"


def folder_lines(folder: Path) -> list[str]:
    """Return a line for the folder and one for each file of it that a reader would open."""
    depth = len(folder.relative_to(ROOT).parts) - 1
    lines = [line("  " * depth + folder.name + "/", phrase(folder / "__init__.py"))]
    for path in sorted(folder.glob("*.py")):
        if not path.name.startswith("__"):
            lines += [line("  " * (depth + 1) + path.name, phrase(path))]
    for name, words in DATA.items():
        if (ROOT / name).parent == folder:
            lines += [line("  " * (depth + 1) + Path(name).name + "/" * name.endswith("/"), words)]
    return lines


def phrase(module: Path) -> str:
    """Return the first line of a module's docstring, without its full stop."""
    text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0].rstrip(".")


def line(name: str, words: str) -> str:
    """Return one line of the tree."""
    return f"{name:<28}{words}".rstrip()


def with_tree(readme: str) -> str:
    """Return the README's text with the present tree in its place."""
    pattern = re.escape(START) + ".*?" + re.escape(END)
    return re.sub(pattern, lambda _: START + tree() + END, readme, flags=re.DOTALL)


def main() -> int:
    """Rewrite README.md where it is behind."""
    path = ROOT / "README.md"
    before = path.read_text(encoding="utf-8")
    path.write_text(with_tree(before), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
