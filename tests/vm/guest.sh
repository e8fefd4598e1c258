#!/bin/sh
# guest.sh, run in a machine of its own: what heapwait does under that kernel, with programs that make a known number
# of calls.  Nothing may be lost.  SKIPS=yes: this kernel may skip programs on tracepoints, as bpftrace's are.  UNITS,
# programs of the tests, must succeed.  TIMES=yes: only what compares clocks.  BUILD, the build's folder,
# ORACLE (empty: none), KNOWN_OFFSET (known_word's place in its page, hexadecimal) and HEAPWAIT_DATA come from the line
# before, which kernels.sh writes.
set -u
heapwait=$BUILD/heapwait subject=$BUILD/tests/probes/probe_subject
failed=0

fail()
{
    echo "FAILED: $1" >&2
    failed=1
}

query()
{
    sqlite3 "$1" "$2"
}

# A heading, with the seconds since the machine started.
step()
{
    echo "---- $1 ($(cut -d. -f1 /proc/uptime) s)"
}

# expect WHAT WANTED GOT
expect()
{
    [ "$2" = "$3" ] || fail "$1: '$3' instead of '$2'"
}

# What the subject's known_word must have met.
known='wait eagain 1009
wait slept 23
wake woke_none 211
wake woke_some 23'

# The calls on one word, in the order and words of the above.
calls_of()
{
    query "$1" "SELECT op || ' ' || CASE outcome WHEN 'raced' THEN 'slept' ELSE outcome END || ' ' || sum(calls)
        FROM lock_outcome JOIN lock ON lock.id = lock_id WHERE name = '$2' AND outcome <> 'interrupted' GROUP BY op,
        CASE outcome WHEN 'raced' THEN 'slept' ELSE outcome END ORDER BY op, outcome"
}

sum()
{
    echo "$1" | awk '{ n += $3 } END { print n + 0 }'
}

# losses WHAT FILE: in $lost; there are none.
losses()
{
    lost=$(query "$2" "SELECT coalesce(sum(count), 0) FROM loss")
    [ "$lost" -eq 0 ] || fail "$1: $lost events are lost here: $(query "$2" \
        "SELECT reason, count FROM loss WHERE count")"
}

# judge WHAT FILE WANTED GOT: the same, or less by at most as many as it is told were lost
judge()
{
    losses "$1" "$2"
    echo "$1 on $(uname -r): lost $lost; $(echo "$4" | tr '\n' ',') of $(echo "$3" | tr '\n' ',')"
    lacking=$(($(sum "$3") - $(sum "$4")))
    [ "$4" = "$3" ] || [ "$lost" -gt 0 ] || fail "$1: other calls are counted than were made, and nothing is lost"
    if [ $lacking -lt 0 ] || [ $lacking -gt "$lost" ]; then
        fail "$1: $lacking calls are not counted, and $lost events are told as lost"
    fi
}

# record FILE ARGUMENT...: one recording, which must succeed and tell whether something was lost
record()
{
    file=$1
    shift
    "$heapwait" record -o "$file" "$@" 2>log || fail "record -o $file ended with $?: $(cat log)"
    cat log >&2 # stdout is the command's
    grep -q 'lost: nothing\|Lost: ' log || fail "record -o $file: it is not told whether something was lost"
}

# The subject's known calls, and a contended malloc that counts its own; in mode ledger page faults as well: a recording
# more would cost the verifier's time once more.
check_mode()
{
    step "record -m $1"
    touches=''
    [ "$1" != ledger ] || touches=$BUILD/tests/probes/run/ledger_subject
    # The inner shell expands these words.
    # shellcheck disable=SC2016
    record "$1.db" -m "$1" -- sh -c '"$1" known >/dev/null; { [ -z "$2" ] || "$2"; } && { [ -z "$3" ] || "$3" known >/dev/null; }' \
        sh "$subject" "$ORACLE" "$touches" >counts
    judge "the known calls, mode $1" "$1.db" "$known" "$(calls_of "$1.db" known_word)"
    [ -z "$ORACLE" ] || judge "a contended malloc, mode $1" "$1.db" "$(awk '$2 { print "wait eagain " $2 }
        $1 { print "wait slept " $1 } $4 { print "wake woke_none " $4 } $5 { print "wake woke_some " $5 }' counts)" \
        "$(calls_of "$1.db" __malloc_lock)"
}

