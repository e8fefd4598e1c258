/* What the BPF programs and user space share: keys and values of the maps, and the meaning of each number in
 * them.  Included on both sides; fixed-width types only.  Needs nothing but them: the BPF programs have them
 * from vmlinux.h.  Times are in nanoseconds of CLOCK_MONOTONIC, durations in nanoseconds.  User space turns
 * the enums into the recording's words in probes/bpf/terms.c.  How the values get from one struct to the
 * next: docs/kernel-side.md. */
#ifndef HEAPWAIT_ABI_H
#define HEAPWAIT_ABI_H

#ifndef __bpf__
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;
#endif

/* Operation of a futex call: what it does, by whichever system call or command.  FUTEX_WAIT_BITSET and
 * futex_wait() are waits, and so on: see op_of() in outcome.h. */
enum futex_op {
    OP_WAIT,
    OP_WAKE,
    OP_REQUEUE,
    OP_WAKE_OP,
    OP_LOCK_PI,
    OP_TRYLOCK_PI,
    OP_UNLOCK_PI,
    OP_WAIT_REQUEUE_PI,
    OP_CMP_REQUEUE_PI,
    OP_WAITV,
    OP_OTHER,
    OP_HANDOFF, /* not a call.  A key in the histograms: from the wake of a sleeping waiter to its running */
    OP_COUNT
};

enum futex_outcome {
    OUTCOME_SLEPT,  /* a wait that returned 0 and had left the CPU to sleep */
    OUTCOME_RACED,  /* a wait that returned 0 without having slept: woken before it got that far */
    OUTCOME_EAGAIN, /* the word had changed already */
    OUTCOME_TIMEOUT,
    OUTCOME_INTERRUPTED, /* by a signal */
    OUTCOME_UNFINISHED,  /* the thread died in the call, or the recording ended before the call did */
    OUTCOME_UNDER_WAY,   /* the call had begun before the thread was followed, however it ended */
    OUTCOME_ERROR,
    OUTCOME_WOKE_NONE,
    OUTCOME_WOKE_SOME,
    OUTCOME_MOVED_NONE, /* requeue: nobody woken, nobody moved to the other word */
    OUTCOME_MOVED_SOME,
    OUTCOME_ACQUIRED, /* lock_pi without sleeping; trylock_pi */
    OUTCOME_DONE,     /* unlock_pi and the rest */
    OUTCOME_COUNT
};

/* The key of what is added up: one word of one address space, one operation, one outcome. */
struct word_key {
    u64 address;
    u32 space;  /* which address space: see struct space_info */
    u32 thread; /* mode ledger: which thread called (thread_record.thread); else 0 */
    u8 op;
    u8 outcome;
    u8 pad[6];
};

/* Totals of a word_key.  `calls`, `woken` and the times off the CPU are exact.  On-CPU time is taken of every
 * wait.  Of wakes it is taken of some, chosen at random, once a thread has made many of them, because to read
 * the clock costs more than all the rest of a probe.  A timed call stands for as many calls as its weight
 * says.  `timed` is the sum of the weights, `oncpu_ns` the sum of on-CPU time times weight; so the on-CPU
 * time of all calls is oncpu_ns * calls / timed, and exact where timed == calls. */
struct word_totals {
    u64 calls;
    u64 timed;
    u64 oncpu_ns;
    u64 blocked_ns;
    u64 runnable_ns;
    u64 kernel_lock_ns; /* mode ledger: waiting for a lock of the kernel's own inside the call */
    u64 woken;
};

/* Time in one state, of those calls of a CPU's task that were timed and did not leave the CPU. */
struct spent {
    u64 ns;
    u64 estimated_ns; /* as in struct thread_record */
};

/* The totals of one word_key that a CPU is adding up.  They go to the table of words when another key needs
 * the slot or user space asks; what stands here at the end user space reads. */
enum { CACHE_SLOTS = 32 }; /* a power of two */
struct cache_slot {
    struct word_key key;
    struct word_totals totals;
};

/* Durations of a few waits of one word that a CPU has not brought to the histograms yet.  buckets[] has the
 * number of each one's bucket, `count` is how many are filled. */
enum { PENDING_SLOTS = 8, PENDING_WAITS = 19 };
struct pending_waits {
    struct word_key key; /* of the histogram */
    u16 count;
    u16 buckets[PENDING_WAITS];
};

/* Where bins[252] lies in glibc's malloc_state, on 64-bit machines (malloc/malloc.c): from 2.27 on, and
 * from 2.43 on, which has no fast bins. */
enum { MALLOC_STATE_LAST_BIN_2_27 = 2128, MALLOC_STATE_LAST_BIN_2_43 = 2040 };

