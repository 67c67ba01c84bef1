/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xoshiro256** (Blackman, Vigna 2018), seeded through splitmix64. */
#include <arch.h>
#include <random.h>
#include <spinlock.h>
#include <string.h>

static u64 state[4];
static DEFINE_SPINLOCK(random_lock, LOCK_DEVICE);

static u64 rotate(u64 x, u32 n)
{
    return x << n | x >> (64 - n);
}

static u64 next(void)
{
    u64 result = rotate(state[1] * 5, 7) * 9, t = state[1] << 17;

    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = rotate(state[3], 45);
    return result;
}

void random_init(void)
{
    u64 seed, hardware = 0;

    memcpy(&seed, boot_info.seed, sizeof(seed));
    if (!boot_info.has_seed)
        seed = arch_clock_ns();
    if (arch_random(&hardware))
        seed ^= hardware;
    for (u32 i = 0; i < 4; i++) {
        u64 z = seed += 0x9e3779b97f4a7c15;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        state[i] = z ^ z >> 31;
    }
}

void random_bytes(void *to, size_t n)
{
    u64 flags = spin_lock_irqsave(&random_lock);

    for (u8 *p = to; n;) {
        u64 value = next();
        size_t part = MIN(n, sizeof(value));

        memcpy(p, &value, part);
        p += part;
        n -= part;
    }
    spin_unlock_irqrestore(&random_lock, flags);
}
