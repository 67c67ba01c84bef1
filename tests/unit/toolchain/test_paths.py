# SPDX-License-Identifier: GPL-2.0-or-later
"""Where sources and bundles are: a checkout, and an installed wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain import paths
from toolchain.errors import ToolchainError


def test_a_checkout_builds_in_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("guest", "images", "toolchain"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "toolchain")
    assert paths.source_root() == tmp_path
    assert paths.build_root() == tmp_path / "images" / "build"


def test_an_installed_package_builds_in_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "toolchain"
    for name in ("guest", "images"):
        (package / "share" / name).mkdir(parents=True)
    monkeypatch.setattr(paths, "_PACKAGE", package)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert paths.source_root() == package / "share"
    assert paths.build_root() == tmp_path / "cache" / "trapdoor" / "build"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative is to be ignored")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert paths.build_root() == tmp_path / ".cache" / "trapdoor" / "build"


def test_without_sources_there_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "toolchain")
    with pytest.raises(ToolchainError, match="no guest sources"):
        paths.source_root()
