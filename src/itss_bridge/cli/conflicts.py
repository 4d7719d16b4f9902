"""`catalogue conflicts`: where rule packs disagree, and which of them decides."""

from dataclasses import asdict

import click

from itss_bridge.cli.call import Call, common, console, print_json


@click.command("conflicts", epilog="Examples: itss-bridge catalogue conflicts · itss-bridge catalogue conflicts --json")
@common
def command(call: Call) -> None:
    """Where rule packs ask different things of the same level, and which of them decides; computed from the rules."""
    from itss_bridge.catalogue.conflicts import conflicts
    from itss_bridge.cli import declared

    catalogue = declared.catalogue(call)
    found = conflicts(catalogue.packs.values(), catalogue.metrics, declared.binding(call))
    if call.as_json:
        print_json(
            [
                {
                    "level": c.level,
                    "metrics": list(c.metrics),
                    "rules": [rule.id for rule in c.rules],
                    "decides": [rule.id for rule in c.decides],
                    "exclusive": c.exclusive,
                    "statement": asdict(c.statement),
                }
                for c in found
            ]
        )
        return
    from itss_bridge.cli.tables import plain_table

    language = declared.language(call)
    rows = [{"level": c.level, "rules": len(c.rules), "statement": c.statement[language]} for c in found]
    console().print(plain_table(["level", "rules", "statement"], rows, language))
