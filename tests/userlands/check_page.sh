#!/bin/sh
# check_page.sh PAGE.SH: a suite's results replace those that it had, and no other suite's; the order is that of the suites;
# what was put into the page is read from it again.
set -u
page=$1 failed=0
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../expect.sh"
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# put SUITE OUTCOME
put()
{
    printf 'build\tdate\t%s\ttoday\nc\twarnings\t0\ttoday\n' "$2" >"$scratch/results"
    sh "$page" "$scratch/page.md" "$1" "$scratch/results" || { echo "FAILED: page.sh $1 ends with $?" && failed=1; }
}

rows()
{
    grep -E '^(## |[|] build)' "$scratch/page.md" | paste -s -d ' '
}

put sid 2026-01-01
put ubuntu 2026-01-02
put bookworm 'a|b'
expect "three suites" \
    '## bookworm | build | date | a\|b | today | ## sid | build | date | 2026-01-01 | today | ## ubuntu | build | date | 2026-01-02 | today |' \
    "$(rows)"
expect "what is read again" "$(cat "$scratch/results")" "$(sh "$page" --read "$scratch/page.md" bookworm)"
expect "of a suite that it doesn't have" "" "$(sh "$page" --read "$scratch/page.md" trixie)"
expect "of no page" "" "$(sh "$page" --read "$scratch/none" sid)"
printf 'c\tx\ty\tz\nbuild\tx\ty\tz\n' >"$scratch/results"
sh "$page" "$scratch/page.md" trixie "$scratch/results"
expect "the order of the steps" "build c" "$(sh "$page" --read "$scratch/page.md" trixie | cut -f 1 | paste -s -d ' ')"
cp "$scratch/page.md" "$scratch/before"
put sid 2026-02-02
expect "what changed" "$(printf '%s\n' '< | build | date | 2026-01-01 | today |' '> | build | date | 2026-02-02 | today |')" \
    "$(diff "$scratch/before" "$scratch/page.md" | grep '^[<>]')"
: >"$scratch/results"
sh "$page" "$scratch/page.md" sid "$scratch/results" && echo "FAILED: no results are taken for some" && failed=1
expect "after no results" "2" "$(grep -c 2026 "$scratch/page.md")"
exit $failed
