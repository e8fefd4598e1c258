#!/bin/sh
# "At most so many times as fast without it", held against doing it: a kind of answer_subject.c does the same work with its
# lock and without, and may not be faster by more than the answer says.  An answer speaks of the run that it saw: how often
# threads meet at a lock differs from run to run by more than their times do.  So in each of ROUNDS rounds one run is
# recorded, one without the lock follows, and their ratio is held against the bound of that recording.  Of all rounds the one
# that speaks least against its bound counts, since a run may have had one CPU where the other had two; and it has to do so by
# more than equal runs differ: as much as those two that differ least.
# $1: heapwait, $2: answer_show, $3: the folder of the programs, $4: which build of them.
set -u
heapwait=$1 show=$2 program=$3/$4
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
ROUNDS=4
failed=0 bounds=0

# took ARGUMENT...: runs the program, and prints how long it took, in ns
took()
{
    from=$(date +%s%N)
    "$program" "$@" || exit 1
    echo $(($(date +%s%N) - from))
}

# round KIND CAUSE: prints the bound, how long the recorded run took, and how long one without the lock, in ns
round()
{
    rm -f a.db
    "$heapwait" record -o a.db -- "$program" "$1" >said 2>&1 && "$show" a.db >answer || return
    # No cause of that kind is a claim of no gain; a gain without an end claims nothing.
    awk -v cause="$2" -v without="$(took "$1" without)" '
        $1 == "run" { with = $2 }
        $1 == "cause" && $2 == cause && !found++ { most = $7 }
        END { print found ? most : 1.05, with, without }' answer
    cat answer said >>all
}

# The kinds of locks whose bound is finite, by the kind of cause that they are.
for row in own_mutex:own_lock own_spinlock:spinning own_mutex_some:own_lock malloc_some:malloc_lock; do
    kind=${row%:*} cause=${row#*:}
    : >all
    for _ in $(seq $ROUNDS); do
        round "$kind" "$cause"
    done >rounds
    cat rounds >>all
    if awk -v rounds="$ROUNDS" -v kind="$kind" '
        $1 != "inf" && (!bounds++ || $2 / $3 / $1 < least) { least = $2 / $3 / $1; most = $1; ratio = $2 / $3 }
        function apart(x, y) { return x > y ? x / y : y / x }
        {
            for (i = 1; i < NR; i++) {
                if (!with || apart($2, recorded[i]) < with) with = apart($2, recorded[i])
                if (!without || apart($3, left_out[i]) < without) without = apart($3, left_out[i])
            }
            recorded[NR] = $2
            left_out[NR] = $3
        }
        END {
            if (NR < rounds) exit 1
            if (!bounds) { print kind ": no bound"; exit 2 }
            printf "%s: at most %s times as fast by the answer; without it, %.3f times; equal runs differ by %.3f\n",
                kind, most, ratio, with * without
            exit least > with * without
        }' rounds; then
        bounds=$((bounds + 1))
    elif [ $? -eq 1 ]; then
        echo "FAILED: $kind"
        cat all
        failed=1
    fi
done
[ $bounds -ge 3 ] || { echo "FAILED: $bounds bounds were held: too few to hold anything against"; failed=1; }
exit $failed
