#!/bin/sh
# "At most so many times as fast without it", held against doing it: a kind of answer_subject.c does the same work with its
# lock and without, and may not be faster by more than the answer says.  Of ROUNDS rounds, each of one run with and one
# without, the least ratio counts; and it has to exceed the bound by more than runs with the lock differ among themselves.
# $1: heapwait, $2: answer_show, $3: the folder of the programs, $4: which build of them.
set -u
heapwait=$1 show=$2 program=$3/$4
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
ROUNDS=3
failed=0 bounds=0

# took ARGUMENT...: runs the program, and prints how long it took, in ns
took()
{
    from=$(date +%s%N)
    "$program" "$@" || exit 1
    echo $(($(date +%s%N) - from))
}

# The kinds of locks whose bound is finite, by the kind of cause that they are.
for row in own_mutex:own_lock own_spinlock:spinning own_mutex_some:own_lock malloc_some:malloc_lock; do
    kind=${row%:*} cause=${row#*:}
    if ! "$heapwait" record -o a.db -- "$program" "$kind" >said 2>&1 || ! "$show" a.db >answer; then
        echo "FAILED: $kind: no answer"
        cat said
        failed=1
        continue
    fi
    # No cause of that kind is a claim of no gain; a gain without an end claims nothing.
    most=$(awk -v cause="$cause" '$1 == "cause" && $2 == cause && !found++ { print $7 } END { if (!found) print 1.05 }' answer)
    if [ "$most" = inf ]; then
        echo "$kind: no bound"
        continue
    fi
    bounds=$((bounds + 1))
    for _ in $(seq $ROUNDS); do
        with=$(took "$kind") && without=$(took "$kind" without) && echo "$with $without"
    done | awk -v most="$most" -v rounds="$ROUNDS" -v kind="$kind" '
        NR == 1 || $1 / $2 < least { least = $1 / $2 }
        NR == 1 || $1 > slow { slow = $1 }
        NR == 1 || $1 < fast { fast = $1 }
        END {
            if (NR < rounds) exit 1
            printf "%s: at most %s times as fast by the answer; without it, %.3f times or more; equal runs differ by %.3f\n",
                kind, most, least, slow / fast
            exit least * fast / slow > most
        }' || { echo "FAILED: $kind"; cat answer said; failed=1; }
    rm -f a.db
done
[ $bounds -ge 3 ] || { echo "FAILED: $bounds bounds were told: too few to hold anything against"; failed=1; }
exit $failed
