/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a flattened devicetree (Devicetree Specification 0.4, chapter 5). The blob is not trusted: all is bounded. */
#pragma once
#include <types.h>

struct fdt_node {
    const char *name;              /* with the unit address, "" for the root */
    u32 depth;                     /* root = 0 */
    u32 address_cells, size_cells; /* of the parent: how to read this node's reg */
    const u8 *properties, *end;    /* the first property token; the end of the structure block */
    const u8 *blob;
};

/* Size of the blob in bytes, 0 when there is none at `blob`. */
u32 fdt_size(const void *blob);
/* Entry `i` of the memory reservation block; false behind the last. */
bool fdt_reservation(const void *blob, u32 i, u64 *start, u64 *size);
/* Visit every node, parents first. False when the blob is malformed. */
bool fdt_walk(const void *blob, void (*visit)(const struct fdt_node *node, void *arg), void *arg);

/* A property's bytes, NULL when the node has none of that name. */
const void *fdt_property(const struct fdt_node *node, const char *name, u32 *length);
/* Pair `i` of reg. */
bool fdt_reg(const struct fdt_node *node, u32 i, u64 *start, u64 *size);
/* Is `what` one of the node's compatible strings, and is the node not disabled? */
bool fdt_compatible(const struct fdt_node *node, const char *what);
bool fdt_enabled(const struct fdt_node *node);
/* Big-endian cells. */
u32 fdt_cell(const void *property, u32 index);
u64 fdt_cells(const void *property, u32 index, u32 count);
