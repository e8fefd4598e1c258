/* What the files of cli/ share: the table of subcommands and the exit codes. */
#ifndef HEAPWAIT_COMMAND_H
#define HEAPWAIT_COMMAND_H

enum exit_code {
    EXIT_OK = 0,
    EXIT_DATA = 1, /* the recording or the data is not what was expected */
    EXIT_USAGE = 2,
    EXIT_HEAPWAIT = 125, /* heapwait's own failure */
    EXIT_NOT_EXECUTABLE = 126,
    EXIT_NOT_FOUND = 127,
};

/* argv[0] is the subcommand's name.  Each returns an exit code. */
int doctor_main(int argc, char **argv);
int record_main(int argc, char **argv);
int import_main(int argc, char **argv);
int study_main(int argc, char **argv);
int try_main(int argc, char **argv);
int top_main(int argc, char **argv);
int explain_main(int argc, char **argv);
int report_main(int argc, char **argv);
int export_main(int argc, char **argv);

#endif
