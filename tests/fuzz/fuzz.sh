#!/bin/sh
# fuzz.sh PROGRAM CORPUS SECONDS MEGABYTES LONGEST PACKAGE: lets libFuzzer look for input that PROGRAM can't stand, beginning with the
# seeds in CORPUS.  What it finds lies beside PROGRAM: try it with `PROGRAM FILE`, and keep it in CORPUS.  An input that
# takes LONGEST seconds is one.  PROGRAM empty: there is no libFuzzer, which Debian has in PACKAGE.
set -eu
program=$1 corpus=$2 seconds=$3 megabytes=$4 longest=$5 package=$6
[ -n "$program" ] || { echo "SKIPPED: clang has no libFuzzer here (Debian: $package)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/grown"
export TMPDIR="$work"
# The seeds are only read; what libFuzzer adds goes into the first folder.
status=0
"$program" -max_total_time="$seconds" -rss_limit_mb="$megabytes" -malloc_limit_mb="$((megabytes / 2))" \
    -timeout="$longest" -max_len=8192 -print_final_stats=1 -verbosity=1 \
    -artifact_prefix="$program-found-" "$work/grown" "$corpus" >"$work/log" 2>&1 || status=$?
grep -a '^stat::' "$work/log" || true
[ "$status" -eq 0 ] || { tail -n 60 "$work/log"; echo "the input lies in $program-found-*"; exit 1; }
# A target that does nothing finds nothing: it must have run, and have grown its corpus.
[ -n "$(ls "$work/grown")" ] || { tail -n 20 "$work/log"; echo "nothing new was reached: is the target wired?"; exit 1; }
