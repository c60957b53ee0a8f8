"""Open notebooks as MyST text for editing, and fold the edits back.

The .ipynb under book/ is the only committed form. `open` writes text/NAME.md beside nothing else; `fold` writes each
text back into its notebook, keeping the outputs of cells whose code did not change, and removes the text.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import jupytext
from notebook_ids import number_cells

ROOT = Path(__file__).resolve().parent.parent
TEXT = ROOT / "text"


def open_text(notebooks: list[Path]) -> None:
    """Write text/NAME.md for each notebook; a text that is already open is left alone."""
    for path in notebooks:
        text = TEXT / path.resolve().relative_to(ROOT).with_suffix(".md")
        if text.exists():
            print(f"{text.relative_to(ROOT)} is open already; fold or delete it first")
            continue
        text.parent.mkdir(parents=True, exist_ok=True)
        jupytext.write(jupytext.read(path), text, fmt="md:myst")
        print(text.relative_to(ROOT))


def fold_text() -> None:
    """Bring every open text back into its notebook and close it."""
    texts = sorted(TEXT.rglob("*.md"))
    if not texts:
        print("no text is open (make text NB=book/...)")
    for text in texts:
        path = ROOT / text.relative_to(TEXT).with_suffix(".ipynb")
        notebook = jupytext.read(text, fmt="md:myst")
        if path.exists():
            notebook = jupytext.combine.combine_inputs_with_outputs(notebook, jupytext.read(path))
        notebook.metadata.pop("jupytext", None)
        number_cells(notebook)
        jupytext.write(notebook, path)
        text.unlink()
        print(f"{path.relative_to(ROOT)}: now `make run NB={path.relative_to(ROOT)}`")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=("open", "fold"))
    parser.add_argument("notebooks", nargs="*", type=Path)
    arguments = parser.parse_args()
    if arguments.verb == "open":
        open_text(arguments.notebooks)
    else:
        fold_text()


if __name__ == "__main__":
    main()
