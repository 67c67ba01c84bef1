# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m toolchain`: builds the guest into bootable image bundles."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from toolchain import bundle as bundles
from toolchain import paths
from toolchain.abi import ARCHES
from toolchain.compile import Places, find_compiler, version_note
from toolchain.engine import Engine
from toolchain.errors import BuildFailed, ToolchainError
from toolchain.progress import reporter
from toolchain.targets import Recipe, find_recipe, load_recipe, recipe_arches


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Build the guest into bootable images.

    \b
    Example: python -m toolchain build --arch aarch64
    """


_F = TypeVar("_F", bound=Callable[..., None])

_OPTIONS = (
    click.option("--arch", default="all", metavar="A", help=f"{', '.join(ARCHES)} or all (the default)."),
    click.option("--image", "images", multiple=True, metavar="NAME", help="A recipe (hatch), a .toml file, or all."),
    click.option("-j", "--jobs", type=click.IntRange(1, 256), help="Steps at a time. Default: one for each CPU."),
    click.option("-k", "--keep-going", is_flag=True, help="After an error go on with what does not depend on it."),
    click.option("-v", "--verbose", is_flag=True, help="Show each command."),
    click.option("--source-root", type=click.Path(path_type=Path), help="The folder that holds guest/ and images/."),
    click.option("--build-root", type=click.Path(path_type=Path), help="The folder to build in."),
)


def _with_options(function: _F) -> _F:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


class _Request:
    """What the options ask for, read: recipes and folders."""

    def __init__(self, arch: str, images: tuple[str, ...], source_root: Path | None, build_root: Path | None) -> None:
        self.source = (source_root or paths.source_root()).resolve()
        self.build = (build_root or paths.build_root()).resolve()
        if arch != "all" and arch not in ARCHES:
            raise ToolchainError(f"no architecture '{arch}'; there are: {', '.join(ARCHES)}, all")
        names = list(images or ("hatch",))
        if "all" in names:
            names = sorted(path.stem for path in (self.source / "images").glob("*.toml"))
        self.recipes: list[Recipe] = []
        for name in names:
            path = find_recipe(self.source, name)
            self.recipes += [load_recipe(path, one) for one in (recipe_arches(path) if arch == "all" else [arch])]

    def places(self, recipe: Recipe) -> Places:
        below = Path(recipe.arch.name, recipe.name)
        return Places(self.source, self.build / "work" / below, self.build / below)


def _build(request: _Request, jobs: int | None, keep_going: bool, verbose: bool) -> None:
    start = time.monotonic()
    compiler = find_compiler()
    own = bundles.identity()
    colour = sys.stderr.isatty()
    work = request.build / "work"
    with _only_one(work):
        steps = [
            step
            for recipe in request.recipes
            for step in bundles.image_steps(recipe, request.places(recipe), compiler, own, colour)
        ]
        engine = Engine(work, request.source, jobs or os.cpu_count() or 1, keep_going, compiler.identity)
        try:
            ran = engine.run(steps, reporter(verbose))
        except BuildFailed:
            _show_version_note()
            raise
    seconds = time.monotonic() - start
    for recipe in request.recipes:
        click.echo(f"{recipe.arch.name} {recipe.name}: {request.places(recipe).bundle}")
    if ran:
        _show_version_note()
    click.echo(f"{ran} of {len(steps)} steps ran in {seconds:.1f} s" if ran else "up to date", err=True)


def _show_version_note() -> None:
    note = version_note()
    if note is not None:
        click.echo(note, err=True)


@contextmanager
def _only_one(work: Path) -> Iterator[None]:
    """Two builds in one folder take turns."""
    try:
        work.mkdir(parents=True, exist_ok=True)
        lock = (work / "lock").open("w")
    except OSError as error:
        raise ToolchainError(f"cannot build in {work}: {error.strerror}; choose another with --build-root") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            click.echo("waiting for another build in this folder to end", err=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@cli.command()
@_with_options
def build(
    arch: str,
    images: tuple[str, ...],
    jobs: int | None,
    keep_going: bool,
    verbose: bool,
    source_root: Path | None,
    build_root: Path | None,
) -> None:
    """Build images; only what changed is built again.

    \b
    Example: python -m toolchain build --arch x86_64 -j 4
    """
    _build(_Request(arch, images, source_root, build_root), jobs, keep_going, verbose)


@cli.command()
@click.option("--into", type=click.Path(path_type=Path), required=True, help="The folder that gets <arch>/<name>/.")
@_with_options
def bundle(
    into: Path,
    arch: str,
    images: tuple[str, ...],
    jobs: int | None,
    keep_going: bool,
    verbose: bool,
    source_root: Path | None,
    build_root: Path | None,
) -> None:
    """Build images and copy the bundles elsewhere: a wheel gets its emu/bundles/ this way.

    \b
    Example: python -m toolchain bundle --into build/bundles
    """
    request = _Request(arch, images, source_root, build_root)
    _build(request, jobs, keep_going, verbose)
    for recipe in request.recipes:
        target = into / recipe.arch.name / recipe.name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(request.places(recipe).bundle, target)


@cli.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="As JSON: name, summary and architectures of each recipe.")
@click.option("--source-root", type=click.Path(path_type=Path), help="The folder that holds guest/ and images/.")
def list_images(as_json: bool, source_root: Path | None) -> None:
    """List the image recipes.

    \b
    Example: python -m toolchain list
    """
    rows = []
    for path in sorted(((source_root or paths.source_root()) / "images").glob("*.toml")):
        arches = recipe_arches(path)
        recipe = load_recipe(path, arches[0])
        rows.append({"name": recipe.name, "summary": recipe.summary, "arches": arches})
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        click.echo(f"{row['name']:<12} {', '.join(row['arches']):<18} {row['summary']}")


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, 1 a compile error, 2 bad input, 130 Ctrl-C."""
    try:
        cli.main(argv, prog_name="python -m toolchain", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return 2
    except (ToolchainError, BuildFailed) as error:
        click.echo(f"toolchain: {error}", err=True)
        return error.exit_status
    except (KeyboardInterrupt, click.Abort):
        click.echo("toolchain: interrupted", err=True)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