/* What lay around the word when it was first seen.  It is evidence for the word's name, and is read at the
 * first call because the process may not live until names are looked for. */
struct word_evidence {
    u64 heap_arena;  /* u64 at the 4 KiB boundary below the word: glibc's heap_info.ar_ptr, if it is a heap */
    u64 last_bin[2]; /* where a glibc malloc_state at this address has bins[252] and [253]: self-links if
                        empty.  2.43's, where those of 2.27 are none */
    u64 next_arena;  /* where a glibc malloc_state has its `next`, up to 2.42 */
    u64 first_seen_ns; /* the mappings of this time are those that count */
    u64 before[8];     /* what stands before the 8 bytes that hold the word */
    u32 value;         /* the word itself */
    u32 expected;      /* the value the first call named */
    u32 call;          /* the first call's number; 0: not known */
    u32 command;       /* and its second argument, FUTEX_WAIT_BITSET and so on */
};

struct word_value {
    struct word_totals totals;
    struct word_evidence evidence;
};

/* The top of the user stack at the first call of a word_key, for naming by return addresses. */
enum { STACK_WORDS = 128 };
struct stack_value {
    u64 ip;
    u64 sp;
    u64 link;  /* a register that may hold the first return address; 0 where calls push it */
    u32 words; /* how many of slots[] are filled */
    u32 pad;
    u64 slots[STACK_WORDS];
};

/* Call paths.  Of a word's waits, and of its other calls, a random sample of PATHS_PER_WORD is kept; `place`
 * is a path's place in the sample. */
enum {
    PATHS_PER_WORD = 64, /* a power of two */
    PATHS_MOST = 1 << 11,
    PATH_WORDS = 832, /* a stack takes 8 KiB in all */
    PATH_CHAIN = 127, /* as many as the kernel follows, unless told otherwise */
};
struct path_key {
    u64 address;
    u32 space;
    u16 waits; /* 1: of the waits; 0: of the other calls */
    u16 place;
};

/* The count-down to the next sampled call, of one word on one CPU. */
enum { PATH_TURNS = 8 }; /* a power of two */
struct path_turn {
    u64 address;
    u32 space;
    u32 waits;
    u32 passed; /* calls that `path_calls` has not been told of yet */
    u32 until;  /* how many calls until one is sampled, that one included */
};

/* Registers by their DWARF numbers (System V psABI of x86-64, 3.6.2; AAPCS64's DWARF for the Arm 64-bit
 * architecture, 4.1); DWARF_PC is a place of our own where the machine has no number for it. */
#if defined(__x86_64__) || defined(__TARGET_ARCH_x86)
enum {
    DWARF_RBX = 3,
    DWARF_RBP = 6,
    DWARF_SP = 7,
    DWARF_R12 = 12,
    DWARF_R13,
    DWARF_R14,
    DWARF_R15,
    DWARF_PC,
    DWARF_REGISTERS,
    DWARF_FP = DWARF_RBP
};
#else
enum { DWARF_FP = 29, DWARF_LR = 30, DWARF_SP = 31, DWARF_PC = 32, DWARF_REGISTERS };
#endif

/* The calling thread's user stack: the kernel's walk along the frame pointers, and what is needed to unwind
 * without them. */
struct path_value {
    u32 chain_length; /* how many of chain[] are filled; the first is the program counter */
    u32 words;        /* how many of stack[] */
    u64 registers[DWARF_REGISTERS];
    u64 chain[PATH_CHAIN];
    u64 stack[PATH_WORDS]; /* from the stack pointer up */
};

/* Log-linear histogram: values below 8 ns have a bucket each, then 8 buckets an octave, so that none is wider
 * than 12.5 % of its lower end.  The last one takes all from 2^38 ns (4.6 minutes) up. */
enum {
    HISTOGRAM_SUB_BITS = 3,
    HISTOGRAM_MAX_BITS = 38,
    HISTOGRAM_BUCKETS = ((HISTOGRAM_MAX_BITS - HISTOGRAM_SUB_BITS) << HISTOGRAM_SUB_BITS) + 8 + 1,
};
struct histogram_value {
    u32 calls[HISTOGRAM_BUCKETS];
};

/* One address space: a process between its birth (fork or exec) and its next exec or its end. */
struct space_info {
    u64 born_ns;
    u32 tgid;   /* as heapwait's pid namespace sees it */
    u32 parent; /* space of the parent; the same process's earlier space when born by exec; 0: the first */
    u32 by_exec;
    u32 pad;
};