# paths_through FILE WORD FUNCTIONS: of the word's call paths those with one of the functions among the four innermost frames,
# and all
paths_through()
{
    query "$1" "SELECT coalesce(sum(a.symbol IN ($3) OR b.symbol IN ($3) OR c.symbol IN ($3) OR d.symbol IN ($3)), 0) || ' of ' ||
        count(*) FROM waiter JOIN lock ON lock.id = lock_id JOIN frame a ON a.id = frame_id LEFT JOIN frame b ON b.id = a.caller
        LEFT JOIN frame c ON c.id = b.caller LEFT JOIN frame d ON d.id = c.caller WHERE name = '$2'"
}

# Who waits: each path leads through a function that does.
check_paths()
{
    for word in "known_word 'known_waiter', 'known', 'main'" \
        "__malloc_lock '__libc_malloc_impl', '__libc_free', '__libc_realloc', 'malloc', 'free'"; do
        paths=$(paths_through "$1" "${word%% *}" "${word#* }")
        echo "call paths of ${word%% *}: $paths"
        [ "${word%% *}" = known_word ] || [ "$ORACLE" ] || continue # there is nobody who makes it wait
        if [ "${paths% of *}" != "${paths#* of }" ] || [ "$paths" = "0 of 0" ]; then
            fail "$1: $paths call paths of ${word%% *} lead through ${word#* }"
        fi
    done
}

# Of every thread the states sum to its lifetime.
check_partition()
{
    expect "threads in $1 whose states don't sum to their lifetimes" 0 "$(query "$1" "SELECT count(*) FROM thread
        WHERE lifetime_ns <> (SELECT sum(ns) FROM thread_state s WHERE s.run_id = thread.run_id AND s.thread = thread.thread)")"
    [ "$(query "$1" "SELECT count(*) FROM thread_state")" -gt 0 ] || fail "$1 has no account: this proves nothing"
}

check_explain()
{
    "$heapwait" explain --all "$1" >explained 2>&1 || fail "explain $1 ended with $?: $(cat explained)"
    grep -q "$2" explained || fail "explain $1 says nothing of $2: $(cat explained)"
    "$heapwait" explain --json "$1" >/dev/null || fail "explain --json $1 ended with $?"
}

