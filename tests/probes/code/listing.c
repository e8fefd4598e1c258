/* See listing.h.  A line of an instruction is: blanks, its address and a colon, a tab, its bytes, a tab, its
 * text.  All other lines (headings, names of functions) have no two tabs. */
#include "tests/probes/code/listing.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static FILE *objdump_start(const char *objdump, const char *file, bool intel, pid_t *pid)
{
    const char *arguments[] = {
        objdump, "-d", "-w", "-z", "--insn-width=15", intel ? "-Mintel" : file, intel ? file : NULL, NULL};
    int ends[2];
    if (pipe(ends))
        return NULL;
    *pid = fork();
    if (!*pid) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(objdump, (char *const *)arguments);
        _exit(127);
    }
    close(ends[1]);
    return *pid < 0 ? NULL : fdopen(ends[0], "r");
}

/* x86-64: one byte after the other.  aarch64: one word of four bytes, the highest first. */
static bool bytes_parse(const char *hex, struct listed *out)
{
    char *end;
    for (out->size = 0; *hex; hex = end) {
        uint64_t value = strtoull(hex, &end, 16);
        size_t digits = (size_t)(end - hex);
        if (digits != 2 && digits != 8)
            return false;
        for (size_t i = 0; i < digits / 2; i++) {
            if (out->size == MAX_BYTES)
                return false;
            out->bytes[out->size++] = (uint8_t)(value >> (8 * i));
        }
        end += strspn(end, " ");
    }
    return out->size > 0;
}

/* Where objdump explains an operand: a symbol's name, an address worked out, another word for it. */
static void explanation_cut(char *text, struct listed *out)
{
    char *mark = strstr(text, "# ");
    out->has_place = mark && isxdigit((unsigned char)mark[2]);
    if (out->has_place)
        out->place = strtoull(mark + 2, NULL, 16);
    if (mark)
        *mark = '\0';
    if ((mark = strstr(text, "//")))
        *mark = '\0';
    if ((mark = strstr(text, " <")))
        *mark = '\0';
}

static void operand_put(struct listed *out, const char *from, size_t size)
{
    while (size && isspace((unsigned char)*from))
        from++, size--;
    while (size && isspace((unsigned char)from[size - 1]))
        size--;
    if (size && out->operand_count < MAX_OPERANDS)
        snprintf(out->operands[out->operand_count++], sizeof(out->operands[0]), "%.*s", (int)size, from);
}

/* Split at the commas that stand in no brackets. */
static void operands_parse(const char *text, struct listed *out)
{
    const char *from = text;
    int depth = 0;
    for (const char *c = text; *c; c++) {
        depth += (*c == '[' || *c == '{') - (*c == ']' || *c == '}');
        if (*c == ',' && depth == 0) {
            operand_put(out, from, (size_t)(c - from));
            from = c + 1;
        }
    }
    operand_put(out, from, strlen(from));
}

static bool is_prefix(const char *word)
{
    static const char *const prefixes[] = {"cs",  "ds",       "es",      "fs",   "gs",
                                           "ss",  "data16",   "addr32",  "lock", "notrack",
                                           "bnd", "xacquire", "xrelease"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (!strcmp(word, prefixes[i]))
            return true;
    return !strncmp(word, "rex", 3);
}

static void text_parse(char *text, struct listed *out)
{
    text[strcspn(text, "\n")] = '\0';
    snprintf(out->text, sizeof(out->text), "%s", text);
    explanation_cut(text, out);
    for (;;) {
        text += strspn(text, " \t");
        size_t size = strcspn(text, " \t");
        snprintf(out->mnemonic, sizeof(out->mnemonic), "%.*s", (int)size, text);
        text += size;
        bool repeats = !strncmp(out->mnemonic, "rep", 3);
        out->repeated |= repeats;
        if (!repeats && !is_prefix(out->mnemonic))
            break;
    }
    out->mnemonic[strcspn(out->mnemonic, ",")] = '\0'; /* "jne,pn": a hint */
    if (out->mnemonic[0] == '.' || strstr(out->text, "(bad)") || strstr(out->text, "undefined"))
        out->mnemonic[0] = '\0';
    operands_parse(text, out);
}

/* Returns 1 for an instruction, 0 for another line, -1 for an instruction that can't be read. */
static int line_parse(char *line, struct listed *out)
{
    char *bytes = strstr(line, ":\t"), *text = bytes ? strchr(bytes + 2, '\t') : NULL, *end;
    if (!text)
        return 0;
    *bytes = *text = '\0';
    *out = (struct listed){.address = strtoull(line, &end, 16)};
    if (*end)
        return 0;
    if (!bytes_parse(bytes + 2, out))
        return -1;
    text_parse(text + 1, out);
    return 1;
}

static bool lines_read(FILE *lines, listing_see_fn see, void *context)
{
    struct listed kept[2];
    char *line = NULL;
    size_t capacity = 0, count = 0;
    int parsed = 0;
    while (parsed >= 0 && getline(&line, &capacity, lines) > 0) {
        struct listed *now = &kept[count % 2];
        parsed = line_parse(line, now);
        if (parsed < 0)
            fprintf(stderr, "a line of objdump can't be read: %s\n", line);
        if (parsed <= 0)
            continue;
        if (count++)
            see(context, &kept[count % 2], now);
    }
    if (count && parsed >= 0)
        see(context, &kept[(count - 1) % 2], NULL);
    free(line);
    return parsed >= 0;
}

bool listing_read(const char *objdump, const char *file, bool intel, listing_see_fn see, void *context)
{
    pid_t pid = -1;
    int status = -1;
    FILE *lines = objdump_start(objdump, file, intel, &pid);
    bool read = lines && lines_read(lines, see, context);
    if (lines)
        fclose(lines);
    if (pid > 0)
        waitpid(pid, &status, 0);
    if (read && status)
        fprintf(stderr, "%s fails on %s\n", objdump, file);
    return read && !status;
}