/* Where a thread is.  In mode ledger each thread is in exactly one of these states at any time, and the times
 * that it spent in them sum to its lifetime.  User space divides some of the states further. */
enum thread_state {
    STATE_USER,          /* code of the program, and what no event shows of entering and leaving the kernel */
    STATE_FUTEX_WAIT,    /* in a futex wait, on-CPU */
    STATE_FUTEX_BLOCKED, /* in a futex wait, asleep */
    STATE_FUTEX_RUNNABLE, /* in a futex wait, woken or preempted, waiting for a CPU */
    STATE_FUTEX_WAKE,     /* in a futex call that wakes or moves, on-CPU */
    STATE_MEMORY,         /* mmap, munmap, mremap, brk, madvise, mprotect */
    STATE_RANDOM,         /* getrandom, or a read from /dev/random or /dev/urandom */
    STATE_SYSCALL,        /* any other system call, on-CPU */
    /* up to here a call can be in the state while it is timed on the CPU's page: see struct spent */
    STATE_MMAP_LOCK,      /* in the kernel, spinning for the lock of its own address space */
    STATE_KERNEL_LOCK,    /* in the kernel, spinning for another of its locks */
    STATE_MMAP_BLOCKED,   /* asleep for the lock of its own address space */
    STATE_KERNEL_BLOCKED, /* asleep for another lock of the kernel's */
    STATE_PREEMPTED,      /* runnable, the CPU was taken away */
    STATE_WOKEN,          /* runnable after a wake, or newly made */
    STATE_BLOCKED,        /* asleep elsewhere: join, I/O, sleep, stopped */
    STATE_EXITING,        /* on-CPU after the thread's exit has begun: its memory is given back */
    STATE_PAGE_FAULT,     /* in the kernel's handler of a page fault of user code, where that is seen */
    STATE_COUNT
};
enum {
    STATE_ROOM = 32,
    CALL_STATES = 8
}; /* powers of two: an index is masked, which the verifier understands */

/* A thread's account.  ns[] and entries[] are by enum thread_state.  estimated_ns[] is the time of the calls
 * that were not timed, estimated by those that were; it is contained in ns[STATE_USER]. */
struct thread_record {
    u64 born_ns, died_ns;
    u64 ns[STATE_ROOM];
    u64 estimated_ns[STATE_ROOM];
    u32 entries[STATE_ROOM];
    u64 syscalls;
    u64 faults; /* minor and major, as the kernel counts them */
    u32 thread; /* its number in this run, from 1: tids come again */
    u32 tid;    /* as heapwait's pid namespace sees it */
    u32 space;
    u32 pad;
    char comm[16];
};

/* The key of samples: what followed threads ran when a clock ticked.  Samples of user code are counted by
 * address, those of kernel code by the thread's state.  Mode profile: kernel code by its call stack as well.
 */
struct sample_key {
    u64 ip; /* of kernel code 0, in mode profile its stack's number in `kernel_stacks`, from 1; 0: none */
    u32 space;
    u8 state; /* mode profile: in kernel code only, and what the system call is about: see profile_state() */
    u8 user;  /* in user code; else in the kernel */
    /* in the kernel by an exception (a page fault), not by a system call; mode profile: no call's number is
     * known */
    u8 exception;
    u8 pad;
};

/* A sample with the user's stack.  They are a random sample of SAMPLE_PATHS of all samples. */
enum { SAMPLE_PATHS = 1024, KERNEL_STACKS = 1 << 14 };
struct sample_path {
    u32 taken;        /* a program is filling this place */
    u32 space;        /* 0: the place was never filled */
    u32 user;         /* the sample was of user code */
    u32 kernel_stack; /* number of the kernel's stack, as sample_key.ip */
    struct path_value value;
};

/* System calls on memory by kind, and the key of what is added up of them.  Modes profile and ledger. */
enum memory_kind {
    MEMORY_MMAP = 1,
    MEMORY_MUNMAP,
    MEMORY_MREMAP,
    MEMORY_MADVISE,
    MEMORY_MPROTECT,
    MEMORY_BRK,
    MEMORY_KINDS
};
struct memory_key {
    u32 space;
    u32 kind; /* enum memory_kind */
};
struct memory_totals {
    u64 calls;
    u64 total_ns;   /* from entry to exit */
    u64 blocked_ns; /* of these asleep */
};

/* What a CPU is used for.  Time is added up for the first three only: ns[] of struct cpu_account has room for
 * CPU_USES.  CPU_EXITING is only ever the present use (cpu_account.use): the CPU runs a followed task that
 * has begun to exit.  The switch away from such a task is not always seen.  Then the task's account has ended
 * at the exit, and the time after that is booked as CPU_OTHER: cpu_found(); cpu_add() in session_ledger.c. */
