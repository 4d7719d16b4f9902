"""What is not met in many organisations at once: what a group closes for all of them together."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from itss_bridge.fleet.told import OpenGap
from itss_bridge.model import Text, Verdict


@dataclass(frozen=True, slots=True)
class SharedGap:
    """One gap across the group: in whose evidence it fails, in whose it cannot be told, and what it holds back.

    *holds* says for each level how many organisations it holds back from it. *opens* and *effort* (person-days) are
    summed over the organisations; for *assumed* of them nobody has stated the effort.
    """

    rank: int
    metric: str
    arguments: Mapping[str, str]
    check: str
    title: Text
    not_met: tuple[str, ...]
    undetermined: tuple[str, ...]
    holds: Mapping[int, int]
    frameworks: tuple[str, ...]
    opens: int
    effort: int
    assumed: int

    @property
    def organisations(self) -> int:
        """In how many organisations it is open."""
        return len(self.not_met) + len(self.undetermined)


def shared_gaps(gaps: Mapping[str, Iterable[OpenGap]]) -> tuple[SharedGap, ...]:
    """All gaps of all workspaces, the one that most organisations share at the front.

    Among equals: what holds back most levels, what opens most, what costs least.
    """
    shelves: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, OpenGap]] = {}
    for workspace in sorted(gaps):
        for gap in gaps[workspace]:
            shelves.setdefault((gap.metric, gap.arguments), {})[workspace] = gap
    found = sorted((_shared(of) for of in shelves.values()), key=_order)
    return tuple(replace(gap, rank=rank) for rank, gap in enumerate(found, 1))


def _shared(of: Mapping[str, OpenGap]) -> SharedGap:
    gaps = list(of.values())
    # organisations with other targets name it by other checks: the most common name stands for all
    named = Counter(gap.check for gap in gaps)
    most = min(named, key=lambda check: (-named[check], check))
    leading = next(gap for gap in gaps if gap.check == most)
    levels = sorted({level for gap in gaps for level in gap.levels}, reverse=True)
    return SharedGap(
        rank=0,
        metric=leading.metric,
        arguments=dict(leading.arguments),
        check=leading.check,
        title=leading.title,
        not_met=tuple(workspace for workspace, gap in of.items() if gap.verdict is Verdict.NOT_MET),
        undetermined=tuple(workspace for workspace, gap in of.items() if gap.verdict is not Verdict.NOT_MET),
        holds={level: sum(level in gap.levels for gap in gaps) for level in levels},
        frameworks=tuple(sorted({name for gap in gaps for name in gap.frameworks})),
        opens=sum(gap.opens for gap in gaps),
        effort=sum(gap.effort for gap in gaps),
        assumed=sum(gap.assumed for gap in gaps),
    )


def _order(gap: SharedGap) -> tuple[int, int, int, int, str]:
    return -gap.organisations, -sum(gap.holds.values()), -gap.opens, gap.effort, gap.check
