"""All that is wrong in a catalogue at once, each fault with its rule, its place and what to do.

`load` stops at the first fault, because nothing may be judged by a broken catalogue. `lint` goes on to the last one,
and asks for more: what a careful reviewer of the content would ask. A rule is a function from a draft to what it found.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from itss_bridge.catalogue.draft import Draft, Fault, drafted
from itss_bridge.catalogue.lint import facts, ids, queries, rows, words
from itss_bridge.contracts import CatalogueFolder

__all__ = ["RULES", "Fault", "lint"]

Rule: TypeAlias = Callable[[Draft], Iterable[tuple[str, str, str]]]

# Besides these, reading itself finds faults of the rules yaml, schema, impossible-value, missing-language, unsourced,
# unknown-level, check-without-requirement and reviewed-by-nobody: see draft.py.
RULES: Mapping[str, Rule] = {
    "duplicate-id": ids.doubled,
    "contradicting-documents": ids.contradicting_documents,
    "dangling-id": ids.dangling,
    "foreign-id": ids.foreign,
    "misnamed-file": ids.misnamed,
    "unknown-metric": ids.unknown_metrics,
    "unknown-stream": ids.unknown_streams,
    "argument-mismatch": ids.wrong_arguments,
    "parent-cycle": ids.cycles,
    "assessable-parent": ids.assessable_parents,
    "unassessable-leaf": ids.unassessable_leaves,
    "check-on-group": ids.checks_on_groups,
    "loose-life-cycle": ids.loose_life_cycles,
    "duplicate-pair": rows.doubled,
    "contradiction": rows.contradicting,
    "missing-inverse": rows.without_inverse,
    "unassessable-end": rows.unassessable_ends,
    "constant-relationship": rows.constant,
    "too-many-intersections": rows.mostly_intersecting,
    "too-many-subsets": rows.mostly_subsets,
    "unaccounted": rows.unaccounted,
    "mapped-and-unmapped": rows.mapped_and_unmapped,
    "repeated-rationale": rows.repeated_rationales,
    "reviewed-by-nobody": rows.reviewed_by_nobody,
    "missing-language": words.missing,
    "zh-without-han": words.chinese_without_han,
    "en-with-han": words.english_with_han,
    "same-text": words.same,
    "too-long": words.too_long,
    "unknown-source": facts.unknown_sources,
    "guessed-clause": facts.guessed_clauses,
    "doubled-clause": facts.doubled_clauses,
    "official-without-authority": facts.official_without_authority,
    "metric-query": queries.failing,
    "undeclared-stream": queries.undeclared_streams,
    "idle-stream": queries.idle_streams,
}


def lint(folders: Sequence[CatalogueFolder], beside: Sequence[CatalogueFolder] = ()) -> list[Fault]:
    """Every fault in *folders*, sorted by file, line and column.

    *beside* are folders that these build upon: their ids are known, their own faults are left to whoever owns them.
    """
    draft = drafted([*beside, *folders])
    found = {Fault(name, *fault) for name, rule in RULES.items() for fault in rule(draft)} | {*draft.faults}
    roots = [folder.path for folder in folders]
    own = (fault for fault in found if any(Path(fault.place[0]).is_relative_to(root) for root in roots))
    return sorted(own, key=lambda fault: (fault.place, fault.rule, fault.what))
