/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fdt.h>
#include <string.h>

#define FDT_MAGIC 0xd00dfeed
#define FDT_MAX_SIZE (2U << 20) /* the arm64 boot protocol's limit */
#define FDT_DEPTH 16

enum { FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROP = 3, FDT_NOP = 4, FDT_END = 9 };

/* Header words, by index. */
enum {
    HEADER_MAGIC,
    HEADER_TOTALSIZE,
    HEADER_STRUCT,
    HEADER_STRINGS,
    HEADER_RSVMAP,
    HEADER_VERSION,
    HEADER_LAST_COMPATIBLE,
    HEADER_BOOT_CPU,
    HEADER_STRINGS_SIZE,
    HEADER_STRUCT_SIZE
};

u32 fdt_cell(const void *property, u32 index)
{
    const u8 *b = (const u8 *)property + index * 4;

    return (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | b[3];
}

u64 fdt_cells(const void *property, u32 index, u32 count)
{
    u64 value = 0;

    while (count--)
        value = value << 32 | fdt_cell(property, index++);
    return value;
}

u32 fdt_size(const void *blob)
{
    u32 size;

    if (!blob || fdt_cell(blob, HEADER_MAGIC) != FDT_MAGIC)
        return 0;
    size = fdt_cell(blob, HEADER_TOTALSIZE);
    if (size < 40 || size > FDT_MAX_SIZE || fdt_cell(blob, HEADER_STRUCT) > size ||
        fdt_cell(blob, HEADER_STRINGS) > size ||
        fdt_cell(blob, HEADER_STRUCT_SIZE) > size - fdt_cell(blob, HEADER_STRUCT) ||
        fdt_cell(blob, HEADER_STRINGS_SIZE) > size - fdt_cell(blob, HEADER_STRINGS))
        return 0;
    return size;
}

bool fdt_reservation(const void *blob, u32 i, u64 *start, u64 *size)
{
    u32 offset = fdt_cell(blob, HEADER_RSVMAP) + i * 16;
    const u8 *entry = (const u8 *)blob + offset;

    if (offset + 16 > fdt_cell(blob, HEADER_TOTALSIZE))
        return false;
    *start = fdt_cells(entry, 0, 2);
    *size = fdt_cells(entry, 2, 2);
    return *start || *size;
}

/* One property token: its parts, and where the next token is. False at anything else. */
static bool next_property(const struct fdt_node *node, const u8 **at, const char **name, const u8 **value, u32 *length)
{
    const u8 *p = *at;
    u32 offset, strings = fdt_cell(node->blob, HEADER_STRINGS),
                strings_size = fdt_cell(node->blob, HEADER_STRINGS_SIZE);

    while (p + 4 <= node->end && fdt_cell(p, 0) == FDT_NOP)
        p += 4;
    if (p + 12 > node->end || fdt_cell(p, 0) != FDT_PROP)
        return false;
    *length = fdt_cell(p, 1);
    offset = fdt_cell(p, 2);
    p += 12;
    if (*length > (u64)(node->end - p) || offset >= strings_size)
        return false;
    *name = (const char *)node->blob + strings + offset;
    if (!memchr(*name, 0, strings_size - offset))
        return false;
    *value = p;
    *at = p + ALIGN_UP(*length, 4U);
    return true;
}

const void *fdt_property(const struct fdt_node *node, const char *name, u32 *length)
{
    const u8 *at = node->properties, *value;
    const char *this_name;
    u32 this_length;

    while (next_property(node, &at, &this_name, &value, &this_length))
        if (!strcmp(this_name, name)) {
            if (length)
                *length = this_length;
            return value;
        }
    return NULL;
}

bool fdt_reg(const struct fdt_node *node, u32 i, u64 *start, u64 *size)
{
    u32 length, cells = node->address_cells + node->size_cells;
    const void *reg = fdt_property(node, "reg", &length);

    if (!reg || !cells || (i + 1) * cells * 4 > length)
        return false;
    *start = fdt_cells(reg, i * cells, node->address_cells);
    *size = fdt_cells(reg, i * cells + node->address_cells, node->size_cells);
    return true;
}

bool fdt_enabled(const struct fdt_node *node)
{
    u32 length;
    const char *status = fdt_property(node, "status", &length);

    return !status || (length >= 3 && !memcmp(status, "ok", 3)) || (length >= 5 && !memcmp(status, "okay", 5));
}

bool fdt_compatible(const struct fdt_node *node, const char *what)
{
    u32 length, n = strlen(what) + 1;
    const char *list = fdt_property(node, "compatible", &length);

    while (list && length >= n) {
        u32 this_length = strnlen(list, length) + 1;

        if (this_length == n && !memcmp(list, what, n))
            return fdt_enabled(node);
        if (this_length >= length)
            break;
        list += this_length;
        length -= this_length;
    }
    return false;
}

bool fdt_walk(const void *blob, void (*visit)(const struct fdt_node *node, void *arg), void *arg)
{
    u32 address_cells[FDT_DEPTH + 1] = { 2 },
                                  size_cells[FDT_DEPTH + 1] = { 1 }; /* [depth]: for reg of nodes at that depth */
    struct fdt_node node = { .blob = blob };
    const u8 *p, *value;
    u32 depth = 0, length;

    if (!fdt_size(blob))
        return false;
    p = node.blob + fdt_cell(blob, HEADER_STRUCT);
    node.end = p + fdt_cell(blob, HEADER_STRUCT_SIZE);
    while (p + 4 <= node.end) {
        u32 token = fdt_cell(p, 0);
        const char *name;

        p += 4;
        switch (token) {
        case FDT_NOP:
            break;
        case FDT_END:
            return depth == 0;
        case FDT_END_NODE:
            if (depth-- == 0)
                return false;
            break;
        case FDT_BEGIN_NODE:
            name = (const char *)p;
            length = strnlen(name, node.end - p) + 1;
            if (length > (u64)(node.end - p) || depth == FDT_DEPTH)
                return false;
            p += ALIGN_UP(length, 4U);
            node.name = name;
            node.depth = depth;
            node.address_cells = address_cells[depth];
            node.size_cells = size_cells[depth];
            node.properties = p;
            depth++;
            value = fdt_property(&node, "#address-cells", &length);
            address_cells[depth] = value && length == 4 ? MIN(fdt_cell(value, 0), 2U) : 2;
            value = fdt_property(&node, "#size-cells", &length);
            size_cells[depth] = value && length == 4 ? MIN(fdt_cell(value, 0), 2U) : 1;
            visit(&node, arg);
            while (next_property(&node, &p, &name, &value, &length))
                ;
            break;
        default:
            return false;
        }
    }
    return false;
}
