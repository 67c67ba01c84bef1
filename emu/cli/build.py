# SPDX-License-Identifier: GPL-2.0-or-later
"""`emu build`: build the guest's images with the toolchain."""

from __future__ import annotations

import click

from emu.cli.builder import build

__all__ = ["command"]


@click.command(name="build", short_help="Build images from their recipes.", context_settings={"max_content_width": 100})
@click.argument("images", nargs=-1, metavar="[IMAGE]...")
@click.option("--arch", default="all", metavar="A", help="aarch64, x86_64 or all (the default).")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), metavar="N", help="Steps at a time.")
@click.option("-k", "--keep-going", is_flag=True, help="After an error go on with what does not depend on it.")
@click.option("-v", "--verbose", is_flag=True, help="Show each command.")
def command(images: tuple[str, ...], arch: str, jobs: int | None, keep_going: bool, verbose: bool) -> int:
    """Build images (default hatch) from their recipes; only what changed is built again.

    \b
    Example: emu build --arch x86_64
    """
    arguments = ["--arch", arch]
    for image in images:
        arguments += ["--image", image]
    if jobs is not None:
        arguments += ["--jobs", str(jobs)]
    arguments += ["--keep-going"] * keep_going + ["--verbose"] * verbose
    return build(arguments)
