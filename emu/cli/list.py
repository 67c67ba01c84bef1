# SPDX-License-Identifier: GPL-2.0-or-later
"""`emu list`: what there is to run."""

from __future__ import annotations

import json
from typing import Any

import click

from emu.errors import OptionError
from emu.image import bundle as bundles
from emu.machine.boards import BOARDS

__all__ = ["command"]


@click.command(name="list", context_settings={"max_content_width": 100})
@click.option("--tests", is_flag=True, help="The test programs of each image, with their number of tests.")
@click.option("--devices", is_flag=True, help="The devices of each board: addresses, interrupts.")
@click.option("--board", metavar="B", help="Only this board.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(tests: bool, devices: bool, board: str | None, as_json: bool) -> int:
    """List built images, or the boards' devices.

    \b
    Example: emu list --devices --board virt
    """
    if board is not None and board not in BOARDS:
        raise OptionError("--board", f"{board!r} is not known", f"choose {' or '.join(BOARDS)}")
    rows = _devices(board) if devices else _images(tests, board)
    if as_json:
        click.echo(json.dumps(rows, indent=1))
    elif not rows:
        click.echo("no images are built; build them with `emu build`")
    elif devices:
        for row in rows:
            click.echo(
                f"{row['board']:<6} {row['name']:<8} {', '.join(row['windows']) or '-':<58} "
                f"{', '.join(row['irqs']) or '-':<14} {row['role']}"
            )
    else:
        for row in rows:
            click.echo(f"{row['name']:<12} {row['arch']:<8} {row['board']:<6} {row['folder']}")
            for name, count in row.get("tests", {}).items():
                click.echo(f"  {name:<12} {count}")
    return 0


def _images(tests: bool, board: str | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for arch, name, folder in bundles.installed():
        bundle = bundles.Bundle.open(folder)
        if board not in (None, bundle.board):
            continue
        row: dict[str, Any] = {"name": name, "arch": arch, "board": bundle.board, "folder": str(folder)}
        if tests:
            row["tests"] = dict(sorted(bundle.tests.items()))
        rows.append(row)
    return rows


def _devices(board: str | None) -> list[dict[str, Any]]:
    return [
        {
            "board": one.name,
            "name": row.name,
            "model": row.model,
            "role": row.role,
            "windows": [str(w) for w in row.windows],
            "irqs": list(row.irqs),
        }
        for one in BOARDS.values()
        if board in (None, one.name)
        for row in one.rows
    ]
