"""The samples of `schedule show`, tried as far as they can be: shells run them, their programs check them."""

import ast
import json
import os
import shutil
import subprocess
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import pytest
import yaml

from itss_bridge.schedules import KINDS
from itss_bridge.schedules.filled import filled

WORKSPACE = """\
[workspace]
organisation = "晨星信息"
time_zone = "Asia/Shanghai"
target = "itss-level-3"
[sources.files]
connector = "files"
[sources.jira]
connector = "jira"
url = "https://acme.atlassian.net"
username = "bridge@acme.example"
secret = "env:JIRA_TOKEN"
[sources.sn]
connector = "servicenow"
url = "https://acme.service-now.com"
username = "bridge"
secret = "file:/etc/itss-bridge/sn"
"""
STUB = """\
#!/bin/sh
# stands in for itss-bridge: notes how it was called, ends as the test wants
echo "$PWD: $*" >> {log}
case $1 in
  sync) exit {sync} ;;
  export) exit {export} ;;
  assess) echo '{{}}'; exit {assess} ;;
esac
exit 99
"""
OUTCOMES = [
    # sync, export, assess → what the night ends with, and what was called
    ((0, 0, 0), 0, ["sync", "export", "assess"]),
    ((0, 0, 3), 3, ["sync", "export", "assess"]),
    ((5, 0, 3), 5, ["sync", "export", "assess"]),
    ((4, 0, 0), 4, ["sync", "export", "assess"]),
    ((2, 0, 0), 2, ["sync"]),
    ((6, 0, 0), 6, ["sync"]),
    ((7, 0, 0), 7, ["sync"]),
    ((130, 0, 0), 130, ["sync"]),
    ((0, 2, 0), 2, ["sync", "export"]),
]


