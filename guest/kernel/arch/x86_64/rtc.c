/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wall-clock time from the CMOS clock (Motorola MC146818A, table 2). */
#include <arch.h>

#define PORT_INDEX 0x70
#define PORT_DATA 0x71

enum {
    SECONDS = 0,
    MINUTES = 2,
    HOURS = 4,
    DAY = 7,
    MONTH = 8,
    YEAR = 9,
    REGISTER_A = 10,
    REGISTER_B = 11,
    CENTURY = 0x32, /* where PCs keep it */
};

#define A_UPDATE_IN_PROGRESS 0x80
#define B_24_HOURS 0x02
#define B_BINARY 0x04
#define HOURS_PM 0x80
#define TRIES 1000000

static u8 cmos_read(u8 index)
{
    outb(PORT_INDEX, index);
    return inb(PORT_DATA);
}

struct moment {
    u8 seconds, minutes, hours, day, month, year, century;
};

static struct moment read_moment(void)
{
    for (u32 i = 0; i < TRIES && (cmos_read(REGISTER_A) & A_UPDATE_IN_PROGRESS); i++)
        arch_pause();
    return (struct moment){ cmos_read(SECONDS), cmos_read(MINUTES), cmos_read(HOURS), cmos_read(DAY),
                            cmos_read(MONTH),   cmos_read(YEAR),    cmos_read(CENTURY) };
}

static bool same(struct moment a, struct moment b)
{
    return a.seconds == b.seconds && a.minutes == b.minutes && a.hours == b.hours && a.day == b.day &&
           a.month == b.month && a.year == b.year && a.century == b.century;
}

static u32 decode(u8 value, u8 mode)
{
    return mode & B_BINARY ? value : (value >> 4) * 10u + (value & 15);
}

/* Days from 1970-01-01 to a date of the Gregorian calendar; the year is taken to begin in March, so that the leap
   day is its last. */
static u64 days_since_1970(u64 year, u64 month, u64 day)
{
    u64 y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

u64 arch_rtc_seconds(void)
{
    struct moment now = read_moment(), before;
    u8 mode = cmos_read(REGISTER_B);
    u32 hours, month, day, year, century;

    if (now.seconds == 0xff && now.month == 0xff)
        return 0; /* nobody answers */
    do { /* until two readings agree: no update fell between the fields */
        before = now;
        now = read_moment();
    } while (!same(before, now));

    hours = decode(now.hours & (u8)~HOURS_PM, mode);
    if (!(mode & B_24_HOURS))
        hours = hours % 12 + (now.hours & HOURS_PM ? 12 : 0);
    day = decode(now.day, mode);
    month = decode(now.month, mode);
    century = decode(now.century, mode);
    year = decode(now.year, mode) + (century >= 19 && century <= 22 ? century * 100 : 2000);
    if (month < 1 || month > 12 || day < 1 || day > 31 || year < 1970)
        return 0;
    return ((days_since_1970(year, month, day) * 24 + hours) * 60 + decode(now.minutes, mode)) * 60 +
           decode(now.seconds, mode);
}
