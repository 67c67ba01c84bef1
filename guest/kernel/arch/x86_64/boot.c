/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hand-over: PVH start info (Xen, public/arch-x86/hvm/start_info.h) into boot_info, ACPI tables into `platform`.

   Everything here comes from outside and is checked before it is followed. The tables lie below 4 GiB, where the
   boot page tables reach; a loader may hand over no ACPI at all, and then a PC's defaults hold. */
#include <arch.h>
#include <arch/board.h>
#include <arch/local.h>
#include <page.h>
#include <panic.h>
#include <string.h>

#define START_INFO_MAGIC 0x336ec578
#define MEMMAP_RAM 1
#define BOOT_LIMIT 0x100000000UL /* the boot tables map this far */
#define LOW_MEMORY 0x100000UL    /* firmware's and, later, the other CPUs' first code */

struct start_info {
    u32 magic, version, flags, module_count;
    u64 modules, cmdline, rsdp;
    u64 memmap; /* from version 1 on */
    u32 memmap_entries, reserved;
};

struct start_module {
    u64 address, size, cmdline, reserved;
};

struct start_memory {
    u64 address, size;
    u32 type, reserved;
};

/* ACPI 6.4, section 5.2: every table begins with this. */
struct acpi_header {
    char signature[4];
    u32 length;
    u8 revision, checksum;
    char oem[6], oem_table[8];
    u32 oem_revision, creator, creator_revision;
} __packed;

struct acpi_rsdp {
    char signature[8];
    u8 checksum;
    char oem[6];
    u8 revision;
    u32 rsdt;
    u32 length;
    u64 xsdt;
} __packed;

/* Fields used of the Fixed ACPI Description Table, section 5.2.9. */
#define FADT_PM1A_CONTROL 64
#define FADT_PM_TIMER 76
#define FADT_MINIMUM 80

/* Multiple APIC Description Table, section 5.2.12. */
#define MADT_LAPIC 36
#define MADT_ENTRIES 44
enum { MADT_TYPE_IOAPIC = 1, MADT_TYPE_OVERRIDE = 2, MADT_TYPE_LAPIC_ADDRESS = 5 };
#define MPS_POLARITY(flags) ((flags) & 3)
#define MPS_TRIGGER(flags) (((flags) >> 2) & 3)
#define MPS_ACTIVE_LOW 3
#define MPS_LEVEL 3

u64 pvh_start_info; /* entry.S: physical address */
struct platform platform;

static u32 read32(const u8 *p)
{
    u32 value;
    memcpy(&value, p, sizeof value);
    return value;
}

static u64 read64(const u8 *p)
{
    u64 value;
    memcpy(&value, p, sizeof value);
    return value;
}

/* `size` bytes of physical memory, NULL when the boot tables do not reach them all. */
static const void *boot_memory(u64 pa, u64 size)
{
    if (pa == 0 || pa >= BOOT_LIMIT || size > BOOT_LIMIT - pa)
        return NULL;
    return phys_to_virt(pa);
}

static bool checksum_good(const u8 *p, size_t n)
{
    u8 sum = 0;

    while (n--)
        sum += *p++;
    return sum == 0;
}

static const u8 *acpi_table(u64 pa, const char *signature)
{
    const struct acpi_header *header = boot_memory(pa, sizeof *header);

    if (!header || memcmp(header->signature, signature, 4) || header->length < sizeof *header)
        return NULL;
    if (!boot_memory(pa, header->length) || !checksum_good((const u8 *)header, header->length))
        return NULL;
    return (const u8 *)header;
}

static void read_madt(const u8 *madt, u32 length)
{
    platform.lapic = read32(madt + MADT_LAPIC);
    for (u32 at = MADT_ENTRIES; at + 2 <= length && madt[at + 1] >= 2 && at + madt[at + 1] <= length;
         at += madt[at + 1]) {
        const u8 *entry = madt + at;
        u8 size = entry[1];

        if (entry[0] == MADT_TYPE_IOAPIC && size >= 12 && read32(entry + 8) == 0) {
            platform.ioapic = read32(entry + 4);
        } else if (entry[0] == MADT_TYPE_OVERRIDE && size >= 10 && entry[3] < ISA_IRQS) {
            u16 flags = (u16)(entry[8] | entry[9] << 8);

            platform.isa[entry[3]].gsi = read32(entry + 4);
            platform.isa[entry[3]].active_low = MPS_POLARITY(flags) == MPS_ACTIVE_LOW;
            platform.isa[entry[3]].level = MPS_TRIGGER(flags) == MPS_LEVEL;
        } else if (entry[0] == MADT_TYPE_LAPIC_ADDRESS && size >= 12) {
            platform.lapic = read64(entry + 4);
        }
    }
}

