/* See samples.h.  Classes of user code: program, allocator, lock, copy, and unknown where no symbol covers
 * the address and the code itself does not tell.  Of kernel code while a thread is in state user: page_fault
 * (entered by an exception) and syscall_entry (what no event shows of a system call; it checks the
 * calibration).  All else in the kernel is kernel:STATE, which the ledger knows exactly. */
#include "probes/run/samples.h"

#include "probes/bpf/terms.h"
#include "probes/names/code_class.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *class_of_kernel(const struct sample_key *key)
{
    if (key->state == STATE_USER)
        return key->exception ? "page_fault" : "syscall_entry";
    return term_kernel_class(key->state);
}

static bool text_same(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static int sample_put(struct ledger *l, const char *class, const char *symbol, const char *module,
                      uint64_t count)
{
    for (size_t i = 0; i < l->sample_count; i++) {
        struct sample_count *s = &l->samples[i];
        if (text_same(s->class, class) && text_same(s->symbol, symbol) && text_same(s->module, module)) {
            s->samples += count;
            return 0;
        }
    }
    struct sample_count *s = &l->samples[l->sample_count++];
    *s = (struct sample_count){.class = class, .samples = count};
    s->symbol = symbol ? strdup(symbol) : NULL;
    s->module = module ? strdup(module) : NULL;
    return (symbol && !s->symbol) || (module && !s->module) ? -ENOMEM : 0;
}

static int sample_classify(struct session *session, const struct sideband *sideband, struct naming *naming,
                           const struct sample_row *row, struct ledger *l)
{
    if (!row->key.user)
        return sample_put(l, class_of_kernel(&row->key), NULL, NULL, row->count);
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
    return sample_put(l, told ? told : code_class(m, s), s ? s->name : NULL, m ? module_basename(m) : NULL,
                      row->count);
}

static int sample_compare(const void *a, const void *b)
{
    const struct sample_count *x = a, *y = b;
    if (x->samples != y->samples)
        return x->samples > y->samples ? -1 : 1;
    int order = strcmp(x->class, y->class);
    return order ? order : strcmp(x->symbol ? x->symbol : "", y->symbol ? y->symbol : "");
}

int samples_classify(struct session *session, const struct sideband *sideband, struct naming *naming,
                     struct ledger *l)
{
    struct sample_row *rows = NULL;
    size_t count = 0;
    int rc = session_samples(session, &rows, &count);
    l->samples = rc ? NULL : calloc(count ? count : 1, sizeof(*l->samples));
    if (!rc && !l->samples)
        rc = -ENOMEM;
    for (size_t i = 0; i < count && !rc; i++)
        rc = sample_classify(session, sideband, naming, &rows[i], l);
    if (l->samples && l->sample_count)
        qsort(l->samples, l->sample_count, sizeof(*l->samples), sample_compare);
    free(rows);
    return rc;
}
