#!/bin/sh
# What heapwait says of itself, over all its commands and all their options: help of at most 80 columns, by each of its
# names; and what was meant by a word that there is not.  Nothing here needs a right.
#   help.sh HEAPWAIT
# The backticks are text; what is read in loops are words.
# shellcheck disable=SC2016,SC2013
set -eu
heapwait=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
bad=0
unset COLUMNS || true

wrong()
{
    echo "WRONG: $*" >&2
    bad=1
}

# says CODE WORDS COMMAND...: the exit code, nothing on stdout, and words on stderr
says()
{
    code=$1 words=$2 got=0
    shift 2
    "$@" >out 2>err </dev/null || got=$?
    [ "$got" = "$code" ] || wrong "$* ended with $got, not $code"
    [ ! -s out ] || wrong "$*: an error, and text on stdout"
    grep -qF -- "$words" err || wrong "$* does not say '$words': $(cat err)"
}

# silent WORDS COMMAND...: these words are not on its stderr
silent()
{
    words=$1
    shift
    "$@" >out 2>err </dev/null || true
    ! grep -qF -- "$words" err || wrong "$* says '$words'"
}

narrow()
{
    awk -v what="$1" 'length > 80 { print what " is wider than 80 columns: " $0; bad = 1 } END { exit bad }' "$2" >&2 || bad=1
}

# The two middle letters of a word swapped; of "aa" nothing would be.
swapped()
{
    echo "$1" | awk '{ for (i = 1; i < length; i++) if (substr($0, i, 1) != substr($0, i + 1, 1)) {
        print substr($0, 1, i - 1) substr($0, i + 1, 1) substr($0, i, 1) substr($0, i + 2); exit } }'
}

"$heapwait" --help >help
narrow "heapwait --help" help
for asked in -h help "help help" "help --help"; do
    # shellcheck disable=SC2086 # words
    "$heapwait" $asked >same || wrong "$asked fails"
    cmp -s help same || wrong "heapwait $asked is not heapwait --help"
done
got=0
"$heapwait" >out 2>err || got=$?
[ "$got" = 2 ] || wrong "no command: $got"
cmp -s help err || wrong "no command: something else is said"

seen=0
for command in $(sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' help); do
    seen=$((seen + 1))
    "$heapwait" "$command" --help >help."$command" || wrong "$command --help fails"
    narrow "heapwait $command --help" help."$command"
    grep -q "^usage: heapwait $command" help."$command" || wrong "$command --help shows no usage"
    "$heapwait" "$command" -h >same || wrong "$command -h fails"
    cmp -s help."$command" same || wrong "$command -h is something else"
    "$heapwait" help "$command" >same || wrong "help $command fails"
    cmp -s help."$command" same || wrong "help $command is something else"
    for asked in "" help; do
        # shellcheck disable=SC2086 # no word when it is empty
        says 2 "\`$command\`" "$heapwait" $asked "$(swapped "$command")"
        grep -qF "there is no command '$(swapped "$command")' (did you mean " err || wrong "$command: $(cat err)"
    done
    for option in $(sed -n 's/^  *\(-., \)*--\([a-z][-a-z]*\).*/\2/p' help."$command"); do
        says 2 "\`--$option\`" "$heapwait" "$command" "--$(swapped "$option")"
        grep -qF "there is no option '--$(swapped "$option")' (did you mean " err || wrong "$command --$option: $(cat err)"
    done
    says 2 "there is no option '--nothinglikeit'" "$heapwait" "$command" --nothinglikeit
    ! grep -q 'did you mean' err || wrong "$command guesses: $(cat err)"
    says 2 "there is no option '-Z'" "$heapwait" "$command" -Zh
    says 2 "takes no value, and '--help=x' has one" "$heapwait" "$command" --help=x
done
[ "$seen" -ge 9 ] || wrong "few commands were found: $seen"

# Two that are as near are both told; of a beginning, all that begin so; where nothing is near nothing is told.
says 2 "(did you mean \`try\` or \`top\`?)" "$heapwait" toy
says 2 "(did you mean \`record\` or \`report\`?)" "$heapwait" re
says 2 "(did you mean \`--version\`?)" "$heapwait" --verison
says 2 "(did you mean \`--pid\` or \`--perf\`?)" "$heapwait" record --p 1
says 2 "there is no command 'nothinglikeit'; \`heapwait --help\` lists them" "$heapwait" nothinglikeit
says 2 "one command" "$heapwait" help record top

# A program where a command should stand, with and without a folder.
cp /bin/true ./there-is-one
says 2 "to record a program: \`heapwait record -- ./there-is-one\`" "$heapwait" ./there-is-one
says 2 "there is ./there-is-one here: \`heapwait record -- ./there-is-one\`" "$heapwait" there-is-one
says 2 "to record a program: \`heapwait record -- true\`" "$heapwait" true

# A program of this folder that isn't in PATH: it is told where it is, and how its name is to be written.
says 127 "there is ./there-is-one here: \`heapwait try -- ./there-is-one\`" "$heapwait" try -- there-is-one
cp /bin/true './with space'
says 127 "\`heapwait try -- './with space'\`" "$heapwait" try -- 'with space'
: >no-program
silent "here:" "$heapwait" try -- no-program
silent "here:" "$heapwait" try -- nothing-there
silent "here:" "$heapwait" try -- ./nothing-there

# Options of heapwait's behind the command are the command's.
says 127 "note: --rounds stands behind './gone', so './gone' gets it (heapwait's: \`heapwait try --rounds VALUE -- ./gone\`" \
    "$heapwait" try ./gone --rounds 3
says 127 "note: --no-probes stands" "$heapwait" try ./gone --no-probes
silent "note:" "$heapwait" try -- ./gone --rounds 3
silent "note:" "$heapwait" try ./gone -o x --help --round --roundss
silent "note:" "$heapwait" try ./gone -- --rounds 3
exit $bad
