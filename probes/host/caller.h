/* Who runs heapwait, and by whose right it traces.  A heapwait whose file has capabilities (setcap) is lent
 * them: whoever may run it could see into everybody's processes.  Such a heapwait shows its caller only what
 * the kernel would show him without it.  docs/security.md has the whole model. */
#ifndef HEAPWAIT_CALLER_H
#define HEAPWAIT_CALLER_H

#include "analysis/base/error.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Returns the user who called: under sudo the one who called sudo, else the real one. */
uid_t caller_user(void);

/* Refuses to run where heapwait's file has another user's or group's rights (chmod u+s, g+s): it opens files
 * by its caller's names.  0 or -EPERM, with a sentence. */
int caller_check(struct error *err);

/* Returns true if the right to trace is lent by heapwait's file.  It is the caller's own if he is root, or if
 * he has CAP_PERFMON to pass on (ambient or inheritable, as by systemd's AmbientCapabilities= or pam_cap). */
bool caller_is_lent(void);

/* Returns true if heapwait may show its caller this process: always, unless the right is lent; then if the
 * kernel lets him read its state, as for ptrace.  False, too, if the process has ended. */
bool caller_may_trace(pid_t pid);

/* Returns true if nobody but the caller, root and who called sudo may have written the file: then what stands
 * in it may be run in their name. */
bool caller_trusts(const struct stat *file);

/* Gives up all capabilities, for good, of the calling thread. */
void caller_rights_drop(void);

#endif
