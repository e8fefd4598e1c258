/* See empty_probes.h. */
#include "probes/session/empty_probes.h"

#include "probes/bpf/empty_probes.skel.h"
#include "probes/host/checks.h"
#include "probes/measurement/measurement.h"
#include "probes/session/attach.h"
#include "probes/session/refusal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct floor {
    struct empty_probes_bpf *skeleton;
    struct attachment hooks;
    bool locks, faults; /* as in struct attachment */
};

/* Opens the programs of these hooks.  0 or negative errno, with a sentence; what is open stays so. */
static int floor_try(struct floor *f, bool ledger, enum hooks hooks, struct refusal *refusal,
                     struct error *err)
{
    refusal_listen(refusal); /* from the beginning */
    f->hooks = (struct attachment){.tracefs = -1, .ledger = ledger, .hooks = hooks};
    f->hooks.locks = f->locks;
    f->hooks.faults = f->faults;
    f->hooks.sample_period_ns = ledger ? SAMPLE_PERIOD_NS : 0;
    f->skeleton = empty_probes_bpf__open();
    if (!f->skeleton)
        return refusal_set(refusal, NULL, -errno, err);
    f->hooks.object = f->skeleton->obj;
    int rc = attachment_choose(&f->hooks);
    if (rc)
        return error_set(err, rc, "can't see system calls by %s: %s", hooks_name(hooks), strerror(-rc));
    rc = empty_probes_bpf__load(f->skeleton);
    if (rc)
        return refusal_set(refusal, f->skeleton->obj, rc, err);
    rc = attachment_make(&f->hooks);
    return rc ? refusal_set_attach(refusal, rc, err) : 0;
}

/* Lets go what floor_try() has opened. */
static void floor_end(struct floor *f)
{
    attachment_end(&f->hooks);
    empty_probes_bpf__destroy(f->skeleton);
    f->skeleton = NULL;
}

int floor_open(bool ledger, struct floor **out, struct error *err)
{
    enum hooks choices[HOOKS_COUNT];
    bool pinned;
    int rc = checks_require(err);
    struct floor *f = rc ? NULL : calloc(1, sizeof(*f));
    if (!f)
        return rc ? rc : error_set(err, -ENOMEM, "out of memory");
    struct refusal refusal;
    refusal_listen(&refusal); /* quiet: an experiment may fail */
    struct btf *kernel = ledger ? btf__load_vmlinux_btf() : NULL;
    f->locks = kernel && hooks_see_locks(kernel);
    f->faults = kernel && hooks_see_faults(kernel);
    btf__free(kernel);
    size_t count = hooks_choose(ledger, false, choices, &pinned);
    for (size_t i = 0; i < count; i++) {
        rc = floor_try(f, ledger, choices[i], &refusal, i + 1 < count ? NULL : err);
        if (!rc)
            break;
        floor_end(f);
    }
    refusal_end();
    if (rc) {
        free(f);
        return rc;
    }
    *out = f;
    return 0;
}

void floor_close(struct floor *f)
{
    if (!f)
        return;
    floor_end(f);
    free(f);
}
