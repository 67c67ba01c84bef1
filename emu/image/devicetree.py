# SPDX-License-Identifier: GPL-2.0-or-later
"""Flattened devicetrees: a strict reader, a writer, and the changes a loader makes to one.

Source: Devicetree Specification v0.4, chapter 5 "Flattened devicetree (DTB) format" and 2.2 "Device tree structure".

    root = Node("")
    root["#address-cells"] = cells(2)
    root.add("memory@40000000")["device_type"] = strings("memory")
    blob = emit(root);   parse(blob) == root
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from emu.bits import MIB
from emu.errors import ImageError, ImageFault

__all__ = ["MAX_SIZE", "Node", "cells", "cells64", "emit", "parse", "set_boot", "strings"]

MAGIC = 0xD00DFEED
VERSION, LAST_COMPATIBLE = 17, 16
MAX_SIZE = 2 * MIB  # Linux arm64 maps no more (booting.rst, section 2)
MAX_DEPTH = 64
BEGIN_NODE, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9
_HEADER = struct.Struct(">10I")
_NAME_CHARACTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ,._+-?#@")


def cells(*values: int) -> bytes:
    """A property of 32-bit cells."""
    return struct.pack(f">{len(values)}I", *values)


def cells64(*values: int) -> bytes:
    """A property of 64-bit numbers, two cells each."""
    return struct.pack(f">{len(values)}Q", *values)


def strings(*values: str) -> bytes:
    """A property of NUL-terminated strings."""
    return b"".join(v.encode() + b"\0" for v in values)


@dataclass(slots=True)
class Node:
    """A node: its name with unit address, its properties and children in order. The root's name is empty."""

    name: str
    properties: dict[str, bytes] = field(default_factory=dict)
    children: dict[str, Node] = field(default_factory=dict)
    reserved: list[tuple[int, int]] = field(default_factory=list)
    """Memory reservations (address, size): of the root only."""

    def __getitem__(self, name: str) -> bytes:
        return self.properties[name]

    def __setitem__(self, name: str, value: bytes) -> None:
        self.properties[name] = value

    def __contains__(self, name: object) -> bool:
        return name in self.properties

    def add(self, name: str) -> Node:
        """The child of that name, made if it is not there."""
        return self.children.setdefault(name, Node(name))

    def find(self, path: str) -> Node | None:
        """The node at a path from here, e.g. `/chosen`; a name without unit address matches the first with one."""
        node = self
        for part in path.strip("/").split("/") if path.strip("/") else ():
            child = node.children.get(part)
            if child is None and "@" not in part:
                child = next((c for n, c in node.children.items() if n.partition("@")[0] == part), None)
            if child is None:
                return None
            node = child
        return node

    def walk(self, path: str = "") -> Iterator[tuple[str, Node]]:
        """(path, node) of this node and all below it, in order."""
        stack = [(path or "/", self)]
        while stack:
            at, node = stack.pop()
            yield at, node
            prefix = at.rstrip("/")
            stack.extend((f"{prefix}/{c.name}", c) for c in reversed(node.children.values()))

    def cells(self, name: str) -> tuple[int, ...]:
        """A property as 32-bit cells; empty if it is missing."""
        raw = self.properties.get(name, b"")
        return struct.unpack(f">{len(raw) // 4}I", raw[: len(raw) & ~3])

    def text(self, name: str) -> str:
        """A property's first string; empty if it is missing."""
        return self.properties.get(name, b"").partition(b"\0")[0].decode("utf-8", "replace")


def emit(root: Node, boot_cpu: int = 0) -> bytes:
    """The tree as a version 17 blob (5.1), with every string once."""
    names: dict[str, int] = {}
    text = bytearray()
    out = bytearray()
    stack: list[Node | None] = [root]
    while stack:
        node = stack.pop()
        if node is None:
            out += cells(END_NODE)
            continue
        name = node.name.encode() + b"\0"
        out += cells(BEGIN_NODE) + name.ljust(len(name) + 3 & ~3, b"\0")
        for key, value in node.properties.items():
            if key not in names:
                names[key] = len(text)
                text += key.encode() + b"\0"
            out += cells(PROP, len(value), names[key]) + value.ljust(len(value) + 3 & ~3, b"\0")
        stack.append(None)
        stack.extend(reversed(node.children.values()))
    out += cells(END)
    reservations = b"".join(cells64(a, s) for a, s in root.reserved) + bytes(16)
    at_struct = _HEADER.size + len(reservations)
    at_strings = at_struct + len(out)
    total = at_strings + len(text) + 3 & ~3
    header = _HEADER.pack(
        MAGIC, total, at_struct, at_strings, _HEADER.size, VERSION, LAST_COMPATIBLE, boot_cpu, len(text), len(out)
    )
    return (header + reservations + bytes(out) + bytes(text)).ljust(total, b"\0")


