# SPDX-License-Identifier: GPL-2.0-or-later
"""Bundles: a folder with a kernel, its ELF, its initramfs and a manifest, as the toolchain builds it.

    images/build/<arch>/<name>/manifest.json
    {"format": 1, "name": "hatch", "arch": "aarch64", "board": "virt", "kernel": "Image", "elf": "hatch.elf",
     "initrd": "initramfs.cpio", "append": "", "abi": "abi.json",
     "files": {"Image": {"sha256": "...", "size": 1234}, ...},
     "programs": {"/bin/sh": "programs/sh", ...}, "tests": {"fork": 7, ...}}

Sizes and hashes are checked when a file is first asked for: starting a machine reads only what it needs.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emu.errors import ImageError, ImageFault
from emu.image.files import InputFile, read_bytes

__all__ = ["Bundle", "cache_folder", "find", "installed", "search_path"]

MANIFEST = "manifest.json"
FORMAT = 1
MAX_MANIFEST = 16 << 20
ARCHITECTURES = ("aarch64", "x86_64")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REBUILD = "build it again with `emu build`"


def cache_folder() -> Path:
    """Where an installed package keeps what it makes: `$XDG_CACHE_HOME/trapdoor`, or `~/.cache/trapdoor`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "trapdoor"


def search_path() -> list[Path]:
    """Folders that hold `<arch>/<name>/`: of the checkout this package runs from, of the package, the user's cache."""
    package = Path(__file__).resolve().parent.parent
    found = [package / "bundles", cache_folder() / "build"]
    checkout = package.parent
    if (checkout / "toolchain").is_dir() and (checkout / "guest").is_dir():
        found.insert(0, checkout / "images" / "build")
    return found


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose manifest has been read and validated."""

    folder: Path
    name: str
    arch: str
    board: str
    kernel: str
    elf: str | None
    initrd: str | None
    append: str
    abi: str | None
    files: Mapping[str, tuple[str, int]]
    programs: Mapping[str, str]
    tests: Mapping[str, int]
    _checked: set[str] = field(default_factory=set, repr=False, compare=False)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Bundle:
        """Read a bundle's manifest.

        Raises:
            ImageError: NOT_FOUND for a folder without one, BAD_MANIFEST, and what `InputFile` raises.
        """
        path = Path(folder) / MANIFEST
        if not path.exists():
            raise ImageError(
                path.parent, f"has no {MANIFEST}", "give a bundle's folder or a kernel file", ImageFault.NOT_FOUND
            )
        raw = read_bytes(path, MAX_MANIFEST)
        try:
            manifest = json.loads(raw)
        except (ValueError, RecursionError) as e:
            reason = "nested too deep" if isinstance(e, RecursionError) else str(e)
            raise _bad(path, f"is not JSON: {reason}") from None
        return _Manifest(path, manifest).bundle()

    def path(self, name: str) -> Path:
        """A file of the bundle, its size and hash checked the first time.

        Raises:
            ImageError: NO_SUCH_FILE, TRUNCATED, HASH_MISMATCH, and what `InputFile` raises.
        """
        if name not in self.files:
            known = ", ".join(sorted(self.files))
            raise ImageError(self.folder, f"has no file {name!r}", f"it has {known}", ImageFault.NO_SUCH_FILE)
        path = self.folder / name
        if name not in self._checked:
            sha256, size = self.files[name]
            with InputFile(path) as f:
                if f.size < size:
                    f.read(0, size, "the file in the manifest")
                digest = hashlib.sha256(f.all()).hexdigest() if f.size == size else ""
            if digest != sha256:
                raise ImageError(path, "is not the file its manifest describes", _REBUILD, ImageFault.HASH_MISMATCH)
            self._checked.add(name)
        return path

    def program(self, guest_path: str) -> Path | None:
        """The unstripped ELF of a program of the guest, for symbols; None if the bundle keeps none."""
        name = self.programs.get(guest_path)
        return None if name is None else self.path(name) if name in self.files else self.folder / name


def _bad(path: Path, cause: str) -> ImageError:
    return ImageError(path, cause, _REBUILD, ImageFault.BAD_MANIFEST)


class _Manifest:
    """One manifest being validated."""

    def __init__(self, path: Path, manifest: object) -> None:
        self.path = path
        if not isinstance(manifest, dict):
            raise _bad(path, "is not a JSON object")
        self.manifest = manifest
        version = manifest.get("format")
        if version != FORMAT or isinstance(version, bool):
            raise _bad(path, f"has format {version!r:.40}, not {FORMAT}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.manifest.get(key, default)
        if not isinstance(value, str):
            raise _bad(self.path, f"{key!r} is not a string")
        return value

    def table(self, key: str) -> dict[str, object]:
        value = self.manifest.get(key, {})
        if not isinstance(value, dict):
            raise _bad(self.path, f"{key!r} is not an object")
        return value

    def relative(self, key: str, value: object) -> str:
        """A path that stays in the folder."""
        if not isinstance(value, str) or not value or "\0" in value or "\\" in value:
            raise _bad(self.path, f"{key!r} is not a file name")
        if value.startswith("/") or any(part in ("", ".", "..") for part in value.split("/")):
            raise _bad(self.path, f"{key!r} leaves the bundle: {value!r:.80}")
        return value

    def member(self, key: str, files: Mapping[str, object], needed: bool) -> str | None:
        value = self.manifest.get(key)
        if value is None and not needed:
            return None
        name = self.relative(key, value)
        if name not in files:
            raise _bad(self.path, f"{key!r} names {name!r:.80}, which is not among its files")
        return name

    def bundle(self) -> Bundle:
        name, arch = self.text("name"), self.text("arch")
        if not _NAME.fullmatch(name):
            raise _bad(self.path, f"'name' {name!r:.80} is not a plain name")
        if arch not in ARCHITECTURES:
            raise _bad(self.path, f"'arch' is {arch!r:.40}, not one of {', '.join(ARCHITECTURES)}")
        files: dict[str, tuple[str, int]] = {}
        for key, value in self.table("files").items():
            entry = value if isinstance(value, dict) else {}
            sha256, size = entry.get("sha256"), entry.get("size")
            if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
                raise _bad(self.path, f"file {key!r:.80} has no sha256")
            if not isinstance(size, int) or isinstance(size, bool) or size < 0:
                raise _bad(self.path, f"file {key!r:.80} has no size")
            files[self.relative("files", key)] = (sha256, size)
        tests: dict[str, int] = {}
        for key, value in self.table("tests").items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise _bad(self.path, f"test {key!r:.80} has no plan")
            tests[key] = value
        kernel = self.member("kernel", files, True)
        assert kernel is not None
        return Bundle(
            folder=self.path.parent,
            name=name,
            arch=arch,
            board=self.text("board"),
            kernel=kernel,
            elf=self.member("elf", files, False),
            initrd=self.member("initrd", files, False),
            append=self.text("append", ""),
            abi=self.member("abi", files, False),
            files=files,
            programs={k: self.relative("programs", v) for k, v in self.table("programs").items()},
            tests=tests,
        )


def find(name: str, arch: str) -> Bundle | None:
    """The built bundle of that name, or None if it has not been built. Raises as `Bundle.open` does."""
    if not _NAME.fullmatch(name):
        return None
    for folder in search_path():
        if (folder / arch / name / MANIFEST).is_file():
            return Bundle.open(folder / arch / name)
    return None


def installed() -> Iterator[tuple[str, str, Path]]:
    """(arch, name, folder) of every built bundle, the one that `find` prefers where there are several."""
    seen: set[tuple[str, str]] = set()
    for base in search_path():
        for path in sorted(base.glob(f"*/*/{MANIFEST}")):
            key = (path.parent.parent.name, path.parent.name)
            if key[0] in ARCHITECTURES and key not in seen:
                seen.add(key)
                yield (*key, path.parent)