static void read_fadt(const u8 *fadt, u32 length)
{
    if (length < FADT_MINIMUM)
        return;
    platform.pm1a_control_port = (u16)read32(fadt + FADT_PM1A_CONTROL);
    platform.pm_timer_port = (u16)read32(fadt + FADT_PM_TIMER);
}

static void read_acpi(u64 rsdp_address)
{
    const struct acpi_rsdp *rsdp = boot_memory(rsdp_address, sizeof *rsdp);
    const u8 *root;
    u32 width, length;

    if (!rsdp || memcmp(rsdp->signature, "RSD PTR ", 8))
        return;
    root = rsdp->revision >= 2 ? acpi_table(rsdp->xsdt, "XSDT") : NULL;
    width = 8;
    if (!root) {
        root = acpi_table(rsdp->rsdt, "RSDT");
        width = 4;
    }
    if (!root)
        return;
    length = ((const struct acpi_header *)root)->length;
    for (u32 at = sizeof(struct acpi_header); at + width <= length; at += width) {
        u64 pa = width == 8 ? read64(root + at) : read32(root + at);
        const u8 *table;

        if ((table = acpi_table(pa, "APIC")) != NULL && read32(table + 4) >= MADT_ENTRIES)
            read_madt(table, read32(table + 4));
        else if ((table = acpi_table(pa, "FACP")) != NULL)
            read_fadt(table, read32(table + 4));
    }
}

static void platform_defaults(void)
{
    platform.lapic = BOARD_LAPIC_BASE;
    platform.ioapic = BOARD_IOAPIC_BASE;
    for (u32 irq = 0; irq < ISA_IRQS; irq++)
        platform.isa[irq].gsi = irq;
    platform.isa[BOARD_IRQ_PIT].gsi = BOARD_GSI_PIT;
    platform.pm_timer_port = BOARD_PORT_PM_TIMER;
    platform.pm1a_control_port = BOARD_PORT_PM1A_CONTROL;
}

void boot_read_start_info(void)
{
    const struct start_info *info = boot_memory(pvh_start_info, sizeof *info);
    const struct start_memory *map;
    const struct start_module *modules;
    const char *cmdline;

    platform_defaults();
    if (!info || info->magic != START_INFO_MAGIC)
        panic("no PVH start info from the boot loader");
    map = info->version >= 1 ? boot_memory(info->memmap, info->memmap_entries * sizeof *map) : NULL;
    if (!map)
        panic("no memory map from the boot loader");

    for (u32 i = 0; i < info->memmap_entries; i++) {
        u64 start = map[i].address, end = start + map[i].size;

        if (map[i].type == MEMMAP_RAM && end > start && end > LOW_MEMORY)
            boot_add_memory(MAX(start, LOW_MEMORY), end);
    }
    kernel_phys = (u64)__kernel_start - KERNEL_BASE;
    boot_add_reserved(kernel_phys, (u64)__kernel_end - KERNEL_BASE);

    cmdline = boot_memory(info->cmdline, 1);
    if (cmdline)
        strlcpy(boot_info.cmdline, cmdline, sizeof boot_info.cmdline);
    modules = info->module_count ? boot_memory(info->modules, sizeof *modules) : NULL;
    if (modules && modules->size) {
        boot_info.initrd.start = modules->address;
        boot_info.initrd.end = modules->address + modules->size;
        boot_add_reserved(ALIGN_DOWN(modules->address, PAGE_SIZE), ALIGN_UP(boot_info.initrd.end, PAGE_SIZE));
    }
    if (info->rsdp)
        read_acpi(info->rsdp);
}
