// SPDX-License-Identifier: GPL-2.0-or-later
//
// malloc: blocks with a header, free ones in lists by size, neighbours joined when freed.
//
// A *chunk* is a header of 16 bytes and the caller's block behind it. Chunks of a region lie end to end, so that a
// chunk knows the next by its own size and the previous by the size written in its header. A region starts and ends
// with a used chunk without a block (a fence), so joining never looks outside. Regions come from brk, which as a rule
// extends the last one; blocks of BIG bytes and more are a mapping each and go back to the kernel when freed.

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    HEADER = 16,
    SMALLEST = 32,                      // a free chunk holds its two list links behind the header
    STEP = 64 << 10,                    // what brk is moved by, at least
    BIG = 256 << 10,
    PAGE = 4096,
    BINS = 16,                          // bin n: chunks of 2^(n+5) .. 2^(n+6)-1 bytes, the last one all larger
};

enum { USED = 1, MAPPED = 2, FLAGS = 15 };

struct chunk {
    size_t previous;                    // size of the chunk before; of a mapping: 0
    size_t size_flags;                  // own size, header included, a multiple of 16, with USED and MAPPED below
    struct chunk *next, *before;        // in its bin, while free
};

static struct chunk *bins[BINS];
static struct chunk *top_fence;         // the used chunk of size HEADER that ends the newest region

static size_t chunk_size(const struct chunk *chunk)
{
    return chunk->size_flags & ~(size_t)FLAGS;
}

static struct chunk *at(struct chunk *chunk, size_t offset)
{
    return (struct chunk *)((char *)chunk + offset);
}

static unsigned bin_of(size_t size)
{
    unsigned bin = 63 - (unsigned)__builtin_clzl(size) - 5;

    return bin < BINS ? bin : BINS - 1;
}

static void bin_remove(struct chunk *chunk)
{
    if (chunk->before)
        chunk->before->next = chunk->next;
    else
        bins[bin_of(chunk_size(chunk))] = chunk->next;
    if (chunk->next)
        chunk->next->before = chunk->before;
}

// Sizes a chunk as free, tells its successor, and files it.
static void bin_insert(struct chunk *chunk, size_t size)
{
    struct chunk **head = &bins[bin_of(size)];

    chunk->size_flags = size;
    at(chunk, size)->previous = size;
    chunk->before = NULL;
    chunk->next = *head;
    if (*head)
        (*head)->before = chunk;
    *head = chunk;
}

static void release(struct chunk *chunk)
{
    size_t size = chunk_size(chunk);
    struct chunk *after = at(chunk, size);

    if (!(after->size_flags & USED)) {
        bin_remove(after);
        size += chunk_size(after);
    }
    if (chunk->previous) {
        struct chunk *ahead = (struct chunk *)((char *)chunk - chunk->previous);
        if (!(ahead->size_flags & USED)) {
            bin_remove(ahead);
            size += chunk_size(ahead);
            chunk = ahead;
        }
    }
    bin_insert(chunk, size);
}

// Marks the first `size` bytes of a chunk that is in no bin as used; what is left becomes a chunk of its own.
static void carve(struct chunk *chunk, size_t whole, size_t size)
{
    if (whole - size < SMALLEST)
        size = whole;
    chunk->size_flags = size | USED;
    at(chunk, size)->previous = size;
    if (size < whole) {
        struct chunk *rest = at(chunk, size);
        rest->size_flags = (whole - size) | USED;
        at(rest, whole - size)->previous = whole - size;
        release(rest);
    }
}

// Gets at least `size` more bytes from brk as one free chunk. A program that moves the break itself only costs us the
// join: the new region then has fences of its own.
static bool grow(size_t size)
{
    size_t step = (size + 3 * HEADER + STEP - 1) / STEP * STEP;
    char *start = sbrk((intptr_t)step);

    if (start == (void *)-1)
        return false;
    struct chunk *first;
    if (top_fence && (char *)at(top_fence, HEADER) == start) {
        first = top_fence;              // the old fence becomes the new chunk's header
    } else {
        size_t skew = -(uintptr_t)start & 15;
        struct chunk *fence = (struct chunk *)(start + skew);
        step = (step - skew) & ~(size_t)15;
        fence->previous = 0;
        fence->size_flags = HEADER | USED;
        first = at(fence, HEADER);
        first->previous = HEADER;
        step -= 2 * HEADER;
    }
    top_fence = at(first, step);
    top_fence->size_flags = HEADER | USED;
    first->size_flags = step | USED;
    top_fence->previous = step;
    release(first);
    return true;
}

static void *map_block(size_t size)
{
    size_t length = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
    struct chunk *chunk = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (chunk == MAP_FAILED)
        return NULL;
    chunk->previous = 0;
    chunk->size_flags = length | USED | MAPPED;
    return (char *)chunk + HEADER;
}

static struct chunk *find_free(size_t size)
{
    for (unsigned bin = bin_of(size); bin < BINS; bin++)
        for (struct chunk *chunk = bins[bin]; chunk; chunk = chunk->next)
            if (chunk_size(chunk) >= size)
                return chunk;
    return NULL;
}

void *malloc(size_t size)
{
    if (size > PTRDIFF_MAX - PAGE) {
        errno = ENOMEM;
        return NULL;
    }
    size = (size + HEADER + 15) & ~(size_t)15;
    if (size < SMALLEST)
        size = SMALLEST;
    if (size >= BIG)
        return map_block(size);

    struct chunk *chunk = find_free(size);
    if (!chunk) {
        if (!grow(size))
            return map_block(size);
        chunk = find_free(size);
    }
    bin_remove(chunk);
    carve(chunk, chunk_size(chunk), size);
    return (char *)chunk + HEADER;
}

void free(void *block)
{
    if (!block)
        return;
    struct chunk *chunk = (struct chunk *)((char *)block - HEADER);
    int saved = errno;
    if (chunk->size_flags & MAPPED)
        munmap(chunk, chunk_size(chunk));
    else if (chunk->size_flags & USED)
        release(chunk);
    else
        abort();                        // freed twice
    errno = saved;
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = malloc(bytes);
    return block ? memset(block, 0, bytes) : NULL;
}

void *realloc(void *block, size_t size)
{
    if (!block)
        return malloc(size);
    struct chunk *chunk = (struct chunk *)((char *)block - HEADER);
    size_t room = chunk_size(chunk) - HEADER;

    if (!(chunk->size_flags & MAPPED) && size > room && size < BIG) {
        struct chunk *after = at(chunk, chunk_size(chunk));
        if (!(after->size_flags & USED) && room + chunk_size(after) >= size) {
            bin_remove(after);
            carve(chunk, chunk_size(chunk) + chunk_size(after), (size + HEADER + 15) & ~(size_t)15);
            return block;
        }
    }
    if (size <= room && size >= room / 4)
        return block;
    void *moved = malloc(size);
    if (moved) {
        memcpy(moved, block, size < room ? size : room);
        free(block);
    }
    return moved;
}