enum cpu_use { CPU_FOLLOWED, CPU_IDLE, CPU_OTHER, CPU_USES, CPU_EXITING = CPU_USES };
struct cpu_account {
    u64 since_ns; /* since when the CPU has been in its present use */
    u64 ns[CPU_USES];
    u32 use; /* enum cpu_use: the present one */
    u32 pad;
};

/* One stretch of one thread in one state, for the timeline. */
struct timeline_event {
    u64 from_ns, until_ns;
    u32 thread;
    u32 state;
};

/* What a system call is about.  User space gives each number its class, because its headers know the numbers
 * (session_settings.c). */
enum syscall_class {
    CLASS_NONE, /* no call: user code */
    CLASS_OTHER,
    CLASS_RANDOM,
    CLASS_READ,
    /* of those above the time is of interest alone, of those below more than that */
    CLASS_DESCRIPTORS,
    CLASS_MEMORY,
    CLASS_FUTEX,      /* futex() itself */
    CLASS_FUTEX_OTHER /* the later calls for parts of it */
};
enum { SYSCALL_NUMBERS = 512 };

/* Whom the BPF side marks by itself.  FOLLOW_COMMAND: nobody, since user space marks the command.
 * FOLLOW_PROCESSES: those of a list.  FOLLOW_CGROUP: all in a cgroup and in those below it.  FOLLOW_ALL: all
 * there are. */
enum follow_scope { FOLLOW_COMMAND, FOLLOW_PROCESSES, FOLLOW_CGROUP, FOLLOW_ALL };
enum { WANTED_PROCESSES = 4096 };

/* The page of a CPU: all that the programs on system calls need.  It has what user space tells them, and what
 * the CPU knows of the task that it runs.  A short call that is not timed leaves its traces here only.
 *
 * What such a program costs is memory that has gone cold, of its code as well as of its data, since the
 * program that it looks at ran in between.  So a CPU's state is one page, which user space maps, and what
 * every call needs is one cache line of it. */
enum { CPU_PAGE = 4096 };
struct cpu_state {
    u64 mine;    /* the task that the CPU runs, if it is known to be followed; else 0 */
    u64 passer;  /* if it is known not to be, else 0; user space makes it 0 after it has marked tasks */
    u64 stack;   /* mode waits: the stack of that task, if tracepoints' records are known to lie there; else 0
                  */
    u64 record;  /* where the present record lies: see lies_on_stack() */
    u64 address; /* the word of the futex call under way */
    u64 again;   /* the word of the latest wake that woke nobody, while it has `again_slot`; else NO_WORD */
    u32 expected;
    u16 gap;   /* how many short calls until one is timed, that one included */
    u16 usual; /* number of a system call that is not looked up in `classes`.  Mode waits: futex().  Mode
                  ledger: the latest one that means no more than its time */
    union {
        struct {
            u8 timed;   /* mode ledger: enum timed_place */
            u8 in_call; /* enum call_place */
        };
        u16 known; /* both at once; not 0: the call's end has to do more than to forget its class */
    };
    union {
        struct {
            u8 busy;    /* a program is changing the page or the task: one that interrupts it does nothing */
            u8 stopped; /* set by user space: nothing is recorded from here on */
        };
        u16 hands_off; /* both at once */
    };
    u8 class; /* of the system call under way, enum syscall_class */
    u8 usual_class;
    u8 again_slot;
    u8 memory; /* modes profile and ledger: the task is in a system call on memory */
    /* here the first cache line ends */
    u32 space;      /* these two as in struct word_key, one behind the other */
    u32 thread;     /* mode ledger; else 0 */
    u64 owner;      /* task_identity() of the task that the page belongs to, followed or not */
    u64 syscalls;   /* since the task came to this CPU, without those that the count-down has counted:
                       drawn - gap */
    u16 drawn;      /* what `gap` was when the count-down began */
    u8 op;          /* of the futex call under way, but for a short one */
    u8 base;        /* mode ledger, while `timed`: as in struct task_state, and newer than there */
    u8 block_bits;  /* one call in each block of 2^block_bits short calls is timed */
    u8 block_rest;  /* how many calls the present block has behind its timed one */
    u8 restartable; /* as in struct task_state */
    u8 file_known;  /* whether the next four tell what the latest descriptor is that was read from */
    u8 file_random;
    u8 wait_slot; /* these three: which places `again_wait` has */
    u8 wait_pending;
    u8 wait_turn;
    u32 descriptor;
    u32 file_generation;
    u64 again_wait;              /* the word of the latest wait that found another value, while its places in
                                    slots[], pending[] and turns[] are its own; else NO_WORD */
    u64 enter_ns;                /* when the call under way began: CPU_CALL, TIMED_HERE */
    u32 short_calls;             /* as in struct task_state */
    u32 random;                  /* state of the generator: see block_begin() */
    u32 weight;                  /* how many calls the timed one stands for */
    u8 classes[SYSCALL_NUMBERS]; /* enum syscall_class of each number: set by user space */
    struct cache_slot slots[CACHE_SLOTS];
    struct path_turn turns[PATH_TURNS];
    struct pending_waits pending[PENDING_SLOTS];
    /* time of the task that is not in its account yet; until then it stands there as user code */
    struct spent spent[CALL_STATES];
    u32 spent_calls[CALL_STATES]; /* by state; [STATE_USER] is the sum of all the others */
} __attribute__((aligned(CPU_PAGE)));
/* Where raw tracepoints show all system calls: the task that a CPU runs, if that is known not to be followed;
 * else 0.  The same as `passer` of the CPU's page, in a place that is found with a few instructions less:
 * what the system calls of others cost is hardly more than that.  A CPU of a greater number shares its line
 * with another.  That makes neither wrong: what a line tells of a task is true on any CPU, and no two run the
 * same task. */
