/* Who runs heapwait, as far as it can be told without privilege; what needs it is tests/probes/run/lent.sh's.
 */
#include "probes/elf/reader_child.h"
#include "probes/host/caller.h"
#include "tests/probes/cmocka_test.h"

#include <linux/capability.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool trusts(uid_t user, gid_t group, mode_t rights)
{
    const struct stat file = {.st_uid = user, .st_gid = group, .st_mode = S_IFREG | rights};
    return caller_trusts(&file);
}

static void whose_files_are_trusted(void **state)
{
    (void)state;
    const uid_t own = geteuid(), other = own + 1234;
    const gid_t group = getegid(), others = group + 1234;
    unsetenv("SUDO_UID");
    unsetenv("SUDO_GID");
    assert_true(trusts(own, group, 0600));
    assert_true(trusts(0, others, 0644));
    assert_true(trusts(own, group, 0664));
    assert_false(trusts(own, others, 0664));
    assert_false(trusts(own, group, 0602));
    assert_false(trusts(0, 0, 0646));
    assert_false(trusts(other, group, 0600));
}

/* Root believes what sudo tells; others may have written that themselves. */
static void who_called_sudo(void **state)
{
    (void)state;
    const bool root = geteuid() == 0;
    assert_int_equal(caller_user(), getuid());
    setenv("SUDO_UID", "1234", 1);
    setenv("SUDO_GID", "2345", 1);
    assert_int_equal(caller_user(), root ? 1234 : getuid());
    assert_int_equal(trusts(1234, 1, 0644), root);
    assert_int_equal(trusts(1234, 2345, 0664), root);
    static const char *const nonsense[] = {"", "-1", "12x", " 12", "4294967295", "99999999999999999999"};
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
        setenv("SUDO_UID", nonsense[i], 1);
        assert_int_equal(caller_user(), getuid());
    }
    unsetenv("SUDO_UID");
    unsetenv("SUDO_GID");
}

static void a_right_of_ones_own(void **state)
{
    struct error err = {""};
    (void)state;
    assert_int_equal(caller_check(&err), 0);
    assert_false(caller_is_lent());
    assert_true(caller_may_trace(getpid()));
    assert_true(caller_may_trace(1)); /* whether it can be is another question */
}

/* Returns how many of the capabilities that one can use or take are left; -1: it can't be told. */
static int rights_left(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};
    if (syscall(SYS_capget, &header, data))
        return -1;
    return __builtin_popcount(data[0].effective | data[0].permitted) +
           __builtin_popcount(data[1].effective | data[1].permitted);
}

static int exit_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* Who reads others' files has no rights: not those that were lent, and not root's. */
static void readers_have_no_rights(void **state)
{
    (void)state;
    const int before = rights_left();
    const pid_t parent = getpid();
    pid_t pid = fork();
    if (!pid) {
        reader_child_confine(parent, 10);
        _exit(rights_left());
    }
    assert_int_equal(exit_of(pid), 0);
    assert_int_equal(rights_left(), before);
    if (geteuid() == 0)
        assert_true(before > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whose_files_are_trusted),
        cmocka_unit_test(who_called_sudo),
        cmocka_unit_test(a_right_of_ones_own),
        cmocka_unit_test(readers_have_no_rights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
