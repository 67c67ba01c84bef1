# SPDX-License-Identifier: GPL-2.0-or-later
"""Readers and writers of single formats: devicetree, cpio, ELF notes and symbols, bundles, recognition."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.errors import ImageError
from emu.image import board_tree, boot_pc, boot_virt, bundle, cpio, devicetree
from emu.image.devicetree import Node, cells
from emu.image.elf import EM_AARCH64, Elf
from emu.image.files import InputFile
from emu.image.load import Ram
from emu.image.recognise import Format, machine_of, recognise
from emu.image.symbols import Symbols
from tests.unit import mutate, samples

NAMES = st.text("abcdefghijklmnopqrstuvwxyz,-", min_size=1, max_size=12)


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> Node:
    def node(name: str, left: int) -> Node:
        made = Node(name, draw(st.dictionaries(NAMES, st.binary(max_size=20), max_size=4)))
        for child in draw(st.lists(NAMES, unique=True, max_size=3 if left else 0)):
            made.children[child] = node(child, left - 1)
        return made

    root = node("", depth)
    root.reserved = draw(st.lists(st.tuples(st.integers(1, 2**64 - 1), st.integers(1, 2**64 - 1)), max_size=2))
    return root


@settings(max_examples=60, deadline=None)
@given(trees())
def test_a_tree_survives_being_written_and_read(tree: Node) -> None:
    assert devicetree.parse(devicetree.emit(tree)) == tree


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 300))
def test_a_damaged_blob_ends_in_a_tree_or_an_image_error(junk: bytes, at: int) -> None:
    blob = samples.dtb()
    try:
        devicetree.parse(blob[:at] + junk + blob[at + len(junk) :])
    except ImageError:
        pass


def test_deep_nesting_is_refused_and_not_recursed_into() -> None:
    blob = samples.dtb()
    body = cells(1, 0) + (cells(1) + b"a\0\0\0") * 100000 + cells(2) * 100001 + cells(9)
    header = bytearray(blob[:40])
    header[4:8] = cells(56 + len(body))
    header[8:12], header[12:16] = cells(56), cells(56)
    header[32:36], header[36:40] = cells(0), cells(len(body))
    with pytest.raises(ImageError, match="nested too deep"):
        devicetree.parse(bytes(header) + bytes(16) + body)


BOARD = board_tree.Board(
    compatible=("linux,dummy-virt",),
    model="linux,dummy-virt",
    ram=(0x4000_0000, 1 << 29),
    cpu_compatible="arm,cortex-a72",
    mpidrs=(0, 1),
    gic=board_tree.Gic(2, (0x0800_0000, 0x10000), (0x0801_0000, 0x10000)),
    timer_ppis=(13, 14, 11, 10),
    clock_hz=24_000_000,
    devices=(
        board_tree.Device(
            "pl011", ("arm,pl011", "arm,primecell"), ((0x0900_0000, 0x1000),), ((1, 4),), ("uartclk", "apb_pclk")
        ),
        board_tree.Device("door", ("trapdoor,door",), ((0x0B00_0000, 0x1000), (0x0B01_0000, 0x10000))),
    ),
    stdout="pl011@9000000",
    seed=1,
)


def test_a_board_becomes_a_devicetree() -> None:
    tree = board_tree.board_tree(BOARD)
    assert devicetree.parse(devicetree.emit(tree)) == tree
    uart, timer, chosen = tree.find("/pl011"), tree.find("/timer"), tree.find("/chosen")
    assert uart is not None and uart.cells("interrupts") == (0, 1, 4)
    assert timer is not None and timer.cells("interrupts")[:3] == (1, 13, 0x304)
    assert chosen is not None and chosen.text("stdout-path") == "/pl011@9000000"
    assert [p for p, _ in tree.walk()][:3] == ["/", "/chosen", "/memory@40000000"]
    assert tree.find("/nothing/here") is None


@pytest.mark.skipif(shutil.which("dtc") is None, reason="dtc is not installed")
def test_the_device_tree_compiler_reads_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "a.dtb").write_bytes(devicetree.emit(board_tree.board_tree(BOARD)))
    done = subprocess.run(
        ["dtc", "-I", "dtb", "-O", "dts", tmp_path / "a.dtb"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "trapdoor,door" in done.stdout, done.stderr


def test_every_file_of_an_archive_is_listed() -> None:
    data = samples.cpio([("init", b"abc", 0o100755), ("etc/hosts", b"x" * 1000, 0o100644)])
    found = list(cpio.entries(data, "x"))
    assert [(e.name, e.mode, data[e.offset : e.offset + e.size]) for e in found] == [
        ("init", 0o100755, b"abc"),
        ("etc/hosts", 0o100644, b"x" * 1000),
    ]


def test_archives_may_follow_each_other_and_foreign_data_may_follow_them() -> None:
    one = samples.cpio()
    assert cpio.validate(one + one, "x") == 4
    assert cpio.validate(one + b"\x1f\x8bcompressed", "x") == 2
    assert cpio.validate(b"\x1f\x8bcompressed", "x") == 0


def test_symbols_name_the_nearest_function(tmp_path: Path) -> None:
    func, notype, local = 0x12, 0x10, 0x02
    symbols = [
        ("_start", 0x4020_0000, 0x20, func), ("helper", 0x4020_0020, 0x10, local), ("$x", 0x4020_0020, 0, 0),
        ("label", 0x4020_0100, 0, notype), ("alias", 0x4020_0000, 0, notype), ("end", 0x4020_1000, 0, notype),
    ]  # fmt: skip
    path = tmp_path / "k"
    path.write_bytes(samples.elf([(0x4020_0000, b"\1" * 64, 0x1000)], 0x4020_0000, symbols=symbols))
    table = Symbols.load(path, EM_AARCH64)
    assert table["label"] == 0x4020_0100 and "helper" in table and "$x" not in table
    assert table.name(0x4020_0000) == "_start"
    assert table.name(0x4020_0010) == "_start+0x10"
    assert table.name(0x4020_0024) == "helper+0x4"
    assert table.name(0x4020_0030) is None
    assert table.name(0x4020_0108) == "label+0x8"
    assert table.text(0x10) == "0x10"
    assert table.text(0x4020_0020) == "0x40200020 <helper>"


def test_a_stripped_elf_has_no_symbols_and_notes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "k"
    notes = samples.note(b"GNU", 3, bytes(range(20))) + samples.note(b"Xen", 18, bytes(8))
    path.write_bytes(samples.elf([(0x4020_0000, b"\1", 64)], 0x4020_0000, notes=notes))
    assert len(Symbols.load(path, EM_AARCH64)) == 0
    with InputFile(path) as f:
        assert Elf(f, EM_AARCH64).build_id == bytes(range(20))


def test_a_bundle_gives_its_files_after_checking_them(tmp_path: Path) -> None:
    opened = bundle.Bundle.open(samples.bundle(tmp_path))
    assert opened.path(opened.kernel).read_bytes() == samples.arm64_image()
    assert (opened.arch, opened.board, opened.append, opened.tests) == ("aarch64", "virt", "quiet", {"fork": 7})
    assert opened.program("/bin/sh") == tmp_path / "programs/sh" and opened.program("/bin/none") is None


def test_bundles_are_found_in_the_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = samples.bundle(tmp_path / "trapdoor/build/aarch64/unit-test", name="unit-test")
    found = bundle.find("unit-test", "aarch64")
    assert found is not None and found.folder == folder
    assert ("aarch64", "unit-test", folder) in list(bundle.installed())
    assert bundle.find("unit-test", "x86_64") is None
    assert bundle.find("../unit-test", "aarch64") is None


@pytest.mark.parametrize(
    ("data", "format", "machine"),
    [
        (samples.elf([(0, b"\1", 1)], 0), Format.ELF, "aarch64"),
        (samples.pvh_elf(), Format.ELF, "x86_64"),
        (samples.arm64_image(), Format.ARM64_IMAGE, "aarch64"),
        (bytes(0x202) + b"HdrS", Format.BZIMAGE, None),
        (b"\x28\xb5\x2f\xfd" + bytes(64), Format.COMPRESSED, None),
        (b"\1", Format.FLAT, None),
    ],
)
def test_a_kernel_is_recognised_by_its_first_bytes(
    data: bytes, format: Format, machine: str | None, tmp_path: Path
) -> None:
    (tmp_path / "k").write_bytes(data)
    assert recognise(tmp_path / "k") == format
    assert machine_of(tmp_path / "k") == machine


def test_a_bundle_folder_is_recognised(tmp_path: Path) -> None:
    assert recognise(samples.bundle(tmp_path)) == Format.BUNDLE


def test_mutated_files_end_in_a_plan_or_an_image_error(tmp_path: Path) -> None:
    outcomes: dict[bool, int] = {True: 0, False: 0}
    headers = 0
    for m in mutate.mutations(7, 900):
        paths: dict[str, Path] = {}
        for name, data in (("kernel", m.kernel), ("initrd", m.initrd), ("dtb", m.dtb)):
            if data is not None:
                (tmp_path / name).write_bytes(data)
                paths[name] = tmp_path / name
        headers += m.header
        kernel = paths.pop("kernel")
        try:
            if m.board == "virt":
                initrd, dtb = paths.get("initrd"), paths.get("dtb")
                boot_virt.plan(kernel, Ram(0x4000_0000, 1 << 26), samples.tree, initrd=initrd, dtb=dtb)
            else:
                boot_pc.plan(kernel, Ram(0, 1 << 26))
            outcomes[True] += 1
        except ImageError:
            outcomes[False] += 1
    assert headers >= 450
    assert min(outcomes.values()) >= 200, outcomes


def test_mutations_are_the_same_for_the_same_seed() -> None:
    assert list(mutate.mutations(3, 60)) == list(mutate.mutations(3, 60))
    assert [m.name for m in mutate.mutations(3, 60)] != [m.name for m in mutate.mutations(4, 60)]
