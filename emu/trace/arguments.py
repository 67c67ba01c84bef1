# SPDX-License-Identifier: GPL-2.0-or-later
"""Arguments and results of system calls in words, by the declarations in `abi.json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emu.machine.memory import VirtualMemory

__all__ = ["Decoder"]

MAX_STRING = 64  # bytes shown of a string or buffer
MAX_STRINGS = 16
MAX_ERRNO = 4095
CSIGNAL = 0xFF  # of clone's flags: the signal that the child's end sends
_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def quote(data: bytes, more: bool = False) -> str:
    """Bytes as a C string; `more`: there are some that are not shown."""
    text = "".join(_ESCAPES.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:o}") for b in data[:MAX_STRING])
    return f'"{text}"' + ("..." if more or len(data) > MAX_STRING else "")


def signed(value: int, bits: int) -> int:
    """The low `bits` as a signed number."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


class Decoder:
    """What the types of one image's system calls mean.

    Args:
        declared: `abi.json`; may be empty.
        arch: which numbers count.
    """

    def __init__(self, declared: dict[str, Any], arch: str) -> None:
        self._arch = arch
        self._sets: dict[str, Any] = declared.get("sets", {})
        self._structs: dict[str, Any] = declared.get("structs", {})
        self._resources: dict[str, Any] = declared.get("resources", {})
        self._errno = {value: name for name, value, _ in self._values("errno")}
        self._errno |= {value: name for name, value, _ in self._values("kernel_errno")}

    def _values(self, name: str) -> list[tuple[str, int, str | None]]:
        """(name, value, mask's name) of a set's members on this architecture."""
        members = self._sets.get(name, {}).get("values", [])
        return [(m["name"], m["value"][self._arch], m.get("mask")) for m in members if self._arch in m["value"]]

    # ---- numbers ----

    def number(self, kind: str, value: int) -> str:
        """A value of a number type, a resource or a set."""
        if kind in self._resources:
            base = self._resources[kind]["base"]
            for name, special, _ in self._values("at_fd"):
                if kind == "dirfd" and signed(value, 32) == signed(special, 32):
                    return name
            return self.number(base, value)
        if kind in self._sets:
            return self.set(kind, value)
        if kind == "address":
            return "NULL" if value == 0 else f"{value:#x}"
        if kind in ("s32", "s64"):
            return str(signed(value, int(kind[1:])))
        return str(value & 0xFFFFFFFF if kind == "u32" else value)

    def set(self, name: str, value: int) -> str:
        """A value of a set of flags or an enumeration, by its names."""
        kind = self._sets[name].get("kind")
        value &= 0xFFFFFFFF if value >> 32 in (0, 0xFFFFFFFF) else (1 << 64) - 1
        if kind == "enum":
            for member, number, _ in self._values(name):
                if number & 0xFFFFFFFF == value & 0xFFFFFFFF:
                    return member
            return f"{value:#x}"
        if name == "mode":
            return f"0{value:o}" if value else "0"
        words: list[str] = []
        if name == "clone_flags" and value & CSIGNAL:
            words.append(self.set("signal", value & CSIGNAL))
            value &= ~CSIGNAL
        masks = {m: v[self._arch] for m, v in self._sets[name].get("masks", {}).items() if self._arch in v}
        rest = value
        for mask, bits in masks.items():
            for member, number, of in self._values(name):
                if of == mask and value & bits == number:
                    words.append(member)
                    rest &= ~bits
                    break
        for member, number, of in self._values(name):
            if of is None and number and rest & number == number:
                words.append(member)
                rest &= ~number
        if rest or not words:
            words.append(f"{rest:#x}" if rest else "0")
        return "|".join(words)

    # ---- memory ----

    def _string(self, address: int, memory: VirtualMemory, after: bool) -> str | None:
        """A string; one whose page the kernel has yet to bring in is read after the call."""
        if address == 0:
            return "NULL"
        try:
            memory[address]
        except IndexError:
            return f"{address:#x}" if after else None
        return quote(memory.string(address, MAX_STRING + 1))

    def _strings(self, address: int, memory: VirtualMemory) -> str:
        if address == 0:
            return "NULL"
        found: list[str] = []
        for i in range(MAX_STRINGS):
            try:
                pointer = int.from_bytes(memory[address + 8 * i : address + 8 * i + 8], "little")
            except IndexError:
                return f"{address:#x}"
            if pointer == 0:
                return f"[{', '.join(found)}]"
            found.append(quote(memory.string(pointer, MAX_STRING + 1)))
        return f"[{', '.join(found)}, ...]"

    def _buffer(self, address: int, size: int, memory: VirtualMemory) -> str:
        shown = min(size, MAX_STRING)
        try:
            return quote(memory[address : address + shown], more=size > shown)
        except IndexError:
            return "NULL" if address == 0 else f"{address:#x}"

    def _iovecs(self, address: int, count: int, memory: VirtualMemory) -> str:
        try:
            raw = memory[address : address + 16 * min(count, MAX_STRINGS)]
        except IndexError:
            return f"{address:#x}"
        pairs = [
            (int.from_bytes(raw[i : i + 8], "little"), int.from_bytes(raw[i + 8 : i + 16], "little"))
            for i in range(0, len(raw), 16)
        ]
        texts = [f"{{{self._buffer(base, size, memory)}, {size}}}" for base, size in pairs]
        return f"[{', '.join(texts)}]"

    def _pointee(self, kind: str, address: int, memory: VirtualMemory) -> str:
        """A struct or a number behind a pointer."""
        if address == 0:
            return "NULL"
        try:
            struct = self._structs.get(kind)
            if struct is None:
                size = int(kind[1:]) // 8 if kind[1:].isdigit() else 8
                return f"[{self.number(kind, int.from_bytes(memory[address : address + size], 'little'))}]"
            raw = memory[address : address + struct["size"][self._arch]]
        except (IndexError, KeyError):
            return f"{address:#x}"
        texts = [self._field(f, raw) for f in struct["fields"][self._arch] if f["name"] != "pad"]
        return f"{{{', '.join(texts)}}}"

    def _field(self, field: dict[str, Any], raw: bytes) -> str:
        data = raw[field["offset"] : field["offset"] + field["size"] * field["count"]]
        kind = field.get("set") or field["type"]
        if field["count"] > 1:
            if field["type"] in ("u8", "s8"):
                return f"{field['name']}={quote(data.split(bytes(1))[0])}"
            return f"{field['name']}=[...]"
        kind = kind.partition(":")[2] or kind
        return f"{field['name']}={self.number(kind, int.from_bytes(data, 'little'))}"

    # ---- whole calls ----

    def arguments(
        self,
        call: dict[str, Any] | None,
        values: Sequence[int],
        memory: VirtualMemory,
        after: bool,
        good: bool = False,
    ) -> list[str | None]:
        """Each argument's text; None for what only the result decides.

        Args:
            call: its entry in `abi.json`, None for an unknown call.
            values: the registers.
            memory: of the caller, now.
            after: the call has returned; then arguments that it wrote are read, if it was `good`.
        """
        if call is None:
            return [f"{value:#x}" for value in values]
        by_name = {a["name"]: v for a, v in zip(call["args"], values, strict=True)}
        return [self._argument(a, v, by_name, memory, after, good) for a, v in zip(call["args"], values, strict=True)]

    def _argument(
        self, arg: dict[str, Any], value: int, values: dict[str, int], memory: VirtualMemory, after: bool, good: bool
    ) -> str | None:
        kind, name = arg["kind"], arg["type"]
        if kind in ("filename", "string"):
            return self._string(value, memory, after)
        if kind == "strings":
            return self._strings(value, memory)
        if kind not in ("buffer", "iovecs", "ptr"):
            return self.number(name, value)
        if arg.get("direction") == "out":
            if not after:
                return None
            if not good:
                return "NULL" if value == 0 else f"{value:#x}"
        length = values.get(arg.get("length", ""), 0)
        if kind == "buffer":
            return self._buffer(value, length, memory)
        if kind == "iovecs":
            return self._iovecs(value, length, memory)
        return self._pointee(name, value, memory)

    def result(self, call: dict[str, Any] | None, value: int) -> str:
        """The result register: a number of the declared type, or `-1 ENOENT`."""
        negative = -signed(value, 64)
        if 0 < negative <= MAX_ERRNO:
            name = self._errno.get(negative, f"errno {negative}")
            return f"-1 {name}"
        kind = call["returns"] if call else "s64"
        if kind in ("none", "never"):
            return str(signed(value, 64))
        return self.number(kind, value)
