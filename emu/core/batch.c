/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Many page walks in one call, for tests: the walkers alone, on a plain buffer. The layouts, registers first, are those
 * of tests/core/walkgen.py, packed and little endian.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#include "module.h"

struct record {
    uint64_t va;
    uint8_t access, privilege;
    uint16_t flags;
    uint32_t reserved;
};
struct __attribute__((packed)) result {
    uint64_t pa;
    uint32_t perms, syndrome;
    uint16_t fault;
    uint8_t ok, level, shift, writes;
    uint16_t reserved;
};
_Static_assert(sizeof(struct record) == 16 && sizeof(struct result) == 24, "layouts that tests unpack");

PyObject *module_walk_batch(PyObject *self, PyObject *args)
{
    (void)self;
    const char *name;
    Py_buffer regs, mem, in;
    unsigned long long base;
    uint64_t words[16] = {0};
    PyObject *out = NULL;
    if (!PyArg_ParseTuple(args, "sy*w*Ky*", &name, &regs, &mem, &base, &in))
        return NULL;
    const struct arch *a = !strcmp(name, "aarch64") ? &arch_aarch64 : !strcmp(name, "x86_64") ? &arch_x86_64 : NULL;
    Py_ssize_t n = in.len / (Py_ssize_t)sizeof(struct record);
    if (!a || regs.len > (Py_ssize_t)sizeof words || in.len % (Py_ssize_t)sizeof(struct record))
        PyErr_SetString(PyExc_ValueError, "walk_batch: unknown arch, too many registers or a partial record");
    else if ((out = PyBytes_FromStringAndSize(NULL, n * (Py_ssize_t)sizeof(struct result)))) {
        memcpy(words, regs.buf, (size_t)regs.len);
        char *to = PyBytes_AsString(out);
        for (Py_ssize_t i = 0; i < n; i++) {
            struct record r;
            memcpy(&r, (char *)in.buf + i * (Py_ssize_t)sizeof r, sizeof r);
            enum access access = r.access < 2 ? (enum access)r.access : ACCESS_FETCH;
            struct walk w = a->walk_regs(words, mem.buf, base, (uint64_t)mem.len, r.va, access, r.privilege % 3u);
            struct result result = {.level = w.level, .writes = w.writes};
            if (w.ok) {
                result.ok = 1;
                result.pa = w.pa;
                result.perms = w.perms;
                result.shift = w.shift;
            } else {
                result.fault = w.fault;
                result.syndrome = w.syndrome;
            }
            memcpy(to + i * (Py_ssize_t)sizeof result, &result, sizeof result);
        }
    }
    PyBuffer_Release(&regs);
    PyBuffer_Release(&mem);
    PyBuffer_Release(&in);
    return out;
}
