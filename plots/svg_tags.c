/* See svg_tags.h. */
#include "plots/svg_tags.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns where a tag ends: at the first > outside of quotes. */
static const char *end_find(const char *at)
{
    for (char quote = '\0'; *at && (quote || *at != '>'); at++)
        if (quote ? *at == quote : *at == '"' || *at == '\'')
            quote = quote ? '\0' : *at;
    return *at ? at : NULL;
}

bool svg_tag_next(const char **text, struct svg_tag *tag)
{
    const char *open = strchr(*text, '<'), *end = open ? end_find(open) : NULL;
    *tag = (struct svg_tag){.before = {*text, open ? (size_t)(open - *text) : 0}};
    if (!end)
        return false;
    *text = end + 1;
    const char *name = open + 1;
    tag->closes = *name == '/';
    name += tag->closes;
    tag->is_empty = end[-1] == '/';
    const char *until = name;
    while (until < end && isalpha((unsigned char)*until))
        until++;
    tag->name = (struct svg_span){name, (size_t)(until - name)};
    tag->attributes = (struct svg_span){until, (size_t)(end - until)};
    return true;
}

static bool is_same(struct svg_span span, const char *text)
{
    return span.at && span.length == strlen(text) && !memcmp(span.at, text, span.length);
}

bool svg_tag_is(const struct svg_tag *tag, const char *name)
{
    return is_same(tag->name, name);
}

/* Reads NAME = "VALUE" and moves *rest behind it; false: there is no more. */
static bool attribute_next(struct svg_span *rest, struct svg_span *name, struct svg_span *value)
{
    const char *at = rest->at, *end = rest->at + rest->length;
    while (at < end && isspace((unsigned char)*at))
        at++;
    *name = (struct svg_span){at, 0};
    while (at < end && !isspace((unsigned char)*at) && *at != '=')
        at++;
    name->length = (size_t)(at - name->at);
    while (at < end && (isspace((unsigned char)*at) || *at == '='))
        at++;
    if (at >= end || (*at != '"' && *at != '\''))
        return false;
    const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
    if (!close)
        return false;
    *value = (struct svg_span){at + 1, (size_t)(close - at - 1)};
    *rest = (struct svg_span){close + 1, (size_t)(end - close - 1)};
    return true;
}

struct svg_span svg_tag_value(const struct svg_tag *tag, const char *attribute)
{
    struct svg_span rest = tag->attributes, name, value;
    while (attribute_next(&rest, &name, &value))
        if (is_same(name, attribute))
            return value;
    return (struct svg_span){NULL, 0};
}

bool svg_span_begins(struct svg_span span, const char *with)
{
    const size_t length = strlen(with);
    return span.at && span.length >= length && !memcmp(span.at, with, length);
}

bool svg_span_number(struct svg_span *span, double *number)
{
    char digits[32];
    size_t skipped = 0, n = 0;
    while (skipped < span->length && !isdigit((unsigned char)span->at[skipped]) && span->at[skipped] != '-' &&
           span->at[skipped] != '.')
        skipped++;
    while (skipped + n < span->length && n + 1 < sizeof digits &&
           (isdigit((unsigned char)span->at[skipped + n]) || span->at[skipped + n] == '.' ||
            (n == 0 && span->at[skipped] == '-'))) {
        digits[n] = span->at[skipped + n];
        n++;
    }
    digits[n] = '\0';
    char *end = digits;
    *number = strtod(digits, &end);
    *span = (struct svg_span){span->at + skipped + n, span->length - skipped - n};
    return n > 0 && end != digits && isfinite(*number);
}

double svg_tag_number(const struct svg_tag *tag, const char *attribute, double missing)
{
    struct svg_span value = svg_tag_value(tag, attribute);
    double number;
    return value.at && svg_span_number(&value, &number) ? number : missing;
}

uint32_t svg_tag_colour(const struct svg_tag *tag, const char *attribute, uint32_t missing)
{
    struct svg_span value = svg_tag_value(tag, attribute);
    uint32_t colour = 0;
    if (is_same(value, "white"))
        return 0xffffff;
    if (is_same(value, "black"))
        return 0;
    if (svg_span_begins(value, "#") && value.length == 7) {
        char hex[7];
        snprintf(hex, sizeof hex, "%.6s", value.at + 1);
        return (uint32_t)strtoul(hex, NULL, 16) & 0xffffff;
    }
    if (!svg_span_begins(value, "rgb("))
        return missing;
    for (int i = 0; i < 3; i++) {
        double byte;
        if (!svg_span_number(&value, &byte) || byte < 0 || byte > 255)
            return missing;
        colour = colour << 8 | (uint32_t)byte;
    }
    return colour;
}
