/* Builds a recording from the schema and SQL files.  Shared by the tests' fixtures and the tool for shell
 * tests. */
#ifndef HEAPWAIT_RECORDING_BUILD_H
#define HEAPWAIT_RECORDING_BUILD_H

/* Runs the SQL of a file into the SQLite file `path`, which is made when it isn't there.  0 or -1 with a
 * message. */
int sql_run_file(const char *path, const char *sql_path);
int sql_run_text(const char *path, const char *sql);

#endif
