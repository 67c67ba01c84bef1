/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program loader: static ELF64 executables, at fixed addresses (ET_EXEC) or position independent (ET_DYN). Segments
   are mapped, not read: their pages come on demand (mm/fault.c). */
#include <abi/errno.h>
#include <arch.h>
#include <elf.h>
#include <fs.h>
#include <mm.h>

#define SEGMENTS_MAX 64

static int read_header(struct file *file, struct elf_header *header)
{
    ssize_t got = file_read_at(file, header, sizeof(*header), 0);

    if (got < 0)
        return got;
    if (got < (ssize_t)sizeof(*header) || header->e_magic != ELF_MAGIC || header->e_class != ELFCLASS64 ||
        header->e_data != ELFDATA2LSB || header->e_machine != arch_elf_machine ||
        (header->e_type != ET_EXEC && header->e_type != ET_DYN) || header->e_phentsize != sizeof(struct elf_segment) ||
        header->e_phnum == 0 || header->e_phnum > SEGMENTS_MAX)
        return -ENOEXEC;
    return 0;
}

static bool segment_is_sane(const struct elf_segment *s)
{
    return s->p_filesz <= s->p_memsz && s->p_vaddr + s->p_memsz >= s->p_vaddr && s->p_vaddr + s->p_memsz <= USER_TOP &&
           ((s->p_vaddr ^ s->p_offset) & ~PAGE_MASK) == 0 && s->p_offset + s->p_filesz >= s->p_offset;
}

static int map_segment(struct mm *mm, struct file *file, const struct elf_segment *s, u64 bias)
{
    u64 start = (s->p_vaddr + bias) & PAGE_MASK, inset = (s->p_vaddr + bias) & ~PAGE_MASK;
    u64 length = ALIGN_UP(inset + s->p_memsz, PAGE_SIZE);
    u32 flags =
        (s->p_flags & PF_R ? VM_READ : 0) | (s->p_flags & PF_W ? VM_WRITE : 0) | (s->p_flags & PF_X ? VM_EXEC : 0);
    u64 file_length = s->p_filesz ? ALIGN_UP(inset + s->p_filesz, PAGE_SIZE) : 0;
    int error = 0;

    /* Behind the file's bytes the page is filled with zeros, further pages are anonymous. */
    if (file_length)
        error = mm_map(mm, start, file_length, flags, file, s->p_offset - inset, inset + s->p_filesz);
    if (!error && length > file_length)
        error = mm_map(mm, start + file_length, length - file_length, flags, NULL, 0, 0);
    return error == -EEXIST || error == -EINVAL ? -ENOEXEC : error;
}

int elf_load(struct mm *mm, struct file *file, struct elf_image *image)
{
    struct elf_segment *segments;
    struct elf_header header;
    u64 bias, bytes, lowest = ~0UL;
    int error = read_header(file, &header);
    ssize_t got;

    if (error)
        return error;
    bytes = header.e_phnum * sizeof(*segments);
    segments = kmalloc(bytes);
    if (!segments)
        return -ENOMEM;
    got = file_read_at(file, segments, bytes, header.e_phoff);
    if (got < (ssize_t)bytes)
        error = got < 0 ? (int)got : -ENOEXEC;

    for (u32 i = 0; !error && i < header.e_phnum; i++) {
        if (segments[i].p_type == PT_INTERP)
            error = -ENOEXEC; /* there is no dynamic linker */
        if (segments[i].p_type == PT_LOAD) {
            if (!segment_is_sane(&segments[i]))
                error = -ENOEXEC;
            lowest = MIN(lowest, segments[i].p_vaddr & PAGE_MASK);
        }
    }
    if (!error && lowest == ~0UL)
        error = -ENOEXEC;
    bias = header.e_type == ET_DYN ? ELF_DYN_BASE - lowest : 0;
    *image = (struct elf_image){ .entry = header.e_entry + bias, .phnum = header.e_phnum };
    for (u32 i = 0; !error && i < header.e_phnum; i++) {
        const struct elf_segment *s = &segments[i];

        if (s->p_type == PT_PHDR)
            image->phdr = s->p_vaddr + bias;
        if (s->p_type != PT_LOAD || !s->p_memsz)
            continue;
        error = map_segment(mm, file, s, bias);
        image->end = MAX(image->end, s->p_vaddr + bias + s->p_memsz);
        if (!image->phdr && header.e_phoff >= s->p_offset && header.e_phoff + bytes <= s->p_offset + s->p_filesz)
            image->phdr = header.e_phoff - s->p_offset + s->p_vaddr + bias;
    }
    kfree(segments);
    return error;
}