class _Reader:
    """One strict pass over a blob."""

    def __init__(self, data: bytes, path: str) -> None:
        self.path = path
        if len(data) < _HEADER.size:
            raise self.bad(f"is truncated: {len(data)} bytes, less than a devicetree header", ImageFault.TRUNCATED)
        (magic, total, self.at, strings_at, reserve_at, version, compatible, _, strings_size, size) = (
            _HEADER.unpack_from(data)
        )  # fmt: skip
        if magic != MAGIC:
            raise self.bad("has no devicetree magic")
        if total > len(data):
            raise self.bad(f"is truncated: totalsize {total:#x}, the file ends at {len(data):#x}", ImageFault.TRUNCATED)
        if version < VERSION or compatible > VERSION:
            raise self.bad(f"is of version {version} (compatible to {compatible}), not {VERSION}")
        if self.at & 3 or self.at + size > total or size & 3 or self.at < _HEADER.size:
            raise self.bad("its structure block is misaligned or outside the blob")
        if strings_at + strings_size > total or strings_at < _HEADER.size:
            raise self.bad("its strings block is outside the blob")
        if reserve_at & 7 or reserve_at < _HEADER.size or reserve_at >= total:
            raise self.bad("its memory reservation block is misaligned or outside the blob")
        self.data = data[:total]
        self.end = self.at + size
        self.names = self.data[strings_at : strings_at + strings_size]
        self.reserve_at = reserve_at

    def bad(self, cause: str, kind: ImageFault = ImageFault.BAD_DTB) -> ImageError:
        return ImageError(self.path, cause, "compile it again, e.g. with `dtc -O dtb`", kind)

    def word(self) -> int:
        if self.at + 4 > self.end:
            raise self.bad("its structure block ends without FDT_END")
        self.at += 4
        return int.from_bytes(self.data[self.at - 4 : self.at], "big")

    def reservations(self) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for at in range(self.reserve_at, len(self.data) - 15, 16):
            address, size = struct.unpack_from(">QQ", self.data, at)
            if not address and not size:
                return found
            found.append((address, size))
        raise self.bad("its memory reservation block has no end")

    def node_name(self, depth: int) -> str:
        end = self.data.find(b"\0", self.at, self.end)
        if end < 0:
            raise self.bad("a node's name does not end")
        name = self.data[self.at : end].decode("latin-1")
        self.at = end + 4 & ~3
        if bool(name) != bool(depth) or not _NAME_CHARACTERS.issuperset(name):
            raise self.bad(f"a node is called {name[:40]!r}")
        return name

    def property(self, node: Node) -> None:
        size, offset = self.word(), self.word()
        end = self.names.find(b"\0", offset) if offset < len(self.names) else -1
        if end < 0:
            raise self.bad("a property's name is outside the strings block")
        if self.at + size > self.end:
            raise self.bad("a property is longer than the structure block")
        name = self.names[offset:end].decode("latin-1")
        if not name or not _NAME_CHARACTERS.issuperset(name):
            raise self.bad(f"a property is called {name[:40]!r}")
        if name in node.properties:
            raise self.bad(f"node {node.name!r} has property {name!r} twice")
        if node.children:
            raise self.bad(f"node {node.name!r} has a property after a child node")
        node.properties[name] = self.data[self.at : self.at + size]
        self.at = self.at + size + 3 & ~3

    def tree(self) -> Node:
        open_nodes: list[Node] = []
        root: Node | None = None
        while True:
            token = self.word()
            if token == NOP:
                continue
            if token == BEGIN_NODE:
                if len(open_nodes) >= MAX_DEPTH or (root and not open_nodes):
                    raise self.bad("has nodes nested too deep, or two roots")
                node = Node(self.node_name(len(open_nodes)))
                if not open_nodes:
                    root = node
                elif node.name in open_nodes[-1].children:
                    raise self.bad(f"has node {node.name!r} twice")
                else:
                    open_nodes[-1].children[node.name] = node
                open_nodes.append(node)
            elif token == PROP and open_nodes:
                self.property(open_nodes[-1])
            elif token == END_NODE and open_nodes:
                open_nodes.pop()
            elif token == END and root and not open_nodes:
                root.reserved = self.reservations()
                return root
            else:
                raise self.bad(f"has token {token:#x} where it cannot be")


def parse(data: bytes, path: str = "devicetree") -> Node:
    """A blob as a tree; bytes after its totalsize are ignored.

    Raises:
        ImageError: TRUNCATED, BAD_DTB: anything the specification does not allow.
    """
    return _Reader(data, path).tree()


def set_boot(
    root: Node,
    command_line: str | None,
    initrd: tuple[int, int] | None = None,
    ram: tuple[int, int] | None = None,
) -> None:
    """Say in a tree what this boot is: the changes that a loader makes to any devicetree it hands over.

    Args:
        root: changed in place.
        command_line: `/chosen/bootargs`; None leaves it, empty too if the tree brought one.
        initrd: first address and size, for `/chosen/linux,initrd-start` and `-end`; None removes them.
        ram: base and size, for the `/memory` nodes, which it replaces.
    """
    chosen = root.find("/chosen") or root.add("chosen")
    if command_line:
        chosen["bootargs"] = strings(command_line)
    for name in ("linux,initrd-start", "linux,initrd-end"):
        chosen.properties.pop(name, None)
    if initrd:
        chosen["linux,initrd-start"] = cells64(initrd[0])
        chosen["linux,initrd-end"] = cells64(initrd[0] + initrd[1])
    if ram:
        old = [
            n for n, c in root.children.items() if n.partition("@")[0] == "memory" or c.text("device_type") == "memory"
        ]
        for name in old:
            del root.children[name]
        memory = root.add(f"memory@{ram[0]:x}")
        memory["device_type"] = strings("memory")
        memory["reg"] = _reg(root, ram[0], ram[1])


def _reg(root: Node, address: int, size: int) -> bytes:
    def number(value: int, count: int) -> bytes:
        return (value & (1 << 32 * count) - 1).to_bytes(4 * count, "big")

    address_cells = min(2, next(iter(root.cells("#address-cells")), 2)) or 2
    size_cells = min(2, next(iter(root.cells("#size-cells")), 2)) or 1
    return number(address, address_cells) + number(size, size_cells)
