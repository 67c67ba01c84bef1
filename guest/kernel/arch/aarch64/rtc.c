/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real-time clock: PL031 (Arm DDI 0224C). */
#include <arch.h>
#include <arch/board.h>

#define RTCDR 0x000 /* RO: seconds since 1970 */

u64 arch_rtc_seconds(void)
{
    if (!board.rtc.present)
        return 0;
    return mmio_read32(arch_ioremap(board.rtc.base, 0x1000), RTCDR);
}
