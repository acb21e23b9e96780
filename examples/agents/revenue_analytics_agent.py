"""Sample agent: totals and reports ledger.csv in its folder (columns: date, source, client, amount)."""

import csv
import datetime
from collections import defaultdict
from decimal import Decimal, InvalidOperation
from pathlib import Path

from agent_server import InputError, serve

LEDGER = Path(__file__).with_name("ledger.csv")


def read_ledger(path=LEDGER):
    """Returns the valid rows of the ledger, and the fault of each invalid one by line."""
    rows, faults = [], []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                try:
                    rows.append(
                        {
                            "month": datetime.date.fromisoformat(row["date"]).strftime("%Y-%m"),
                            "source": row["source"],
                            "client": row["client"],
                            "amount": Decimal(row["amount"]),
                        }
                    )
                except (KeyError, TypeError, ValueError, InvalidOperation) as error:
                    faults.append({"line": number, "fault": str(error) or type(error).__name__})
    except OSError as error:
        raise InputError(f"the ledger could not be read: {error}") from error
    return rows, faults


def totals_by(rows, key):
    totals = defaultdict(Decimal)
    for row in rows:
        totals[row[key]] += row["amount"]
    return dict(sorted(totals.items()))


def format_money(totals):
    """Formats amounts as text, because a float would change cents."""
    return {key: f"{amount:.2f}" for key, amount in totals.items()}


def track(_):
    rows, faults = read_ledger()
    total = sum((row["amount"] for row in rows), Decimal())
    return {"entries": len(rows), "total": f"{total:.2f}", "byMonth": format_money(totals_by(rows, "month")), "faults": faults}


def report(_):
    rows, faults = read_ledger()
    if not rows:
        raise InputError("the ledger has no usable row")
    months = totals_by(rows, "month")
    clients = totals_by(rows, "client")
    best = max(clients, key=lambda client: clients[client])
    changes, before = {}, None
    for month, amount in months.items():
        if before:
            changes[month] = f"{(amount - before) / before * 100:+.1f} %"
        before = amount
    return {
        "byMonth": format_money(months),
        "monthOverMonth": changes,
        "bySource": format_money(totals_by(rows, "source")),
        "bestClient": {"client": best, "total": f"{clients[best]:.2f}"},
        "faults": faults,
    }


if __name__ == "__main__":
    serve({"revenue.track": track, "analytics.report": report})
