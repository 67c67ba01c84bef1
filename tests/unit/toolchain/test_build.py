# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole tool on a small source tree, with the real compiler."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import write_tree

from toolchain import __main__ as command_line
from toolchain import compile as compiling
from toolchain.elf import Elf
from toolchain.errors import CompilerMissing
from toolchain.rootfs import read_cpio


def build(tree: Path, *words: str) -> int:
    """Build in the tree's own images/build; the exit status."""
    roots = ["--source-root", str(tree), "--build-root", str(tree / "images" / "build")]
    return command_line.main(["build", "-j", "2", *roots, *(words or ("--image", "tiny"))])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree with both images of it built. Tests must not change it."""
    tree = write_tree(tmp_path_factory.mktemp("built"))
    assert build(tree, "--image", "all") == 0
    return tree / "images" / "build"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("arch", "kernel", "board"), [("aarch64", "Image", "virt"), ("x86_64", "tiny.elf", "pc")])
def test_the_manifest_tells_the_bundle(built: Path, arch: str, kernel: str, board: str) -> None:
    bundle = built / arch / "tiny"
    manifest = json.loads((bundle / "manifest.json").read_text())
    expected = {
        "format": 1, "name": "tiny", "arch": arch, "board": board, "kernel": kernel, "elf": "tiny.elf",
        "initrd": "initramfs.cpio", "append": "", "abi": "abi.json", "tests": {"three": 4},
        "programs": {path: f"programs{path}" for path in ("/bin/one", "/bin/two", "/test/three")},
    }  # fmt: skip
    assert {key: manifest[key] for key in expected} == expected
    there = files(bundle)
    del there["manifest.json"]
    assert manifest["files"] == {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in there.items()
    }
    elf = Elf(bundle / "tiny.elf")
    assert (manifest["entry"], manifest["build_id"]) == (elf.entry, elf.build_id)
    assert len(elf.build_id) == 40


@pytest.mark.parametrize("arch", ["aarch64", "x86_64"])
def test_programs_in_the_archive_are_stripped_and_those_beside_it_are_not(built: Path, arch: str) -> None:
    bundle = built / arch / "tiny"
    entries = {entry.path: entry for entry in read_cpio((bundle / "initramfs.cpio").read_bytes())}
    assert (entries["/etc/motd"].data, entries["/etc/issue"].data) == (b"hello\n", b"motd")
    assert (entries["/dev/console"].device, entries["/tmp"].mode) == ((5, 1), 0o1777)
    assert entries["/bin/one"].mode == 0o755
    assert b".debug_info" not in entries["/bin/one"].data
    assert b".debug_info" in (bundle / "programs" / "bin" / "one").read_bytes()
    assert "twice" in Elf(bundle / "programs" / "bin" / "one").symbols


@pytest.mark.parametrize("arch", ["aarch64", "x86_64"])
def test_the_kernel_has_its_own_symbol_table(built: Path, arch: str) -> None:
    elf = Elf(built / arch / "tiny" / "tiny.elf")
    start = elf.symbols["__text_start"].value
    text = {name: address - start for address, name in elf.functions("__text_start", "__text_end").items()}
    assert {"start", "kernel_main", "where"} <= text.keys()
    rodata = next(part for part in elf.segments if b"kernel_main\0" in part.data)
    base = elf.symbols["ksym_count"].value
    at = rodata.data.index(struct.pack("<II", len(text), min(text.values())))
    count = len(text)
    table = rodata.data[at : at + 4 + 8 * count]
    offsets = struct.unpack_from(f"<{count}I", table, 4)
    assert sorted(text.values()) == list(offsets)
    assert elf.symbols["ksym_offsets"].value == base + 4
    assert elf.symbols["ksym_strings"].value == base + 4 + 8 * count


def test_the_image_has_the_size_that_it_needs_in_memory(built: Path) -> None:
    data = (built / "aarch64" / "tiny" / "Image").read_bytes()
    elf = Elf(built / "aarch64" / "tiny" / "tiny.elf")
    memory = max(part.paddr + part.memsz for part in elf.segments) - 0x100000
    (size,) = struct.unpack_from("<Q", data, 16)
    assert len(data) < memory <= size < memory + 4096
    assert data[56:60] == b"ARM\x64"


def test_a_bare_guest_is_a_kernel_and_nothing_else(built: Path) -> None:
    manifest = json.loads((built / "aarch64" / "bare" / "manifest.json").read_text())
    assert (manifest["kernel"], manifest["initrd"], manifest["abi"]) == ("bare.bin", None, None)
    assert (built / "aarch64" / "bare" / "bare.bin").read_bytes() == bytes.fromhex("00000014")
    assert sorted(files(built / "x86_64" / "bare")) == ["bare.elf", "manifest.json"]


def test_two_builds_in_different_folders_are_the_same_bytes(built: Path, tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "another name" / "of a folder")
    assert build(tree, "--image", "all") == 0
    for arch in ("aarch64", "x86_64"):
        mine, other = files(built / arch), files(tree / "images" / "build" / arch)
        assert mine == other
        for name, data in mine.items():
            assert str(built.parent.parent).encode() not in data, name


def test_nothing_to_do_takes_less_than_half_a_second(built: Path) -> None:
    tree = built.parent.parent
    words = ["-m", "toolchain", "build", "--image", "tiny", "--source-root", str(tree), "--build-root", str(built)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    took = []
    for _ in range(3):  # processor time: what else the host does is not the build's fault
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environment, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert result.stderr == "up to date\n"
    assert min(took) < 0.5


def test_only_what_an_edit_reaches_is_built_again(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert build(tree, "--image", "tiny", "--arch", "x86_64") == 0
    capfd.readouterr()
    source = tree / "guest" / "user" / "bin" / "two.c"
    source.write_text(source.read_text().replace("return n", "return n + 1"))
    assert build(tree, "--image", "tiny", "--arch", "x86_64") == 0
    lines = [line.split("] ")[1] for line in capfd.readouterr().err.splitlines() if "] " in line]
    assert lines[0] == "cc x86_64 guest/user/bin/two.c"
    # Both links start from the object; the archive waits for the stripped one alone.
    assert sorted(lines[1:-1]) == ["cpio x86_64 initramfs.cpio", "ld x86_64 bin/two", "ld x86_64 bin/two (stripped)"]
    assert lines.index("ld x86_64 bin/two (stripped)") < lines.index("cpio x86_64 initramfs.cpio")
    assert lines[-1] == "manifest x86_64 manifest.json"


def test_a_program_that_is_gone_leaves_the_bundle(tree: Path) -> None:
    words = ("--image", "tiny", "--arch", "aarch64")
    assert build(tree, *words) == 0
    (tree / "guest" / "user" / "bin" / "two.c").unlink()
    assert build(tree, *words) == 0
    bundle = tree / "images" / "build" / "aarch64" / "tiny"
    assert not (bundle / "programs" / "bin" / "two").exists()
    assert "/bin/two" not in {entry.path for entry in read_cpio((bundle / "initramfs.cpio").read_bytes())}


def test_a_compile_error_is_shown_as_the_compiler_prints_it(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tree / "guest" / "user" / "bin" / "two.c").write_text("int main(void) { return x; }\n")
    assert build(tree, "--image", "tiny", "--arch", "aarch64") == 1
    error = capfd.readouterr().err
    expected = (
        "guest/user/bin/two.c:1:25: error: use of undeclared identifier 'x'\n"
        "    1 | int main(void) { return x; }\n"
        "      |                         ^\n"
        "1 error generated.\n"
    )
    assert expected in error
    assert "Traceback" not in error
    assert not list((tree / "images").rglob("*.part"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--arch", "vax"], "toolchain: no architecture 'vax'; there are: aarch64, x86_64, all\n"),
        (["--image", "nix"], "toolchain: no image recipe 'nix'; there are: bare, tiny\n"),
        (["--nonsense"], "No such option"),
    ],
)
def test_bad_options_are_one_line_and_status_2(
    tree: Path, words: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert build(tree, *words) == 2
    assert message in capfd.readouterr().err


def test_a_folder_that_is_missing_is_one_line_and_status_2(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(tree / "guest" / "bare" / "x86_64")
    assert build(tree, "--image", "bare") == 2
    expected = "toolchain: bare.toml: kernel.sources: there is no guest/bare/x86_64\n"
    assert capfd.readouterr().err == expected


def test_without_a_compiler_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(compiling.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CompilerMissing, match=r"pip install ziglang==0\.17\.1"):
        compiling.find_compiler()


def test_clang_and_lld_of_the_system_are_the_fallback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(compiling.importlib.util, "find_spec", lambda name: None)
    for name in ("clang-14", "ld.lld-14", "llvm-ar-14"):
        (tmp_path / name).write_text("#!/bin/sh\necho /usr/lib/clang/14\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    if shutil.which("clang") is not None:
        pytest.skip("clang is in /bin")
    found = compiling.find_compiler()
    assert found.clang == (str(tmp_path / "clang-14"),)
    assert found.headers == "/usr/lib/clang/14/include"


def test_bundle_copies_into_another_folder(built: Path, tmp_path: Path) -> None:
    roots = ["--source-root", str(built.parent.parent), "--build-root", str(built)]
    assert command_line.main(["bundle", "--into", str(tmp_path / "p"), "--image", "tiny", *roots]) == 0
    assert files(tmp_path / "p" / "aarch64" / "tiny") == files(built / "aarch64" / "tiny")


def test_list_names_recipes(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["list", "--json", "--source-root", str(tree)]) == 0
    rows = json.loads(capfd.readouterr().out)
    assert rows[1] == {"name": "tiny", "summary": "for tests", "arches": ["aarch64", "x86_64"]}
