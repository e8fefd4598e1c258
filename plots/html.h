/* Writing HTML: whatever a text holds, it comes out as text.  Texts that come in are UTF-8, or not; what
 * can't be shown becomes a question mark, as everywhere (analysis/base/text.h).  Inside SVG the same holds.
 */
#ifndef HEAPWAIT_HTML_H
#define HEAPWAIT_HTML_H

#include <stdio.h>

/* Writes a text, as content or inside an attribute's double quotes.  NULL: nothing. */
void html_text(FILE *out, const char *text);

/* Writes a name: a word of it that is long may break behind its punctuation. */
void html_name(FILE *out, const char *name);

/* Writes a sentence: its names of functions, files and addresses, told by what is in them, stand in <code>.
 */
void html_prose(FILE *out, const char *sentence);

#endif
