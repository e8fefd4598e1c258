/* The answer as JSON: the member `answer` of the document of analysis/verdict/json.h.  Its shape is
 * answer.schema.json's, and is written down in docs/recording.md. */
#ifndef HEAPWAIT_ANSWER_JSON_H
#define HEAPWAIT_ANSWER_JSON_H

#include "analysis/answer/answer.h"

#include <stdio.h>

/* Writes the object, without a newline at its end.  What is not known is null.  Writing fails as the stream
 * does. */
void answer_json_write(const struct answer *a, FILE *out);

#endif
