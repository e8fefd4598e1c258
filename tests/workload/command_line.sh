#!/bin/sh
# command_line.sh PASSWORDS: the program's command line, from outside: what it prints where, and how it exits.
set -u
passwords=$1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0

# expect WHAT ACTUAL EXPECTED
expect()
{
    [ "$2" = "$3" ] && return
    echo "FAILED: $1: '$2' instead of '$3'"
    failures=$((failures + 1))
}

# expect_match WHAT ACTUAL EXTENDED-REGEX (of the whole)
expect_match()
{
    printf '%s' "$2" | grep -Exq -- "$3" && return
    echo "FAILED: $1: '$2' doesn't match $3"
    failures=$((failures + 1))
}

# run ARGS...: leaves the files out and err, and status
run()
{
    "$passwords" "$@" >out 2>err
    status=$?
}

# timing PASSWORDS THREADS: the line's pattern
timing()
{
    echo "Generating $1 passwords with $2 threads took [0-9]+ ms"
}

test_timing_line()
{
    run --passwords 1000 --threads 3
    expect "exit of a plain run" "$status" 0
    expect_match "the timing line" "$(cat out)" "$(timing 1000 3)"
    expect "lines on stdout" "$(wc -l <out)" 1
    expect "stderr of a plain run" "$(cat err)" ""
}

test_print()
{
    for source in urandom getrandom prng; do
        run --passwords 1001 --threads 4 --source "$source" --print
        expect "exit with --print, $source" "$status" 0
        expect "passwords printed, $source" "$(wc -l <out)" 1001
        expect "lines that are passwords, $source" "$(grep -Ecx '[A-Za-z0-9+/]{35}=' out)" 1001
        expect "different passwords, $source" "$(sort -u out | wc -l)" 1001
        expect_match "the timing on stderr, $source" "$(cat err)" "$(timing 1001 4)"
    done
}

test_lengths()
{
    for pair in 2:4 4:4 5:8 11:12 32:36 33:36 100:108 4096:4468; do
        run --passwords 3 --threads 1 --length "${pair%:*}" --print
        expect "characters for --length ${pair%:*}" "$(awk '{print length($0)}' out | sort -u)" "${pair#*:}"
    done
}

test_prng_repeats()
{
    run --passwords 100 --threads 3 --source prng --print
    cp out first
    run --passwords 100 --threads 3 --source prng --print
    expect "the same passwords twice from prng" "$(cmp first out 2>&1)" ""
    run --passwords 100 --threads 3 --print
    cmp -s first out && expect "urandom differs from prng" same different
}

test_json()
{
    run --passwords 50 --threads 2 --length 40 --source getrandom --free immediately --json
    expect "exit with --json" "$status" 0
    expect_match "the JSON object" "$(cat out)" \
        '\{"passwords":50,"threads":2,"length":40,"source":"getrandom","free":"immediately",'\
'"elapsed_ns":[0-9]+\}'
    run --passwords 5 --threads 2 --json --print
    expect "passwords beside JSON" "$(wc -l <out)" 5
    expect_match "JSON on stderr" "$(cat err)" '\{"passwords":5,.*"elapsed_ns":[0-9]+\}'
}

test_processors()
{
    first=$(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')
    taskset -c "$first" "$passwords" --passwords 10 >out
    expect_match "one thread on one processor" "$(cat out)" "$(timing 10 1)"
    run --passwords 10
    expect_match "a thread per processor" "$(cat out)" "$(timing 10 "$(nproc)")"
}

# wrong SENTENCE ARGS...
wrong()
{
    sentence=$1
    shift
    run "$@"
    expect "exit of $*" "$status" 2
    expect "stdout of $*" "$(cat out)" ""
    expect "stderr of $*" "$(cat err)" "passwords: $sentence"
}

test_wrong_usage()
{
    wrong "--threads takes a whole number from 1 to 65536, not '0'" --threads 0
    wrong "--passwords takes a whole number from 1 to 10000000000, not '-5'" --passwords -5
    wrong "--length takes a whole number from 2 to 4096, not '1'" --length 1
    wrong "--length needs a value" --length
    wrong "there is no option '-t'; \`passwords --help\` lists them" -t 4
    wrong "--print has nothing to print with --free immediately" --free immediately --print
}

test_help()
{
    run --help
    expect "exit of --help" "$status" 0
    for option in --threads --passwords --length --source --free --print --json; do
        expect "$option in --help" "$(grep -c -e "^  $option " out)" 1
    done
}

test_full_disk()
{
    for how in "" --print --json; do
        # An empty $how is no argument.
        # shellcheck disable=SC2086
        "$passwords" --passwords 1000 $how >/dev/full 2>err
        expect "exit on a full disk $how" "$?" 1
        expect "stderr on a full disk $how" "$(cat err)" \
            "passwords: writing to standard output failed: No space left on device"
    done
}

# Three descriptors are the standard ones; the dynamic loader needs the fourth, and so does the first thread.
# What the caller left open (ctest does) would take that place.
test_too_many_files()
{
    prlimit --nofile=4 "$passwords" --threads 9 --passwords 2000000 --print \
        >out 2>err 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    expect "exit when /dev/urandom can't be opened" "$?" 1
    expect "stdout when /dev/urandom can't be opened" "$(cat out)" ""
    expect "stderr when /dev/urandom can't be opened" "$(cat err)" \
        "passwords: opening /dev/urandom failed: Too many open files"
}

test_timing_line
test_print
test_lengths
test_prng_repeats
test_json
test_processors
test_wrong_usage
test_help
test_full_disk
test_too_many_files
[ "$failures" -eq 0 ] || echo "$failures failed"
[ "$failures" -eq 0 ]
