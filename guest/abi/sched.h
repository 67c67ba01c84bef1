/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clone(2): the low byte of the flags (CSIGNAL) is the signal that the parent gets. */
#pragma once

#include <abi/declared/sched.h>
