/* What reads a recording (explain, its JSON, export, the data of report), given any bytes for one; or a good
 * recording in which cells were changed as the bytes say.  What comes out is what whoever reads it can stand:
 * text without control characters, JSON, tables of so many columns, definitions that gnuplot takes for such.
 *
 * Bytes that begin as SQLite's do are the file.  Of others the first says which recording is changed, the
 * second who reads it, and the rest are changes: table and column, row, what becomes of the cell, and with
 * what. */
#include "analysis/database.h"
#include "analysis/flame/flame.h"
#include "analysis/verdict/json.h"
#include "cli/terminal/command.h"
#include "plots/render.h"
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BASES = 4, CELLS_MOST = 256, CHANGES_MOST = 64, TEXT_MOST = 1 << 20 };

static const char *const base_files[BASES][4] = {
    {"schema.sql", "study.sql"},
    {"schema.sql", "record.sql"},
    {"schema.sql", "ledger.sql"},
    {"schema.sql", "flame.sql"},
};

static struct {
    unsigned char *bytes[BASES];
    sqlite3_int64 sizes[BASES];
    struct {
        char *update, *drop, *twice;
    } cells[CELLS_MOST];
    size_t cell_count;
    char folder[4096];
    int out; /* what is printed */
} made;

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* ---- good recordings ---- */

/* Reads the file of analysis/ or tests/data.  Tables take a value of any type and have rows with numbers, as
 * a stranger's may. */
static char *sql_read(const char *name)
{
    static const char here[] = "tests/fuzz/fuzz_recording.c";
    static const char *const rules[] = {"STRICT, WITHOUT ROWID", "STRICT"};
    char path[4096], *text = calloc(1, TEXT_MOST + 1);
    snprintf(path, sizeof(path), "%.*s%s/%s", (int)(strlen(__FILE__) - strlen(here)), __FILE__,
             strcmp(name, "schema.sql") ? "tests/data" : "analysis", name);
    FILE *file = fopen(path, "re");
    must(text && file && fread(text, 1, TEXT_MOST, file) && feof(file));
    fclose(file);
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        for (char *at; (at = strstr(text, rules[i]));)
            memset(at, ' ', strlen(rules[i]));
    return text;
}

static void base_make(size_t base)
{
    sqlite3 *db = NULL;
    must(!sqlite3_open(":memory:", &db));
    for (size_t i = 0; i < 4 && base_files[base][i]; i++) {
        char *sql = sql_read(base_files[base][i]), *why = NULL;
        if (sqlite3_exec(db, sql, NULL, NULL, &why)) {
            fprintf(stderr, "%s: %s\n", base_files[base][i], why);
            abort();
        }
        free(sql);
    }
    made.bytes[base] = sqlite3_serialize(db, "main", &made.sizes[base], 0);
    must(made.bytes[base]);
    sqlite3_close(db);
}

static int cell_take(void *context, int count, char **values, char **names)
{
    (void)context;
    (void)count;
    (void)names;
    const size_t n = made.cell_count++;
    must(n < CELLS_MOST);
    must(asprintf(
             &made.cells[n].update,
             "UPDATE \"%s\" SET \"%s\" = ?1 WHERE ?2 IS NULL OR rowid = (SELECT rowid FROM \"%s\" LIMIT 1 "
             "OFFSET ?2 %% max((SELECT count(*) FROM \"%s\"), 1))",
             values[0], values[1], values[0], values[0]) > 0);
    must(asprintf(&made.cells[n].drop,
                  "DELETE FROM \"%s\" WHERE rowid %% 7 = ?2 %% 7 AND ?1 IS NOT 'all' OR ?1 IS 'all'",
                  values[0]) > 0);
    must(asprintf(&made.cells[n].twice,
                  "INSERT OR IGNORE INTO \"%s\" SELECT * FROM \"%s\" WHERE ?1 IS ?1 LIMIT 1 OFFSET ?2",
                  values[0], values[0]) > 0);
    return 0;
}

/* The statements that change a cell of each column of each table: the schema tells. */
static void cells_make(void)
{
    sqlite3 *db = NULL;
    char *schema = sql_read("schema.sql");
    must(!sqlite3_open(":memory:", &db) && !sqlite3_exec(db, schema, NULL, NULL, NULL) &&
         !sqlite3_exec(db,
                       "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c "
                       "WHERE t.type = 'table' ORDER BY t.name, c.cid",
                       cell_take, NULL, NULL));
    sqlite3_close(db);
    free(schema);
}

static void folder_remove_made(void)
{
    rmdir(made.folder);
}