@pytest.fixture(params=["plain", 'with blank & 100% "odd" 名'])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A workspace, in a folder that is called something ordinary, or not."""
    folder = tmp_path / request.param
    folder.mkdir()
    (folder / "itss-bridge.toml").write_text(WORKSPACE, "utf-8")
    return folder


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    (tmp_path / "itss-bridge.toml").write_text(WORKSPACE, "utf-8")
    return tmp_path


def files(bridge_command, root: Path, kind: str, *options: str) -> dict[str, str]:
    ran = bridge_command("schedule", "show", f"--{kind}", "-w", root, "--json", *options)
    assert ran.code == 0, ran.err
    return {Path(one["place"]).name: one["text"] for one in json.loads(ran.out)["files"]}


def script(kind: str, samples: dict[str, str]) -> str:
    """The shell in a sample of any kind, as its scheduler would hand it to a shell."""
    match kind:
        case "k8s":
            config, _ = yaml.safe_load_all(samples["itss-bridge.yaml"])
            return config["data"]["nightly.sh"]
        case "github":
            (step,) = yaml.safe_load(samples["itss-bridge.yml"])["jobs"]["nightly"]["steps"]
            return step["run"]
    return samples["nightly.sh"]


@dataclass
class Night:
    """A folder in which a script runs with the stub in place of itss-bridge."""

    folder: Path
    calls: list[str] = field(default_factory=list)

    def run(self, text: str, ends: tuple[int, int, int], *, shell: tuple[str, ...] = ("sh",)) -> int:
        log, stub = self.folder / "calls", self.folder / "bin" / "itss-bridge"
        log.unlink(missing_ok=True)
        stub.parent.mkdir(exist_ok=True)
        stub.write_text(STUB.format(log=log, sync=ends[0], export=ends[1], assess=ends[2]))
        stub.chmod(0o755)
        file = self.folder / "tried.sh"
        file.write_text(text, "utf-8")
        environment = {**os.environ, "PATH": f"{stub.parent}{os.pathsep}{os.environ['PATH']}"}
        ran = subprocess.run([*shell, file], cwd=self.folder, env=environment, capture_output=True, check=False)
        self.calls = log.read_text().splitlines() if log.exists() else []
        return ran.returncode


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("ends", "code", "called"), OUTCOMES)
def test_the_night_handles_every_exit_code(
    bridge_command, plain: Path, tmp_path_factory, kind: str, ends: tuple[int, int, int], code: int, called: list[str]
) -> None:
    night = Night(tmp_path_factory.mktemp("night"))
    text = script(kind, files(bridge_command, plain, kind)).replace("cd /work ", "cd . ")
    beside = str(Path(sys.executable).with_name("itss-bridge"))
    text = text.replace(beside, "itss-bridge")
    # GitHub hands scripts to `sh -e`, which must not stop at the first code that means something
    assert night.run(text, ends, shell=("sh", "-e")) == code
    assert [call.split(": ")[1].split()[0] for call in night.calls] == called
    assert "--require itss-level-3" in night.calls[-1] or called[-1] != "assess"
    assert "--log json" in night.calls[0]


def test_the_script_runs_itself_with_the_real_command(bridge_command, tmp_path: Path) -> None:
    beside = Path(sys.executable).with_name("itss-bridge")
    if not beside.exists():
        pytest.skip("itss-bridge is not installed as a command here")
    (tmp_path / "itss-bridge.toml").write_text(WORKSPACE.partition("[sources.jira]")[0], "utf-8")
    (tmp_path / "attestations").mkdir()
    (tmp_path / "attestations" / "survey.csv").write_text("id,score\n1,80\n", "utf-8")
    text = files(bridge_command, tmp_path, "cron")["nightly.sh"]
    (tmp_path / "nightly.sh").write_text(text, "utf-8")
    ran = subprocess.run(["sh", tmp_path / "nightly.sh"], cwd="/", capture_output=True, text=True, check=False)
    assert ran.returncode == 3, ran.stderr
    assert {"matrix.xlsx", "report.html", "assess.json"} <= {path.name for path in tmp_path.iterdir()}
    assert json.loads((tmp_path / "assess.json").read_text("utf-8"))["levels"]


@pytest.mark.parametrize("kind", KINDS)
def test_secrets_are_referred_to_and_the_zone_is_the_workspace_s(
    bridge_command, plain: Path, monkeypatch, kind: str
) -> None:
    monkeypatch.setenv("JIRA_TOKEN", "canary")
    samples = files(bridge_command, plain, kind)
    text = "\n".join(samples.values())
    assert "canary" not in text
    assert "JIRA_TOKEN" in text
    assert "Asia/Shanghai" in text
    assert "@" not in "".join(text.split("@acme"))


def test_a_crontab_line_is_what_cron_runs(bridge_command, root: Path) -> None:
    samples = files(bridge_command, root, "cron", "--at", "03:05")
    *_, zone, line = samples["crontab"].splitlines()
    assert zone == "CRON_TZ=Asia/Shanghai"
    assert line.startswith("5 3 * * * ")
    # cron ends the command at the first percent sign that is not escaped, and takes the escapes away
    command = line.removeprefix("5 3 * * * ").replace(r"\%", "\0")
    assert "%" not in command
    (root / "nightly.sh").write_text("echo at work; exit 4\n")
    ran = subprocess.run(["sh", "-c", command.replace("\0", "%")], capture_output=True, text=True, check=True)
    assert "ended with 4" in ran.stdout
    assert (root / "nightly.log").read_text() == "at work\n"
    (root / "nightly.sh").write_text("exit 0\n")
    assert not subprocess.run(["sh", "-c", command.replace("\0", "%")], capture_output=True, check=True).stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_systemd_takes_the_units(bridge_command, root: Path, tmp_path_factory) -> None:
    units = tmp_path_factory.mktemp("units")
    for name, text in files(bridge_command, root, "systemd").items():
        (units / name).write_text(text, "utf-8")
    paths = [units / "itss-bridge.service", units / "itss-bridge.timer"]
    ran = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, text=True, check=False)
    ours = [line for line in (ran.stdout + ran.stderr).splitlines() if "itss-bridge" in line]
    assert not ours
    spec = next(line for line in paths[1].read_text().splitlines() if line.startswith("OnCalendar="))
    when = ["systemd-analyze", "calendar", spec.removeprefix("OnCalendar=")]
    assert "02:17:00 Asia/Shanghai" in subprocess.run(when, capture_output=True, text=True, check=True).stdout


def test_the_kubernetes_job_is_as_its_interface_describes(bridge_command, root: Path) -> None:
    config, job = yaml.safe_load_all(files(bridge_command, root, "k8s")["itss-bridge.yaml"])
    assert (config["apiVersion"], config["kind"]) == ("v1", "ConfigMap")
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    assert job["spec"]["schedule"] == "17 2 * * *"
    assert ZoneInfo(job["spec"]["timeZone"]).key == "Asia/Shanghai"
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["restartPolicy"] == "Never"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["env"] == [
        {"name": "JIRA_TOKEN", "valueFrom": {"secretKeyRef": {"name": "itss-bridge", "key": "JIRA_TOKEN"}}}
    ]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert {volume["name"] for volume in pod["volumes"]} == set(mounts)
    assert container["command"] == ["/bin/sh", f"{mounts['nightly']}/nightly.sh"]
    assert f"cd {mounts['workspace']} " in config["data"]["nightly.sh"]
    (held,) = [one["configMap"]["name"] for one in pod["volumes"] if "configMap" in one]
    assert held == config["metadata"]["name"]


def test_a_workspace_without_secrets_in_variables_has_no_env(bridge_command, tmp_path: Path) -> None:
    (tmp_path / "itss-bridge.toml").write_text(WORKSPACE.replace("env:JIRA_TOKEN", "file:/x"), "utf-8")
    _, job = yaml.safe_load_all(files(bridge_command, tmp_path, "k8s")["itss-bridge.yaml"])
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert "env" not in container
    workflow = yaml.safe_load(files(bridge_command, tmp_path, "github")["itss-bridge.yml"])
    assert "env" not in workflow["jobs"]["nightly"]["steps"][0]


@pytest.mark.parametrize(("zone", "cron"), [("Asia/Shanghai", "17 18 * * *"), ("America/New_York", "17 7 * * *")])
def test_the_workflow_is_one_that_github_reads(bridge_command, root: Path, zone: str, cron: str) -> None:
    (root / "itss-bridge.toml").write_text(WORKSPACE.replace("Asia/Shanghai", zone), "utf-8")
    workflow = yaml.safe_load(files(bridge_command, root, "github")["itss-bridge.yml"])
    triggers = workflow[True]  # `on` is a boolean in YAML 1.1; GitHub reads it as a word
    assert triggers["schedule"] == [{"cron": cron}]
    assert set(workflow) == {"name", True, "concurrency", "permissions", "jobs"}
    assert workflow["permissions"] == {}
    (step,) = workflow["jobs"]["nightly"]["steps"]
    assert step["working-directory"] == str(root.resolve())
    assert step["env"] == {"JIRA_TOKEN": "${{ secrets.JIRA_TOKEN }}"}


@pytest.mark.parametrize("modern", [True, False], ids=["airflow 3", "airflow 2"])
def test_the_dag_is_python_that_airflow_can_load(bridge_command, root: Path, monkeypatch, *, modern: bool) -> None:
    """Against modules that are called as Airflow's are and note what they are given."""
    text = files(bridge_command, root, "airflow")["itss_bridge_nightly.py"]
    ast.parse(text)
    dags, tasks = [], []

    class Dag:
        def __init__(self, name: str, **options: object) -> None:
            dags.append((name, options))

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...

    place = "airflow.providers.standard.operators.bash" if modern else "airflow.operators.bash"
    for name in ("airflow", "airflow.providers", "airflow.providers.standard", "airflow.operators", "pendulum"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    bash = types.ModuleType(place)
    bash.BashOperator = lambda **options: tasks.append(options)
    monkeypatch.setitem(sys.modules, place.rpartition(".")[0], types.ModuleType(place.rpartition(".")[0]))
    monkeypatch.setitem(sys.modules, place, bash)
    sys.modules["airflow"].DAG = Dag
    sys.modules["pendulum"].datetime = lambda *_day, tz: ZoneInfo(tz)
    exec(compile(text, "dag.py", "exec"), {})
    ((name, options),) = dags
    (task,) = tasks
    assert (name, options["schedule"], options["catchup"]) == ("itss_bridge_nightly", "17 2 * * *", False)
    assert options["start_date"] == ZoneInfo("Asia/Shanghai")
    assert task["env"] == {"JIRA_TOKEN": "{{ var.value.JIRA_TOKEN }}"}
    assert (task["skip_on_exit_code"], task["append_env"]) == (3, True)
    (root / "nightly.sh").write_text("exit 3\n")
    assert subprocess.run(["bash", "-c", task["bash_command"]], check=False).returncode == 3


def test_files_are_written_all_or_none(bridge_command, plain: Path) -> None:
    target = plain / "deploy"
    ran = bridge_command("schedule", "show", "--systemd", "-w", plain, "--into", target)
    assert ran.code == 0
    assert {path.name for path in target.iterdir()} == {"nightly.sh", "itss-bridge.service", "itss-bridge.timer"}
    (target / "nightly.sh").unlink()
    (target / "itss-bridge.timer").write_text("mine")
    assert bridge_command("schedule", "show", "--systemd", "-w", plain, "--into", target).code == 2
    assert (target / "itss-bridge.timer").read_text() == "mine"
    assert not (target / "nightly.sh").exists()


@pytest.mark.parametrize("options", [(), ("--cron", "--k8s"), ("--cron", "--at", "24:00"), ("--cron", "--at", "soon")])
def test_wrong_wishes_end_with_2(bridge_command, plain: Path, options: tuple[str, ...]) -> None:
    assert bridge_command("schedule", "show", "-w", plain, *options).code == 2


def test_without_a_target_there_is_no_gate(bridge_command, tmp_path: Path) -> None:
    (tmp_path / "itss-bridge.toml").write_text('[workspace]\norganisation = "x"\n', "utf-8")
    text = files(bridge_command, tmp_path, "cron")["nightly.sh"]
    assert "assess" not in text
    assert (
        Night(tmp_path).run(text.replace(str(Path(sys.executable).with_name("itss-bridge")), "itss-bridge"), (0, 0, 0))
        == 0
    )


def test_a_place_without_a_value_is_a_mistake_of_ours() -> None:
    assert filled("@A@ @ a@b @B@", {"A": "@B@", "B": "b"}) == "@B@ @ a@b b"
    with pytest.raises(KeyError):
        filled("@C@", {})
