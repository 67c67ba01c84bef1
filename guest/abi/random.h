/* SPDX-License-Identifier: GPL-2.0-or-later */
/* getrandom(2). */
#pragma once

#include <abi/declared/random.h>
