# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes from the parsed declaration (abi.py): C headers per architecture, and abi.json for decoders and the fuzzer."""

from __future__ import annotations

import json
from typing import Any

from toolchain.abi import ARCHES, Abi, Argument, Call, Set, Struct

_LICENCE = (
    "/* SPDX-License-Identifier: GPL-2.0-or-later */\n/* Generated from guest/abi/syscalls.abi: change it there. */\n"
)
_TOP = _LICENCE + "#pragma once\n"

_C_TYPES = {
    **{f"{sign}{bits}": f"{'u' * (sign == 'u')}int{bits}_t " for sign in "su" for bits in (8, 16, 32, 64)},
    "size": "uint64_t ",
    "address": "void *",
}


def headers(abi: Abi, arch: str) -> dict[str, str]:
    """All generated headers of one architecture: path below the include folder -> text."""
    files = {
        "abi/syscall_numbers.h": syscall_numbers(abi, arch),
        "abi/syscall_table.h": syscall_table(abi, arch),
    }
    for header in sorted({row.header for row in abi.sets.values()} | {row.header for row in abi.structs.values()}):
        files[f"abi/declared/{header}.h"] = declared(abi, arch, header)
    return files


def _calls(abi: Abi, arch: str) -> list[Call]:
    return sorted((call for call in abi.calls if arch in call.number), key=lambda call: call.number[arch])


def syscall_numbers(abi: Abi, arch: str) -> str:
    """`#define __NR_name number` for each call; `__NR_syscalls` is one more than the highest."""
    calls = _calls(abi, arch)
    lines = [f"#define __NR_{call.name} {call.number[arch]}" for call in calls]
    lines.append(f"#define __NR_syscalls {max((call.number[arch] for call in calls), default=-1) + 1}")
    return _TOP + "\n" + "\n".join(lines) + "\n"


def syscall_table(abi: Abi, arch: str) -> str:
    """An X macro: define SYSCALL(nr, name, nargs), include the file, and it is undefined again.

    It has no include guard: the kernel includes it once for prototypes and once for the table.
    """
    lines = [f"SYSCALL({call.number[arch]}, {call.name}, {len(call.args)})" for call in _calls(abi, arch)]
    how = "/* Define SYSCALL(nr, name, nargs) before each #include; it is undefined at the end. */\n"
    return _LICENCE + how + "\n" + "\n".join(lines) + "\n\n#undef SYSCALL\n"


def _c_number(text: str) -> str:
    text = text.replace("0o", "0") if text.strip("-").startswith("0o") else text
    return f"({text})" if text.startswith("-") else text


def declared(abi: Abi, arch: str, header: str) -> str:
    """The constants of one header, as macros that C and assembly can use, and its structures."""
    parts = []
    for item in abi.sets.values():
        if item.header != header:
            continue
        lines = [f"/* {item.name} */"]
        for value in [*item.masks.values(), *item.values]:
            if arch in value.text:
                lines.append(f"#define {value.name} {_c_number(value.text[arch])}")
        parts.append("\n".join(lines))
    structs = [struct for struct in abi.structs.values() if struct.header == header]
    if structs:
        used = {row.type for struct in structs for row in struct.fields[arch]}
        others = {abi.structs[name].header for name in used if name in abi.structs} - {header}
        includes = ["#include <stdint.h>", *[f"#include <abi/{name}.h>" for name in sorted(others)]]
        body = ["\n".join(includes), *[_c_struct(struct, arch) for struct in structs]]
        parts.append("#ifndef __ASSEMBLER__\n" + "\n\n".join(body) + "\n#endif")
    return _TOP + "\n" + "\n\n".join(parts) + "\n"


def _c_struct(struct: Struct, arch: str) -> str:
    lines = [f"struct {struct.name} {{"]
    for number, row in enumerate(struct.fields[arch]):
        times = f"[{row.count}]" if row.count > 1 else ""
        kind = _C_TYPES.get(row.type) or f"struct {row.type} "
        lines.append(f"    {kind}{row.name or f'_pad{number}'}{times};")
    lines.append("};")
    lines.append(f'_Static_assert(sizeof(struct {struct.name}) == {struct.size[arch]}, "struct {struct.name}");')
    for row in struct.fields[arch]:
        if row.name:
            where = f"__builtin_offsetof(struct {struct.name}, {row.name}) == {row.offset}"
            lines.append(f'_Static_assert({where}, "struct {struct.name}.{row.name}");')
    return "\n".join(lines)


def _argument(arg: Argument) -> dict[str, Any]:
    out: dict[str, Any] = {"name": arg.name, "kind": arg.kind, "type": arg.type}
    if arg.direction is not None:
        out["direction"] = arg.direction
    if arg.length is not None:
        out["length"] = arg.length
    if arg.optional:
        out["optional"] = True
    return out


def _set(item: Set) -> dict[str, Any]:
    masks = {name: value.value for name, value in item.masks.items()}
    rows = [{"name": row.name, "value": row.value, **({"mask": row.mask} if row.mask else {})} for row in item.values]
    return {"kind": item.kind, "masks": masks, "values": rows}


def _struct(struct: Struct) -> dict[str, Any]:
    fields = {
        arch: [
            {"name": row.name, "type": row.type, "offset": row.offset, "size": row.size, "count": row.count}
            | ({"set": row.set} if row.set else {})
            for row in struct.fields[arch]
            if row.name
        ]
        for arch in ARCHES
    }
    return {"size": struct.size, "fields": fields}


def description(abi: Abi) -> dict[str, Any]:
    """The JSON description: resources, sets, structs, calls; numbers and values are objects keyed by architecture.

    A call whose argument order differs has one entry for each order, with the architectures in `number`.
    """
    return {
        "format": 1,
        "arches": list(ARCHES),
        "resources": {row.name: {"base": row.base, "special": list(row.special)} for row in abi.resources.values()},
        "sets": {row.name: _set(row) for row in abi.sets.values()},
        "structs": {row.name: _struct(row) for row in abi.structs.values()},
        "calls": [
            {
                "name": row.name,
                "number": row.number,
                "args": [_argument(arg) for arg in row.args],
                "returns": row.returns,
            }
            for row in abi.calls
        ],
    }


def json_text(abi: Abi) -> str:
    """`description` as the text of abi.json."""
    return json.dumps(description(abi), indent=1) + "\n"
