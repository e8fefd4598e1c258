/* See answer_number.h.  An upper end is rounded up and a lower one down, so that no sentence says more than
 * the interval does. */
#include "analysis/answer/answer_number.h"

#include "analysis/base/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BUFFER = 64 };

/* What an estimate allows to say. */
enum say { SAY_NOTHING, SAY_EXACTLY, SAY_ABOUT, SAY_UP_TO, SAY_AT_LEAST };

static enum say say_of(const struct estimate *e)
{
    const bool low = isfinite(e->low), high = isfinite(e->high), value = isfinite(e->value);
    if (!low && !high)
        return value ? SAY_EXACTLY : SAY_NOTHING;
    if (high && (!low || (e->low <= 0 && e->high > 0)))
        return SAY_UP_TO;
    if (!high)
        return SAY_AT_LEAST;
    if (e->low >= e->high)
        return SAY_EXACTLY;
    if (value && e->value >= e->high)
        return SAY_UP_TO;
    return value && e->value <= e->low ? SAY_AT_LEAST : SAY_ABOUT;
}

/* Returns the number that is said. */
static double said(const struct estimate *e, enum say say)
{
    if (say == SAY_UP_TO)
        return e->high;
    if (say == SAY_AT_LEAST)
        return e->low;
    if (isfinite(e->value))
        return e->value;
    return isfinite(e->low) && isfinite(e->high) ? (e->low + e->high) / 2
           : isfinite(e->low)                    ? e->low
                                                 : e->high;
}

static const char *word_of(enum say say)
{
    return say == SAY_ABOUT ? "about " : say == SAY_UP_TO ? "up to " : say == SAY_AT_LEAST ? "at least " : "";
}

/* Rounds to a multiple of `step`: up for an upper end, down for a lower one.  What is a multiple but for the
 * last bits stays. */
static double rounded(double value, double step, enum say say)
{
    const double steps = value / step;
    if (say == SAY_UP_TO)
        return ceil(steps - 1e-6) * step;
    return (say == SAY_AT_LEAST ? floor(steps + 1e-6) : round(steps)) * step;
}

/* Returns the step in which a number of points of percent is said: what is 20 points wide, in fives. */
static double points_step(double points, double width)
{
    if (points < 9.5)
        return width < 1 && points < 0.95 ? 0.1 : 1;
    return width >= 15 ? 5 : 1;
}

char *answer_number_share(char *buffer, const struct estimate *share)
{
    enum say say = say_of(share);
    if (say == SAY_NOTHING)
        return NULL;
    const double points = 100 * said(share, say);
    const double width = say == SAY_ABOUT ? 100 * (share->high - share->low) : 0;
    const double step = points_step(points, width);
    if (say == SAY_ABOUT && width < step)
        say = SAY_EXACTLY; /* the interval is narrower than what is said */
    const double shown = rounded(points, step, say);
    const char *unit = UNIT_SPACE "%";
    if (points > 0 && shown < step)
        snprintf(buffer, BUFFER, "<" UNIT_SPACE "%g%s", step, unit);
    else if (share->high < 1 && shown >= 100 && say != SAY_UP_TO)
        snprintf(buffer, BUFFER, ">" UNIT_SPACE "99%s", unit);
    else
        snprintf(buffer, BUFFER, "%s%g%s", word_of(say), shown > 100 ? 100 : shown, unit);
    return buffer;
}

char *answer_number_percent(char *buffer, double share)
{
    if (!isfinite(share))
        return NULL;
    const double shown = round(100 * share);
    if (share > 0 && shown < 1)
        snprintf(buffer, BUFFER, "<" UNIT_SPACE "1" UNIT_SPACE "%%");
    else if (share < 1 && shown >= 100)
        snprintf(buffer, BUFFER, ">" UNIT_SPACE "99" UNIT_SPACE "%%");
    else
        snprintf(buffer, BUFFER, "%.0f" UNIT_SPACE "%%", shown);
    return buffer;
}

/* Writes nanoseconds in two digits, "" before them. */
static void time_write(char *buffer, const char *before, double ns, enum say say)
{
    static const char *const units[] = {"ns", "µs", "ms", "s"};
    size_t unit = 0;
    double value = fmax(ns, 0);
    for (; unit < 3 && value >= 999.5; unit++)
        value /= 1000;
    const double step = value < 0.1 ? 0.01 : pow(10, floor(log10(value)) - 1);
    const double shown = rounded(value, unit ? step : fmax(step, 1), say);
    snprintf(buffer, BUFFER, "%s%.*f" UNIT_SPACE "%s", before, unit && shown < 9.95 && shown > 0 ? 1 : 0,
             shown, units[unit]);
}

char *answer_number_time(char *buffer, const struct estimate *ns)
{
    enum say say = say_of(ns);
    if (say == SAY_NOTHING)
        return NULL;
    if (say == SAY_ABOUT && ns->high - ns->low < 0.02 * ns->high)
        say = SAY_EXACTLY;
    time_write(buffer, word_of(say), said(ns, say), say);
    return buffer;
}

char *answer_number_ns(char *buffer, double ns)
{
    if (!isfinite(ns))
        return NULL;
    time_write(buffer, "", ns, SAY_EXACTLY);
    return buffer;
}

char *answer_number_count(char *buffer, double count)
{
    if (!isfinite(count) || count < 0)
        return NULL;
    return number_count(buffer, (uint64_t)llround(count));
}

char *answer_number_cores(char *buffer, double cores)
{
    if (!isfinite(cores) || cores <= 0 || cores == floor(cores))
        return answer_number_count(buffer, cores);
    snprintf(buffer, 32, "%.1f", cores);
    return buffer;
}

/* Returns how many digits behind the point a factor has: fewer where its interval is wide. */
static int factor_decimals(const struct estimate *factor, double value)
{
    const bool wide = isfinite(factor->low) && factor->high - factor->low >= 0.05; /* without an end, too */
    if (value >= 9.95)
        return 0;
    if (value < 0.995)
        return 2;
    return !wide && value < 1.995 ? 2 : 1;
}

static double factor_value(const struct estimate *factor, enum say say)
{
    return isfinite(factor->value) ? factor->value : said(factor, say);
}

char *answer_number_factor(char *buffer, const struct estimate *factor)
{
    const enum say say = say_of(factor);
    if (say == SAY_NOTHING)
        return NULL;
    const double value = factor_value(factor, say);
    snprintf(buffer, BUFFER, "%.*f", factor_decimals(factor, value), value);
    return buffer;
}

static char *end_write(char *buffer, const struct estimate *factor, double end, enum say say)
{
    if (!isfinite(end))
        return NULL;
    const int decimals = factor_decimals(factor, isfinite(factor->value) ? factor->value : end);
    snprintf(buffer, BUFFER, "%.*f", decimals, rounded(end, pow(10, -decimals), say));
    return buffer;
}

char *answer_number_low(char *buffer, const struct estimate *factor)
{
    return end_write(buffer, factor, factor->low, SAY_AT_LEAST);
}

char *answer_number_high(char *buffer, const struct estimate *factor)
{
    return end_write(buffer, factor, isfinite(factor->high) ? factor->high : factor->value, SAY_UP_TO);
}
