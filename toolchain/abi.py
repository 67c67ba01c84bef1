# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads guest/abi/syscalls.abi, the one declaration of system calls and constants. Its syntax stands at its own top.

`parse` gives an `Abi`; abi_headers.py turns that into C headers and a JSON description.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from toolchain.errors import AbiError

ARCHES = ("aarch64", "x86_64")

INTEGERS = {"s8": 1, "u8": 1, "s16": 2, "u16": 2, "s32": 4, "u32": 4, "s64": 8, "u64": 8, "size": 8, "address": 8}
"""Number types and their bytes; both architectures are LP64."""

DIRECTIONS = ("in", "out", "inout")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_CALL = re.compile(r"(\w+)\s*\((.*)\)\s*->\s*(\w+)\s*:\s*(.+)\Z")
_TYPE = re.compile(r"(\w+)(?:\[([^\]]*)\])?\Z")


@dataclass(frozen=True)
class Value:
    """A named constant: its value per architecture, and the bit field it is a value of, if any."""

    name: str
    value: dict[str, int]
    text: dict[str, str]
    mask: str | None = None


@dataclass
class Set:
    """A set of constants: `kind` is "flags" (bits to be or-ed) or "enum" (one of them)."""

    name: str
    kind: str
    header: str
    values: list[Value] = field(default_factory=list)
    masks: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Resource:
    """A handle: calls make it and take it. `special` values are always accepted."""

    name: str
    base: str
    special: tuple[int, ...]


@dataclass(frozen=True)
class Field:
    """One field of a structure on one architecture; `name` is empty for padding; bytes."""

    name: str
    type: str
    offset: int
    size: int
    count: int
    set: str | None


@dataclass
class Struct:
    """Layout of a structure per architecture: fields, bytes in all, alignment."""

    name: str
    header: str
    fields: dict[str, list[Field]] = field(default_factory=dict)
    size: dict[str, int] = field(default_factory=dict)
    align: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Argument:
    """One argument. `kind` is int, resource, flags, enum, filename, string, strings, buffer, iovecs or ptr.

    `type` names the number type, resource, set or pointed-to type; `length` the argument that counts.
    """

    name: str
    kind: str
    type: str
    direction: str | None = None
    length: str | None = None
    optional: bool = False


@dataclass(frozen=True)
class Call:
    """One system call: its number on each architecture that has it (with this argument order)."""

    name: str
    number: dict[str, int]
    args: tuple[Argument, ...]
    returns: str


@dataclass
class Abi:
    """The whole declaration, in the order of the file."""

    resources: dict[str, Resource] = field(default_factory=dict)
    sets: dict[str, Set] = field(default_factory=dict)
    structs: dict[str, Struct] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)


