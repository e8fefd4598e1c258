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
};

int floor_open(bool ledger, struct floor **out, struct error *err)
{
    int rc = checks_require(err);
    struct floor *f = rc ? NULL : calloc(1, sizeof(*f));
    if (!f)
        return rc ? rc : error_set(err, -ENOMEM, "out of memory");
    struct refusal refusal;
    refusal_listen(&refusal);
    f->hooks = (struct attachment){.tracefs = -1, .ledger = ledger};
    f->hooks.sample_period_ns = ledger ? SAMPLE_PERIOD_NS : 0;
    f->skeleton = empty_probes_bpf__open();
    rc = f->skeleton ? 0 : -errno;
    if (!rc) {
        f->hooks.object = f->skeleton->obj;
        attachment_choose(&f->hooks);
        rc = empty_probes_bpf__load(f->skeleton);
    }
    if (rc)
        refusal_set(&refusal, f->skeleton ? f->skeleton->obj : NULL, rc, err);
    else if ((rc = attachment_make(&f->hooks)))
        refusal_set_attach(&refusal, rc, err);
    refusal_end();
    if (rc) {
        floor_close(f);
        return rc;
    }
    *out = f;
    return 0;
}

void floor_close(struct floor *f)
{
    if (!f)
        return;
    attachment_end(&f->hooks);
    empty_probes_bpf__destroy(f->skeleton);
    free(f);
}