# bpftrace's and strace's counts of known_word, known by its place in its page, in the words of $known.
counts_of_others()
{
    awk -v what="$1" '
        function add(op, result) {
            if (op == 0 && result == -11) n["wait eagain"]++
            else if (op == 0 && result == 0) n["wait slept"]++
            else if (op == 1 && result == 0) n["wake woke_none"]++
            else if (op == 1 && result > 0) n["wake woke_some"]++
        }
        what == "bpftrace" && /^@calls\[/ {
            split($0, part, /[][, :]+/)
            for (i = 0; i < part[4]; i++) add(part[2], part[3])
        }
        what == "strace" && / = / {
            result = $0
            sub(/.* = /, "", result)
            if (result ~ /^[-0-9]/) add(/FUTEX_WAKE/, result ~ /EAGAIN/ ? -11 : result + 0)
        }
        END { for (name in n) print name, n[name] }' | sort
}

# In ledger.db a thread touches 50000 fresh pages.  Where the kernel's handler is seen each of these faults is, and its
# time; the kernel may take one up twice.  The test of a thread's account is check_partition().
check_faults()
{
    seen=$(query ledger.db "SELECT value FROM host WHERE key = 'hooks_page_faults'")
    rows=$(query ledger.db "SELECT count(*) FROM thread_state WHERE state = 'page_fault'")
    echo "page faults on $(uname -r) by: $seen; $(query ledger.db "SELECT comm, faults, entries, ns FROM thread
        JOIN thread_state USING (run_id, thread) WHERE comm = 'touch' AND state = 'page_fault'")"
    if [ "$seen" = none ]; then
        expect "times of page faults that nobody saw" 0 "$rows"
        return
    fi
    expect "threads whose page faults are all seen" 1 "$(query ledger.db "SELECT count(*) FROM thread
        JOIN thread_state USING (run_id, thread) WHERE comm = 'touch' AND state = 'page_fault' AND entries >= 50000
        AND entries <= faults + 64 AND ns > 0")"
    ! grep -q 'user code and page faults' explained || fail "page faults are called estimated: $(cat explained)"
}

# System calls on memory, by kind: as many as strace sees of the same program, and the test's own known answers.
check_memory()
{
    step "system calls on memory"
    program=$BUILD/tests/probes/run/memory_subject
    for mode in profile ledger; do
        "$BUILD/tests/probes/run/test_memory" $mode 'counts*' >unit.out 2>&1 || fail "test_memory $mode: $(cat unit.out)"
        record memory.db -m $mode -- "$program" 321 >/dev/null
        losses "system calls on memory, mode $mode" memory.db
        query memory.db "SELECT kind || ' ' || sum(calls) FROM memory_call GROUP BY kind ORDER BY kind" >by_heapwait
        cat by_heapwait
        # WHOLE=yes: of so many calls strace takes minutes, emulated; test_memory knows their number.
        { [ "${WHOLE-}" = yes ] && command -v strace >/dev/null; } || continue
        strace -f -qq -e trace=mmap,munmap,mremap,madvise,mprotect,brk -o memory.trace "$program" 321 >/dev/null
        # Calls that another thread's interrupted are two lines.
        sed -n '/resumed>/d; s/^[0-9]* *\([a-z]*\)(.*/\1/p' memory.trace | sort | uniq -c | awk '{ print $2, $1 }' >by_strace
        cmp by_heapwait by_strace || fail "strace counts other calls on memory, mode $mode: $(cat by_strace)"
    done
}

# What is sampled, and by which paths.
check_profile()
{
    step "samples of mode profile"
    "$BUILD/tests/probes/run/test_profile" >unit.out 2>&1 || fail "test_profile: $(cat unit.out)"
    tail -n 1 unit.out
}

# Three that count the same run.
check_others()
{
    step "beside bpftrace and strace"
    for tool in bpftrace strace; do
        command -v $tool >/dev/null || { echo "there is no $tool: it counts nothing" && return; }
    done
    bpftrace -o bpftrace.out -e "tracepoint:syscalls:sys_enter_futex /comm == \"probe_subject\" &&
            ((uint64)args->uaddr & 0xfff) == 0x$KNOWN_OFFSET/ { @op[tid] = args->op & 127; @in[tid] = 1; }
        tracepoint:syscalls:sys_exit_futex /@in[tid]/ { @calls[@op[tid], args->ret] = count(); delete(@in[tid]); }" \
        -c "$heapwait record -o others.db -- strace -e trace=futex -e signal=none -ff -o trace $subject known" >log 2>&1 ||
        fail "beside bpftrace and strace: $?: $(cat log bpftrace.out)"
    grep -q 'lost: nothing\|Lost: ' log || fail "beside bpftrace and strace: it is not told whether something was lost"
    judge "what strace counts" others.db "$(cat trace.* | grep -E "^futex\(0x[0-9a-f]*$KNOWN_OFFSET, FUTEX_WA(IT|KE)_PRIVATE," |
        counts_of_others strace)" "$(calls_of others.db known_word)"
    by_bpftrace=$(counts_of_others bpftrace <bpftrace.out)
    echo "bpftrace: $(echo "$by_bpftrace" | tr '\n' ',')"
    [ "${SKIPS-}" = yes ] || expect "bpftrace's counts" "$known" "$by_bpftrace"
}

# By perf: nothing is skipped there.
check_perf()
{
    step "by perf"
    "$heapwait" doctor --perf || { fail "doctor --perf ended with $?" && return; }
    record perf.db --collector perf -- "$subject" known >/dev/null
    expect "calls by perf" "$known" "$(calls_of perf.db known_word)"
    record sampled.db --perf -- "$subject" known >/dev/null
    judge "the known calls, beside perf" sampled.db "$known" "$(calls_of sampled.db known_word)"
    [ "$(query sampled.db "SELECT count(*) FROM frame_sample")" -gt 0 ] ||
        fail "perf took no samples"
}

# Attached: to a shell that becomes the subject when it is told, to the machine, to a cgroup.
check_attach()
{
    step "record -p"
    mkfifo go said
    (read -r _ <go && exec "$subject" known >/dev/null) &
    pid=$!
    "$heapwait" record -o attached.db -p $pid 2>said &
    recording=$!
    : >log
    while read -r line; do
        echo "$line" >>log
        case $line in *'attached to'*) echo go >go ;; esac
    done <said
    wait $recording || fail "record -p ended with $?: $(cat log)"
    cat log
    judge "the known calls, attached" attached.db "$known" "$(calls_of attached.db known_word)"
    step "record -a"
    record all.db -a -- "$subject" known >/dev/null
    judge "the known calls, of the whole machine" all.db "$known" "$(calls_of all.db known_word)"
    step "record --cgroup"
    mkdir /sys/fs/cgroup/of_test
    # The inner shell expands these words.
    # shellcheck disable=SC2016
    record cgroup.db --cgroup /sys/fs/cgroup/of_test -- \
        sh -c 'echo $$ >/sys/fs/cgroup/of_test/cgroup.procs && exec "$1" known' sh "$subject" >/dev/null
    judge "the known calls, of a cgroup" cgroup.db "$known" "$(calls_of cgroup.db known_word)"
}

