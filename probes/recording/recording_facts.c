/* See recording_facts.h. */
#include "probes/recording/recording_facts.h"

#include "probes/host/clock.h"

#include <stdio.h>

int recording_facts_host(struct recording *r, const struct host_facts *facts, const char *heapwait_version,
                         struct error *err)
{
    char number[32];
    int rc = recording_set_host(r, "heapwait_version", heapwait_version, err);
    for (size_t i = 0; i < facts->count && !rc; i++)
        rc = recording_set_host(r, facts->rows[i].key, facts->rows[i].value, err);
    snprintf(number, sizeof(number), "%llu", (unsigned long long)host_null_syscall_ns());
    return rc ? rc : recording_set_host(r, "null_syscall_ns", number, err);
}

int recording_facts_end(struct recording *r, struct error *err)
{
    char load[32], date[32];
    clock_date(date, sizeof(date));
    snprintf(load, sizeof(load), "%.2f", host_load_average());
    int rc = host_load_average() < 0 ? 0 : recording_set_host(r, "load_average_end", load, err);
    return rc ? rc : recording_set_host(r, "ended_at", date, err);
}

int recording_facts_calibration(struct recording *r, const struct calibration *c, struct error *err)
{
    int rc = 0;
    char load[32];
    snprintf(load, sizeof(load), "%.2f", c->load_average);
    if (c->taken_at[0])
        rc = recording_set_host(r, "calibration_taken_at", c->taken_at, err);
    if (!rc && c->taken_at[0] && c->load_average >= 0)
        rc = recording_set_host(r, "calibration_load_average", load, err);
    for (int kind = 0; kind < CALL_KINDS && !rc; kind++) {
        const struct call_cost *cost = &c->calls[kind];
        const struct {
            const char *what;
            double ns;
        } rows[] = {{"untraced", cost->untraced}, {"traced", cost->traced}, {"seen", cost->seen}};
        for (size_t i = 0; i < 3 && !rc; i++) {
            char key[64], value[32];
            snprintf(key, sizeof(key), "calibration_%s_%s_ns", calibration_kind_names[kind], rows[i].what);
            snprintf(value, sizeof(value), "%.1f", rows[i].ns);
            rc = recording_set_host(r, key, value, err);
        }
    }
    return rc;
}
