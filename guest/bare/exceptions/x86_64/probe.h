/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One entry of the table: text, rings and RFLAGS, what is set up around it, RDI, RSI; then come the instructions.
 */
#include "layout.h"

.macro probe text, modes, with=0, a=0, b=0
    .section .rodata.text, "a"
9990:
    .asciz "\text"
    .section .table, "a"
    .balign 8
    .quad 9990b, 9991f, \modes, \with, \a, \b
    .section .probes, "ax"
    .balign 4
9991:
.endm

.macro done
    int $DONE
.endm
