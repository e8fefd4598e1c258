#!/bin/sh
# test.sh [--quick] FOLDER...: all tests of each build folder, then what was skipped, with the reason, and the sums.
# --quick: only those with that label, which tests/CMakeLists.txt gives.
# A test that can't run here exits with 77 and prints a line "SKIPPED: why".  With CI=true, on a machine where
# `heapwait doctor` finds that BPF can be used, a skipped test is a failed one; but those of other kernels, for which not
# every CI has the packages, are left out loudly.
set -u
failed='' total=0 skipped=0 quick='' left_out=''
[ "${1-}" != --quick ] || { quick=yes && shift; }

# count PATTERN FILE: how many lines of ctest's summary match
count()
{
    grep -Ec "$1" "$2"
}

# pass FOLDER LOG CTEST-OPTION...: some of the folder's tests
pass()
{
    folder=$1 log=$1/$2
    shift 2
    ctest --test-dir "$folder" --output-on-failure --timeout 300 --output-log "$log" "$@" || failed="$failed $folder"
    total=$((total + $(count '^ *[0-9]+/[0-9]+ Test' "$log")))
    skipped=$((skipped + $(count '^	 *[0-9]+ - .* \((Skipped|Not Run)\)' "$log")))
    left_out=$left_out$(sed -nE 's/^	 *[0-9]+ - (vm\.[^ ]+) \((Skipped|Not Run)\).*/ \1/p' "$log" | tr -d '\n')
    grep -ih '^SKIPPED: ' "$folder/Testing/Temporary/LastTest.log" | sort -u
}

# What measures is alone on the machine: those tests say when somebody sleeps, waits and runs.  The rest is not.
for folder in "$@"; do
    printf '\n== tests of %s/\n' "$folder"
    if [ "$quick" ]; then
        pass "$folder" test-quick.log -L '^quick$' -j "$(nproc)"
    else
        pass "$folder" test-alone.log -L '^alone$'
        pass "$folder" test.log -LE '^(alone|matrix|same_lines)$' -j "$(nproc)"
    fi
done

printf '\n== %d tests in all, %d SKIPPED\n' "$total" "$skipped"
if [ "$skipped" -gt 0 ]; then
    printf '!! %d tests were skipped: what they prove is not proved by this run\n' "$skipped"
    skipped=$((skipped - $(echo "$left_out" | wc -w)))
    [ -z "$left_out" ] || printf '!! LEFT OUT: what heapwait does on these kernels was not tried:%s\n' "$left_out"
    if [ "$skipped" -gt 0 ] && [ "${CI-}" = true ] && "$1/heapwait" doctor >/dev/null 2>&1; then
        echo '!! this machine permits BPF: in CI a skipped test counts as failed'
        failed="$failed (skipped tests)"
    fi
fi
[ "$total" -gt 0 ] || failed="$failed (no tests found)"
[ -z "$failed" ] || { echo "== FAILED:$failed"; exit 1; }
echo '== all passed'
