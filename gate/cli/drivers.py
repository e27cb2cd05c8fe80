"""`gate drivers`: the installed drivers, and what each needs."""

import json
import sys

import click
from rich.console import Console
from rich.table import Table

from gate.registry import registered


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def drivers(as_json: bool) -> None:
    """Show every installed driver, third-party ones included, and what each needs.

    The keys of a driver's table in gate.toml: `gate config schema`.  Exit 1 when a driver cannot be loaded.
    """
    rows = registered()
    if as_json:
        for row in rows:
            about = (
                {"summary": row.spec.summary, "needs": row.spec.needs, "simulated": row.spec.simulated}
                if row.spec
                else {}
            )
            click.echo(json.dumps({"kind": row.kind, "driver": row.name, **about, "problem": row.problem}))
    else:
        table = Table("kind", "driver", "what it is", "needs", box=None, pad_edge=False)
        for row in rows:
            if row.spec:
                table.add_row(row.kind, row.name, row.spec.summary, row.spec.needs)
            else:
                table.add_row(row.kind, row.name, f"[red]{row.problem}[/red]", "")
        Console().print(table)
    sys.exit(1 if any(row.problem for row in rows) else 0)
