/* A rollback journal as an attacker makes it, by hand: whoever plays it into a database deletes `victim`,
 * which it names as its super-journal. */
#ifndef TESTS_ANALYSIS_JOURNAL_PLANT_H
#define TESTS_ANALYSIS_JOURNAL_PLANT_H

/* 0; -1: it can't be written. */
int journal_plant(const char *journal, const char *victim);

#endif
