#!/bin/sh
# heapwait record --perf: samples of a known call tree, threads and children included; and what a perf that can't does
# to a recording.  record_perf.sh HEAPWAIT SUBJECT STATIC_MUSL_SUBJECT
set -u
heapwait=$1 subject=$2 static=$3
skip() { echo "SKIPPED: $1"; exit 77; }
fail() { echo "FAILED: $*"; exit 1; }
"$heapwait" doctor >/dev/null || skip "this user can't trace"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

# ---- a perf that isn't there, fails, dies, or writes nonsense ----
mkdir bin
PATH_BEFORE=$PATH
for tool in sh touch true cat mv rm mkdir; do ln -s "$(command -v $tool)" bin/; done
PATH=$folder/bin

# stand_in LINE: what stands for perf does this when it is told to begin, by --control fd:A,B.  As perf does, it outlives
# the SIGINT that heapwait sends as soon as the command has ended, which may be at once.
stand_in()
{
    cat >bin/perf <<END
#!/bin/sh
trap '' INT
file= ; while [ \$# -gt 0 ]; do case \$1 in -o) file=\$2 ;; --control) fds=\${2#fd:} ;; esac; shift; done
read -r _ </proc/self/fd/"\${fds%,*}"
$1
END
    PATH=$PATH_BEFORE chmod +x bin/perf
}
# expect NAME STATUS WORDS LINES
expect()
{
    got=0
    "$heapwait" record --perf -o x.db -- touch ran 2>log || got=$?
    [ "$got" = "$2" ] || { PATH=$PATH_BEFORE; fail "$1: status $got instead of $2: $(cat log)"; }
    PATH=$PATH_BEFORE grep -q -e "$3" log || { PATH=$PATH_BEFORE; fail "$1: no '$3' in: $(cat log)"; }
}
not_run()
{
    if [ -e ran ] || [ -e x.db ]; then PATH=$PATH_BEFORE; fail "$1: the command was run, or there is a recording"; fi
}
# untouched NAME: an older file of perf's is where it was
untouched()
{
    not_run "$1"
    if [ "$(cat x.db.perf.data)" != older ] || [ -e x.db.perf.data.old ]; then
        PATH=$PATH_BEFORE; fail "$1: the older file of perf's was touched"
    fi
}
# kept NAME TEXT: the older file is FILE.old
kept()
{
    [ "$(cat x.db.perf.data.old)" = "$2" ] || { PATH=$PATH_BEFORE; fail "$1: the older file is not in x.db.perf.data.old"; }
}
echo older >x.db.perf.data
expect "no perf" 125 'perf is not installed'; untouched "no perf"
stand_in 'echo "no permission at all" >&2; exit 255'
expect "perf fails" 125 'perf record failed: no permission at all'; untouched "perf fails"
# shellcheck disable=SC2016 # the stand-in expands it
stand_in 'echo head >"$file"; exit 0'
expect "perf ends at once" 125 'perf record failed'; untouched "perf ends at once"
# A study tries perf before anything else.
"$heapwait" study --perf --variants none --variant a=true --reps 1 --traced-reps 0 --ledger-reps 0 -o x.db >log 2>&1 &&
    { PATH=$PATH_BEFORE; fail "a study without its perf"; }
untouched "a study's perf ends at once"
# shellcheck disable=SC2016 # the stand-in expands it
{
acknowledge='echo ack >/proc/self/fd/"${fds#*,}";'
stand_in "$acknowledge"' echo nonsense >"$file"; exit 0'
expect "perf writes nonsense" 125 "has no samples of perf's: '.*x.db.perf.data' is not a perf.data"; kept "perf writes nonsense" older
[ -s x.db ] || fail "perf writes nonsense: what the probes saw is gone"
stand_in "$acknowledge"' echo broken >&2; exit 3'
expect "perf ends badly" 125 "has no samples of perf's: perf record failed: broken"; kept "perf ends badly" nonsense
# It ends as perf does after a SIGINT.
stand_in "$acknowledge"' trap - INT; kill -INT $$'
echo older >x.db.perf.data
expect "perf writes nothing" 125 "has no samples of perf's: perf wrote nothing into '.*x.db.perf.data'"; kept "perf writes nothing" older
stand_in "$acknowledge"' mv "$file.old" "$file"; exit 0'
echo older >x.db.perf.data
touch -d 2000-01-01 x.db.perf.data
expect "the older file is back" 125 "has no samples of perf's: '.*x.db.perf.data' is older than the run"
stand_in "$acknowledge"' exit 0'
echo older >x.db.perf.data
rm -f x.db.perf.data.old
mkdir x.db.perf.data.old
expect "a folder in the way" 125 "'.*x.db.perf.data.old' is not a file that perf may replace"
[ "$(cat x.db.perf.data)" = older ] || { PATH=$PATH_BEFORE; fail "a folder in the way: the older file was touched"; }
}
PATH=$PATH_BEFORE
rm -rf bin ran x.db*

# ---- perf itself ----
command -v perf >/dev/null || skip "there is no perf"
perf record -q -e cpu-clock -o try.data true 2>log || skip "perf is not permitted: $(head -n 1 log)"

# tree NAME PROGRAM: the main thread, the thread and the child have about a third of the samples each, in the same
# functions under different callers
tree()
{
    name=$1 program=$2
    "$heapwait" record --perf -o "$name.db" -- "$program" 150 2>log || fail "$name: $(cat log)"
    [ -s "$name.db.perf.data" ] || fail "$name: perf's file isn't kept"
    "$heapwait" export "$name.db" --folded >folded || fail "$name: no call paths: $(cat log)"
    awk -v name="$name" '
        { n = $NF; all += n }
        /;in_main;middle;innermost( |;)/ { main += n }
        /in_thread;middle;innermost( |;)/ { thread += n }
        /;in_child;middle;innermost( |;)/ { child += n }
        END { printf "%s: %d samples, main %d, thread %d, child %d\n", name, all, main, thread, child
              exit !(all > 60 && main > all / 5 && thread > all / 5 && child > all / 5) }' folded ||
        fail "$name: the call tree isn't as it was made: $(cat folded)"
    "$heapwait" export "$name.db" --speedscope | grep -q innermost || fail "$name: speedscope lacks a function"
    # as many as perf has itself; on the clock of the recording
    of_perf=$(perf script -i "$name.db.perf.data" -F time 2>/dev/null | grep -c .)
    [ "$(awk '{ n += $NF } END { print n }' folded)" = "$of_perf" ] || fail "$name: perf has $of_perf samples"
    perf script -i "$name.db.perf.data" --header-only 2>/dev/null | grep -q 'clockid: monotonic' || fail "$name: another clock"
}
tree dynamic "$subject"
[ -z "$static" ] || tree static-musl "$static"
"$heapwait" record --perf=own.data -o own.db -- "$subject" 20 2>log || fail "a file of one's own: $(cat log)"
[ -s own.data ] || fail "perf's file isn't where it was asked for"
"$heapwait" explain --all own.db >explained || fail "explain"
grep -q '^Lost: nothing' explained || fail "samples were lost: $(head -n 3 explained)"
"$heapwait" record --perf -a --duration 1 -o x.db 2>log
[ $? = 2 ] || fail "--perf with -a: $(cat log)"

# What runs already.
"$subject" 600000 &
running=$!
"$heapwait" record --perf -p "$running" --duration 1 -o attached.db 2>log || fail "-p: $(cat log)"
kill "$running"
wait "$running" 2>/dev/null
"$heapwait" export attached.db --folded >folded || fail "-p: no call paths: $(cat log)"
grep -q 'in_main;middle;innermost' folded || fail "-p: the tree is missing: $(cat folded)"

"$heapwait" record --perf -o status.db -- sh -c 'exit 7' 2>log
[ $? = 7 ] || fail "the command's own status: $(cat log)"
"$heapwait" record --perf -o x.db -- ./nothing 2>log
[ $? = 127 ] || fail "not found: $(cat log)"
[ ! -e x.db ] || fail "a recording of nothing"

# ---- a study: one more run of each, beside the rounds ----
cd "$folder" || exit 1
"$heapwait" study --perf --variants none --variant "a=$subject 60" --variant 'b=false' --reps 1 --traced-reps 0 \
    --ledger-reps 0 -o study.db >/dev/null 2>log || fail "study --perf: $(cat log)"
[ "$(sqlite3 study.db "SELECT group_concat(variant || rep || probes || (failure IS NULL), ' ') FROM
    (SELECT * FROM run WHERE probes <> 'none' ORDER BY position)")" = 'a0waits1 b0waits0' ] || fail "study: other runs than asked for"
"$heapwait" export study.db --folded >folded || fail "study: no call paths"
grep -q 'in_main;middle;innermost' folded || fail "study: the tree is missing: $(cat folded)"
[ -z "$(find . -name 'study.db.perf.data*')" ] || fail "study: perf's file is left"
"$heapwait" study --resume -o study.db >/dev/null 2>log || fail "study --resume: $(cat log)"
grep -q 'are there already' log || fail "study --resume has forgotten --perf: $(cat log)"
