/* See number.h.  Three significant digits nearly everywhere: what the intervals beside them can bear. */
#include "analysis/base/number.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER = 32 };

char *number_count(char *buffer, uint64_t n)
{
    if (n >= 10000000000000000) /* groups would no longer fit the buffer */
        snprintf(buffer, BUFFER, "%.3e", (double)n);
    else if (n < 1000)
        snprintf(buffer, BUFFER, "%u", (unsigned)n);
    else {
        char head[BUFFER];
        number_count(head, n / 1000);
        size_t used = strlen(head);
        memcpy(buffer, head, used);
        snprintf(buffer + used, BUFFER - used, GROUP_SPACE "%03u", (unsigned)(n % 1000));
    }
    return buffer;
}

/* Writes a value from 0.1 to 999.5 with three significant digits and without an exponent. */
static void format_scaled(char *buffer, double value, const char *unit)
{
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(buffer, BUFFER, "%.*f" UNIT_SPACE "%s", decimals, value, unit);
}

char *number_ns(char *buffer, uint64_t ns)
{
    static const char *const units[] = {"ns", "µs", "ms", "s"};
    double value = (double)ns;
    size_t unit = 0;
    for (; unit < 3 && value >= 999.5; unit++)
        value /= 1000;
    if (unit == 0)
        snprintf(buffer, BUFFER, "%u" UNIT_SPACE "ns", (unsigned)ns);
    else if (value >= 9999.5)
        snprintf(buffer, BUFFER, "%.3g" UNIT_SPACE "s", value);
    else
        format_scaled(buffer, value, units[unit]);
    return buffer;
}

char *number_bytes(char *buffer, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; unit < 6 && value >= 1023.5; unit++)
        value /= 1024;
    if (unit == 0)
        snprintf(buffer, BUFFER, "%u" UNIT_SPACE "B", (unsigned)bytes);
    else
        format_scaled(buffer, value, units[unit]);
    return buffer;
}

char *number_ratio(char *buffer, double ratio)
{
    if (!isfinite(ratio) || fabs(ratio) >= 1e9)
        snprintf(buffer, BUFFER, "%.3g", ratio);
    else
        snprintf(buffer, BUFFER, "%.*f", fabs(ratio) < 99.95 ? 2 : 0, ratio);
    return buffer;
}

char *number_share(char *buffer, double share)
{
    double percent = 100 * share;
    if (share > 0 && percent < 0.005)
        snprintf(buffer, BUFFER, "< 0.01" UNIT_SPACE "%%");
    else if (share < 1 && percent >= 99.995)
        snprintf(buffer, BUFFER, "> 99.99" UNIT_SPACE "%%");
    else if (share == 0 || share == 1)
        snprintf(buffer, BUFFER, "%.0f" UNIT_SPACE "%%", percent);
    else
        snprintf(buffer, BUFFER, "%.*f" UNIT_SPACE "%%", percent < 9.995 || percent > 98.95 ? 2 : 1, percent);
    return buffer;
}

char *number_rate(char *buffer, double rate)
{
    if (rate == 0 || !isfinite(rate) || rate >= 1e9 || rate < 1e-12) {
        snprintf(buffer, BUFFER, "%.3g", rate);
        return buffer;
    }
    int decimals = 2 - (int)floor(log10(rate));
    snprintf(buffer, BUFFER, "%.*f", decimals < 0 ? 0 : decimals, rate);
    if (strchr(buffer, '.')) {
        size_t n = strlen(buffer);
        while (n > 1 && buffer[n - 1] == '0')
            buffer[--n] = '\0';
        if (buffer[n - 1] == '.')
            buffer[n - 1] = '\0';
    }
    return buffer;
}

static int double_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double number_median(double *values, size_t count)
{
    qsort(values, count, sizeof(values[0]), double_compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}
