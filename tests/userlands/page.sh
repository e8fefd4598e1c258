#!/bin/sh
# page.sh PAGE SUITE RESULTS: puts a suite's results (lines of step, what, outcome, when, with tabs between) into the page,
# in place of those that it had; other suites' stay as they are.
# page.sh --read PAGE SUITE: prints the results that the page has of the suite, as such lines.
set -u
if [ "$1" = --read ]; then
    [ -f "$2" ] || exit 0
    awk -v suite="$3" '/^## / { mine = $2 == suite; next } mine && /^[|] / && !/^[|] (step|---) / {
            gsub(/\\[|]/, "\001"); gsub(/^[|] | [|]$/, ""); gsub(/ [|] /, "\t"); gsub("\001", "|"); print }' "$2"
    exit
fi
page=$1 suite=$2 results=$3
[ -s "$results" ] || exit 1
parts=$(mktemp -d) || exit 1
trap 'rm -rf "$parts"' EXIT

# Each suite's section into a file of its name.
[ ! -f "$page" ] || awk -v parts="$parts" '/^## / { part = parts "/" $2 } part { print > part }' "$page"
{
    printf '## %s\n\n| step | what | outcome | when |\n| --- | --- | --- | --- |\n' "$suite"
    for step in build versions report known test clangs c kernel machine; do
        sed 's/|/\\|/g' "$results" | awk -F '\t' -v step=$step '$1 == step { print "| " $1 " | " $2 " | " $3 " | " $4 " |" }'
    done
} >"$parts/$suite"
{
    cat <<'END'
# Debian's userlands

Written by `tests/userlands/userlands.sh`, which somebody runs before a release: in a tree of each suite, made by debootstrap with
`--variant=minbase` and nothing else, on the kernel of the machine at hand, what a user does first, and what each compiler makes of it.
A row tells when it was found, with which heapwait, on which kernel.

`./run test --userlands --machine OPTIONS [SUITE...]` takes the steps `kernel` and `machine` instead: the suite's own kernel is installed
in the tree, a copy of the tree is the disk of an emulated machine with two CPUs and no network (qemu's TCG), which boots that kernel by
its own initramfs, and there `./run report OPTIONS` goes to the PDF; packages and build come beforehand. What came out lies in
`build/userlands/SUITE.machine`, the PDF too. Emulated, a run takes ten to fifty times as long, and times say nothing: it shows that the
report is made there, of every variant. OPTIONS are those of the study, `--quick` or smaller. Needs qemu-system-x86 and e2fsprogs.
END
    for name in bookworm trixie sid; do
        [ ! -f "$parts/$name" ] || { echo && sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' "$parts/$name"; }
    done
    for part in "$parts"/*; do
        case ${part##*/} in bookworm | trixie | sid) ;; *) echo && sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' "$part" ;; esac
    done
} >"$page.new" && mv "$page.new" "$page"
