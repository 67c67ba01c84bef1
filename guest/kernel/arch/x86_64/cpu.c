/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a CPU needs before it may run the kernel: descriptor tables, interrupt stacks, control bits, the SYSCALL
   registers. */
#include <abi/errno.h>
#include <arch.h>
#include <arch/local.h>
#include <mm.h>
#include <panic.h>
#include <printk.h>
#include <syscall.h>
#include <task.h>

const char arch_name[] = "x86_64";
const u16 arch_elf_machine = 62; /* EM_X86_64 */

_Static_assert(offsetof(struct cpu, self) == CPU_SELF, "CPU_SELF");
_Static_assert(offsetof(struct cpu, running) == CPU_CURRENT, "CPU_CURRENT");
_Static_assert(offsetof(struct cpu, kernel_stack) == CPU_KERNEL_STACK, "CPU_KERNEL_STACK");
_Static_assert(offsetof(struct cpu, scratch) == CPU_SCRATCH, "CPU_SCRATCH");

/* Task-state segment of long mode: SDM volume 3, section 8.7. */
struct tss {
    u32 reserved0;
    u64 rsp[3]; /* stack for an entry from a less privileged ring */
    u64 reserved1;
    u64 ist[7]; /* interrupt stacks, [IST_x - 1] */
    u64 reserved2;
    u16 reserved3;
    u16 io_map; /* beyond the limit: no port is open to user code */
} __packed;

_Static_assert(sizeof(struct tss) == 104, "struct tss");

struct gate {
    u16 offset_low, selector;
    u8 ist, type;
    u16 offset_middle;
    u32 offset_high, reserved;
};

struct table_pointer {
    u16 limit;
    u64 base;
} __packed;

#define GDT_ENTRIES 8
#define GATE_INTERRUPT 0x8e /* present, DPL 0, interrupt gate: IF is cleared on entry */
#define GATE_USER 0x60      /* DPL 3: may be reached by INT n */
#define TSS_AVAILABLE 0x89UL

/* What a CPU's segments and interrupt stacks are made of. */
struct cpu_tables {
    u64 gdt[GDT_ENTRIES];
    struct tss tss;
    u64 fs_base, gs_base; /* the user's, as last written to the registers */
    u8 stacks[IST_COUNT][IST_STACK_SIZE] __aligned(16);
};

static struct cpu_tables cpu_tables[MAX_CPUS] __aligned(64);
static struct gate idt[VECTOR_COUNT] __aligned(16);
static bool idt_ready;
u8 cpu_has_smap;

/* CPUID leaf 7 EBX. */
#define FEATURE_SMEP (1u << 7)
#define FEATURE_SMAP (1u << 20)

/* The x87 and SSE state of a fresh program (System V ABI, section 3.4.1): all exceptions masked, round to nearest. */
const u8 fpu_initial[FXSAVE_SIZE] __aligned(16) = {
    [0] = 0x7f, [1] = 0x03,   /* FCW */
    [24] = 0x80, [25] = 0x1f, /* MXCSR */
};

static u8 vector_ist(u32 vector)
{
    switch (vector) {
    case VECTOR_DOUBLE_FAULT:
        return IST_DOUBLE_FAULT;
    case VECTOR_NMI:
        return IST_NMI;
    case VECTOR_MACHINE_CHECK:
        return IST_MACHINE_CHECK;
    default:
        return 0;
    }
}

static void idt_fill(void)
{
    for (u32 v = 0; v < VECTOR_COUNT; v++) {
        u64 entry = vector_entries[v];

        idt[v] = (struct gate){
            .offset_low = (u16)entry,
            .offset_middle = (u16)(entry >> 16),
            .offset_high = (u32)(entry >> 32),
            .selector = SELECTOR_KERNEL_CODE,
            .ist = vector_ist(v),
            .type = GATE_INTERRUPT,
        };
    }
    idt[VECTOR_BREAKPOINT].type |= GATE_USER;
    idt[VECTOR_OVERFLOW].type |= GATE_USER;
    idt_ready = true;
}

static void gdt_load(struct cpu_tables *t)
{
    u64 tss = (u64)&t->tss;
    struct table_pointer pointer = { sizeof t->gdt - 1, (u64)t->gdt };

    t->gdt[SELECTOR_KERNEL_CODE / 8] = 0x00af9b000000ffff; /* 64-bit, DPL 0 */
    t->gdt[SELECTOR_KERNEL_DATA / 8] = 0x00cf93000000ffff;
    t->gdt[SELECTOR_USER_CODE32 / 8] = 0;                  /* there are no 32-bit programs */
    t->gdt[SELECTOR_USER_DATA / 8] = 0x00cff3000000ffff;   /* DPL 3 */
    t->gdt[SELECTOR_USER_CODE / 8] = 0x00affb000000ffff;   /* 64-bit, DPL 3 */
    t->gdt[SELECTOR_TSS / 8] = (sizeof(struct tss) - 1) | (tss & 0xffffff) << 16 | TSS_AVAILABLE << 40 |
                               (tss >> 24 & 0xff) << 56;
    t->gdt[SELECTOR_TSS / 8 + 1] = tss >> 32;

    t->tss.io_map = sizeof(struct tss);
    for (u32 i = 0; i < IST_COUNT; i++)
        t->tss.ist[i] = (u64)t->stacks[i] + IST_STACK_SIZE;

    __asm__ volatile("lgdt %0\n\t"
                     "pushq %1\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\tmovl %2, %%eax\n\t"
                     "movl %%eax, %%ss\n\t"
                     "xorl %%eax, %%eax\n\t"
                     "movl %%eax, %%ds\n\t"
                     "movl %%eax, %%es\n\t"
                     "movl %%eax, %%fs\n\t"
                     "movl %%eax, %%gs\n\t"
                     "ltr %w3"
                     :
                     : "m"(pointer), "i"(SELECTOR_KERNEL_CODE), "i"(SELECTOR_KERNEL_DATA), "r"(SELECTOR_TSS)
                     : "rax", "memory");
}

