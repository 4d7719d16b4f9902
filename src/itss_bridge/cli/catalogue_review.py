"""`catalogue lint|coverage`: is the content sound, and how far does it reach?"""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from itss_bridge.cli import declared
from itss_bridge.cli.call import Call, common, console, print_json
from itss_bridge.cli.talk import LANGUAGE, talk
from itss_bridge.errors import UsageError
from itss_bridge.messages import say, told


@click.command("lint", epilog="Examples: itss-bridge catalogue lint · itss-bridge catalogue lint my-pack --json")
@click.argument("places", metavar="[FOLDER]...", nargs=-1, type=click.Path(path_type=Path, file_okay=False))
@common
def lint_command(call: Call, places: tuple[Path, ...]) -> int:
    """Everything that is wrong in the catalogue, each fault with its place and what to do; ends with 2 if anything is.

    A FOLDER is read together with the catalogue it adds to. One that brings a framework of the shipped catalogue
    itself is a catalogue of its own, and is read alone. Without FOLDER everything that is in use here is looked at.
    """
    from itss_bridge.catalogue.lint import lint
    from itss_bridge.contracts import CatalogueFolder

    known = declared.folders(call)
    own = [CatalogueFolder(_catalogue_folder(place), str(place)) for place in places] or known
    faults = lint(own, [] if _stands_alone(own, known) else _others(known, own))
    if call.as_json:
        print_json({"ok": not faults, "faults": [asdict(fault) for fault in faults]})
    else:
        for fault in faults:
            what, fix = (told(text, LANGUAGE.get()) for text in (fault.what, fault.fix))
            click.echo(f"{fault.where}: {fault.rule}: {what}\n    {fix}")
        talk(say("{count} faults", count=len(faults)) if faults else say("no faults"))
    return UsageError.exit_code if faults else 0


def _catalogue_folder(place: Path) -> Path:
    from itss_bridge.catalogue.load import KINDS

    if not any((place / kind).is_dir() for kind in KINDS):
        raise UsageError(
            say("this is no folder shaped like mappings/"),
            where=str(place),
            cause=say("it has none of {names}", names=", ".join(KINDS)),
            fix=say("name the folder above them"),
        )
    return place


def _frameworks(folders: Iterable[Any]) -> set[str]:
    return {path.name for folder in folders for path in (folder.path / "frameworks").glob("*.yaml")}


def _stands_alone(own: list[Any], known: list[Any]) -> bool:
    return bool(_frameworks(own) & _frameworks(_others(known, own)))


def _others(known: list[Any], own: list[Any]) -> list[Any]:
    named = {folder.path.resolve() for folder in own}
    return [folder for folder in known if folder.path.resolve() not in named]


@click.command("coverage", epilog="Example: itss-bridge catalogue coverage --json")
@common
def coverage_command(call: Call) -> None:
    """How far crosswalks and checks reach: requirements mapped, left out with a reason, checked, or out of reach."""
    from itss_bridge.catalogue.coverage import as_json, coverage

    shape = as_json(coverage(declared.catalogue(call)))
    if call.as_json:
        print_json(shape)
        return
    from itss_bridge.cli.tables import plain_table

    language = declared.language(call)
    for title, rows in _tables(shape):
        head, names = _COVERAGE[title][language == "zh"], list(dict.fromkeys(key for row in rows for key in row))
        words = {name: _COVERAGE.get(name, (name, name))[language == "zh"] for name in names}
        console().print(head, style="bold")
        console().print(plain_table(list(words.values()), [{words[key]: row[key] for key in row} for row in rows]))


def _tables(shape: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Title and rows of each table; lists of ids are written out, so that a gap has a name."""
    frameworks = [{"framework": name, **_named(row)} for name, row in shape["frameworks"].items()]
    crosswalks = [
        {"crosswalk": name, "rows": row["rows"], **{r: _share(n, row["rows"]) for r, n in row["relationships"].items()}}
        for name, row in shape["crosswalks"].items()
    ]
    checks = [{"level": level, **kinds} for level, kinds in shape["checks"].items()]
    rules = [{"pack": name, **levels} for name, levels in shape["rules"].items()]
    tables = {"frameworks": frameworks, "crosswalks": crosswalks, "checks": checks, "rules": rules}
    return [(title, rows) for title, rows in tables.items() if rows]


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {key: (", ".join(value) or "0") if isinstance(value, list) else value for key, value in row.items()}


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.0%})" if whole else "0"


_COVERAGE = {
    "frameworks": ("Frameworks: assessable requirements", "框架：可评估条目"),
    "crosswalks": ("Crosswalks: rows per relationship", "对照：各类关系行数"),
    "checks": ("Checks by level and kind (4 is the lowest level)", "检查项：按等级和类别（四级最低）"),
    "rules": ("Rules of packs by level", "规则包：各等级规则数"),
    "framework": ("Framework", "标准"),
    "assessable": ("Assessable", "可评估"),
    "mapped": ("Mapped", "已映射"),
    "reasoned": ("Left out, with reason", "不映射且有理由"),
    "neither": ("Neither", "未交代"),
    "checked": ("Checked", "有检查项"),
    "unreachable": ("No way to a status", "无法得出结论"),
    "crosswalk": ("Crosswalk", "对照表"),
    "rows": ("Rows", "行数"),
    "equal-to": ("≡ equal to", "≡ 等同于"),
    "subset-of": ("⊂ subset of", "⊂ 包含于"),
    "superset-of": ("⊃ superset of", "⊃ 包含"),
    "intersects-with": ("∩ intersects with", "∩ 部分重叠"),
    "no-relationship": ("∅ no relationship", "∅ 无关联"),
    "level": ("Level", "等级"),
    "any": ("any", "不限"),
    "attestation": ("Attestation", "声明"),
    "document": ("Document", "成文信息"),
    "record": ("Record", "记录"),
    "ticket-metric": ("Ticket metric", "工单度量"),
    "pack": ("Rule pack", "规则包"),
}
