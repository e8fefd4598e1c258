/* Makes a known number of futex calls; then lets seccomp refuse all further ones, and makes many of these. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MADE = 100, WAKES = 1000, WAITS = 172 };

unsigned refused_word;

static int futex(int operation, unsigned value)
{
    return (int)syscall(SYS_futex, &refused_word, operation, value, NULL, NULL, 0);
}

static int refuse_futex(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int main(void)
{
    int refused = 0;
    for (int i = 0; i < MADE; i++)
        futex(FUTEX_WAKE_PRIVATE, 1);
    if (refuse_futex())
        return 77; /* this kernel has no filters */
    for (int i = 0; i < WAKES; i++)
        refused += futex(FUTEX_WAKE_PRIVATE, 1) < 0 && errno == EPERM;
    for (int i = 0; i < WAITS; i++)
        refused += futex(FUTEX_WAIT_PRIVATE, 7) < 0 && errno == EPERM;
    return refused == WAKES + WAITS ? 0 : 1;
}
