# SPDX-License-Identifier: GPL-2.0-or-later
"""What to boot: a recipe's name, a bundle folder or a kernel file, resolved to files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from emu.errors import ImageError, ImageFault, OptionError, TrapdoorError
from emu.image import bundle as bundles
from emu.image import elf
from emu.image.bundle import Bundle
from emu.image.recognise import Format, machine_of, recognise
from emu.image.symbols import Symbols
from emu.machine.options import Options

__all__ = ["DEFAULT_ARCH", "DEFAULT_IMAGE", "Target", "is_name", "resolve"]

DEFAULT_IMAGE = "hatch"
DEFAULT_ARCH = "aarch64"
_MACHINES = {"aarch64": elf.EM_AARCH64, "x86_64": elf.EM_X86_64}

Image = str | os.PathLike[str] | Bundle


@dataclass(frozen=True)
class Target:
    """Files of one boot.

    Attributes:
        arch: architecture of the kernel.
        kernel: the file to boot.
        initrd: an initramfs, or None.
        command_line: complete.
        elf: the file with symbols, or None.
        bundle: where they come from, or None for a bare kernel file.
    """

    arch: str
    kernel: Path
    initrd: Path | None
    command_line: str
    elf: Path | None
    bundle: Bundle | None

    @cached_property
    def symbols(self) -> Symbols:
        """The kernel's symbols; none if there is no ELF or it cannot be read."""
        if self.elf is None:
            return Symbols()
        try:
            return Symbols.load(self.elf, _MACHINES[self.arch])
        except TrapdoorError:
            return Symbols()


def is_name(image: Image) -> bool:
    """Whether it can only be a recipe's name: a plain word that is no file here."""
    return isinstance(image, str) and os.sep not in image and not Path(image).exists()


def resolve(image: Image, options: Options) -> Target:
    """Find the files of an image.

    Raises:
        ImageError: NOT_FOUND for a name that has not been built, and what the files themselves are refused for.
        OptionError: `--arch` contradicts the bundle.
    """
    bundle = _bundle(image, options)
    if bundle is not None:
        if options.arch is not None and options.arch != bundle.arch:
            raise OptionError("--arch", f"{options.arch}, but {bundle.folder} is for {bundle.arch}", "leave it out")
        initrd = Path(options.initrd) if options.initrd is not None else None
        if initrd is None and bundle.initrd is not None:
            initrd = bundle.path(bundle.initrd)
        return Target(
            arch=bundle.arch,
            kernel=bundle.path(bundle.kernel),
            initrd=initrd,
            command_line=options.command_line(bundle.append),
            elf=bundle.folder / bundle.elf if bundle.elf else None,
            bundle=bundle,
        )
    assert not isinstance(image, Bundle)
    kernel = Path(image)
    kind = recognise(kernel)
    arch = options.arch or machine_of(kernel) or DEFAULT_ARCH
    return Target(
        arch=arch,
        kernel=kernel,
        initrd=Path(options.initrd) if options.initrd is not None else None,
        command_line=options.command_line(""),
        elf=kernel if kind is Format.ELF else None,
        bundle=None,
    )


def _bundle(image: Image, options: Options) -> Bundle | None:
    if isinstance(image, Bundle):
        return image
    if is_name(image):
        arch = options.arch or DEFAULT_ARCH
        found = bundles.find(str(image), arch)
        if found is None:
            raise ImageError(
                image, f"is no file, and no image of that name is built for {arch}",
                f"build it with `emu build {image} --arch {arch}`, or name a kernel file", ImageFault.NOT_FOUND,
            )  # fmt: skip
        return found
    if Path(image).is_dir():
        return Bundle.open(image)
    return None
