/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hand-over block: the devicetree, read once into boot_info and board. */
#include <arch.h>
#include <arch/board.h>
#include <arch/local.h>
#include <fdt.h>
#include <page.h>
#include <printk.h>
#include <string.h>

#define BLOCK_2M (1UL << 21)

phys_t boot_fdt; /* x0 at entry; written by entry.S */
struct board board;

struct walk {
    char console[32]; /* node name in /chosen stdout-path */
    bool in_chosen, in_reserved;
};

/* Input `i` of the node's interrupts as a GIC INTID (devicetree binding arm,gic: type, number, flags); 0 when there is
   none. */
static u32 gic_interrupt(const struct fdt_node *node, u32 i)
{
    u32 length;
    const void *interrupts = fdt_property(node, "interrupts", &length);

    if (!interrupts || (i + 1) * 12 > length)
        return 0;
    return fdt_cell(interrupts, i * 3 + 1) + (fdt_cell(interrupts, i * 3) == 1 ? 16 : 32);
}

static void found(struct board_device *device, const struct fdt_node *node, u32 reg)
{
    if (!device->present && fdt_reg(node, reg, &device->base, &device->size)) {
        device->irq = gic_interrupt(node, 0);
        device->present = true;
    }
}

static void read_chosen(const struct fdt_node *node, struct walk *walk)
{
    u32 length, end_length;
    const char *text = fdt_property(node, "bootargs", &length);
    const void *start, *end;

    if (text && length)
        strlcpy(boot_info.cmdline, text, MIN(length, COMMAND_LINE_SIZE));
    text = fdt_property(node, "stdout-path", &length);
    if (text && length) {
        const char *slash = strrchr(text, '/');

        strlcpy(walk->console, slash ? slash + 1 : text, sizeof(walk->console));
        if (strchr(walk->console, ':')) /* options such as the baud rate follow */
            *strchr(walk->console, ':') = 0;
    }
    start = fdt_property(node, "linux,initrd-start", &length);
    end = fdt_property(node, "linux,initrd-end", &end_length);
    if (start && end && (length == 4 || length == 8) && (end_length == 4 || end_length == 8)) {
        boot_info.initrd.start = fdt_cells(start, 0, length / 4);
        boot_info.initrd.end = fdt_cells(end, 0, end_length / 4);
        if (boot_info.initrd.end < boot_info.initrd.start)
            boot_info.initrd.end = boot_info.initrd.start;
    }
    start = fdt_property(node, "rng-seed", &length);
    if (start && length) {
        memcpy(boot_info.seed, start, MIN(length, sizeof(boot_info.seed)));
        boot_info.has_seed = true;
    }
}

static void visit(const struct fdt_node *node, void *arg)
{
    struct walk *walk = arg;
    u32 length;
    const char *text;
    u64 start, size;

    if (node->depth == 1)
        walk->in_reserved = !strcmp(node->name, "reserved-memory");
    if (node->depth == 1 && !strcmp(node->name, "chosen"))
        read_chosen(node, walk);
    if (walk->in_reserved && node->depth == 2)
        for (u32 i = 0; fdt_reg(node, i, &start, &size); i++)
            boot_add_reserved(start, start + size);

    text = fdt_property(node, "device_type", &length);
    if (text && length == 7 && !memcmp(text, "memory", 7) && fdt_enabled(node))
        for (u32 i = 0; fdt_reg(node, i, &start, &size); i++)
            boot_add_memory(start, start + size);

    if (fdt_compatible(node, "arm,cortex-a15-gic") || fdt_compatible(node, "arm,gic-400")) {
        found(&board.gic_distributor, node, 0);
        found(&board.gic_cpu, node, 1);
    } else if (fdt_compatible(node, "arm,gic-v3")) {
        found(&board.gic_distributor, node, 0);
        found(&board.gic_redistributors, node, 1);
    } else if (fdt_compatible(node, "arm,armv8-timer")) {
        board.timer_irq = gic_interrupt(node, 2); /* the binding's order: secure, non-secure, virtual, hypervisor */
    } else if (fdt_compatible(node, "arm,pl011")) {
        if (!strcmp(node->name, walk->console))
            board.uart.present = false; /* the one that stdout-path names wins over an earlier one */
        found(&board.uart, node, 0);
    } else if (fdt_compatible(node, "arm,pl031")) {
        found(&board.rtc, node, 0);
    } else if (fdt_compatible(node, "trapdoor,door")) {
        found(&board.door, node, 0);
    } else if (fdt_compatible(node, "arm,psci-1.0") || fdt_compatible(node, "arm,psci-0.2")) {
        text = fdt_property(node, "method", &length);
        board.psci_hvc = text && length == 4 && !memcmp(text, "hvc", 4);
        board.psci_smc = text && length == 4 && !memcmp(text, "smc", 4);
    }
}

void boot_read_devicetree(void)
{
    const void *fdt = (const void *)(FDT_BASE + (boot_fdt & (BLOCK_2M - 1)));
    struct walk walk = { 0 };
    u64 start, size;

    /* /chosen may come after the devices, and stdout-path decides among them: hence the second walk. A blob that is not
       one leaves everything empty, and page_init() says that there is no memory. */
    if (!fdt_walk(fdt, visit, &walk))
        return;
    board.uart.present = false;
    boot_info.memory_count = boot_info.reserved_count = 0;
    fdt_walk(fdt, visit, &walk);

    for (u32 i = 0; fdt_reservation(fdt, i, &start, &size); i++)
        boot_add_reserved(start, start + size);
    boot_add_reserved(boot_fdt, boot_fdt + fdt_size(fdt));
    boot_add_reserved(kernel_phys, kernel_phys + (__kernel_end - __kernel_start));
    if (boot_info.initrd.end > boot_info.initrd.start)
        boot_add_reserved(boot_info.initrd.start, boot_info.initrd.end);
}
