/* What this machine and this user allow.  One table of checks; `doctor` prints it, the session requires part
 * of it, so that the two cannot disagree. */
#ifndef HEAPWAIT_CHECKS_H
#define HEAPWAIT_CHECKS_H

#include "analysis/base/error.h"

enum check_state {
    CHECK_OK,
    CHECK_MISSING, /* needed for tracing */
    CHECK_LIMITED, /* something will be left out, or cost more */
};

struct check_result {
    enum check_state state;
    char detail[256]; /* what was found */
    char remedy[640]; /* "" when there is nothing to mend */
};

struct check {
    const char *name;
    int required; /* the session can't do without it */
    void (*run)(struct check_result *result);
};

/* Returns the table of all checks, the required ones first; it ends with a row without a name. */
const struct check *checks_all(void);

/* Runs the required checks.  0 if all are passed; else -EPERM, and the sentence has the remedy of the first
 * that fails. */
int checks_require(struct error *err);

#endif
