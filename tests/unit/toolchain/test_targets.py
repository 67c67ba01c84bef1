# SPDX-License-Identifier: GPL-2.0-or-later
"""Recipes: every mistake is one line that names the file and the key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from toolchain.abi import ARCHES
from toolchain.bundle import read_plan
from toolchain.errors import RecipeError
from toolchain.paths import source_root
from toolchain.targets import find_recipe, load_recipe, recipe_arches

KERNEL = '[kernel]\nsources = "k/{arch}"\nscript = "k.ld"\n'


def recipe_file(folder: Path, text: str) -> Path:
    path = folder / "x.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[kernel", "x.toml: "),
        ("", "'kernel.sources' is missing"),
        ("kernel = 3", "'kernel' must be a dict, not 3"),
        (KERNEL + "sauces = 1", "'kernel.sauces' is no key of a recipe"),
        ("colour = 1\n" + KERNEL, "'colour' is no key of a recipe"),
        ('arches = ["vax"]\n' + KERNEL, "'vax' is none of aarch64, x86_64"),
        ('arches = ["x86_64"]\n' + KERNEL, "not for aarch64"),
        ('name = "a/b"\n' + KERNEL, "'a/b' is no name"),
        (KERNEL + 'format = "a.out"', "'a.out' is none of elf, image, flat"),
        (KERNEL + "includes = [1]", "'kernel.includes' must hold str"),
        (KERNEL + '[rootfs]\nfolders = ["bin"]', "'bin' is no absolute path"),
        (KERNEL + '[rootfs]\nfolders = ["/bin", "/bin"]', "'/bin' stands there twice"),
        (KERNEL + '[rootfs]\nfolders = ["/a/../b"]', "is no absolute path"),
        (KERNEL + '[[rootfs.file]]\npath = "/a"', "'rootfs.file.source' is missing"),
        (KERNEL + '[[rootfs.device]]\npath = "/a"\nmajor = "5"', "'rootfs.device.major' must be a int"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe(recipe_file(tmp_path, text), "aarch64")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_values_may_differ_by_architecture(tmp_path: Path) -> None:
    text = 'board = { x86_64 = "microvm" }\n' + KERNEL + 'format = { aarch64 = "flat" }'
    path = recipe_file(tmp_path, text)
    arm, intel = (load_recipe(path, arch) for arch in ARCHES)
    assert (arm.board, arm.kernel.format, arm.kernel.sources) == ("virt", "flat", "k/aarch64")
    assert (intel.board, intel.kernel.format, intel.kernel.sources) == ("microvm", "elf", "k/x86_64")


def test_an_unknown_recipe_lists_those_there_are(tree: Path) -> None:
    with pytest.raises(RecipeError, match="no image recipe 'nix'; there are: bare, tiny"):
        find_recipe(tree, "nix")


def test_all_checked_in_recipes_are_good() -> None:
    for path in sorted((source_root() / "images").glob("*.toml")):
        for arch in recipe_arches(path):
            load_recipe(path, arch)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("one 1\n", "test 'two' is missing in PLAN"),
        ("one 1\ntwo 2\nsix 6\n", "test 'six' is in PLAN but there is no such program"),
        ("one 1\ntwo 0\n", "PLAN:2: expected `name count`"),
        ("one 1\none 1\n", "PLAN:2: expected `name count`"),
        ("one\n", "PLAN:1: expected `name count`"),
    ],
)
def test_the_plan_names_exactly_the_test_programs(tmp_path: Path, text: str, message: str) -> None:
    plan = tmp_path / "PLAN"
    plan.write_text(text)
    with pytest.raises(RecipeError, match=message):
        read_plan(plan, ["/test/one", "/test/two"])
    plan.write_text("# all\none 1\n\ntwo 22 # many\n")
    assert read_plan(plan, ["/test/one", "/test/two"]) == {"one": 1, "two": 22}


def test_the_recipes_of_the_readme_are_good(tmp_path: Path) -> None:
    text = (source_root() / "images" / "README.md").read_text()
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        for arch in ARCHES:
            recipe = load_recipe(recipe_file(tmp_path, block), arch)
            assert recipe.has_rootfs == ("[rootfs]" in block)
