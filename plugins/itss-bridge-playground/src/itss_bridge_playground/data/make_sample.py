"""Draw the packaged sample from the full UCI log: `python make_sample.py FOLDER-WITH-THE-FOUR-PARTS`.

Whole incidents, all columns, all rows, file order. Each stratum (month opened × final priority × SLA kept × what the
incident refers to) gives its proportional share, rounded by largest remainder and at least one; within a stratum the
smallest SHA-256 of the incident number wins. Nothing is random: the same log gives the same bytes.
"""

import csv
import gzip
import io
import sys
from collections import defaultdict
from hashlib import sha256
from pathlib import Path

SIZE = 2_000
HERE = Path(__file__).parent


def shares(sizes: dict[str, int], total: int) -> dict[str, int]:
    """How many of *total* each stratum gives: largest remainder, at least one each where *total* allows."""
    exact = {name: total * size / sum(sizes.values()) for name, size in sizes.items()}
    share = {name: max(1, int(part)) for name, part in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (share[name] - exact[name], name))
    for name in by_remainder[: total - sum(share.values())]:
        share[name] += 1
    while sum(share.values()) > total:
        fullest = max((name for name in share if share[name] > 1), key=lambda name: (share[name] / exact[name], name))
        share[fullest] -= 1
    return share


def chosen(rows: list[dict[str, str]], size: int) -> set[str]:
    """Numbers of the incidents to keep."""
    strata: dict[str, list[str]] = defaultdict(list)
    for number, final in {row["number"]: row for row in rows}.items():
        strata[_stratum(final)].append(number)
    share = shares({name: len(numbers) for name, numbers in strata.items()}, size)
    return {
        number
        for name, numbers in strata.items()
        for number in sorted(numbers, key=lambda n: sha256(n.encode()).digest())[: share[name]]
    }


def _stratum(final: dict[str, str]) -> str:
    _, month, year = final["opened_at"].split(" ")[0].split("/")
    refers_to = next((name for name in ("cmdb_ci", "rfc", "problem_id") if final[name] != "?"), "nothing")
    return f"{year}-{month:0>2} {final['priority']} {final['made_sla']} {refers_to}"


def main(folder: Path) -> None:
    """Write `incident_sample.csv.gz` beside this script."""
    rows: list[dict[str, str]] = []
    for part in sorted(folder.glob("incident_event_log.part*.csv.gz")):
        with gzip.open(part, "rt", encoding="utf-8", newline="") as text:
            rows += csv.DictReader(text)
    keep = chosen(rows, SIZE)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for row in rows if row["number"] in keep)
    (HERE / "incident_sample.csv.gz").write_bytes(gzip.compress(out.getvalue().encode(), 9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
