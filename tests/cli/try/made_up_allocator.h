/* Sizes of blocks by which made_up_subject makes threads wait for the locks of made_up_allocator.  In any
 * other allocator they are sizes like all. */
#ifndef TESTS_CLI_TRY_MADE_UP_ALLOCATOR_H
#define TESTS_CLI_TRY_MADE_UP_ALLOCATOR_H

enum {
    MADE_UP_HELD = 4001,        /* its lock is held until somebody waits for it */
    MADE_UP_REFILL = 4002,      /* the second lock, which has no symbol, is taken */
    MADE_UP_REFILL_HELD = 4003, /* and held until somebody waits for it */
};

#endif
