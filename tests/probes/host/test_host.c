/* Facts of the machine, read from a made-up machine's files; and the arithmetic of the busy check. */
#include "probes/host/host.h"
#include "probes/host/host_load.h"
#include "probes/host/process.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

static const char *const files[][2] = {
    {"/etc/os-release", "ID=x\nPRETTY_NAME=\"Imagined \033[31mLinux 7\"\n"},
    {"/proc/cpuinfo", "processor\t: 0\nmodel name\t: Slow CPU @ 1 MHz\n"},
    {"/proc/meminfo", "MemFree: 1 kB\nMemTotal:       2048 kB\n"},
    {"/proc/loadavg", "1.25 0.50 0.10 1/100 1234\n"},
    {"/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"},
    {"/sys/fs/cgroup/cpu.max", "150000 100000\n"},
};

/* Writes the file, its folders first. */
static void file_make(const char *root, const char *path, const char *text)
{
    char full[256];
    snprintf(full, sizeof(full), "%s%s", root, path);
    for (char *slash = full + strlen(root); (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        mkdir(full, 0700);
        *slash = '/';
    }
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void tree_remove(const char *root)
{
    char full[256];
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(full, sizeof(full), "%s%s", root, files[i][0]);
        unlink(full);
        for (char *slash; (slash = strrchr(full, '/')) && slash >= full + strlen(root);) {
            *slash = '\0';
            rmdir(full);
        }
    }
}

static void facts_are_read(void **state)
{
    char root[] = "/tmp/heapwait-host-XXXXXX";
    struct host_facts facts;
    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        file_make(root, files[i][0], files[i][1]);
    host_facts_read(&facts, root);
    tree_remove(root);
    assert_string_equal(host_fact_find(&facts, "distribution"), "Imagined  [31mLinux 7");
    assert_string_equal(host_fact_find(&facts, "cpu_model"), "Slow CPU @ 1 MHz");
    assert_string_equal(host_fact_find(&facts, "mem_bytes"), "2097152");
    assert_string_equal(host_fact_find(&facts, "load_average"), "1.25");
    assert_string_equal(host_fact_find(&facts, "transparent_hugepages"), "madvise");
    assert_string_equal(host_fact_find(&facts, "cpu_quota"), "150000 100000");
    assert_null(host_fact_find(&facts, "cpu_governor")); /* not there: absent, not guessed */
    assert_null(host_fact_find(&facts, "aslr"));
    assert_non_null(host_fact_find(&facts, "kernel"));
    (void)state;
}

static void cpu_time_is_parsed(void **state)
{
    struct host_cpu_time t = {0};
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(1, &set);
    assert_false(host_cpu_time_add("cpu  1 2 4 1000 1000 8 16 32 64 128\n", 100, NULL, 0, &t)); /* the sum */
    assert_true(host_cpu_time_add("cpu0 1 2 4 1000 1000 8 16 32 64 128\n", 100, NULL, 0, &t));
    assert_int_equal(t.busy_ns, 31 * 10000000); /* neither idle nor iowait, guests are in user already */
    assert_int_equal(t.steal_ns, 32 * 10000000);
    /* Of the CPUs in the set alone. */
    assert_false(host_cpu_time_add("cpu0 1 2 3 4 5 6 7\n", 100, &set, sizeof(set), &t));
    assert_false(host_cpu_time_add("cpu11 1 2 3 4 5 6 7\n", 100, &set, sizeof(set), &t));
    assert_false(host_cpu_time_add("cpu99999 1 2 3 4 5 6 7\n", 100, &set, sizeof(set), &t));
    assert_true(host_cpu_time_add("cpu1 1 2 3 4 5 6 7\n", 100, &set, sizeof(set), &t));
    assert_int_equal(t.busy_ns, (31 + 19) * 10000000);
    assert_int_equal(t.steal_ns, 32 * 10000000);
    assert_false(host_cpu_time_add("cpu0 1 2 3\n", 100, NULL, 0, &t));
    assert_false(host_cpu_time_add("intr 1 2 3 4 5 6 7 8\n", 100, NULL, 0, &t));
    assert_false(host_cpu_time_add("cpu0 1 2 3 4 5 6 7\n", 0, NULL, 0, &t));
    (void)state;
}

static void own_time_is_not_foreign(void **state)
{
    struct host_watch w;
    struct host_watched a, b;
    host_watch_start(&w);
    assert_int_equal(w.error, 0);
    w.at_start.busy_ns -= 5000000000; /* as if 5 s of work had been done since */
    host_watch_end(&w, 0, &a);
    host_watch_end(&w, 3000000000, &b);
    assert_true(a.foreign_ns >= b.foreign_ns + 2900000000 && a.foreign_ns <= b.foreign_ns + 3100000000);
    w.error = -EACCES;
    host_watch_end(&w, 0, &a);
    assert_true(a.foreign_ns == INT64_MIN);
    (void)state;
}

static void a_null_syscall_costs_something(void **state)
{
    uint64_t ns = host_null_syscall_ns();
    assert_true(ns > 0 && ns < 1000000);
    (void)state;
}

static void whose_process_it_is(void **state)
{
    (void)state;
    assert_false(process_is_kernel(getpid()));
    assert_false(process_is_kernel(999999999));
    if (!access("/proc/2/exe", F_OK))
        return; /* a container's */
    char *command = process_command(2);
    if (command && !strcmp(command, "[kthreadd]"))
        assert_true(process_is_kernel(2));
    free(command);
}

/* Runs sh with arguments that it doesn't look at, until its input ends; it runs when this returns. */
static pid_t waiting_shell(const char *const *arguments, int *input)
{
    const char *words[8] = {"sh", "-c", "read -r line"};
    int ends[2], begun[2];
    char byte;
    for (size_t i = 0; arguments[i]; i++)
        words[3 + i] = arguments[i];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(pipe2(begun, O_CLOEXEC), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[0], STDIN_FILENO);
        execv("/bin/sh", (char *const *)words);
        _exit(127);
    }
    close(ends[0]);
    close(begun[1]);
    assert_int_equal(read(begun[0], &byte, 1), 0); /* exec has closed the other end */
    close(begun[0]);
    *input = ends[1];
    return pid;
}

static void command_is(const char *const *arguments, const char *expected)
{
    int input;
    const pid_t pid = waiting_shell(arguments, &input);
    char *command = process_command(pid);
    close(input);
    waitpid(pid, NULL, 0);
    assert_string_equal(command, expected);
    free(command);
}

/* Behind a title that a process gave itself the room for its arguments is full of NULs, which are no
 * arguments.
 */
static void commands_of_processes(void **state)
{
    (void)state;
    command_is((const char *const[]){"don't", "", "-", NULL}, "sh -c 'read -r line' 'don'\\''t' '' -");
    command_is((const char *const[]){"", "", "", NULL}, "sh -c 'read -r line'");
    char *line = process_command_line((char *const[]){(char[]){"prog"}, (char[]){""}, NULL});
    assert_string_equal(line, "prog ''"); /* here it is one */
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_are_read),          cmocka_unit_test(cpu_time_is_parsed),
        cmocka_unit_test(own_time_is_not_foreign), cmocka_unit_test(a_null_syscall_costs_something),
        cmocka_unit_test(commands_of_processes),   cmocka_unit_test(whose_process_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
