# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's firmware configuration device (QEMU, docs/specs/fw_cfg): numbered items and named files that firmware reads.

On virt by MMIO (data at 0, selector at 8, DMA address at 16, big-endian), on pc by ports (selector at 0, data at 1, DMA
address at 4). Items are constants of the machine; which one is selected and how far it is read is state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from .chip import ChipFault
from .device import Device, Register, State

__all__ = ["FwCfg", "FwCfgMmio", "FwCfgPorts", "PhysicalMemory"]

SIGNATURE, ID, UUID, RAM_SIZE, NOGRAPHIC, NB_CPUS = 0x00, 0x01, 0x02, 0x03, 0x04, 0x05
BOOT_MENU, MAX_CPUS, FILE_DIR, FILE_FIRST = 0x0E, 0x0F, 0x19, 0x20
DMA_SIGNATURE = int.from_bytes(b"QEMU CFG", "big")
DMA_ERROR, DMA_READ, DMA_SKIP, DMA_SELECT, DMA_WRITE = 1, 2, 4, 8, 16


class PhysicalMemory(Protocol):
    """Guest RAM; a read of something else gives fewer bytes, a write of it does nothing."""

    def read(self, address: int, size: int) -> bytes: ...
    def write(self, address: int, data: bytes) -> None: ...


def standard_items(ram: int, ncpu: int, files: Mapping[str, bytes], dma: bool) -> dict[int, bytes]:
    """The items of every machine; the file directory is sorted by name, as QEMU's is."""
    items = {
        SIGNATURE: b"QEMU",
        ID: (3 if dma else 1).to_bytes(4, "little"),
        UUID: bytes(16),
        RAM_SIZE: ram.to_bytes(8, "little"),
        NOGRAPHIC: (1).to_bytes(2, "little"),
        NB_CPUS: ncpu.to_bytes(2, "little"),
        MAX_CPUS: ncpu.to_bytes(2, "little"),
        BOOT_MENU: bytes(2),
    }
    directory = len(files).to_bytes(4, "big")
    for select, (name, content) in enumerate(sorted(files.items()), FILE_FIRST):
        directory += (
            len(content).to_bytes(4, "big") + select.to_bytes(2, "big") + bytes(2) + name.encode().ljust(56, b"\0")
        )
        items[select] = content
    items[FILE_DIR] = directory
    return items


class FwCfg(Device):
    """What both forms share. ``memory`` enables the DMA interface."""

    selected = State()
    position = State()
    dma_high = State()

    def __init__(
        self,
        ram: int = 0,
        ncpu: int = 1,
        files: Mapping[str, bytes] | None = None,
        items: Mapping[int, bytes] | None = None,
        memory: PhysicalMemory | None = None,
        faults: Callable[[ChipFault, int, int, int], None] | None = None,
    ) -> None:
        super().__init__(None, None, faults)
        self.memory = memory
        self.items = standard_items(ram, ncpu, files or {}, memory is not None) | dict(items or {})

    def _select(self, key: int) -> None:
        self.selected, self.position = key & 0x3FFF, 0  # bits 15:14 were for writing and architecture items

    def _take(self, size: int) -> bytes:
        """The next bytes of the item; zeros beyond its end."""
        at = self.position
        data = self.items.get(self.selected, b"")[at : at + size]
        self.position = at + len(data)
        return data.ljust(size, b"\0")

    def _dma_low(self, low: int) -> None:
        """The address of a control block is complete: control, length, address, all big-endian."""
        address, self.dma_high = self.dma_high << 32 | low, 0
        if self.memory is None:
            return
        block = self.memory.read(address, 16)
        if len(block) < 16:
            return
        control, length = int.from_bytes(block[:4], "big"), int.from_bytes(block[4:8], "big")
        target = int.from_bytes(block[8:], "big")
        if control & DMA_SELECT:
            self._select(control >> 16)
        failed = control & DMA_WRITE and not control & DMA_READ
        if not failed and control & (DMA_READ | DMA_SKIP):
            have = max(len(self.items.get(self.selected, b"")) - self.position, 0)
            data = self._take(min(length, have))
            if control & DMA_READ:
                self.memory.write(target, data)
                for done in range(len(data), length, 65536):  # beyond the item: zeros, in bearable pieces
                    piece = bytes(min(65536, length - done))
                    if not self.memory.read(target + done, 1):
                        break
                    self.memory.write(target + done, piece)
        self.memory.write(address, (DMA_ERROR if failed else 0).to_bytes(4, "big"))


class FwCfgMmio(FwCfg):
    """virt's: 24 bytes."""

    SIZES = (1, 2, 4, 8)

    DATA = Register(0x00, "RO", 64)
    SELECTOR = Register(0x08, "WO", 16, sizes=(2,))
    DMA_HIGH = Register(0x10, width=32, sizes=(4, 8))
    DMA_LOW = Register(0x14, width=32, sizes=(4,))

    def read(self, offset: int, size: int) -> int:
        if offset == 0 and size in self.SIZES:
            return int.from_bytes(self._take(size), "little")
        if offset == 0x10 and size == 8:
            return int.from_bytes(DMA_SIGNATURE.to_bytes(8, "big"), "little") if self.memory else 0
        return super().read(offset, size)

    def write(self, offset: int, size: int, value: int) -> None:
        if offset == 0x10 and size == 8:
            swapped = int.from_bytes(value.to_bytes(8, "little"), "big")
            self.dma_high = swapped >> 32
            self._dma_low(swapped & 0xFFFFFFFF)
        else:
            super().write(offset, size, value)

    def write_SELECTOR(self, value: int) -> None:
        self._select(_swap(value, 2))

    def read_DMA_HIGH(self) -> int:
        return _swap(DMA_SIGNATURE >> 32, 4) if self.memory else 0

    def read_DMA_LOW(self) -> int:
        return _swap(DMA_SIGNATURE & 0xFFFFFFFF, 4) if self.memory else 0

    def write_DMA_HIGH(self, value: int) -> None:
        self.dma_high = _swap(value, 4)

    def write_DMA_LOW(self, value: int) -> None:
        self._dma_low(_swap(value, 4))


class FwCfgPorts(FwCfg):
    """pc's: selector at 510h, data at 511h, DMA address at 514h."""

    SELECTOR = Register(0, "WO", 16, sizes=(2,))
    DATA = Register(1, "RO", 8, sizes=(1,))
    DMA_HIGH = Register(4, width=32, sizes=(4,))
    DMA_LOW = Register(8, width=32, sizes=(4,))

    def write_SELECTOR(self, value: int) -> None:
        self._select(value)

    def read_DATA(self) -> int:
        return self._take(1)[0]

    def read_DMA_HIGH(self) -> int:
        return _swap(DMA_SIGNATURE >> 32, 4) if self.memory else 0

    def read_DMA_LOW(self) -> int:
        return _swap(DMA_SIGNATURE & 0xFFFFFFFF, 4) if self.memory else 0

    def write_DMA_HIGH(self, value: int) -> None:
        self.dma_high = _swap(value, 4)

    def write_DMA_LOW(self, value: int) -> None:
        self._dma_low(_swap(value, 4))


def _swap(value: int, size: int) -> int:
    return int.from_bytes(value.to_bytes(size, "little"), "big")
