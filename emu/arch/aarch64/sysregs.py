# SPDX-License-Identifier: GPL-2.0-or-later
"""System registers of AArch64 with their fields, as an ARMv8.0 CPU (Cortex-A72) has them.

Source: Arm ARM (DDI 0487), D17.2 "General system control registers", D17.3-D17.8 for the debug, performance and timer
registers, C5.2 for PSTATE and the special-purpose registers. Encodings are (op0, op1, CRn, CRm, op2).
"""

from __future__ import annotations

from emu.bits import Reg

__all__ = ["BY_ENCODING", "BY_NAME", "ENCODINGS", "decode_mair", "encoding_name"]

_FPEN = {0: "trap EL0 and EL1", 1: "trap EL0", 2: "trap EL0 and EL1", 3: "no trap"}
_MODES = {0: "EL0t", 4: "EL1t", 5: "EL1h", 8: "EL2t", 9: "EL2h", 12: "EL3t", 13: "EL3h"}
_SHARE = {0: "non-shareable", 2: "outer", 3: "inner"}
_IPS = {0: "32 bits", 1: "36 bits", 2: "40 bits", 3: "42 bits", 4: "44 bits", 5: "48 bits"}

SCTLR_EL1 = Reg(
    "SCTLR_EL1", 64, "M 0", "A 1", "C 2", "SA 3", "SA0 4", "CP15BEN 5", "nAA 6", "ITD 7", "SED 8", "UMA 9", "I 12",
    "DZE 14", "UCT 15", "nTWI 16", "nTWE 18", "WXN 19", "SPAN 23", "E0E 24", "EE 25", "UCI 26",
)  # fmt: skip
TCR_EL1 = Reg(
    "TCR_EL1", 64, "T0SZ 5:0", "EPD0 7", "IRGN0 9:8", "ORGN0 11:10", "SH0 13:12", "TG0 15:14", "T1SZ 21:16", "A1 22",
    "EPD1 23", "IRGN1 25:24", "ORGN1 27:26", "SH1 29:28", "TG1 31:30", "IPS 34:32", "AS 36", "TBI0 37", "TBI1 38",
    names={
        "TG0": {0: "4 KiB", 1: "64 KiB", 2: "16 KiB"}, "TG1": {1: "16 KiB", 2: "4 KiB", 3: "64 KiB"},
        "SH0": _SHARE, "SH1": _SHARE, "IPS": _IPS,
    },
)  # fmt: skip
TTBR0_EL1 = Reg("TTBR0_EL1", 64, "CnP 0", "BADDR 47:1", "ASID 63:48")
TTBR1_EL1 = Reg("TTBR1_EL1", 64, "CnP 0", "BADDR 47:1", "ASID 63:48")
MAIR_EL1 = Reg("MAIR_EL1", 64, *(f"Attr{i} {8 * i + 7}:{8 * i}" for i in range(8)))
ESR_EL1 = Reg("ESR_EL1", 64, "ISS 24:0", "IL 25", "EC 31:26")
SPSR_EL1 = Reg(
    "SPSR_EL1", 64, "M 4:0", "F 6", "I 7", "A 8", "D 9", "IL 20", "SS 21", "PAN 22", "V 28", "C 29", "Z 30", "N 31",
    names={"M": _MODES},
)  # fmt: skip
PSTATE = Reg("PSTATE", 32, *SPSR_EL1.fields)
DAIF = Reg("DAIF", 64, "F 6", "I 7", "A 8", "D 9")
NZCV = Reg("NZCV", 64, "V 28", "C 29", "Z 30", "N 31")
CURRENT_EL = Reg("CurrentEL", 64, "EL 3:2")
SPSEL = Reg("SPSel", 64, "SP 0")
CPACR_EL1 = Reg("CPACR_EL1", 64, "ZEN 17:16", "FPEN 21:20", "TTA 28", names={"FPEN": _FPEN})
MPIDR_EL1 = Reg("MPIDR_EL1", 64, "Aff0 7:0", "Aff1 15:8", "Aff2 23:16", "MT 24", "U 30", "RES1 31", "Aff3 39:32")
MIDR_EL1 = Reg(
    "MIDR_EL1", 64, "Revision 3:0", "PartNum 15:4", "Architecture 19:16", "Variant 23:20", "Implementer 31:24"
)
CNTKCTL_EL1 = Reg(
    "CNTKCTL_EL1", 64, "EL0PCTEN 0", "EL0VCTEN 1", "EVNTEN 2", "EVNTDIR 3", "EVNTI 7:4", "EL0VTEN 8", "EL0PTEN 9"
)
CNTV_CTL_EL0 = Reg("CNTV_CTL_EL0", 64, "ENABLE 0", "IMASK 1", "ISTATUS 2")
CNTP_CTL_EL0 = Reg("CNTP_CTL_EL0", 64, "ENABLE 0", "IMASK 1", "ISTATUS 2")
MDSCR_EL1 = Reg("MDSCR_EL1", 64, "SS 0", "TDCC 12", "KDE 13", "MDE 15")
PAR_EL1 = Reg("PAR_EL1", 64, "F 0", "FST 6:1", "PTW 8", "S 9", "PA 47:12", "ATTR 63:56")
CTR_EL0 = Reg(
    "CTR_EL0", 64, "IminLine 3:0", "L1Ip 15:14", "DminLine 19:16", "ERG 23:20", "CWG 27:24", "IDC 28", "DIC 29"
)
DCZID_EL0 = Reg("DCZID_EL0", 64, "BS 3:0", "DZP 4")
FPCR = Reg(
    "FPCR", 64, "IOE 8", "DZE 9", "OFE 10", "UFE 11", "IXE 12", "IDE 15", "RMode 23:22", "FZ 24", "DN 25", "AHP 26"
)
FPSR = Reg("FPSR", 64, "IOC 0", "DZC 1", "OFC 2", "UFC 3", "IXC 4", "IDC 7", "QC 27", "V 28", "C 29", "Z 30", "N 31")
ID_AA64PFR0_EL1 = Reg(
    "ID_AA64PFR0_EL1", 64, "EL0 3:0", "EL1 7:4", "EL2 11:8", "EL3 15:12", "FP 19:16", "AdvSIMD 23:20", "GIC 27:24"
)
ID_AA64MMFR0_EL1 = Reg(
    "ID_AA64MMFR0_EL1", 64, "PARange 3:0", "ASIDBits 7:4", "BigEnd 11:8", "SNSMem 15:12", "BigEndEL0 19:16",
    "TGran16 23:20", "TGran64 27:24", "TGran4 31:28",
)  # fmt: skip
ID_AA64ISAR0_EL1 = Reg(
    "ID_AA64ISAR0_EL1", 64, "AES 7:4", "SHA1 11:8", "SHA2 15:12", "CRC32 19:16", "Atomic 23:20", "RNDR 63:60"
)


