# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures for all tiers: an architecture, the image built for it, machines, a guest at its prompt, QEMU.

Nothing of the emulator is imported before a test asks for it: the lowest tier runs without the C core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emu.image.bundle import Bundle
    from emu.machine import Machine
    from tests.guest.hatch import Guest
    from tests.guest.qemu import Qemu

ARCHES = ("aarch64", "x86_64")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What uses the fixture `qemu` has the mark of that name."""
    for item in items:
        if "qemu" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.qemu)


@pytest.fixture(scope="session", params=ARCHES)
def arch(request: pytest.FixtureRequest) -> str:
    """Both architectures, one after the other: no guest test is written for one alone."""
    return str(request.param)


@pytest.fixture(scope="session")
def bundle(arch: str) -> Bundle:
    """The image `hatch`, built by the toolchain if its sources changed."""
    from tests.guest.hatch import build

    return build(arch)


@pytest.fixture
def machine(bundle: Bundle) -> Iterator[Callable[..., Machine]]:
    """Makes machines of the image: `machine(exec="true", door=False)`. They are closed at the test's end."""
    from emu.machine import Machine, Options

    made: list[Machine] = []

    def make(image: Any = bundle, **options: Any) -> Machine:
        made.append(Machine(image, Options(**options)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def prompted(bundle: Bundle) -> Iterator[tuple[Machine, Any]]:
    """A machine that many tests restore, and a snapshot of it at the first prompt."""
    from emu.machine import Machine, Options
    from tests.guest.hatch import Guest

    with Machine(bundle, Options(event_hash=True)) as one:
        Guest(one).settle()
        yield one, one.snapshot()


@pytest.fixture(params=["booted", "restored"])
def boot(request: pytest.FixtureRequest, machine: Callable[..., Machine], prompted: tuple[Machine, Any]) -> Guest:
    """A guest at its first prompt: just booted, and restored from a snapshot after other tests had the machine."""
    from tests.guest.hatch import Guest

    if request.param == "booted":
        guest = Guest(machine(event_hash=True))
        guest.settle()
        return guest
    prompted[0].restore(prompted[1])
    return Guest(prompted[0])


@pytest.fixture(params=["booted", "restored"])
def watched(request: pytest.FixtureRequest, machine: Callable[..., Machine]) -> Guest:
    """As `boot`, with a machine for this test alone: instruments stay on a machine for its life."""
    from tests.guest.hatch import Guest

    guest = Guest(machine(event_hash=True))
    guest.settle()
    if request.param == "restored":
        snapshot = guest.machine.snapshot()
        guest.run("ls -l /bin > /tmp/list; /test/fork")
        guest.machine.restore(snapshot)
        guest = Guest(guest.machine)
    return guest


@pytest.fixture
def qemu(bundle: Bundle) -> Iterator[Callable[..., Qemu]]:
    """Starts QEMU with the same image: `qemu("init=/none")`. Skips where QEMU is not installed; ends what is left."""
    from tests.guest.qemu import Qemu, missing

    why = missing(bundle)
    if why is not None:
        pytest.skip(why)
    started: list[Qemu] = []

    def start(append: str = "") -> Qemu:
        started.append(Qemu(bundle, append))
        return started[-1]

    yield start
    for one in started:
        one.close()
