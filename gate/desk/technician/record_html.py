"""The record of an acceptance as one HTML page that prints on one A4 sheet and needs nothing else."""

import html
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gate.core.acceptance_record import BEGIN, END

_STYLE = """
@page { size: A4; margin: 18mm; }
body { font: 11pt/1.4 "Noto Sans", "DejaVu Sans", sans-serif; color: #111; max-width: 174mm; margin: 0 auto; }
h1 { font-size: 18pt; margin: 0 0 2mm; }
table { width: 100%; border-collapse: collapse; margin: 5mm 0; }
th, td { text-align: left; padding: 1.6mm 2mm; border-bottom: 0.3mm solid #999; vertical-align: top; }
td.mark { width: 9mm; font-size: 13pt; }
dl { display: grid; grid-template-columns: 42mm 1fr; gap: 1mm 4mm; margin: 4mm 0; }
dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }
.sign { display: grid; grid-template-columns: 1fr 1fr; gap: 12mm; margin-top: 16mm; }
.sign div { border-top: 0.3mm solid #111; padding-top: 1mm; }
.small { font-size: 8.5pt; color: #444; overflow-wrap: anywhere; }
"""
_MARKS = {"done": "✓", "skipped": "–", "not_fitted": "○"}


def record_html(
    facts: Mapping[str, Any], text: str, digest: str, row: int, words: Mapping[str, str], language: str
) -> str:
    """Return the page.  `text`: the canonical facts; `row`: of the journal, which holds their digest; `words`: the
    texts of the technician's pages."""
    zone = ZoneInfo(facts["timezone"])

    def time(at: float) -> str:
        return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S %z")

    def said(key: str) -> str:
        return html.escape(words[f"record.{key}"])

    heads = [
        ("device", f"{facts['venue']} / {facts['device']}"),
        ("version", facts["version"]),
        ("began", time(facts["began_at"])),
        ("ended", time(facts["ended_at"])),
        ("technician", f"{facts['technician_name']} ({facts['technician']})".strip()),
        ("customer", facts["customer"]),
    ]
    head = "".join(f"<dt>{said(key)}</dt><dd>{html.escape(str(value))}</dd>" for key, value in heads if value)
    rows = "".join(
        f'<tr><td class="mark">{_MARKS[one["result"]]}</td><td>{html.escape(words["acceptance." + one["trial"]])}</td>'
        f"<td>{time(one['at']) if one['at'] else said(one['result'])}</td></tr>"
        for one in facts["trials"]
    )
    proof = html.escape(words["record.proof"].replace("{row}", str(row)))
    return f"""<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{said("title")}: {html.escape(facts["device"])}</title>
<style>{_STYLE}</style></head><body>
<h1>{said("title")}</h1>
<dl>{head}</dl>
<table><thead><tr><th></th><th>{said("trial")}</th><th>{said("when")}</th></tr></thead><tbody>{rows}</tbody></table>
<div class="sign"><div>{said("technician")}</div><div>{said("customer")}</div></div>
<p class="small">{proof}<br>SHA-256 {digest}</p>
{BEGIN}{text}{END}
</body></html>
"""
