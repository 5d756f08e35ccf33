"""Run every notebook and keep its outputs, without anything of the machine that ran it.

python notebooks/renew.py
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def renew(path: Path) -> None:
    """Run one notebook from top to bottom and write it again."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=300, coalesce_streams=True, resources={"metadata": {"path": path.parent}}
    )
    client.execute()
    notebook.metadata = nbformat.from_dict(METADATA)
    for number, cell in enumerate(notebook.cells):
        cell.metadata, cell["id"] = {}, f"cell-{number:02d}"
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for each in sorted(Path(__file__).resolve().parent.glob("*.ipynb")):
        renew(each)
