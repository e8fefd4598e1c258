#!/bin/sh
# guest.sh, run in a machine of its own: what heapwait counts under that kernel, of a program that makes a known number
# of calls.  A kernel that skips probe runs may lack some, which must be told.  HEAPWAIT, SUBJECT, ORACLE (empty: none)
# and HEAPWAIT_DATA come from the line before, which kernels.sh writes.
set -u
failed=0

fail()
{
    echo "FAILED: $1"
    failed=1
}

query()
{
    sqlite3 "$1" "$2"
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

# judge WHAT FILE WANTED GOT: the same, or less by at most as many as it is told were lost
judge()
{
    lost=$(query "$2" "SELECT coalesce(sum(count), 0) FROM loss")
    echo "$1 on $(uname -r): lost $lost; $(echo "$4" | tr '\n' ',') of $(echo "$3" | tr '\n' ',')"
    lacking=$(($(sum "$3") - $(sum "$4")))
    [ "$4" = "$3" ] || [ "$lost" -gt 0 ] || fail "$1: other calls are counted than were made, and nothing is lost"
    if [ $lacking -lt 0 ] || [ $lacking -gt "$lost" ]; then
        fail "$1: $lacking calls are not counted, and $lost events are told as lost"
    fi
    grep -q '^lost: nothing\|^LOST: ' log || fail "$1: it is not told whether something was lost"
    [ "$lost" -eq 0 ] || [ "${LOSES-}" = yes ] || fail "$1: $lost events are lost here"
}

# check MODE: one recording in that mode, of the known calls and of a contended malloc that counts its own
check()
{
    file=$1.db
    # The inner shell expands these words.
    # shellcheck disable=SC2016
    "$HEAPWAIT" record -m "$1" -o "$file" -- sh -c '"$1" known >/dev/null; [ -z "$2" ] || "$2"' sh "$SUBJECT" "$ORACLE" \
        2>log >counts || fail "record -m $1 ended with $?"
    cat log
    judge "the known calls, mode $1" "$file" "$known" "$(calls_of "$file" known_word)"
    [ -z "$ORACLE" ] || judge "a contended malloc, mode $1" "$file" "$(awk '$2 { print "wait eagain " $2 }
        $1 { print "wait slept " $1 } $4 { print "wake woke_none " $4 } $5 { print "wake woke_some " $5 }' counts)" \
        "$(calls_of "$file" __malloc_lock)"
}

"$HEAPWAIT" doctor || fail "doctor ended with $?"
check waits
check ledger
torn=$(query ledger.db "SELECT count(*) FROM thread WHERE lifetime_ns <>
    (SELECT sum(ns) FROM thread_state s WHERE s.run_id = thread.run_id AND s.thread = thread.thread)")
[ "$torn" = 0 ] || fail "$torn threads whose states don't sum to their lifetimes"
exit $failed