static void all_make(void)
{
    const char *place = getenv("TMPDIR");
    if (made.cell_count)
        return;
    /* AddressSanitizer's malloc() is slow, and SQLite's parser asks for much */
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 1200, 10000);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    cells_make();
    for (size_t i = 0; i < BASES; i++)
        base_make(i);
    snprintf(made.folder, sizeof(made.folder), "%s/fuzz_recording.XXXXXX", place ? place : "/tmp");
    must(mkdtemp(made.folder) && !atexit(folder_remove_made));
    made.out = memfd_create("out", MFD_CLOEXEC);
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", made.out);
    must(made.out >= 0 && freopen(path, "a", stdout) != NULL);
}

/* ---- changes ---- */

struct bytes {
    const uint8_t *at, *end;
};

static uint64_t number_take(struct bytes *b, size_t width)
{
    uint64_t number = 0;
    for (size_t i = 0; i < width && b->at < b->end; i++)
        number |= (uint64_t)*b->at++ << (8 * i);
    return number;
}

static void value_bind(sqlite3_stmt *s, unsigned kind, struct bytes *b)
{
    static const double odd[] = {1e308, -1e308, 5e-324, -0.0, 0.5, 1e19, -1e19, 9007199254740993.0};
    static const int64_t odd_whole[] = {0, 1, -1, INT64_MAX, INT64_MIN, UINT32_MAX, INT64_C(1) << 53, 1000};
    const size_t given = (size_t)number_take(b, 1), left = (size_t)(b->end - b->at);
    const size_t length = given < left ? given : left;
    const char *text = (const char *)b->at;
    if (kind == 0)
        sqlite3_bind_null(s, 1);
    else if (kind == 1)
        sqlite3_bind_int64(s, 1, odd_whole[given % 8]);
    else if (kind == 2)
        sqlite3_bind_double(s, 1, odd[given % 8]);
    else if (kind == 3)
        sqlite3_bind_double(s, 1, given % 2 ? 1e308 * 10 : -1e308 * 10);
    else if (kind == 4)
        sqlite3_bind_int64(s, 1, (int64_t)number_take(b, given % 9));
    else if (kind == 5)
        sqlite3_bind_blob(s, 1, text, (int)length, SQLITE_TRANSIENT);
    else
        sqlite3_bind_text(s, 1, text, (int)length, SQLITE_TRANSIENT);
    if (kind >= 5)
        b->at += length;
}

static void change(sqlite3 *db, struct bytes *b)
{
    sqlite3_stmt *s = NULL;
    const size_t cell = (size_t)number_take(b, 1) % made.cell_count;
    const uint64_t row = number_take(b, 1), kind = number_take(b, 1);
    const char *sql = kind % 16 == 14   ? made.cells[cell].drop
                      : kind % 16 == 15 ? made.cells[cell].twice
                                        : made.cells[cell].update;
    must(!sqlite3_prepare_v2(db, sql, -1, &s, NULL));
    value_bind(s, (unsigned)(kind % 8), b);
    if (row == 255 && kind % 16 < 14)
        sqlite3_bind_null(s, 2);
    else
        sqlite3_bind_int64(s, 2, (int64_t)row);
    sqlite3_step(s); /* what the schema forbids stays as it was */
    sqlite3_finalize(s);
}

/* Returns a descriptor of the changed recording. */
static int changed_make(size_t base, struct bytes *b)
{
    sqlite3 *db = NULL;
    sqlite3_int64 size = made.sizes[base];
    unsigned char *copy = sqlite3_malloc64((sqlite3_uint64)size);
    must(copy && !sqlite3_open(":memory:", &db));
    memcpy(copy, made.bytes[base], (size_t)size);
    must(!sqlite3_deserialize(db, "main", copy, size, size,
                              SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE));
    for (int i = 0; i < CHANGES_MOST && b->at < b->end; i++)
        change(db, b);
    unsigned char *bytes = sqlite3_serialize(db, "main", &size, 0);
    const int fd = memfd_create("recording", MFD_CLOEXEC);
    must(bytes && fd >= 0 && write(fd, bytes, (size_t)size) == size);
    sqlite3_free(bytes);
    sqlite3_close(db);
    return fd;
}

/* ---- readers ---- */

/* Only what a terminal prints may come out. */
static void text_check(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        must(((unsigned char)text[i] >= ' ' && text[i] != 0x7f) || text[i] == '\n');
}

static void json_check(const char *json)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    must(!sqlite3_open(":memory:", &db) && !sqlite3_prepare_v2(db, "SELECT json_valid(?)", -1, &s, NULL));
    sqlite3_bind_text(s, 1, json, -1, SQLITE_STATIC);
    must(sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int(s, 0));
    sqlite3_finalize(s);
    sqlite3_close(db);
}

