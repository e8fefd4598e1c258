/* See error.h. */
#include "analysis/base/error.h"

#include "analysis/base/text.h"

#include <stdarg.h>
#include <stdio.h>

int(error_set)(struct error *err, int code, const char *format, ...)
{
    if (!err || err->text[0])
        return code;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    text_clean(err->text); /* names of files and what libraries quote of their content are anybody's words */
    return code;
}
