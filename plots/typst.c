/* See typst.h.  The Node module is looked for beside the scripts (where `cmake --install` puts it) and in the
 * build tree (where `npm ci` does). */
#include "plots/typst.h"

#include "plots/folder.h"
#include "plots/tool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODULE "@myriaddreamin/typst-ts-node-compiler-linux-x64-gnu"

static const char *const sources[] = {"report.typ", "answer.typ", "numbers.typ", "look.typ"};

/* Returns the folder of node_modules, malloc'd; NULL: it is not there. */
static char *modules_find(const char *scripts)
{
    const char *const places[] = {scripts, HEAPWAIT_PLOTS_BUILD};
    const size_t count =
        strcmp(scripts, HEAPWAIT_PLOTS_SOURCE) ? 1 : 2; /* an installed heapwait has no build tree */
    for (size_t i = 0; i < count; i++) {
        char *module = folder_path_join(places[i], "node_modules/" MODULE);
        const int found = module && access(module, R_OK) == 0;
        free(module);
        if (found)
            return folder_path_join(places[i], "node_modules");
    }
    return NULL;
}

/* Returns 1 if there is a `typst` command that is new enough and is Typst, else 0. */
static int command_usable(void)
{
    struct tool_output out;
    unsigned major = 0, minor = 0;
    if (!tool_exists("typst") ||
        tool_run("/", 0, (const char *const[]){"typst", "--version", NULL}, &out, NULL) < 0)
        return 0;
    const int read = sscanf(out.text ? out.text : "", "typst %u.%u", &major, &minor);
    tool_output_free(&out);
    return read == 2 && (major > 0 || minor >= 13);
}

int typst_check(const char *scripts, struct error *err)
{
    if (command_usable())
        return 0;
    char *modules = modules_find(scripts);
    free(modules);
    if (!modules)
        return error_set(
            err, -ENOENT,
            "the PDF needs Typst, and there is neither a `typst` command (0.13 or newer) in PATH nor its "
            "Node module: run `npm ci --prefix %s`, or install typst",
            scripts);
    return tool_exists("node") ? 0
                               : error_set(err, -ENOENT,
                                           "the PDF needs node, which is not in PATH: install it "
                                           "(Debian, Ubuntu: apt-get install nodejs), or typst");
}

/* Runs `typst`.  A newer one than ours may warn of this and that, which must not matter; a missing face must.
 * Returns 0, 1 (the layout has not settled), or negative errno. */
static int command_run(const char *folder, int64_t epoch, const char *const *argv, struct error *err)
{
    struct tool_output out;
    int rc = tool_run(folder, epoch, argv, &out, err);
    if (rc < 0)
        return rc;
    rc = strstr(out.complaint, "did not converge") != NULL;
    if (out.status != 0)
        rc = tool_failed(folder, "typst", out.complaint, (int)strcspn(out.complaint, "\n"), out.status, err);
    else if (strstr(out.complaint, "unknown font family"))
        rc = error_set(err, -ENOENT,
                       "the font Inter is missing: install it (Debian, Ubuntu: apt-get install fonts-inter)");
    tool_output_free(&out);
    return rc;
}

static int command_compile(const char *folder, int64_t epoch, struct error *err)
{
    static const char *const arrangements[] = {"arrangement=close", "arrangement=cut", "arrangement=short",
                                               "arrangement=plain"}; /* of look.typ */
    char date[32];
    int rc = 1;
    snprintf(date, sizeof date, "%" PRId64, epoch);
    for (size_t i = 0; i < sizeof arrangements / sizeof *arrangements && rc == 1; i++)
        rc =
            command_run(folder, epoch,
                        (const char *const[]){"typst", "compile", "--root", ".", "--creation-timestamp", date,
                                              "--input", arrangements[i], "report.typ", "report.pdf", NULL},
                        err);
    return rc < 0 ? rc : 0; /* the last arrangement is taken as it is */
}

static int module_compile(const char *folder, const char *scripts, int64_t epoch, struct error *err)
{
    char date[32], *modules = modules_find(scripts), *program = folder_path_join(scripts, "build.mjs");
    snprintf(date, sizeof date, "%" PRId64, epoch);
    const int rc =
        modules && program
            ? tool_must(folder, epoch, (const char *const[]){"node", program, modules, date, NULL}, err)
            : -ENOMEM;
    free(modules);
    free(program);
    return rc;
}

int typst_compile(const char *folder, const char *scripts, int64_t epoch, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof sources / sizeof *sources; i++) {
        char *from = folder_path_join(scripts, sources[i]), *to = folder_path_join(folder, sources[i]);
        rc = from && to ? folder_file_copy(from, to, err) : -ENOMEM;
        free(from);
        free(to);
    }
    if (rc < 0)
        return rc;
    return command_usable() ? command_compile(folder, epoch, err)
                            : module_compile(folder, scripts, epoch, err);
}
