#!/bin/sh
# check_page.sh PAGE.SH: a suite's results replace those that it had, and no other suite's; the order is that of the suites.
set -u
page=$1 failed=0
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../expect.sh"
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# put SUITE OUTCOME
put()
{
    printf 'begin\tdate\t%s\nbuild\twarnings\t0\n' "$2" >"$scratch/results"
    sh "$page" "$scratch/page.md" "$1" "$scratch/results" || { echo "FAILED: page.sh $1 ends with $?" && failed=1; }
}

rows()
{
    grep -E '^(## |[|] date)' "$scratch/page.md" | paste -s -d ' '
}

put sid 2026-01-01
put ubuntu 2026-01-02
put bookworm 'a|b'
expect "three suites" '## bookworm | date | a\|b | ## sid | date | 2026-01-01 | ## ubuntu | date | 2026-01-02 |' "$(rows)"
cp "$scratch/page.md" "$scratch/before"
put sid 2026-02-02
expect "what changed" "$(printf '%s\n' '< | date | 2026-01-01 |' '> | date | 2026-02-02 |')" \
    "$(diff "$scratch/before" "$scratch/page.md" | grep '^[<>]')"
: >"$scratch/results"
sh "$page" "$scratch/page.md" sid "$scratch/results" && echo "FAILED: no results are taken for some" && failed=1
expect "after no results" "2" "$(grep -c 2026 "$scratch/page.md")"
exit $failed
