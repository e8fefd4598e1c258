/* See samples.h.  Classes of user code: program, allocator, lock, copy; unknown if no symbol covers the
 * address and the code itself doesn't tell.  Classes of kernel code while a thread is in state user:
 * page_fault (it came by an exception), and syscall_entry (what no event shows of a system call; it checks
 * the calibration).  Everything else in the kernel is kernel:STATE, whose time the ledger knows exactly. */
#include "probes/run/samples.h"

#include "probes/bpf/terms.h"
#include "probes/names/code_class.h"

#include <stdlib.h>

static const char *class_of_kernel(const struct sample_key *key)
{
    if (key->state == STATE_USER)
        return key->exception ? "page_fault" : "syscall_entry";
    return term_kernel_class(key->state);
}

static int sample_classify(struct session *session, const struct sideband *sideband, struct naming *naming,
                           const struct sample_row *row, struct ledger *l)
{
    if (!row->key.user)
        return ledger_sample_add(l, class_of_kernel(&row->key), NULL, NULL, row->count);
    struct space_info info = {0};
    const struct address_space *space = NULL;
    if (!session_space(session, row->key.space, &info))
        space = sideband_space(sideband, info.tgid, info.born_ns);
    const struct module *m = NULL;
    uint64_t own = 0;
    if (!naming_resolve(naming, space, row->key.ip, &m, &own))
        m = NULL;
    const struct symbol *s = m ? module_symbol_at(m, own, true) : NULL;
    const char *told = m && !s ? naming_code_class(naming, m, own) : NULL;
    return ledger_sample_add(l, told ? told : code_class(m, s), s ? s->name : NULL,
                             m ? module_basename(m) : NULL, row->count);
}

int samples_classify(struct session *session, const struct sideband *sideband, struct naming *naming,
                     struct ledger *l)
{
    struct sample_row *rows = NULL;
    size_t count = 0;
    int rc = session_samples(session, &rows, &count);
    for (size_t i = 0; i < count && !rc; i++)
        rc = sample_classify(session, sideband, naming, &rows[i], l);
    ledger_samples_merge(l);
    free(rows);
    return rc;
}
