/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF64 as far as the program loader reads it (System V ABI, chapters 4 and 5). */
#pragma once
#include <types.h>

#define ELF_MAGIC 0x464c457fU /* 7f 'E' 'L' 'F' */
#define ELFCLASS64 2
#define ELFDATA2LSB 1
#define ET_EXEC 2
#define ET_DYN 3
#define PT_LOAD 1
#define PT_INTERP 3
#define PT_PHDR 6
#define PF_X 1
#define PF_W 2
#define PF_R 4

struct elf_header {
    u32 e_magic;
    u8 e_class, e_data, e_version_ident, e_osabi;
    u8 e_pad[8];
    u16 e_type, e_machine;
    u32 e_version;
    u64 e_entry, e_phoff, e_shoff;
    u32 e_flags;
    u16 e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
};

struct elf_segment {
    u32 p_type, p_flags;
    u64 p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
};

_Static_assert(sizeof(struct elf_header) == 64 && sizeof(struct elf_segment) == 56, "ELF64");

struct mm;
struct file;

/* What the stack's auxiliary vector says about the loaded program. */
struct elf_image {
    u64 entry;
    u64 phdr; /* address of the program headers in memory, 0 when no segment holds them */
    u32 phnum;
    u64 end;  /* of the highest segment: the heap starts behind it */
};

/* Map a static program into an empty address space. 0, -ENOEXEC for what is not one of ours, -ENOMEM, -EIO. */
int elf_load(struct mm *mm, struct file *file, struct elf_image *image);
