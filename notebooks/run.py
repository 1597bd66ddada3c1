"""Executes the notebooks and writes them with their charts, to be read in a browser.

    sh scripts/python.sh notebooks/run.py --out DIR [NAME…]

Where lake, API and program are is told by the environment; see millrace.py. The notebooks themselves
stay as they are, without outputs.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

HERE = Path(__file__).resolve().parent
TIMEOUT_S = 600


def notebooks() -> list[Path]:
    """All of them, in their order."""
    return sorted(HERE.glob("[0-9]*.ipynb"))


def execute(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Runs all cells, in the folder of the notebooks.

    # Errors

    `CellExecutionError` where a cell fails; the cells up to it keep their outputs.
    """
    with tempfile.TemporaryDirectory() as folder:
        # By sockets in a folder of one's own: others on this machine do not see what is computed.
        config = Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})
        NotebookClient(notebook, timeout=TIMEOUT_S, config=config, resources={"metadata": {"path": str(HERE)}}).execute()
    return notebook


def main() -> int:
    """Executes those that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("names", nargs="*", help="such as 02_conversion_cycle; all where left out")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    known = {path.stem: path for path in notebooks()}
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"no notebook {', '.join(unknown)}; there are {', '.join(known)}")

    from nbconvert import HTMLExporter

    options.out.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in options.names or known:
        notebook = nbformat.read(known[name], as_version=4)
        try:
            execute(notebook)
        except CellExecutionError as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = True
        page, _ = HTMLExporter().from_notebook_node(notebook)
        (options.out / f"{name}.html").write_text(page, encoding="utf-8")
        print(options.out / f"{name}.html", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
