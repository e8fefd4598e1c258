#!/bin/sh
# A checkout in a path with a blank, quotes and an apostrophe configures, builds, studies, reports and installs, and
# writes nothing beside it.  No network: an allocator's source is taken from where this build has it.
# usage: path.sh SOURCE BUILD ALLOCATOR_CACHE
set -eu
source=$1 build=$2 cache=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
checkout="$folder/it's a \"path\"/heapwait"

fail()
{
    echo "FAILED: $*" >&2
    [ ! -f "$folder/log" ] || tail -n 40 "$folder/log" >&2
    exit 1
}
quietly() { "$@" >"$folder/log" 2>&1 || fail "$*"; }

mkdir -p "$checkout"
tar -C "$source" --exclude=./build --exclude=./.git --exclude=./heapwait-report -cf - . | tar -C "$checkout" -xf -
cd "$checkout"
without=$(sed -n 's/^heapwait_variant( *\([^ ]*\) .*/\1/p' workload/variants.cmake | grep -vxE 'glibc|musl-oldmalloc' | paste -sd ';')
quietly cmake -S . -B build -G Ninja -DBUILD_TESTING=OFF -DHEAPWAIT_ALLOCATOR_SOURCES="$cache" -DHEAPWAIT_WITHOUT="$without"
quietly cmake --build build
variants=$(awk -F'\t' 'NR > 1 && $5 != "" { print $1 }' build/workload/variants.tsv | paste -sd ',')
case $variants in glibc | glibc,musl-oldmalloc) ;; *) fail "these variants are there: $variants" ;; esac
[ -z "$(find "$cache" -maxdepth 1 -name 'musl_*.tar.gz')" ] || [ "$variants" = glibc,musl-oldmalloc ] ||
    fail 'musl was not built in such a path'

quietly build/heapwait study --no-probes --variants "$variants" --passwords 1000 --reps 1 --threads 1,2 -o study.db
quietly build/heapwait explain study.db
quietly cmake --install build --prefix "$checkout/in stalled"
quietly "in stalled/bin/heapwait" explain study.db
quietly "in stalled/bin/heapwait" study --no-probes --variants glibc --passwords 1000 --reps 1 --threads 1 -o installed.db
if command -v gnuplot >/dev/null && command -v pdftocairo >/dev/null &&
    { command -v typst >/dev/null || [ -d "$build/plots/node_modules" ]; }; then
    [ ! -d "$build/plots/node_modules" ] || ln -s "$build/plots/node_modules" build/plots/node_modules
    quietly build/heapwait report study.db -o "a report's \"folder\""
    [ -s "a report's \"folder\"/report.pdf" ] || fail 'no report'
fi
[ "$(ls "$folder")" = "$(printf "it's a \"path\"\nlog")" ] || fail "something was written beside it: $(ls "$folder")"