def _reg(name: str) -> Reg:
    return Reg(name, 64)


FAR_EL1, ELR_EL1, VBAR_EL1 = _reg("FAR_EL1"), _reg("ELR_EL1"), _reg("VBAR_EL1")

ENCODINGS: dict[tuple[int, int, int, int, int], Reg] = {
    (3, 0, 0, 0, 0): MIDR_EL1, (3, 0, 0, 0, 5): MPIDR_EL1, (3, 0, 0, 0, 6): _reg("REVIDR_EL1"),
    (3, 0, 0, 4, 0): ID_AA64PFR0_EL1, (3, 0, 0, 4, 1): _reg("ID_AA64PFR1_EL1"),
    (3, 0, 0, 5, 0): _reg("ID_AA64DFR0_EL1"), (3, 0, 0, 6, 0): ID_AA64ISAR0_EL1,
    (3, 0, 0, 6, 1): _reg("ID_AA64ISAR1_EL1"), (3, 0, 0, 7, 0): ID_AA64MMFR0_EL1,
    (3, 0, 0, 7, 1): _reg("ID_AA64MMFR1_EL1"), (3, 0, 0, 7, 2): _reg("ID_AA64MMFR2_EL1"),
    (3, 0, 1, 0, 0): SCTLR_EL1, (3, 0, 1, 0, 1): _reg("ACTLR_EL1"), (3, 0, 1, 0, 2): CPACR_EL1,
    (3, 0, 2, 0, 0): TTBR0_EL1, (3, 0, 2, 0, 1): TTBR1_EL1, (3, 0, 2, 0, 2): TCR_EL1,
    (3, 0, 4, 0, 0): SPSR_EL1, (3, 0, 4, 0, 1): ELR_EL1, (3, 0, 4, 1, 0): _reg("SP_EL0"),
    (3, 0, 4, 2, 0): SPSEL, (3, 0, 4, 2, 2): CURRENT_EL, (3, 0, 4, 2, 3): Reg("PAN", 64, "PAN 22"),
    (3, 0, 5, 1, 0): _reg("AFSR0_EL1"), (3, 0, 5, 1, 1): _reg("AFSR1_EL1"), (3, 0, 5, 2, 0): ESR_EL1,
    (3, 0, 6, 0, 0): FAR_EL1, (3, 0, 7, 4, 0): PAR_EL1, (3, 0, 10, 2, 0): MAIR_EL1, (3, 0, 10, 3, 0): _reg("AMAIR_EL1"),
    (3, 0, 12, 0, 0): VBAR_EL1, (3, 0, 12, 1, 0): _reg("ISR_EL1"), (3, 0, 13, 0, 1): _reg("CONTEXTIDR_EL1"),
    (3, 0, 13, 0, 4): _reg("TPIDR_EL1"), (3, 0, 14, 1, 0): CNTKCTL_EL1,
    (3, 1, 0, 0, 0): _reg("CCSIDR_EL1"), (3, 1, 0, 0, 1): _reg("CLIDR_EL1"), (3, 2, 0, 0, 0): _reg("CSSELR_EL1"),
    (3, 3, 0, 0, 1): CTR_EL0, (3, 3, 0, 0, 7): DCZID_EL0, (3, 3, 2, 4, 0): _reg("RNDR"),
    (3, 3, 2, 4, 1): _reg("RNDRRS"),
    (3, 3, 4, 2, 0): NZCV, (3, 3, 4, 2, 1): DAIF, (3, 3, 4, 4, 0): FPCR, (3, 3, 4, 4, 1): FPSR,
    (3, 3, 9, 12, 0): _reg("PMCR_EL0"), (3, 3, 9, 13, 0): _reg("PMCCNTR_EL0"),
    (3, 3, 13, 0, 2): _reg("TPIDR_EL0"), (3, 3, 13, 0, 3): _reg("TPIDRRO_EL0"),
    (3, 3, 14, 0, 0): _reg("CNTFRQ_EL0"), (3, 3, 14, 0, 1): _reg("CNTPCT_EL0"), (3, 3, 14, 0, 2): _reg("CNTVCT_EL0"),
    (3, 3, 14, 2, 0): _reg("CNTP_TVAL_EL0"), (3, 3, 14, 2, 1): CNTP_CTL_EL0, (3, 3, 14, 2, 2): _reg("CNTP_CVAL_EL0"),
    (3, 3, 14, 3, 0): _reg("CNTV_TVAL_EL0"), (3, 3, 14, 3, 1): CNTV_CTL_EL0, (3, 3, 14, 3, 2): _reg("CNTV_CVAL_EL0"),
    (2, 0, 0, 2, 2): MDSCR_EL1, (2, 0, 1, 0, 4): _reg("OSLAR_EL1"), (2, 0, 1, 3, 4): _reg("OSDLR_EL1"),
    (3, 0, 4, 6, 0): _reg("ICC_PMR_EL1"), (3, 0, 12, 12, 0): _reg("ICC_IAR1_EL1"),
    (3, 0, 12, 12, 1): _reg("ICC_EOIR1_EL1"), (3, 0, 12, 12, 5): _reg("ICC_SRE_EL1"),
    (3, 0, 12, 12, 7): _reg("ICC_IGRPEN1_EL1"), (3, 0, 12, 11, 5): _reg("ICC_SGI1R_EL1"),
}  # fmt: skip
BY_ENCODING = ENCODINGS
BY_NAME: dict[str, Reg] = {r.name: r for r in (*ENCODINGS.values(), PSTATE)}

_DEVICE = {0x00: "Device-nGnRnE", 0x04: "Device-nGnRE", 0x08: "Device-nGRE", 0x0C: "Device-GRE"}
_CACHE = {0: "write-through transient", 1: "write-back transient", 2: "write-through", 3: "write-back"}


def encoding_name(op0: int, op1: int, crn: int, crm: int, op2: int) -> str:
    """A register's name, or the architecture's generic one, e.g. `S3_0_C15_C2_0`."""
    known = ENCODINGS.get((op0, op1, crn, crm, op2))
    return known.name if known else f"S{op0}_{op1}_C{crn}_C{crm}_{op2}"


def decode_mair(attr: int) -> str:
    """One byte of MAIR_EL1 in words (D17.2.97): `Device-nGnRE`, `Normal write-back`, `Normal non-cacheable`."""
    if attr in _DEVICE:
        return _DEVICE[attr]
    if not attr & 0xF0 or not attr & 0x0F:
        return f"unpredictable {attr:#04x}"
    outer, inner = ("non-cacheable" if n == 4 else _CACHE[n >> 2] for n in (attr >> 4, attr & 15))
    return f"Normal {outer}" if outer == inner else f"Normal outer {outer}, inner {inner}"
