# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the initramfs: a cpio archive of the "newc" kind.

Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst. The bytes depend on names, modes and contents
alone: no time, owner or inode number of this machine gets in.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import PurePosixPath

TRAILER = "TRAILER!!!"
_KIND = {"folder": stat.S_IFDIR, "file": stat.S_IFREG, "symlink": stat.S_IFLNK, "device": stat.S_IFCHR}


@dataclass(frozen=True)
class Entry:
    """One file of the archive. `path` is absolute; `data` is the content of a file or the target of a symlink."""

    path: str
    kind: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def cpio(entries: list[Entry]) -> bytes:
    """The archive. Entries are sorted by path and missing parent folders (mode 755) are added."""
    every = {entry.path: entry for entry in entries}
    for entry in entries:
        for parent in PurePosixPath(entry.path).parents:
            if str(parent) != "/":
                every.setdefault(str(parent), Entry(str(parent), "folder", 0o755))
    ordered = sorted(every.values(), key=lambda entry: PurePosixPath(entry.path).parts)
    out = [_record(inode, entry.path.lstrip("/"), entry) for inode, entry in enumerate(ordered, 1)]
    out.append(_record(0, TRAILER, Entry("", "", 0)))
    return b"".join(out)


def _record(inode: int, name: str, entry: Entry) -> bytes:
    # In the order of the format, eight hexadecimal digits each. A folder has two links: its name and its own ".".
    fields = (
        inode, _KIND.get(entry.kind, 0) | entry.mode, 0, 0, 2 if entry.kind == "folder" else 1, 0, len(entry.data),
        0, 0, *entry.device, len(name.encode()) + 1, 0,
    )  # fmt: skip
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return _pad(head) + _pad(entry.data)


def _pad(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def read_cpio(data: bytes) -> list[Entry]:
    """The entries of a "newc" archive. Raises ValueError for anything that is not one."""
    entries: list[Entry] = []
    at = 0
    kinds = {bits: kind for kind, bits in _KIND.items()}
    while True:
        head = data[at : at + 110]
        if len(head) < 110 or head[:6] not in (b"070701", b"070702"):
            raise ValueError(f"byte {at}: no newc header")
        fields = [int(head[6 + 8 * index : 14 + 8 * index], 16) for index in range(13)]
        name_end = at + 110 + fields[11]
        name = data[at + 110 : name_end - 1].decode()
        start = name_end + -name_end % 4
        end = start + fields[6]
        if end > len(data):
            raise ValueError(f"byte {at}: '{name}' is cut off")
        if name == TRAILER:
            return entries
        mode = fields[1]
        kind = kinds.get(stat.S_IFMT(mode), "file")
        entries.append(Entry("/" + name, kind, stat.S_IMODE(mode), data[start:end], (fields[9], fields[10])))
        at = end + -end % 4
