"""Takes the pictures of the README anew: `python docs/pictures.py`. Needs chromium, LibreOffice and poppler on PATH."""

import subprocess
import sys
import tempfile
from pathlib import Path

from itss_bridge.wording import SHEET

HERE = Path(__file__).parent
QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
LANGUAGE = "zh"


def main() -> None:
    """Run the demo, open what it wrote in a browser and in an office program, and take a picture of each."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        run(sys.executable, "-m", "itss_bridge", "demo", str(demo), "--lang", LANGUAGE)
        report(demo, HERE / "report.png")
        pages = as_pdf(demo / "matrix.xlsx")
        for name in ("dashboard", "matrix"):
            page(pages, SHEET[name][LANGUAGE], HERE / f"{name}.png")


def report(demo: Path, picture: Path) -> None:
    """The report's first screen."""
    profile = f"--user-data-dir={demo / 'profile'}"
    address = (demo / "report.html").as_uri()
    run("chromium", *QUIET, profile, "--window-size=1280,940", "--hide-scrollbars", f"--screenshot={picture}", address)


def as_pdf(workbook: Path) -> Path:
    """The workbook as an office program prints it."""
    profile = f"-env:UserInstallation={(workbook.parent / 'office').as_uri()}"
    run("soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(workbook.parent), str(workbook))
    return workbook.with_suffix(".pdf")


def page(document: Path, sheet: str, picture: Path) -> None:
    """The first page of a sheet: its header names it."""
    text = run("pdftotext", "-layout", str(document), "-")
    number = next(n for n, words in enumerate(text.split("\f"), 1) if sheet in words.strip().partition("\n")[0])
    target = str(picture.with_suffix(""))
    run("pdftoppm", "-png", "-singlefile", "-r", "96", "-f", str(number), "-l", str(number), str(document), target)


def run(*command: str) -> str:
    """Run a program to its end; returns what it printed."""
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout


if __name__ == "__main__":
    main()