static void explain_read(const char *path, const char *width)
{
    char *argv[] = {(char *)"explain", (char *)path, (char *)"--width", (char *)width, NULL};
    must(!ftruncate(made.out, 0));
    optind = 0;
    explain_main(4, argv);
    fflush(stdout);
    const off_t size = lseek(made.out, 0, SEEK_END);
    char *text = malloc((size_t)size + 1);
    must(text && pread(made.out, text, (size_t)size, 0) == size);
    text_check(text, (size_t)size);
    free(text);
}

static void export_read(struct database *db, bool folded)
{
    const struct flame_choice choice = {NULL, -1};
    struct error err = {""};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    must(out != NULL);
    const int rc = folded ? flame_write_folded(db, &choice, out, &err)
                          : flame_write_speedscope(db, &choice, "recording", "heapwait", out, &err);
    fclose(out);
    if (!rc && folded)
        text_check(text, size);
    else if (!rc)
        json_check(text);
    free(text);
}

/* Each line has as many cells as the first. */
static void table_check(char *text)
{
    int cells = -1;
    for (char *rest = text, *line; (line = strsep(&rest, "\n")) && (rest || *line);) {
        int tabs = 0;
        for (const char *c = line; *c; c++) {
            tabs += *c == '\t';
            must((unsigned char)*c >= ' ' || *c == '\t');
        }
        must(cells < 0 || !*line || tabs == cells);
        cells = cells < 0 ? tabs : cells;
    }
}

/* Each line defines a number, a text or an array: no text leaves its quotes. */
static void definitions_check(char *text)
{
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        const char *value = strstr(line, "= ");
        if (!*line || !strncmp(line, "array ", 6))
            continue;
        must(value != NULL);
        value += 2;
        if (*value != '"') {
            char *end;
            strtod(value, &end);
            must(end != value && !*end);
            continue;
        }
        value++;
        while (*value != '"') {
            must(*value == '\\' || (*value >= 'a' && *value <= 'z') || (*value >= 'A' && *value <= 'Z'));
            value += *value == '\\' ? 1 + strspn(value + 1, "01234567") : 1;
        }
        must(!value[1]);
    }
}

/* Looks at the report's files as far as they are there. */
static void files_check(const char *folder, int depth)
{
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char path[8192];
        snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        const char *ending = strrchr(e->d_name, '.');
        if (e->d_name[0] == '.' && e->d_name[strspn(e->d_name, ".")] == '\0')
            continue;
        if (depth)
            files_check(path, depth - 1);
        FILE *file =
            ending && (!strcmp(ending, ".tsv") || !strcmp(ending, ".def")) ? fopen(path, "re") : NULL;
        char *text = file ? calloc(1, TEXT_MOST + 1) : NULL;
        if (text && fread(text, 1, TEXT_MOST, file) < TEXT_MOST)
            (strcmp(ending, ".tsv") ? definitions_check : table_check)(text);
        free(text);
        if (file)
            fclose(file);
    }
    if (dir)
        closedir(dir);
}

static void report_read(struct database *db)
{
    struct report *report = NULL;
    struct error err = {""};
    if (!report_collect(db, made.folder, &report, &err)) {
        files_check(made.folder, 2);
        for (size_t i = 0; i < report_sentences(report); i++)
            text_check(report_sentence(report, i), strlen(report_sentence(report, i)));
    } else {
        text_check(err.text, strlen(err.text));
    }
    report_free(report);
}

static void recording_read(int fd, unsigned reader)
{
    struct database *db = NULL;
    struct error err = {""};
    char path[64], *json = NULL;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (reader % 4 == 0) {
        explain_read(path, reader & 4 ? "40" : "120");
        return;
    }
    if (database_open_descriptor(fd, "recording", &db, &err)) {
        must(err.text[0]);
        text_check(err.text, strlen(err.text));
        return;
    }
    if (reader % 4 == 1 && !json_all(db, &json, &err))
        json_check(json);
    else if (reader % 4 == 2)
        export_read(db, reader & 4);
    else if (reader % 4 == 3)
        report_read(db);
    free(json);
    database_close(db);
}

/* A reading prepares some 600 statements over views of views, and SQLite's parser asks for memory 1.5 million
 * times: so little of what is freed is kept from being used again, and who asked for memory isn't noted
 * (ASAN_OPTIONS=malloc_context_size=30 does, for an input that was found). */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=4:thread_local_quarantine_size_kb=64:malloc_context_size=0";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char magic[] = "SQLite format 3";
    int fd;
    all_make();
    struct bytes b = {data, data + size};
    if (size >= sizeof(magic) && !memcmp(data, magic, sizeof(magic))) {
        fd = memfd_create("recording", MFD_CLOEXEC);
        must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
        recording_read(fd, (unsigned)size);
    } else {
        const size_t base = (size_t)number_take(&b, 1) % BASES;
        const unsigned reader = (unsigned)number_take(&b, 1);
        fd = changed_make(base, &b);
        recording_read(fd, reader);
    }
    close(fd);
    return 0;
}
