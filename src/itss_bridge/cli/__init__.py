"""The command line: stdout is data, stderr is talk, the exit code says what happened."""

import json
import sys
from collections.abc import Sequence

import click

from itss_bridge.cli.call import Commands
from itss_bridge.cli.talk import LANGUAGE, localised, speak, talk
from itss_bridge.errors import BridgeError, UsageError
from itss_bridge.messages import say, spoken, told

__all__ = ["itss_bridge", "main"]

# in the order in which the work flows; a command's module is imported when it is called, so that --help stays fast
COMMANDS = {
    "demo": ("itss_bridge.cli.demo", "Show the whole bridge at work, offline, in under a minute."),
    "init": ("itss_bridge.cli.init", "Make a workspace: one folder for one organisation."),
    "doctor": ("itss_bridge.cli.doctor", "Find out what may stand in the way, before it does."),
    "auth": ("itss_bridge.cli.auth", "Write the request for rights to a tool's administrator."),
    "template": ("itss_bridge.cli.template", "Make an empty table to fill in for one stream."),
    "plan": ("itss_bridge.cli.plan", "Say what a sync would read, before anything is read."),
    "sync": ("itss_bridge.cli.sync", "Read all sources and keep what they have as evidence."),
    "status": ("itss_bridge.cli.status", "Say how far each stream of each source is to be trusted."),
    "assess": ("itss_bridge.cli.assess", "Judge every requirement and the four ITSS levels."),
    "matrix": ("itss_bridge.cli.matrix", "Show the conformance matrix across all frameworks."),
    "gap": ("itss_bridge.cli.gap", "Say what is not met, the gap to close first at the top."),
    "nonconformity": ("itss_bridge.cli.nonconformity", "Track what fails until it is measured as met again."),
    "publish": ("itss_bridge.cli.publish", "Make tickets, or a page of the report; a dry run without --apply."),
    "analyse": ("itss_bridge.cli.analyse", "Report on volume, capacity, causes and recurrence."),
    "audit": ("itss_bridge.cli.audit", "Show what an audit asks to see: documents, samples, lists."),
    "export": ("itss_bridge.cli.export", "Write the report to files; the suffix picks the format."),
    "import": ("itss_bridge.cli.import_", "Take back what people filled into a workbook; shown first."),
    "verify": ("itss_bridge.cli.verify", "Recompute every digest of the stored evidence."),
    "calendar": ("itss_bridge.cli.calendar", "Show every date of certificates, applications and audits."),
    "fleet": ("itss_bridge.cli.fleet", "Run many workspaces as one job; compare organisations."),
    "metric": ("itss_bridge.cli.metric", "Look at metrics: numbers, denominators, populations."),
    "evidence": ("itss_bridge.cli.evidence", "Look at the records kept as evidence."),
    "catalogue": ("itss_bridge.cli.catalogue", "Look at frameworks and mappings; sign a crosswalk."),
    "schedule": ("itss_bridge.cli.schedule", "Show samples for running it every night: cron, systemd, …"),
    "plugins": ("itss_bridge.cli.plugins", "Show what is plugged in."),
    "explain": ("itss_bridge.cli.explain", "Say what an id, a clause, a status or an exit code means."),
    "completion": ("itss_bridge.cli.completion", "Print what makes a shell complete commands and ids."),
}

HELP = """One evidence set, many standards: ITSS × ISO/IEC 20000-1 × ISO 9001.

\b
  itss-bridge demo                      see it work
  itss-bridge init . --organisation …   make a workspace, then name your tools in it
  itss-bridge sync && itss-bridge matrix

Exit codes: 0 ok · 1 bug · 2 usage, configuration or data file wrong · 3 gate not met · 4 authentication or rights ·
5 a source unavailable or incomplete · 6 integrity · 7 locked · 130 interrupted.
"""

_PARTS = {"what": say("error"), "where": say("where"), "cause": say("cause"), "fix": say("fix")}

itss_bridge = Commands(
    "itss-bridge",
    COMMANDS,
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
click.version_option(package_name="itss-bridge", prog_name="itss-bridge")(itss_bridge)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code; never a traceback for what a user can mend."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(given))


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    speak(spoken(arguments))
    try:
        code = localised(itss_bridge).main(args=list(arguments), prog_name="itss-bridge", standalone_mode=False)
    except click.exceptions.Abort:
        return _interrupted()
    except KeyboardInterrupt:
        return _interrupted()
    except click.ClickException as error:
        return _misused(error, arguments)
    except BrokenPipeError:
        return 0
    except Exception as error:
        from itss_bridge.bridge import as_problem

        problem = as_problem(error)
        if "-v" in arguments or "--verbose" in arguments:
            raise
        return _show(problem, arguments) if problem else _bug(error)
    return code if isinstance(code, int) else 0


def _misused(error: click.ClickException, arguments: Sequence[str]) -> int:
    error.message = str(told(error.message, LANGUAGE.get()))  # type: ignore[misc]  # an error is told once
    if "--json" in arguments:
        click.echo(json.dumps({"ok": False, "error": {"what": error.format_message()}}, ensure_ascii=False))
    error.show()
    return UsageError.exit_code


def _interrupted() -> int:
    talk(say("interrupted; what was committed stays, the next run goes on from there"))
    return 130


def _show(problem: BridgeError, arguments: Sequence[str]) -> int:
    parts = {name: str(told(text, LANGUAGE.get())) for name, text in problem.as_dict().items()}
    if "--json" in arguments:
        click.echo(json.dumps({"ok": False, "error": parts}, ensure_ascii=False))
    for name, text in parts.items():
        _part(name, text)
    return problem.exit_code


def _part(name: str, text: str) -> None:
    """One part of an error, behind its name: error, where, cause, fix."""
    label = told(_PARTS[name], LANGUAGE.get())
    click.echo(f"{click.style(f'{label:>6}', fg='red' if name == 'what' else None, bold=True)}  {text}", err=True)


def _bug(error: Exception) -> int:
    fault = say("this is a fault of itss-bridge: {kind}: {error}", kind=type(error).__name__, error=error)
    _part("what", str(told(fault, LANGUAGE.get())))
    _part("fix", str(told(say("run the same command with -v and report what it prints"), LANGUAGE.get())))
    return 1
