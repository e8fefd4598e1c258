#!/bin/sh
# sanitized_lines.sh BUILD: which lines of user space only those tests run that the sanitized build leaves out (label `same_lines`):
# there should be none.  As root, alone on the machine, from the top of the tree.  BUILD is configured with
# -DHEAPWAIT_SANITIZE=ON -DHEAPWAIT_COVERAGE=ON -DCMAKE_BUILD_TYPE=Debug.
# What a child does that confines itself or ends by a signal is not counted in either.
set -eu
build=$(cd "$1" && pwd)
source=$PWD
counted=$build/counted
umask 0 # heapwait runs as other users, too
rm -rf "$counted"

# lines NAME CTEST-OPTION...: runs the tests; the lines that they run of probes/, analysis/, plots/ and cli/ are counted/NAME.lines
lines()
{
    name=$1
    shift
    mkdir -p "$counted/$name"
    GCOV_PREFIX=$counted/$name ctest --test-dir "$build" --timeout 1200 "$@" >"$counted/$name.log" || tail -n 20 "$counted/$name.log"
    (cd "$counted/$name$build" && find . -name '*.gcda' ! -path './tests/*' | sed 's/\.gcda$//') >"$counted/files"
    while read -r file; do
        ln -sf "$build/$file.gcno" "$counted/$name$build/$file.gcno"
        gcov -t "$counted/$name$build/$file.gcda" 2>/dev/null
    done <"$counted/files" | awk -F: -v top="$source/" '
        $3 == "Source" { file = index($4, top) == 1 ? substr($4, length(top) + 1) : "" }
        file != "" && $1 ~ /[0-9]/ { sub(/^ */, "", $2); print file ":" $2 }' | grep -E '^(probes|analysis|plots|cli)/' |
        sort -u >"$counted/$name.lines"
    echo "$name: $(wc -l <"$counted/$name.lines") lines"
}
lines kept -LE '^(same_lines|vm|matrix)$'
lines left_out -L '^same_lines$'
comm -13 "$counted/kept.lines" "$counted/left_out.lines" >"$counted/lost"
[ ! -s "$counted/lost" ] || { echo "in no sanitized run: "; cat "$counted/lost"; exit 1; }
