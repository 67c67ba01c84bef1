# SPDX-License-Identifier: GPL-2.0-or-later
"""The devicetree of a board, made from a description of it. No address is written here: the board's table has them.

Source: Devicetree Specification v0.4, chapter 3 "Device node requirements"; Linux, Documentation/devicetree/bindings:
arm/cpus.yaml, arm/psci.yaml, timer/arm,arch_timer.yaml, interrupt-controller/arm,gic.yaml and arm,gic-v3.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emu.image.devicetree import Node, cells, cells64, strings

__all__ = ["Board", "Device", "Gic", "board_tree"]

SPI, PPI = 0, 1
EDGE, LEVEL = 1, 4  # first cells and flags of a GIC interrupt specifier
INTC, CLOCK = 1, 2  # phandles


@dataclass(frozen=True, slots=True)
class Gic:
    """The interrupt controller: version 2 (distributor, CPU interface) or 3 (distributor, redistributors)."""

    version: int
    distributor: tuple[int, int]
    interface: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Device:
    """One device node.

    Attributes:
        name: generic name, without the unit address.
        compatible: most specific first.
        reg: (address, size) pairs; the first makes the unit address.
        spi: (number, EDGE or LEVEL) pairs; INTID = number + 32.
        clocks: names of its clocks, all the fixed one of the board.
        properties: anything else.
    """

    name: str
    compatible: tuple[str, ...]
    reg: tuple[tuple[int, int], ...]
    spi: tuple[tuple[int, int], ...] = ()
    clocks: tuple[str, ...] = ()
    properties: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def node_name(self) -> str:
        """Name with unit address."""
        return f"{self.name}@{self.reg[0][0]:x}"


@dataclass(frozen=True, slots=True)
class Board:
    """What a devicetree says of a board.

    Attributes:
        compatible, model: of the root.
        ram: (base, size).
        cpu_compatible: of each CPU; `mpidrs` has one affinity value per CPU.
        gic: the interrupt controller.
        timer_ppis: secure, non-secure, virtual, hypervisor timer; INTID = number + 16.
        clock_hz: of the fixed clock that the devices' `clocks` refer to.
        devices: in the order of the tree.
        stdout: node name of the console device.
        seed: value of `/chosen/kaslr-seed`, or None.
    """

    compatible: tuple[str, ...]
    model: str
    ram: tuple[int, int]
    cpu_compatible: str
    mpidrs: tuple[int, ...]
    gic: Gic
    timer_ppis: tuple[int, int, int, int]
    clock_hz: int
    devices: tuple[Device, ...]
    stdout: str | None = None
    seed: int | None = None


def _gic(root: Node, gic: Gic) -> None:
    node = root.add(f"intc@{gic.distributor[0]:x}")
    node["compatible"] = strings("arm,gic-v3" if gic.version == 3 else "arm,cortex-a15-gic")
    node["#interrupt-cells"] = cells(3)
    node["#address-cells"] = cells(2)
    node["#size-cells"] = cells(2)
    node["interrupt-controller"] = b""
    node["ranges"] = b""
    node["reg"] = cells64(*gic.distributor, *gic.interface)
    if gic.version == 3:
        node["#redistributor-regions"] = cells(1)
    node["phandle"] = cells(INTC)


def _cpus(root: Node, board: Board) -> None:
    cpus = root.add("cpus")
    cpus["#address-cells"] = cells(1)
    cpus["#size-cells"] = cells(0)
    for mpidr in board.mpidrs:
        cpu = cpus.add(f"cpu@{mpidr:x}")
        cpu["device_type"] = strings("cpu")
        cpu["compatible"] = strings(board.cpu_compatible)
        cpu["reg"] = cells(mpidr)
        if len(board.mpidrs) > 1:
            cpu["enable-method"] = strings("psci")
    psci = root.add("psci")
    psci["compatible"] = strings("arm,psci-1.0", "arm,psci-0.2", "arm,psci")
    psci["method"] = strings("hvc")
    # Function numbers for kernels that know only PSCI 0.1: those of 0.2, which the specification keeps.
    for name, number in (
        ("cpu_suspend", 0xC4000001),
        ("cpu_off", 0x84000002),
        ("cpu_on", 0xC4000003),
        ("migrate", 0xC4000005),
    ):
        psci[name] = cells(number)


def board_tree(board: Board) -> Node:
    """The tree of a board, without what a single boot adds (see `devicetree.set_boot`)."""
    root = Node("")
    root["#address-cells"] = cells(2)
    root["#size-cells"] = cells(2)
    root["compatible"] = strings(*board.compatible)
    root["model"] = strings(board.model)
    root["interrupt-parent"] = cells(INTC)
    chosen = root.add("chosen")
    if board.stdout:
        chosen["stdout-path"] = strings(f"/{board.stdout}")
    if board.seed is not None:
        chosen["kaslr-seed"] = cells64(board.seed)
    memory = root.add(f"memory@{board.ram[0]:x}")
    memory["device_type"] = strings("memory")
    memory["reg"] = cells64(*board.ram)
    _cpus(root, board)
    timer = root.add("timer")
    timer["compatible"] = strings("arm,armv8-timer", "arm,armv7-timer")
    timer["always-on"] = b""
    timer["interrupts"] = b"".join(
        cells(PPI, n, ((1 << len(board.mpidrs)) - 1 & 0xFF) << 8 | LEVEL) for n in board.timer_ppis
    )
    _gic(root, board.gic)
    clock = root.add("apb-pclk")
    clock["compatible"] = strings("fixed-clock")
    clock["#clock-cells"] = cells(0)
    clock["clock-frequency"] = cells(board.clock_hz)
    clock["clock-output-names"] = strings("clk24mhz")
    clock["phandle"] = cells(CLOCK)
    for device in board.devices:
        node = root.add(device.node_name)
        node["compatible"] = strings(*device.compatible)
        node["reg"] = cells64(*(n for pair in device.reg for n in pair))
        if device.spi:
            node["interrupts"] = b"".join(cells(SPI, n, flags) for n, flags in device.spi)
        if device.clocks:
            node["clocks"] = cells(*([CLOCK] * len(device.clocks)))
            node["clock-names"] = strings(*device.clocks)
        for name, value in device.properties.items():
            node[name] = value
    return root
