# Fish completion of heapwait.  The options are those of `heapwait COMMAND --help`; tests/docs compares the two.
function __heapwait_in
    contains -- (commandline -opc)[2] $argv
end

complete -c heapwait -f
complete -c heapwait -n __fish_use_subcommand -a doctor -d 'what this machine can measure'
complete -c heapwait -n __fish_use_subcommand -a record -d 'run a command under probes, or attach'
complete -c heapwait -n __fish_use_subcommand -a import -d 'a session of perf record'
complete -c heapwait -n __fish_use_subcommand -a study -d 'run every variant of the password program'
complete -c heapwait -n __fish_use_subcommand -a try -d 'one program under each allocator library'
complete -c heapwait -n __fish_use_subcommand -a top -d 'who pays for malloc locks, live'
complete -c heapwait -n __fish_use_subcommand -a explain -d 'the answer of a recording'
complete -c heapwait -n __fish_use_subcommand -a report -d 'a recording as PDF and HTML'
complete -c heapwait -n __fish_use_subcommand -a export -d 'the call paths for other viewers'
complete -c heapwait -n __fish_use_subcommand -a help -d 'the options of a command'
complete -c heapwait -n '__heapwait_in help' -xa 'doctor record import study try top explain report export'
complete -c heapwait -n __fish_use_subcommand -l version -d 'print the version'
complete -c heapwait -s h -l help -d 'print the options'

complete -c heapwait -n '__heapwait_in doctor' -l calibrate -d 'what a system call costs here'
complete -c heapwait -n '__heapwait_in doctor' -l perf -d 'the perf record line for import'

complete -c heapwait -n '__heapwait_in record' -s o -l output -r -F -d 'the recording'
complete -c heapwait -n '__heapwait_in record' -s m -l mode -x -a 'profile waits ledger' -d 'what to measure'
complete -c heapwait -n '__heapwait_in record' -s p -l pid -x -a '(__fish_complete_pids)' -d 'attach to processes'
complete -c heapwait -n '__heapwait_in record' -l cgroup -x -a '(__fish_complete_directories)' -d 'attach to a cgroup'
complete -c heapwait -n '__heapwait_in record' -s a -l all -d 'attach to all processes'
complete -c heapwait -n '__heapwait_in record' -l duration -x -d 'how long, in seconds'
complete -c heapwait -n '__heapwait_in record' -s u -l user -x -a '(__fish_complete_users)' -d 'run the command as'
complete -c heapwait -n '__heapwait_in record' -l max-words -x -d 'pairs of futex word and outcome'
complete -c heapwait -n '__heapwait_in record' -l debug-file -r -F -d 'the file as it was before strip'
complete -c heapwait -n '__heapwait_in record' -l libc -r -F -d 'the libc.a of a stripped program'
complete -c heapwait -n '__heapwait_in record' -l calibrate -d 'runs and time of the probes'
complete -c heapwait -n '__heapwait_in record' -l perf -d 'samples with call paths'
complete -c heapwait -n '__heapwait_in record' -l collector -x -a 'bpf perf' -d 'by what'
complete -c heapwait -n '__heapwait_in record' -xa '(__fish_complete_subcommand --fcs-skip=2)'

complete -c heapwait -n '__heapwait_in import' -s o -l output -r -F -d 'the recording'
complete -c heapwait -n '__heapwait_in import' -l libc -r -F -d 'musl\'s libc.a'
complete -c heapwait -n '__heapwait_in import' -l symfs -r -F -d 'where the session\'s files are'
complete -c heapwait -n '__heapwait_in import' -l debug-file -r -F -d 'the program before strip'
complete -c heapwait -n '__heapwait_in import' -F

complete -c heapwait -n '__heapwait_in study' -s o -l output -r -F -d 'the recording'
complete -c heapwait -n '__heapwait_in study' -l quick -d 'a tenth of the passwords'
complete -c heapwait -n '__heapwait_in study' -l variants -x -d 'only these, or none'
complete -c heapwait -n '__heapwait_in study' -l variant -x -d 'NAME=COMMAND'
complete -c heapwait -n '__heapwait_in study' -l threads -x -d 'thread counts'
complete -c heapwait -n '__heapwait_in study' -l passwords -x -d 'passwords per run'
complete -c heapwait -n '__heapwait_in study' -l reps -x -d 'untraced runs of each'
complete -c heapwait -n '__heapwait_in study' -l traced-reps -x -d 'runs of each in mode waits'
complete -c heapwait -n '__heapwait_in study' -l ledger-reps -x -d 'runs of each in mode ledger'
complete -c heapwait -n '__heapwait_in study' -l perf -d 'one more run of each, sampled by perf'
complete -c heapwait -n '__heapwait_in study' -l no-probes -d 'no traced runs'
complete -c heapwait -n '__heapwait_in study' -l timeout -x -d 'seconds until a run is killed'
complete -c heapwait -n '__heapwait_in study' -l seed -x -d 'of the random order'
complete -c heapwait -n '__heapwait_in study' -l resume -d 'go on with an interrupted study'

function __heapwait_libraries
    echo none
    heapwait try --help 2>/dev/null | string replace -rf '^Known libraries: ' '' | string split ' '
end
complete -c heapwait -n '__heapwait_in try' -l rounds -x -d 'untraced runs of each'
complete -c heapwait -n '__heapwait_in try' -l library -x -d 'NAME=FILE'
complete -c heapwait -n '__heapwait_in try' -l libraries -x -a '(__heapwait_libraries)' -d 'only these'
complete -c heapwait -n '__heapwait_in try' -l no-probes -d 'no traced runs'
complete -c heapwait -n '__heapwait_in try' -s o -l output -r -F -d 'keep the recording'
complete -c heapwait -n '__heapwait_in try' -l timeout -x -d 'seconds until a run is killed'
complete -c heapwait -n '__heapwait_in try' -l seed -x -d 'of the random order'
complete -c heapwait -n '__heapwait_in try' -xa '(__fish_complete_subcommand --fcs-skip=2)'

complete -c heapwait -n '__heapwait_in top' -s p -l pid -x -a '(__fish_complete_pids)' -d 'only these processes'
complete -c heapwait -n '__heapwait_in top' -l cgroup -x -a '(__fish_complete_directories)' -d 'only those of a cgroup'
complete -c heapwait -n '__heapwait_in top' -s d -l delay -x -d 'seconds between two looks'
complete -c heapwait -n '__heapwait_in top' -s n -l count -x -d 'end after so many looks'

complete -c heapwait -n '__heapwait_in explain' -l all -d 'the verdict and every table'
complete -c heapwait -n '__heapwait_in explain' -l json -d 'one JSON document'
complete -c heapwait -n '__heapwait_in explain' -l markdown -d 'eight lines for an issue tracker'
complete -c heapwait -n '__heapwait_in explain' -l width -x -d 'columns'
complete -c heapwait -n '__heapwait_in explain' -F

complete -c heapwait -n '__heapwait_in report' -s o -l output -x -a '(__fish_complete_directories)' -d 'where it goes'
complete -c heapwait -n '__heapwait_in report' -F

complete -c heapwait -n '__heapwait_in export' -l folded -d 'a line for each path'
complete -c heapwait -n '__heapwait_in export' -l speedscope -d 'JSON for speedscope'
complete -c heapwait -n '__heapwait_in export' -s o -l output -r -F -d 'where it goes'
complete -c heapwait -n '__heapwait_in export' -l variant -x -d 'only this'
complete -c heapwait -n '__heapwait_in export' -l threads -x -d 'only this number'
complete -c heapwait -n '__heapwait_in export' -F