def parse(path: Path) -> Abi:
    """Read the declaration at `path`. Raises AbiError with file and line for anything that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AbiError(path.name, 0, f"cannot be read: {error}") from error
    return parse_text(text, path.name)


def parse_text(text: str, file: str = "syscalls.abi") -> Abi:
    """`parse` for a text that is in memory; `file` is the name used in errors."""
    return _Parser(file).run(text)


class _Parser:
    def __init__(self, file: str) -> None:
        self.file = file
        self.line = 0
        self.abi = Abi()
        self.constants: set[str] = set()
        self.block: Set | Struct | None = None

    def fail(self, message: str) -> AbiError:
        return AbiError(self.file, self.line, message)

    def run(self, text: str) -> Abi:
        joined = ""
        for self.line, raw in enumerate(text.splitlines(), 1):
            body = joined + raw.split("#", 1)[0].rstrip()
            joined = ""
            if body.endswith("\\"):
                joined = body[:-1]
                continue
            if not body:
                continue
            words = body.split()
            if body[0].isspace():
                self.inside(words)
                continue
            self.end_block()
            if words[0] == "resource":
                self.resource(words)
            elif words[0] in ("flags", "enum", "struct") and "(" not in body:
                self.open_block(words)
            else:
                self.call(body)
        self.end_block()
        self.check_numbers()
        return self.abi

    def name(self, text: str) -> str:
        if not _NAME.match(text):
            raise self.fail(f"'{text}' is not a name")
        return text

    def number(self, text: str) -> int:
        try:
            return int(text, 0)
        except ValueError:
            raise self.fail(f"'{text}' is not a number (decimal, 0x hexadecimal, 0o octal)") from None

    def new_type(self, text: str) -> str:
        name = self.name(text)
        if name in INTEGERS or name in self.abi.resources or name in self.abi.sets or name in self.abi.structs:
            raise self.fail(f"type '{name}' is declared twice")
        return name

    def resource(self, words: list[str]) -> None:
        if len(words) < 3 or words[2] not in INTEGERS or (len(words) > 3 and words[3] != "="):
            raise self.fail("expected: resource NAME BASE [= SPECIAL ...], BASE one of " + " ".join(INTEGERS))
        name = self.new_type(words[1])
        self.abi.resources[name] = Resource(name, words[2], tuple(self.number(word) for word in words[4:]))

    def open_block(self, words: list[str]) -> None:
        if len(words) != 4 or words[2] != "in":
            raise self.fail(f"expected: {words[0]} NAME in HEADER")
        name, header = self.new_type(words[1]), self.name(words[3])
        if words[0] == "struct":
            sizes, aligns = dict.fromkeys(ARCHES, 0), dict.fromkeys(ARCHES, 1)
            self.block = Struct(name, header, {arch: [] for arch in ARCHES}, sizes, aligns)
            self.abi.structs[name] = self.block
        else:
            self.block = Set(name, words[0], header)
            self.abi.sets[name] = self.block

    def end_block(self) -> None:
        block, self.block = self.block, None
        if isinstance(block, Struct):
            for arch in ARCHES:
                block.size[arch] = -(-block.size[arch] // block.align[arch]) * block.align[arch]
        if block is not None and not (block.values if isinstance(block, Set) else block.fields[ARCHES[0]]):
            raise self.fail(f"'{block.name}', declared just before, is empty")

    def inside(self, words: list[str]) -> None:
        if isinstance(self.block, Set):
            self.value(self.block, words)
        elif isinstance(self.block, Struct):
            self.field(self.block, words)
        else:
            raise self.fail("an indented line belongs to a flags, enum or struct line, and there is none above")

    def value(self, block: Set, words: list[str]) -> None:
        mask = None
        is_mask = words[0] == "mask"
        if is_mask:
            words = words[1:]
        if len(words) >= 3 and words[-2] == "of":
            mask = words[-1]
            if mask not in block.masks:
                raise self.fail(f"'{mask}' is no mask of '{block.name}': declare it on a line of its own, before")
            words = words[:-2]
        if len(words) not in (2, 3):
            raise self.fail("expected: [mask] NAME VALUE, or NAME VALUE-AARCH64 VALUE-X86_64, then optionally: of MASK")
        name = self.name(words[0])
        if name in self.constants:
            raise self.fail(f"constant '{name}' is declared twice")
        self.constants.add(name)
        columns = words[1:] if len(words) == 3 else [words[1]] * len(ARCHES)
        text = {arch: column for arch, column in zip(ARCHES, columns, strict=True) if column != "-"}
        value = Value(name, {arch: self.number(column) for arch, column in text.items()}, text, mask)
        if is_mask:
            block.masks[name] = value
        else:
            block.values.append(value)

    def field(self, block: Struct, words: list[str]) -> None:
        if len(words) not in (2, 3):
            raise self.fail("expected: FIELD TYPE, or FIELD TYPE-AARCH64 TYPE-X86_64")
        name = "" if words[0] == "pad" else self.name(words[0])
        columns = words[1:] if len(words) == 3 else [words[1]] * len(ARCHES)
        for arch, column in zip(ARCHES, columns, strict=True):
            if column == "-":
                continue
            base, _, times = column.partition("*")
            count = self.number(times) if times else 1
            wide, _, names = base.partition(":")
            if names and names not in self.abi.sets:
                raise self.fail(f"'{names}' is no flags or enum declared before")
            if wide in INTEGERS:
                size = align = INTEGERS[wide]
            elif wide in self.abi.structs and wide != block.name:
                size, align = self.abi.structs[wide].size[arch], self.abi.structs[wide].align[arch]
            else:
                raise self.fail(f"'{wide}' is no type (a number type or a struct declared before)")
            offset = -(-block.size[arch] // align) * align
            block.fields[arch].append(Field(name, wide, offset, size, count, names or None))
            block.size[arch] = offset + size * count
            block.align[arch] = max(block.align[arch], align)

    def call(self, body: str) -> None:
        match = _CALL.match(body)
        if not match:
            raise self.fail("expected: CALL(ARG TYPE, ...) -> RESULT : aarch64 NUMBER, x86_64 NUMBER")
        name, inside, returns, numbers = match.groups()
        args = tuple(self.argument(text) for text in _split(inside))
        names = [arg.name for arg in args]
        if len(set(names)) != len(names):
            raise self.fail(f"{name}: two arguments have the same name")
        if len(args) > 6:
            raise self.fail(f"{name}: {len(args)} arguments, a system call has at most 6")
        for arg in args:
            if arg.length is not None and arg.length not in names:
                raise self.fail(f"{name}: '{arg.length}', the length of '{arg.name}', is no argument of it")
        if returns not in ("none", "never") and returns not in INTEGERS and returns not in self.abi.resources:
            raise self.fail(f"{name}: '{returns}' is no result (none, never, a number type, a resource)")
        number: dict[str, int] = {}
        for part in numbers.split(","):
            words = part.split()
            if len(words) != 2 or words[0] not in ARCHES or words[0] in number:
                raise self.fail(f"{name}: expected after ':', once each: " + " NUMBER, ".join(ARCHES) + " NUMBER")
            number[words[0]] = self.number(words[1])
        self.abi.calls.append(Call(self.name(name), number, args, returns))

    def argument(self, text: str) -> Argument:
        parts = text.split(None, 1)
        match = _TYPE.match(parts[1].strip()) if len(parts) == 2 else None
        if not match:
            raise self.fail(f"'{text}' is no argument: expected ARG TYPE or ARG TYPE[...]")
        name, base = self.name(parts[0]), match[1]
        inside = [word.strip() for word in match[2].split(",")] if match[2] is not None else []
        if base in ("buffer", "iovecs"):
            if len(inside) != 2 or inside[0] not in DIRECTIONS:
                raise self.fail(f"{name}: expected {base}[DIR, LEN], DIR one of " + " ".join(DIRECTIONS))
            return Argument(name, base, "u8" if base == "buffer" else "iovec", inside[0], inside[1])
        if base == "ptr":
            optional = inside[2:] == ["opt"]
            if len(inside) != 2 + optional or inside[0] not in DIRECTIONS:
                raise self.fail(f"{name}: expected ptr[DIR, TYPE] or ptr[DIR, TYPE, opt], DIR in, out or inout")
            if inside[1] not in INTEGERS and inside[1] not in self.abi.structs:
                raise self.fail(f"{name}: '{inside[1]}' is no struct or number type")
            return Argument(name, "ptr", inside[1], inside[0], None, optional)
        if inside:
            raise self.fail(f"{name}: '{base}' takes nothing in brackets")
        if base in ("filename", "string", "strings"):
            return Argument(name, base, "u8", "in")
        if base in INTEGERS:
            return Argument(name, "int", base)
        if base in self.abi.resources:
            return Argument(name, "resource", base)
        if base in self.abi.sets:
            return Argument(name, self.abi.sets[base].kind, base)
        raise self.fail(f"{name}: '{base}' is no type")

    def check_numbers(self) -> None:
        for arch in ARCHES:
            by_number: dict[int, str] = {}
            names: set[str] = set()
            for call in self.abi.calls:
                if arch not in call.number:
                    continue
                number = call.number[arch]
                if call.name in names:
                    raise self.fail(f"call '{call.name}' is declared twice for {arch}")
                if number in by_number:
                    raise self.fail(f"{arch} number {number} is given to both '{by_number[number]}' and '{call.name}'")
                names.add(call.name)
                by_number[number] = call.name


def _split(inside: str) -> list[str]:
    """Split an argument list at the commas that are outside brackets."""
    parts = re.split(r",(?![^\[]*\])", inside)
    return [part.strip() for part in parts] if inside.strip() else []