void cpu_set_kernel_stack(struct cpu *cpu, u64 top)
{
    cpu->kernel_stack = top;
    cpu_tables[cpu->id].tss.rsp[0] = top;
}

/* WRMSR is slow, and most programs have no bases. Equal ones other than 0 are written all the same: a program that
   loads a selector makes its base 0 without our knowing, and the next one must not find that. */
void cpu_load_bases(u64 fs, u64 gs)
{
    struct cpu_tables *t = &cpu_tables[this_cpu()->id];

    if (fs || t->fs_base)
        wrmsr(MSR_FS_BASE, fs);
    if (gs || t->gs_base)
        wrmsr(MSR_KERNEL_GS_BASE, gs);
    t->fs_base = fs;
    t->gs_base = gs;
}

void cpu_load_tables(struct cpu *cpu)
{
    struct table_pointer pointer = { sizeof idt - 1, (u64)idt };

    if (!idt_ready)
        idt_fill();
    gdt_load(&cpu_tables[cpu->id]); /* zeroes the GS base, so before setting that */
    wrmsr(MSR_GS_BASE, (u64)cpu);
    wrmsr(MSR_KERNEL_GS_BASE, 0); /* and FS is 0 since its selector is: what cpu_tables says at first */
    __asm__ volatile("lidt %0" ::"m"(pointer));

    /* SYSRET takes its selectors from STAR[63:48] + 8 and + 16, SYSCALL from STAR[47:32]. */
    wrmsr(MSR_STAR, (u64)SELECTOR_KERNEL_CODE << 32 | (u64)(SELECTOR_USER_CODE32 | SELECTOR_RPL_USER) << 48);
    wrmsr(MSR_LSTAR, (u64)syscall_entry);
    wrmsr(MSR_CSTAR, 0); /* needs 32-bit user code, which has no segment */
    wrmsr(MSR_FMASK, RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC | RFLAGS_IOPL);
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);

    if (cpuid(0, 0).eax >= 7) {
        u32 features = cpuid(7, 0).ebx;

        if (features & FEATURE_SMEP)
            write_cr4(read_cr4() | CR4_SMEP);
        if (features & FEATURE_SMAP) {
            write_cr4(read_cr4() | CR4_SMAP);
            cpu_has_smap = 1;
        }
    }
    fxrstor(fpu_initial);
}

void arch_early_init(void)
{
    cpu_load_tables(&cpus[0]);
    uart_early_init();
    boot_read_start_info();
    mmu_init();
}

void arch_init(void)
{
    intc_init();
    timer_init();
}

void arch_idle(void)
{
    /* STI takes effect after the next instruction: an interrupt cannot slip in between and leave HLT waiting. */
    __asm__ volatile("sti; hlt; cli" ::: "memory");
}

void arch_halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

u64 arch_hwcap(void)
{
    return cpuid(1, 0).edx;
}

bool arch_random(u64 *value)
{
    u8 good = 0;

    if (!(cpuid(1, 0).ecx & (1u << 30)))
        return false;
    /* An empty generator answers with CF clear; ten tries are Intel's advice (SDM volume 1, section 7.3.17.1). */
    for (int tries = 0; tries < 10 && !good; tries++)
        __asm__ volatile("rdrand %0; setc %1" : "=r"(*value), "=qm"(good)::"cc");
    return good;
}

/* arch_prctl(2): thread pointers of user code. GS of the kernel's addresses would confuse vectors.S and is refused. */
enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS = 0x1002, ARCH_GET_FS = 0x1003, ARCH_GET_GS = 0x1004 };

long sys_arch_prctl(const struct syscall_args *a)
{
    struct arch_task *arch = &current->arch;
    u64 value = a->arg[1];

    switch ((int)a->arg[0]) {
    case ARCH_SET_FS:
        if (value >= USER_TOP)
            return -EPERM;
        arch->fs_base = value;
        cpu_load_bases(value, arch->gs_base);
        return 0;
    case ARCH_SET_GS:
        if (value >= USER_TOP)
            return -EPERM;
        arch->gs_base = value;
        cpu_load_bases(arch->fs_base, value);
        return 0;
    case ARCH_GET_FS:
        return copy_to_user(value, &arch->fs_base, sizeof arch->fs_base);
    case ARCH_GET_GS:
        return copy_to_user(value, &arch->gs_base, sizeof arch->gs_base);
    default:
        return -EINVAL;
    }
}
