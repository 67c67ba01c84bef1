/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What uname(2) says and the banner shows. The same bytes on every build: no date, no host. */
#pragma once

#define KERNEL_NAME "Hatch"
#define KERNEL_RELEASE "0.1.0"
#define KERNEL_VERSION "#1"
