"""Execute notebooks in place, so that running them twice changes no byte.

The kernel is the one of this environment and starts in the notebook's own folder, as in the validation by nbval.
What would differ from run to run or from machine to machine (times, cell ids, the Python version) is not stored.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from notebook_ids import number_cells

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}


def run(path: Path, timeout: int) -> None:
    """Execute one notebook and write it back only if it ran through."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--Application.log_level=ERROR"],  # the kernel's own log is no output of the notebook
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    tidy(notebook)
    nbformat.write(notebook, path)


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Drop what is not the notebook's content: other metadata, volatile cell state, random ids."""
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": {"name": "python"}})
    for cell in notebook.cells:
        for volatile in ("execution", "collapsed", "ExecuteTime"):
            cell.metadata.pop(volatile, None)
        if cell.cell_type == "code":
            join_streams(cell)
    number_cells(notebook)


def join_streams(cell: nbformat.NotebookNode) -> None:
    """What a cell prints in one go arrives in pieces that depend on timing; store it as one piece."""
    joined: list[nbformat.NotebookNode] = []
    for output in cell.outputs:
        last = joined[-1] if joined else None
        if last is not None and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    cell.outputs = joined


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--timeout", type=int, default=120, help="seconds a cell may take")
    arguments = parser.parse_args()
    if not arguments.notebooks:
        print("no notebooks to run")
    failed = 0
    for path in arguments.notebooks:
        start = time.perf_counter()
        try:
            run(path, arguments.timeout)
        except CellExecutionError as error:
            failed += 1
            print(f"{path}: FAILED, left as it was\n{error}", file=sys.stderr)
        else:
            print(f"{path}: {time.perf_counter() - start:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
