#!/bin/sh
# `heapwait explain` as its user sees it: the answer and all tables at two widths, Markdown, the JSON, what it refuses,
# and the exit codes.
#   explain.sh HEAPWAIT RECORDING_BUILD SOURCE [--update]
# --update writes the expected pages anew (then read the difference).
set -eu
heapwait=$(cd "$(dirname "$1")" && pwd)/$(basename "$1") build=$2 source=$3 update=${4:-}
expected=$source/tests/cli/explain/expected
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset HEAPWAIT_DATA || true

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# expect CODE WORDS COMMAND...: the exit code, and words on stderr in its only line
expect() {
    code=$1 words=$2
    shift 2
    got=0
    "$@" >"$folder/out" 2>"$folder/err" || got=$?
    [ "$got" = "$code" ] || fail "$* ended with $got, not $code"
    if [ -n "$words" ]; then
        grep -qF -- "$words" "$folder/err" || fail "$* does not say '$words': $(cat "$folder/err")"
        [ "$code" != 1 ] || [ "$(wc -l <"$folder/err")" = 1 ] || fail "$*: more than one line of error"
        [ "$code" != 1 ] || [ ! -s "$folder/out" ] || fail "$*: an error, and text on stdout"
    else
        [ ! -s "$folder/err" ] || fail "$* talks on stderr: $(cat "$folder/err")"
    fi
}

for recording in study record ledger ledger_record; do
    set -- "$source/tests/data/$recording.sql"
    [ "$recording" != ledger_record ] || set -- "$source/tests/data/ledger.sql" "$@"
    "$build" "$folder/$recording.db" "$source/analysis/schema.sql" "$@"
    chmod 0444 "$folder/$recording.db"
    for width in 80 120; do
        for kind in answer all; do
            all=
            [ "$kind" = answer ] || all=--all
            # Run where the recording is: its name stands in the answer.
            # shellcheck disable=SC2086
            (cd "$folder" && expect 0 "" "$heapwait" explain "$recording.db" $all --width "$width")
            page=$expected/explain-$recording-$width.txt
            [ -z "$all" ] || page=$expected/explain-$recording-all-$width.txt
            [ -z "$update" ] || cp "$folder/out" "$page"
            diff -u "$page" "$folder/out" || fail "$recording at $width columns, $kind"
            # no line is wider than asked for; without UTF-8's continuation bytes a byte is a character, and each of
            # ours takes one cell
            LC_ALL=C tr -d '\200-\277' <"$folder/out" |
                LC_ALL=C awk -v width="$width" 'length($0) > width { print "too wide: " $0; bad = 1 } END { exit bad }'
            [ -n "$all" ] || [ "$(wc -l <"$folder/out")" -le 24 ] || fail "$recording: the answer is more than a screen"
        done
    done
    expect 0 "" "$heapwait" explain "$folder/$recording.db" --markdown
    [ -z "$update" ] || cp "$folder/out" "$expected/explain-$recording.md"
    diff -u "$expected/explain-$recording.md" "$folder/out" || fail "$recording as Markdown"
    [ "$(wc -l <"$folder/out")" = 8 ] || fail "$recording: Markdown of other than eight lines"
    expect 0 "" "$heapwait" explain "$folder/$recording.db" --json
    document=$expected/explain-$recording.json
    [ -z "$update" ] || cp "$folder/out" "$document"
    diff -u "$document" "$folder/out" || fail "$recording as JSON"
done
expect 0 "" "$heapwait" explain "$folder/study.db" --json
head -c 12 "$folder/out" | grep -q '{"format": 1' || fail "--json prints no document"
LC_ALL=C grep -q "$(printf '\033')" "$folder/out" && fail "an escape sequence in a file"

"$build" "$folder/empty.db" "$source/analysis/schema.sql"
expect 0 "" "$heapwait" explain "$folder/empty.db"
grep -q "^CAN'T TELL: " "$folder/out" || fail "an empty recording has an answer: $(cat "$folder/out")"
expect 0 "" "$heapwait" explain --all "$folder/empty.db"
grep -q 'nothing was measured' "$folder/out" || fail "an empty recording does not say so"

head -c 20000 "$folder/study.db" >"$folder/cut.db"
expect 1 "damaged or cut off" "$heapwait" explain "$folder/cut.db"
printf 'not a database' >"$folder/text.db"
expect 1 "is not a recording" "$heapwait" explain "$folder/text.db"
expect 1 "there is no recording" "$heapwait" explain "$folder/none.db"
(cd "$folder" && expect 1 "there is no recording 'heapwait.db'" "$heapwait" explain)
expect 2 "one recording at a time" "$heapwait" explain a b
expect 2 "--width takes a number" "$heapwait" explain --width 3 a
expect 2 "nonsense" "$heapwait" explain --nonsense
expect 0 "" "$heapwait" explain --help
grep -q '^usage: heapwait explain' "$folder/out" || fail "--help shows no usage"
got=0
"$heapwait" explain --all "$folder/study.db" >/dev/full 2>"$folder/err" || got=$?
[ "$got" = 125 ] || fail "a full disk goes unnoticed"
grep -q "can't write" "$folder/err" || fail "a full disk is not told"
