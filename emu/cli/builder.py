# SPDX-License-Identifier: GPL-2.0-or-later
"""Images are built by `python -m toolchain`, as a process of its own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import click

from emu.errors import BuildError
from emu.image import bundle as bundles
from emu.machine.options import Options
from emu.machine.target import DEFAULT_ARCH, is_name

__all__ = ["build", "build_if_missing", "build_root"]

EXIT_COMPILE = 1


def build_root() -> Path:
    """Where bundles are built: the checkout's images/build, else the user's cache folder."""
    first = bundles.search_path()[0]
    return first if first.parent.name == "images" else bundles.cache_folder() / "build"


def build(arguments: list[str]) -> int:
    """Run `toolchain build` with these arguments; what it prints goes to our standard error. Returns its status.

    Raises:
        BuildError: the toolchain is not installed.
    """
    if importlib.util.find_spec("toolchain") is None:
        raise BuildError("the toolchain package is missing", "install the package again: pip install '.[guest]'")
    command = [sys.executable, "-m", "toolchain", "build", "--build-root", str(build_root()), *arguments]
    return subprocess.run(command, stdout=sys.stderr, check=False).returncode


def build_if_missing(image: str, options: Options) -> None:
    """Build the image of that name, unless it is there or IMAGE is a file.

    Raises:
        BuildError: it does not build.
    """
    arch = options.arch or DEFAULT_ARCH
    if not is_name(image) or bundles.find(image, arch) is not None or not _known(image):
        return
    click.echo(f"emu: building {image} for {arch}", err=True)
    status = build(["--arch", arch, "--image", image])
    if status != 0:
        raise BuildError(f"{image} for {arch} was not built", "see above, and try `emu doctor`")


def _known(image: str) -> bool:
    """Whether there is a recipe of that name, as far as can be seen without the toolchain."""
    spec = importlib.util.find_spec("toolchain")
    if spec is None or not spec.submodule_search_locations:
        return False
    package = Path(spec.submodule_search_locations[0])
    return any((root / "images" / f"{image}.toml").is_file() for root in (package / "share", package.parent))
