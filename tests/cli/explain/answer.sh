#!/bin/sh
# The answer held against the truth: the programs of answer_subject.c are recorded, and each answer is one that
# answer.txt has as right.  Threads that wait for the end of others, or for work, are never its subject.
# $1: heapwait, $2: answer_show, $3: the folder of the programs, $4: which build of them.
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../../expect.sh"
heapwait=$1 show=$2 program=$3/$4 build=$4 table=$(cd "$(dirname "$0")" && pwd)/answer.txt
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0

# judge CONCLUSIONS LOCKS BOUNDS STRIPPED <answer: prints what is wrong, a line each
judge()
{
    # awk expands these, not the shell.
    # shellcheck disable=SC2016
    awk -v conclusions="$1" -v locks="$2" -v bounds="$3" -v stripped="$4" '
        function is_of(text, list, item, i, n) {
            n = split(list, item, "|")
            for (i = 1; i <= n; i++) if (item[i] == text || (item[i] ~ /\*$/ && index(text, substr(item[i], 1, length(item[i]) - 1)) == 1)) return 1
            return 0
        }
        # on a busy machine: who else had the CPUs
        $1 == "reason" { busy = /others used/ }
        $1 == "conclusion" { conclusion = $2 == "not_a_lock" ? $2 ":" $3 : $2 }
        $1 == "subject" && is_of($2, conclusions) { right = $2 }
        $1 == "cause" && (!causes++ || (right && !named && $2 == right)) { kind = $2; lock = $3; word = $4; named = $2 == right }
        # of a word that may be no lock, the gain is no claim
        $1 == "cause" && ($2 != "own_lock" || $4 == "mutex") {
            if (!($2 in gain && gain[$2] >= $5)) gain[$2] = $5
            if (!($2 in sure && sure[$2] >= $6)) sure[$2] = $6
        }
        # Where others have the CPUs, threads sleep at a lock for as long as its holder waits for one.
        $1 == "others" { shared = $2 > 0.1 }
        END {
            hidden = conclusion == "cannot_tell" && busy
            # Of causes that cost as much, the right one is among them.
            if (right) conclusion = right
            if (!hidden && !is_of(conclusion, conclusions) && !(stripped && is_of(conclusion "?", conclusions))) print "the conclusion is " conclusion
            if (conclusion ~ /_lock$|^spinning$/ && kind == conclusion) {
                if (word != "mutex" && conclusion != "spinning") print "its subject is " lock ", of use " word
                if (!is_of(lock, locks) && !(stripped && is_of("?", locks))) print "its subject is " lock
            }
            n = split(bounds, bound, ",")
            for (i = 1; i <= n; i++) {
                if (split(bound[i], part, /[<>]/) != 2) continue
                if (hidden) continue # no claim
                value = part[1] in gain ? shared && bound[i] ~ /</ ? sure[part[1]] : gain[part[1]] : 1
                if (bound[i] ~ /</ ? value >= part[2] : value <= part[2])
                    print "the gain of " part[1] " is " value ", not " bound[i]
            }
        }'
}

case $build in *_stripped) stripped=1 ;; *) stripped= ;; esac
# The first CPU that this shell may use.
one_cpu=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
rows=0
while read -r kind builds mode conclusions locks bounds; do
    case $kind in '#'* | '') continue ;; esac
    [ "$builds" = all ] || [ "$builds" = "${build%_stripped}" ] || continue
    rows=$((rows + 1))
    pinned='' preloaded=''
    case $kind in
    *@1) pinned="taskset -c $one_cpu" ;;
    *@jemalloc)
        preloaded="env LD_PRELOAD=libjemalloc.so.2 MALLOC_CONF=narenas:1,tcache:false"
        $preloaded true 2>&1 | grep -q 'cannot be preloaded' && { echo "SKIPPED: $kind: there is no jemalloc here"; continue; }
        ;;
    esac
    # One word each.
    # shellcheck disable=SC2086
    if ! $pinned "$heapwait" record -m "$mode" -o a.db -- $preloaded "$program" "${kind%@*}" >said 2>&1 || ! "$show" a.db >answer; then
        echo "FAILED: $kind, $mode: no answer"
        cat said
        failed=1
        continue
    fi
    wrong=$(judge "$conclusions" "$locks" "$bounds" "$stripped" <answer)
    [ "$wrong" ] && { echo "FAILED: $kind, $mode:"; echo "$wrong"; cat answer said; failed=1; }
    rm -f a.db
done <"$table"
[ $rows -gt 0 ] || { echo "FAILED: no row of $table is of $build"; failed=1; }
exit $failed
