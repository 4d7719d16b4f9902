"""One entry as it stands in its file: the lines an auditor would have to change."""

from dataclasses import dataclass
from pathlib import Path

from itss_bridge.catalogue.draft import Fault
from itss_bridge.catalogue.load import Catalogue


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The lines of one entry; *line* is the number of the first one."""

    kind: str
    id: str
    file: str
    line: int
    text: str


def places(catalogue: Catalogue) -> dict[str, tuple[str, str]]:
    """Kind and `file:line:column` of everything that has an id, mappings by `SOURCE → TARGET`."""
    found = {f.id: ("framework", f.origin.where) for f in catalogue.frameworks.values()}
    found |= {r.id: ("requirement", r.origin.where) for r in catalogue.requirements.values()}
    found |= {c.id: ("crosswalk", c.origin.where) for c in catalogue.crosswalks.values()}
    found |= {
        f"{m.source} → {m.target}": ("mapping", m.origin.where)
        for c in catalogue.crosswalks.values()
        for m in c.mappings
    }
    found |= {m.id: ("metric", m.origin.where) for m in catalogue.metrics.values()}
    found |= {c.id: ("check", c.origin.where) for c in catalogue.checks.values()}
    found |= {p.id: ("pack", p.origin.where) for p in catalogue.packs.values()}
    found |= {
        f"{c.id}/{r.id}": (kind, r.origin.where)
        for c in catalogue.lifecycles.values()
        for kind, rows in (("state", c.states), ("deadline", c.deadlines), ("rule", c.rules))
        for r in rows
    }
    return found | {r.id: ("rule", r.origin.where) for p in catalogue.packs.values() for r in p.rules}


def excerpt(kind: str, name: str, where: str) -> Excerpt:
    """The entry that begins at *where*: all lines that are indented at least as far, the whole file from column 1."""
    file, line, column = Fault("", where, "", "").place
    lines = Path(file).read_text("utf-8-sig").splitlines()
    start, indent = (line - 1, column - 1) if column > 1 else (0, 0)
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or _indent(lines[end]) >= indent):
        end += 1
    text = "\n".join(lines[start:end]).rstrip()
    return Excerpt(kind, name, file, start + 1, text)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
