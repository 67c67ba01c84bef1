# SPDX-License-Identifier: GPL-2.0-or-later
"""The declaration of system calls: what is wrong is refused with its line, what is right is Linux's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from toolchain import abi_headers
from toolchain.abi import ARCHES, Abi, parse, parse_text
from toolchain.compile import find_compiler
from toolchain.errors import AbiError
from toolchain.paths import source_root
from toolchain.targets import ARCH, COMMON_FLAGS

GOOD = "resource fd s32 = -1\nflags f in fcntl\n    A 1\n    B - 2\n"


@pytest.fixture(scope="module")
def abi() -> Abi:
    return parse(source_root() / "guest" / "abi" / "syscalls.abi")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x(a fd) -> fd", 5, "expected: CALL(ARG TYPE, ...)"),
        ("x(a nothing) -> fd : aarch64 1", 5, "'nothing' is no type"),
        ("x(a) -> fd : aarch64 1", 5, "'a' is no argument"),
        ("x(a fd, a fd) -> fd : aarch64 1", 5, "two arguments have the same name"),
        ("x(a s32, b s32, c s32, d s32, e s32, f s32, g s32) -> fd : aarch64 1", 5, "at most 6"),
        ("x(a buffer[in, n]) -> fd : aarch64 1", 5, "'n', the length of 'a', is no argument"),
        ("x(a buffer[up, n], n size) -> fd : aarch64 1", 5, "DIR one of in out inout"),
        ("x(a ptr[in, f]) -> fd : aarch64 1", 5, "'f' is no struct or number type"),
        ("x(a fd[in]) -> fd : aarch64 1", 5, "takes nothing in brackets"),
        ("x() -> f : aarch64 1", 5, "'f' is no result"),
        ("x() -> fd : arm 1", 5, "once each: aarch64 NUMBER, x86_64 NUMBER"),
        ("x() -> fd : aarch64 one", 5, "'one' is not a number"),
        ("x() -> fd : aarch64 1\ny() -> fd : aarch64 1", 6, "aarch64 number 1 is given to both 'x' and 'y'"),
        ("x() -> fd : aarch64 1\nx() -> fd : aarch64 2", 6, "call 'x' is declared twice for aarch64"),
        ("resource fd s32", 5, "type 'fd' is declared twice"),
        ("resource g f", 5, "expected: resource NAME BASE"),
        ("flags g fcntl", 5, "expected: flags NAME in HEADER"),
        ("flags g in h\n    A 2", 6, "constant 'A' is declared twice"),
        ("flags g in h\n    C 2 of M", 6, "'M' is no mask of 'g'"),
        ("flags g in h\n    C", 6, "expected: [mask] NAME VALUE"),
        ("enum g in h\nx() -> fd : aarch64 1", 6, "'g', declared just before, is empty"),
        ("struct s in h\n    a what", 6, "'what' is no type"),
        ("struct s in h\n    a u32:what", 6, "'what' is no flags or enum"),
        ("x() -> fd : aarch64 1\n    C 1", 6, "there is none above"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(AbiError) as caught:
        parse_text(GOOD + text)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"syscalls.abi:{line}: ")


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(AbiError, match="cannot be read"):
        parse(tmp_path / "none.abi")


def test_a_line_may_go_on_after_a_backslash() -> None:
    abi = parse_text(GOOD + "x(a fd) \\\n    -> fd : aarch64 7 # seven")
    assert abi.calls[0].number == {"aarch64": 7}


def test_a_name_of_one_architecture_is_absent_on_the_other() -> None:
    abi = parse_text(GOOD)
    assert "B" not in abi_headers.declared(abi, "aarch64", "fcntl")
    assert "#define B 2\n" in abi_headers.declared(abi, "x86_64", "fcntl")


def test_struct_layouts_are_linux(abi: Abi) -> None:
    sizes = {
        "timespec": 16,
        "iovec": 16,
        "sigaction": 32,
        "termios": 36,
        "winsize": 8,
        "utsname": 390,
        "rusage": 144,
        "sysinfo": 112,
        "rlimit": 16,
    }
    for name, size in sizes.items():
        assert abi.structs[name].size == dict.fromkeys(ARCHES, size), name
    assert abi.structs["stat"].size == {"aarch64": 128, "x86_64": 144}
    offsets = {arch: {row.name: row.offset for row in abi.structs["stat"].fields[arch]} for arch in ARCHES}
    assert [offsets["aarch64"][name] for name in ("st_mode", "st_nlink", "st_size", "st_mtime")] == [16, 20, 48, 88]
    assert [offsets["x86_64"][name] for name in ("st_mode", "st_nlink", "st_size", "st_mtime")] == [24, 16, 48, 88]


def test_calls_that_only_one_architecture_has(abi: Abi) -> None:
    only = {arch: {call.name for call in abi.calls if arch in call.number} for arch in ARCHES}
    assert only["x86_64"] - only["aarch64"] == {
        "open",
        "dup2",
        "fork",
        "vfork",
        "getpgrp",
        "pause",
        "time",
        "arch_prctl",
    }
    assert only["aarch64"] <= only["x86_64"]


def test_the_description_says_all_that_a_decoder_needs(abi: Abi) -> None:
    data = abi_headers.description(abi)
    read = next(call for call in data["calls"] if call["name"] == "read")
    assert read["number"] == {"aarch64": 63, "x86_64": 0}
    assert read["args"][1] == {"name": "buf", "kind": "buffer", "type": "u8", "direction": "out", "length": "count"}
    for call in data["calls"]:
        for arg in call["args"]:
            places = {"flags": "sets", "enum": "sets", "resource": "resources"}
            assert arg["kind"] not in places or arg["type"] in data[places[arg["kind"]]]
    flags = data["sets"]["open_flags"]
    assert flags["masks"] == {"O_ACCMODE": {"aarch64": 3, "x86_64": 3}}
    directory = next(row for row in flags["values"] if row["name"] == "O_DIRECTORY")
    assert directory["value"] == {"aarch64": 0o40000, "x86_64": 0o200000}


@pytest.mark.parametrize("language", ["c", "assembler-with-cpp"])
@pytest.mark.parametrize("arch", ARCHES)
def test_all_headers_compile(abi: Abi, arch: str, language: str, tmp_path: Path) -> None:
    """The generated structures carry assertions on size and offsets, so layouts are compared with the compiler's."""
    guest = source_root() / "guest"
    for name, text in abi_headers.headers(abi, arch).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    lines = [f"#include <abi/{path.name}>" for path in sorted((guest / "abi").glob("*.h"))]
    lines.append("#include <abi/syscall_numbers.h>")
    if language == "c":
        lines += ["#define SYSCALL(nr, name, nargs) long sys_##name(void);", "#include <abi/syscall_table.h>", ""]
    compiler = find_compiler()
    command = (
        *compiler.clang, "-target", ARCH[arch].triple, "-nostdinc", "-isystem", compiler.headers, *COMMON_FLAGS,
        "-I", str(tmp_path), "-I", str(guest), "-x", language, "-c", "-", "-o", "/dev/null",
    )  # fmt: skip
    result = subprocess.run(command, check=False, input="\n".join(lines), text=True, capture_output=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")
