/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this architecture call in each other. */
#pragma once
#include <types.h>

struct cpu;

#define ISA_IRQS 16

/* What the loader's ACPI tables told, or a PC's defaults where they say nothing (boot.c). */
struct platform {
    phys_t lapic, ioapic;
    u32 ioapic_gsi_base;
    struct {
        u32 gsi;
        bool active_low, level;
    } isa[ISA_IRQS];
    u16 pm_timer_port, pm1a_control_port;
};

extern struct platform platform;

void boot_read_start_info(void);       /* boot.c: fills boot_info and platform; needs the boot tables' low 4 GiB */
void mmu_init(void);                   /* the kernel's own tables, without the boot mapping at 0 */
void cpu_load_tables(struct cpu *cpu); /* cpu.c: this CPU's GDT, TSS, IDT, GS, control registers, SYSCALL */
void cpu_set_kernel_stack(struct cpu *cpu, u64 top);
void cpu_load_bases(u64 fs, u64 gs);   /* the user's FS and GS bases */
void intc_init(void);
void intc_interrupt(u64 vector, bool from_user);
void timer_init(void);
void uart_early_init(void);

/* The local APIC's one-shot timer: counts down once from `count`, in its own unit; 0 stops it. */
void lapic_timer_start(u32 count);
u32 lapic_timer_count(void);

extern u8 cpu_has_smap; /* a byte: vectors.S and usercopy.S read it too */
extern const u8 fpu_initial[];
