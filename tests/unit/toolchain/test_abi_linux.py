# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers, values and layouts of guest/abi compared with Linux's own user-space headers, which come with ziglang."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from toolchain.abi import ARCHES, Abi, parse
from toolchain.compile import find_compiler
from toolchain.paths import source_root
from toolchain.targets import ARCH

HEADERS = (
    "asm/auxvec.h", "asm/errno.h", "asm/ioctls.h", "asm/mman.h", "asm/prctl.h", "asm/signal.h", "asm/stat.h",
    "asm/termbits.h", "asm/termios.h", "asm/unistd.h", "linux/auxvec.h", "linux/fcntl.h", "linux/fs.h",
    "linux/mman.h", "linux/random.h", "linux/reboot.h", "linux/resource.h", "linux/sched.h", "linux/stat.h",
    "linux/sysinfo.h", "linux/time.h", "linux/times.h", "linux/uio.h", "linux/utsname.h", "linux/wait.h",
)  # fmt: skip

# Linux keeps these to itself, or has another name for them (FASYNC), or leaves them to the C library (DT_*).
NOT_IN_HEADERS = {
    "ERESTARTSYS", "ERESTARTNOINTR", "ERESTARTNOHAND", "O_ASYNC", "SIGRTMAX",
    "DT_UNKNOWN", "DT_FIFO", "DT_CHR", "DT_DIR", "DT_BLK", "DT_REG", "DT_LNK", "DT_SOCK",
}  # fmt: skip

STRUCTS = {
    "stat": "stat", "termios": "termios", "winsize": "winsize", "rusage": "rusage", "iovec": "iovec", "sysinfo":
    "sysinfo", "tms": "tms", "rlimit": "rlimit64", "utsname": "new_utsname", "timezone": "timezone", "timespec":
    "timespec",
}  # fmt: skip


@pytest.fixture(scope="module")
def abi() -> Abi:
    return parse(source_root() / "guest" / "abi" / "syscalls.abi")


def preprocess_and_check(arch: str, text: str) -> tuple[int, str]:
    """Compile `text` after all of Linux's headers; status and messages."""
    compiler = find_compiler()
    libc = Path(compiler.headers).parent / "libc" / "include"
    family = {"aarch64": "aarch64", "x86_64": "x86"}[arch]
    folders = [libc / f"{family}-linux-any", libc / "any-linux-any"]
    if not all(folder.is_dir() for folder in folders):
        pytest.skip("Linux's headers come with ziglang, which is not installed")
    there = [name for name in HEADERS if any((folder / name).is_file() for folder in folders)]
    lines = [*(f"#include <{name}>" for name in there), "#define offsetof __builtin_offsetof", text]
    includes = [word for folder in folders for word in ("-isystem", str(folder))]
    result = subprocess.run(
        [*compiler.clang, "-target", ARCH[arch].triple, "-nostdinc", "-isystem", compiler.headers, *includes,
         "-ffreestanding", "-fsyntax-only", "-ferror-limit=0", "-x", "c", "-"],
        check=False, input="\n".join(lines), text=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return result.returncode, result.stderr


@pytest.mark.parametrize("arch", ARCHES)
def test_system_call_numbers(abi: Abi, arch: str) -> None:
    lines = [
        f'_Static_assert(__NR_{call.name} == {call.number[arch]}, "{call.name}");'
        for call in abi.calls
        if arch in call.number
    ]
    assert preprocess_and_check(arch, "\n".join(lines)) == (0, "")


@pytest.mark.parametrize("arch", ARCHES)
def test_constants(abi: Abi, arch: str) -> None:
    lines = []
    for item in abi.sets.values():
        for row in [*item.masks.values(), *item.values]:
            if arch in row.value and row.name not in NOT_IN_HEADERS:
                lines.append(f'_Static_assert((unsigned)({row.name}) == (unsigned)({row.value[arch]}), "{row.name}");')
    assert len(lines) > 200
    assert preprocess_and_check(arch, "\n".join(lines)) == (0, "")


@pytest.mark.parametrize("arch", ARCHES)
def test_constants_of_the_hand_written_headers(arch: str) -> None:
    lines = []
    for path in sorted((source_root() / "guest" / "abi").glob("*.h")):
        for name, value in re.findall(r"^#define (\w+) (0x[0-9a-f]+|\d+)$", path.read_text(), re.MULTILINE):
            if name == "NSIG":  # Linux's own is _NSIG; NSIG still has the 32 of the first, short sigset_t
                continue
            lines.append(f'#ifdef {name}\n_Static_assert({name} == {value}, "{path.name}: {name}");\n#endif')
    assert len(lines) > 90
    assert preprocess_and_check(arch, "\n".join(lines)) == (0, "")


@pytest.mark.parametrize("arch", ARCHES)
def test_structures(abi: Abi, arch: str) -> None:
    lines = []
    for name, linux in STRUCTS.items():
        struct = abi.structs[name]
        lines.append(f'_Static_assert(sizeof(struct {linux}) == {struct.size[arch]}, "{name}");')
        for row in struct.fields[arch]:
            if row.name:
                where = f"offsetof(struct {linux}, {row.name}) == {row.offset}"
                lines.append(f'_Static_assert({where}, "{name}.{row.name}");')
    assert preprocess_and_check(arch, "\n".join(lines)) == (0, "")
