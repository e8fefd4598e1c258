# Bash completion of heapwait.  Needs nothing of bash-completion but to be loaded.  The options are those of
# `heapwait COMMAND --help`; tests/docs compares the two.

_heapwait_commands='doctor record import study try top explain report export'

# Word -> candidates in COMPREPLY; the current word is $cur.
_heapwait_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
_heapwait_files()
{
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

# The options of a command.
_heapwait_options()
{
    case $1 in
    doctor) echo '--calibrate --perf --help' ;;
    record)
        echo '--output --mode --pid --cgroup --all --duration --user --max-words --debug-file --libc --calibrate --perf' \
            '--collector --help'
        ;;
    import) echo '--output --libc --symfs --debug-file --help' ;;
    study)
        echo '--output --quick --variants --variant --threads --passwords --reps --traced-reps --ledger-reps --perf --no-probes' \
            '--timeout --seed --resume --help'
        ;;
    try) echo '--rounds --library --libraries --no-probes --output --timeout --seed --help' ;;
    top) echo '--pid --cgroup --delay --count --help' ;;
    explain) echo '--all --json --markdown --width --help' ;;
    report) echo '--output --help' ;;
    export) echo '--folded --speedscope --output --variant --threads --help' ;;
    esac
}

# What an option takes: true when it has been completed, or takes a value that can't be.
_heapwait_value()
{
    case $1:$2 in
    record:-m | record:--mode) _heapwait_words 'profile waits ledger' ;;
    record:-p | record:--pid | top:-p | top:--pid) _heapwait_words "$(cd /proc && echo [0-9]*)" ;;
    record:-u | record:--user) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
    record:--cgroup | top:--cgroup | import:--symfs) _heapwait_files -d ;;
    record:--collector) _heapwait_words 'bpf perf' ;;
    study:--variants) _heapwait_words 'none glibc musl musl+jemalloc musl+mimalloc glibc-static musl-dynamic
        musl-oldmalloc glibc+jemalloc glibc+mimalloc glibc+tcmalloc' ;;
    try:--libraries) _heapwait_words "none $("${COMP_WORDS[0]}" try --help 2>/dev/null | sed -n 's/^Known libraries: //p')" ;;
    report:-o | report:--output) _heapwait_files -d ;;
    *:-o | *:--output | record:--libc | record:--debug-file | import:--libc | import:--debug-file) _heapwait_files -f ;;
    record:--max-words | record:--duration | export:--variant | export:--threads | explain:--width | study:--variant | study:--threads | study:--passwords | study:--reps | \
        try:--rounds | try:--library | try:--timeout | try:--seed | top:-d | top:--delay | top:-n | top:--count | \
        study:--traced-reps | study:--ledger-reps | study:--timeout | study:--seed) ;;
    *) return 1 ;;
    esac
}

# The index of record's or try's COMMAND in COMP_WORDS; none when it isn't there yet.
_heapwait_command_at()
{
    local i
    for ((i = 2; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --) echo $((i + 1)) && return ;;
        -o | --output | -m | --mode | -p | --pid | --cgroup | --duration | -u | --user | --max-words | --libc | --debug-file | \
            --collector | --rounds | --library | --libraries | --timeout | --seed) ((i++)) ;;
        -*) ;;
        *) echo "$i" && return ;;
        esac
    done
}

_heapwait()
{
    local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} at
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _heapwait_words "$_heapwait_commands help --help --version"
        return
    fi
    if [[ $command == help ]]; then
        ((COMP_CWORD > 2)) || _heapwait_words "$_heapwait_commands"
        return
    fi
    if [[ $command == record || $command == try ]] && at=$(_heapwait_command_at) && [[ $at ]]; then
        # The traced command's own words, as if they stood alone.
        if ((at == COMP_CWORD)); then
            mapfile -t COMPREPLY < <(compgen -c -- "$cur")
        elif declare -F _command_offset >/dev/null; then
            _command_offset "$at"
        else
            _heapwait_files -f
        fi
    elif ! _heapwait_value "$command" "$previous"; then
        case $command,$cur in
        *,-*) _heapwait_words "$(_heapwait_options "$command")" ;;
        record,* | try,*) mapfile -t COMPREPLY < <(compgen -c -- "$cur") ;;
        import,* | explain,* | report,* | export,*) _heapwait_files -f ;;
        esac
    fi
}
complete -F _heapwait heapwait
