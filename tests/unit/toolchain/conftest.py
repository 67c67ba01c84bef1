# SPDX-License-Identifier: GPL-2.0-or-later
"""A source tree small enough to be built in a second: one kernel, one library, two programs, one test program."""

from __future__ import annotations

from pathlib import Path

import pytest

ABI = """\
flags open_flags in fcntl
    O_RDONLY 0
    O_DIRECTORY 0o40000 0o200000
resource fd s32
struct timespec in time
    tv_sec s64
    tv_nsec s64
write(fd fd, buf buffer[in, count], count size) -> size : aarch64 64, x86_64 1
"""

HEADER = """\
    .section .head, "ax"
    b start             // Linux arm64 Image header
    .long 0
    .quad 0, 0, 0, 0, 0, 0
    .long 0x644d5241, 0
"""

SCRIPT = """\
ENTRY(start)
PHDRS { text PT_LOAD FLAGS(5); rodata PT_LOAD FLAGS(4); data PT_LOAD FLAGS(6); }
SECTIONS {
    . = 0xffffffff80100000;
    .text : AT(0x100000) { __text_start = .; *(.head) *(.text .text.*) __text_end = .; } :text
    . = ALIGN(4096);
    .rodata : { *(.rodata .rodata.*) *(.ksyms) } :rodata
    .note.gnu.build-id : { *(.note.gnu.build-id) } :rodata
    . = ALIGN(4096);
    .data : { *(.data .data.*) } :data
    .bss : { *(.bss .bss.*) } :data
    /DISCARD/ : { *(.comment) *(.eh_frame) }
}
"""

FILES = {
    "guest/abi/syscalls.abi": ABI,
    "guest/abi/time.h": "#pragma once\n#include <abi/declared/time.h>\n",
    "guest/kernel/include/arch.h": "#pragma once\n#include <arch/ops.h>\n",
    "guest/kernel/main.c": """\
#include <arch.h>
#include <abi/syscall_numbers.h>
#include <abi/time.h>
__attribute__((weak)) const unsigned ksym_count = 0;
struct timespec zero[100];
int value = __NR_write;
void kernel_main(void);
void kernel_main(void) { zero[0].tv_sec = value + (long)ksym_count; arch_stop(); }
""",
    "guest/kernel/lib/more.c": "const char *where(void);\nconst char *where(void) { return __FILE__; }\n",
    "guest/kernel/arch/aarch64/ops.h": 'static inline void arch_stop(void) { __asm__ volatile("wfi"); }\n',
    "guest/kernel/arch/x86_64/ops.h": 'static inline void arch_stop(void) { __asm__ volatile("hlt"); }\n',
    "guest/kernel/arch/aarch64/entry.S": HEADER + "    .globl start\nstart:\n    bl kernel_main\n",
    "guest/kernel/arch/x86_64/entry.S": "    .text\n    .globl start\nstart:\n    call kernel_main\n",
    "guest/kernel/arch/aarch64/kernel.ld": SCRIPT,
    "guest/kernel/arch/x86_64/kernel.ld": SCRIPT,
    "guest/user/lib/include/lib.h": "long twice(long x);\n",
    "guest/user/lib/twice.c": "#include <lib.h>\nlong twice(long x) { return 2 * x; }\n",
    "guest/user/lib/arch/aarch64/crt0.S": "    .globl _start\n_start:\n    b main\n",
    "guest/user/lib/arch/x86_64/crt0.S": "    .globl _start\n_start:\n    jmp main\n",
    "guest/user/bin/one.c": "#include <lib.h>\nint main(int n) { return (int)twice(n); }\n",
    "guest/user/bin/two.c": "int main(int n) { return n; }\n",
    "guest/user/test/three.c": "int main(int n) { return n; }\n",
    "guest/user/test/PLAN": "# name count\nthree 4\n",
    "images/tiny/motd": "hello\n",
    "images/tiny.toml": """\
summary = "for tests"
abi = true
[kernel]
sources = "guest/kernel"
script = "guest/kernel/arch/{arch}/kernel.ld"
includes = ["guest/kernel/include"]
symbols = true
[programs]
library = "guest/user/lib"
folders = { "/bin" = "guest/user/bin", "/test" = "guest/user/test" }
plan = "guest/user/test/PLAN"
[rootfs]
folders = ["/dev", "/tmp"]
[[rootfs.device]]
path = "/dev/console"
major = 5
minor = 1
[[rootfs.file]]
path = "/etc/motd"
source = "images/tiny/motd"
[[rootfs.symlink]]
path = "/etc/issue"
target = "motd"
""",
    "images/bare.toml": """\
[kernel]
sources = "guest/bare/{arch}"
script = "guest/bare/link.ld"
format = { aarch64 = "flat", x86_64 = "elf" }
""",
    "guest/bare/aarch64/start.S": "    .globl start\nstart:\n    b .\n",
    "guest/bare/x86_64/start.S": "    .globl start\nstart:\n    jmp .\n",
    "guest/bare/link.ld": """\
ENTRY(start)
SECTIONS { . = 0x40080000; .text : { *(.text) } /DISCARD/ : { *(.note.*) } }
""",
}


def write_tree(root: Path) -> Path:
    """Write the small source tree below `root`."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A fresh small source tree."""
    return write_tree(tmp_path / "tree")
