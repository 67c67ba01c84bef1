# SPDX-License-Identifier: GPL-2.0-or-later
"""The cpio archive: what goes in comes out, and nothing of this machine is in it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from toolchain.rootfs import Entry, cpio, read_cpio

ENTRIES = [
    Entry("/test/a", "file", 0o755, b"\x7fELF odd"),
    Entry("/dev/console", "device", 0o600, device=(5, 1)),
    Entry("/tmp", "folder", 0o1777),
    Entry("/etc/issue", "symlink", 0o777, b"motd"),
    Entry("/etc/empty", "file", 0o644),
]


def test_what_goes_in_comes_out_sorted_with_its_parents() -> None:
    back = read_cpio(cpio(ENTRIES))
    assert [entry.path for entry in back] == [
        "/dev", "/dev/console", "/etc", "/etc/empty", "/etc/issue", "/test", "/test/a", "/tmp",
    ]  # fmt: skip
    by_path = {entry.path: entry for entry in back}
    for entry in ENTRIES:
        assert by_path[entry.path] == entry
    assert by_path["/dev"] == Entry("/dev", "folder", 0o755)


def test_the_bytes_depend_on_the_contents_alone() -> None:
    assert cpio(ENTRIES) == cpio(list(reversed(ENTRIES)))
    first = cpio(ENTRIES)[:110]
    # magic, inode 1, a folder, owner 0:0, two links, time 0
    assert first.startswith(b"070701" + b"00000001" + b"000041ED" + b"00000000" * 2 + b"00000002" + b"00000000")


def test_every_header_and_content_is_aligned_to_four_bytes() -> None:
    assert len(cpio(ENTRIES)) % 4 == 0
    data = cpio([Entry("/abcd", "file", 0o644, b"x")])
    assert data.index(b"TRAILER!!!") % 4 == 110 % 4


@pytest.mark.parametrize("damage", [b"", b"070701", b"junk" * 40])
def test_what_is_no_archive_is_refused(damage: bytes) -> None:
    with pytest.raises(ValueError, match="no newc header"):
        read_cpio(damage)


def test_a_cut_off_archive_is_refused() -> None:
    data = cpio([Entry("/a", "file", 0o644, b"x" * 5000)])
    with pytest.raises(ValueError, match="cut off"):
        read_cpio(data[:300])


@pytest.mark.skipif(shutil.which("cpio") is None, reason="cpio is not installed")
def test_the_hosts_cpio_lists_it() -> None:
    result = subprocess.run(["cpio", "-tv", "--quiet"], input=cpio(ENTRIES), capture_output=True, check=True)
    lines = result.stdout.decode().splitlines()
    assert len(lines) == 8
    assert lines[1].startswith("crw-------") and "5,   1" in lines[1]
    assert lines[4].endswith("etc/issue -> motd")
