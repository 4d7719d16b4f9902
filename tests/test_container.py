"""The Dockerfile, as far as it can be tried without an engine: what it copies is there and is enough, and who it runs as."""

import fnmatch
import re
import shutil
from pathlib import Path
from tomllib import loads

from itss_bridge import __version__
from itss_bridge.schedules import samples

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
README = (ROOT / "README.md").read_text("utf-8")


def lines(word: str) -> list[str]:
    return [" ".join(line.split()[1:]) for line in TEXT.splitlines() if line.split()[:1] == [word]]


def copied() -> list[str]:
    """What is copied from the checkout."""
    return [source for line in lines("COPY") if "--from" not in line for source in line.split()[:-1]]


def test_bases_are_pinned_by_version() -> None:
    bases = [line.split()[0] for line in lines("FROM")]
    assert len(bases) == 2
    for base in bases:
        assert re.fullmatch(r"python:\d+\.\d+-slim-[a-z]+", base)
    python = re.search(r":(\d+)\.(\d+)", bases[0])
    least = loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert python
    assert tuple(map(int, python.groups())) >= tuple(map(int, re.findall(r"\d+", least)))


def test_what_is_copied_is_there_and_not_ignored() -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    for source in copied():
        assert (ROOT / source).exists(), source
        assert any(fnmatch.fnmatch(source, pattern) for pattern in allowed), source


def test_what_is_copied_is_all_that_a_wheel_is_built_from(tmp_path: Path) -> None:
    for source in copied():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, tmp_path / source, ignore=shutil.ignore_patterns("__pycache__", "tests"))
        else:
            shutil.copy(ROOT / source, tmp_path / source)
    for file in (tmp_path / "pyproject.toml", *sorted(tmp_path.glob("plugins/*/pyproject.toml"))):
        settings = loads(file.read_text("utf-8"))
        wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]
        readme = settings["project"].get("readme")
        for needed in (
            readme,
            *wheel["packages"],
            *wheel.get("force-include", {}),
            *settings["project"].get("license-files", ()),
        ):
            assert needed is None or (file.parent / needed).exists(), f"{file.relative_to(tmp_path)}: {needed}"


def test_it_installs_what_the_readme_says() -> None:
    told = re.search(r"python3 -m pip install (\. [^\n&]+)", README)
    installed = re.search(r"pip install (?:--[\w-]+ )*(\. .+)", TEXT)
    assert told
    assert installed
    assert installed[1].split() == told[1].split()


def test_it_runs_as_nobody_special_and_the_command_is_on_the_path() -> None:
    *_, last = TEXT.split("FROM ")
    (user,) = [line for line in last.splitlines() if line.startswith("USER")]
    assert int(user.split()[1].split(":")[0]) >= 1000
    assert last.index("USER") > last.rindex("RUN")
    assert '"itss-bridge"' in lines("ENTRYPOINT")[0]
    folder = re.search(r"venv (\S+)", TEXT)
    assert folder
    assert f"PATH={folder[1]}/bin:$PATH" in TEXT
    assert f"runAsUser: {user.split()[1].split(':')[0]}\n" in samples.K8S, (
        "the sample for Kubernetes runs it as the same"
    )


def test_pages_and_samples_name_this_version() -> None:
    page = (ROOT / "docs" / "first-steps.md").read_text("utf-8")
    named = re.findall(r"itss-bridge:([\w.]+)", page + TEXT)
    assert named
    assert set(named) == {__version__}


def test_no_secret_goes_into_the_image() -> None:
    assert not re.search(r"(?im)^(ARG|ENV).*(token|secret|password)", TEXT)