# The sum of a column, from the right, over all of top's rows of a process.
top_sum()
{
    # between groups of digits there are narrow spaces, and hard ones within words
    sed "s/$(printf '\342\200\257')//g; s/$(printf '\302\240')/_/g" page | awk -v pid="$1" -v column="$2" '
        $1 == pid { sum += $(NF - column) } END { print sum + 0 }'
}

# Plain lines, of a program that begins after the first look and makes a known number of calls.
check_top()
{
    step top
    mkfifo in made looks
    "$BUILD/tests/cli/top/top_subject" <in >made &
    pid=$!
    exec 3>in 4<made
    "$heapwait" top -p $pid -d 1 >looks 2>log 3>&- 4<&- &
    top=$!
    : >page
    while read -r line; do
        echo "$line" >>page
        [ "$(grep -c "futex calls for malloc's locks in" page)" != 2 ] || [ -e told ] ||
            { : >told && echo go >&3 && read -r _ <&4 && exec 3>&-; } # and the subject ends, and top with it
    done <looks
    wait $top || fail "top ended with $?: $(cat log)"
    exec 4<&-
    cat page
    grep -q "oldmalloc *mal " page || fail "top knows no malloc's lock"
    expect "top's EAGAIN" 1009 "$(top_sum $pid 6)"
    expect "top's empty wakes" 211 "$(top_sum $pid 5)"
    expect "looks that lost something" 0 "$(grep -c LOST page)"
}

# In mode ledger only with WHOLE=yes: each of its runs takes the verifier a while.
check_study()
{
    step study
    ledger=0
    [ "${WHOLE-}" != yes ] || ledger=1
    "$heapwait" study -o study.db --variants glibc,musl --threads 2 --passwords 2000 --reps 1 --traced-reps 1 \
        --ledger-reps $ledger 2>log >/dev/null || fail "study ended with $?: $(cat log)"
    expect "runs that failed" 0 "$(query study.db "SELECT count(*) FROM run WHERE exit_status IS NOT 0")"
    expect "runs" $((4 + 2 * ledger)) "$(query study.db "SELECT count(*) FROM run")"
    losses "the study" study.db
    [ $ledger = 0 ] || check_partition study.db
    check_explain study.db musl
}

# known_run PROGRAM ARGUMENT...: a program of the tests succeeds.
known_run()
{
    step "$*"
    program=$1
    shift
    "$BUILD/tests/probes/run/$program" "$@" </dev/null >unit.out 2>&1 || fail "$program $* ended with $?: $(cat unit.out)"
    grep '^\[  PASSED' unit.out || fail "$program $* says nothing"
}

# The known-answer programs of the tests, which allow no loss; WHOLE=yes: emulated, they take minutes.
check_known()
{
    [ "${WHOLE-}" = yes ] || return 0
    for mode in waits ledger; do
        for tests in known every oracle; do known_run test_probes $mode "$tests*"; done
    done
}

# The one that compares clocks, in a machine of its own: see kernels.sh.
if [ "${TIMES-}" = yes ]; then
    known_run test_ledger 'known*'
    exit $failed
fi
step "the kernel's types"
"$BUILD/tests/probes/bpf/test_types" "$BUILD/probes/bpf/probes.bpf.o" || fail "the kernel's types are others"
for unit in ${UNITS-}; do
    step "$(basename "$unit")"
    "$unit" >unit.out 2>&1 || fail "$unit ended with $?: $(cat unit.out)"
    tail -n 1 unit.out
done
step doctor
HEAPWAIT_DEBUG=2 "$heapwait" doctor 2>/tmp/kept/verifier.log || fail "doctor ended with $?: $(cat /tmp/kept/verifier.log)"
cp /proc/version /tmp/kept/version
check_mode waits
check_paths waits.db
check_mode ledger
check_partition ledger.db
check_explain ledger.db known_word
check_faults
check_memory
check_profile
check_others
check_perf
check_attach
check_top
check_study
check_known
step "the end"
cp ./*.db /tmp/kept
exit $failed