enum { BYSTANDER_LINES = 1024 }; /* a power of two */
struct bystander_line {
    u64 task;
    u64 line[7];
};
/* No futex word: its address is not a multiple of 4. */
#define NO_WORD (~0ull)

/* The futex call under way, and where it is noted.  The functions that move a call from one of these states
 * to another: docs/kernel-side.md. */
enum call_place {
    NO_CALL,
    SHORT_CALL,   /* a wake that is counted, no more: its word is on the CPU's page */
    CPU_CALL,     /* timed on the CPU's page, until its task leaves the CPU */
    FOLLOWED_CALL /* timed in struct task_state */
};

/* Mode ledger: where the state of the system call under way is noted.  The call's exit ends that state. */
enum timed_place { UNTIMED, TIMED_HERE, TIMED_FOLLOWED /* in struct task_state */ };

/* Why something was not recorded.  The recording's words for them are in terms.c. */
enum loss_reason {
    LOSS_TASK,      /* a task (and what descends from it) could not be followed: no task storage */
    LOSS_SPACE,     /* an address space could not be noted: its words have no process */
    LOSS_WORD,      /* futex calls that found no room in the table of words */
    LOSS_HISTOGRAM, /* waits that found no room in the histograms, or have no known time */
    LOSS_STACK,     /* call stacks that were not kept: their words may stay unnamed, or without callers */
    LOSS_UNMATCHED, /* ends of futex calls without a beginning, and without a way to tell the call */
    LOSS_UNENDED,   /* beginnings of futex calls without an end: the calls are in no row */
    LOSS_COMPAT,    /* 32-bit programs: their system calls have other numbers and are not seen */
    LOSS_WAKEUP,    /* sleeps whose end was not seen: counted as blocked up to the return to the CPU */
    LOSS_THREAD,    /* threads whose account found no room */
    LOSS_SAMPLE,    /* samples that found no room */
    LOSS_TIMELINE,  /* stretches of the timeline that found no room */
    LOSS_SWITCH,    /* switches that the kernel didn't show: times nearby are off, counts are not */
    LOSS_RIGHTS, /* programs begun that run with other rights, where heapwait's own are lent: not followed */
    LOSS_MEMORY, /* system calls on memory that found no room */
    LOSS_CLOCK,  /* times that went backwards between two CPUs: counted as zero */
    LOSS_COUNT
};

#ifndef __bpf__
_Static_assert(sizeof(struct word_key) == 24, "key without holes");
_Static_assert(sizeof(struct word_value) == 176, "value without holes");
_Static_assert((int)STATE_COUNT <= (int)STATE_ROOM, "states fit");
_Static_assert(sizeof(struct thread_record) == 16 + 20 * STATE_ROOM + 16 + 16 + 16, "value without holes");
_Static_assert(sizeof(struct sample_key) == 16, "key without holes");
_Static_assert(sizeof(struct timeline_event) == 24, "value without holes");
_Static_assert(sizeof(struct space_info) == 24, "value without holes");
_Static_assert(sizeof(struct path_key) == 16, "key without holes");
_Static_assert(sizeof(struct memory_key) == 8, "key without holes");
_Static_assert(sizeof(struct cpu_state) == CPU_PAGE, "a page");
_Static_assert(sizeof(struct stack_value) == 32 + 8 * STACK_WORDS, "value without holes");
#endif

#endif
