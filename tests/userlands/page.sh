#!/bin/sh
# page.sh PAGE SUITE RESULTS: puts a suite's results (lines of step, what, outcome, with tabs between) into the page, in
# place of those that it had; other suites' stay as they are.
set -u
page=$1 suite=$2 results=$3
[ -s "$results" ] || exit 1
parts=$(mktemp -d) || exit 1
trap 'rm -rf "$parts"' EXIT

# Each suite's section into a file of its name.
[ ! -f "$page" ] || awk -v parts="$parts" '/^## / { part = parts "/" $2 } part { print > part }' "$page"
{
    printf '## %s\n\n| what | outcome |\n| --- | --- |\n' "$suite"
    sed 's/|/\\|/g' "$results" | awk -F '\t' '{ print "| " $2 " | " $3 " |" }'
} >"$parts/$suite"
{
    cat <<'END'
# Debian's userlands

Written by `tests/userlands/userlands.sh`, which somebody runs before a release: in a tree of each suite, made by debootstrap with
`--variant=minbase` and nothing else, on the kernel of the machine at hand, what a user does first, and what each compiler makes of it.
END
    for name in bookworm trixie sid; do
        [ ! -f "$parts/$name" ] || { echo && sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' "$parts/$name"; }
    done
    for part in "$parts"/*; do
        case ${part##*/} in bookworm | trixie | sid) ;; *) echo && sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' "$part" ;; esac
    done
} >"$page.new" && mv "$page.new" "$page"
