/* Types as no kernel has them, of which test_types must find what is wrong; never run. */
struct wrong_pid {
    int level;
};
struct task_struct {
    long pid;            /* signed, and larger than the programs' */
    unsigned int tgid;   /* unsigned, where the programs' is signed */
    struct wrong_pid mm; /* not a pointer */
    int flags;           /* libbpf fits the size of what is unsigned */
    short on_cpu;
    struct task_struct *group_leader;
};
struct task_struct task;
