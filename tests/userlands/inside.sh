#!/bin/sh
# inside.sh STEP [OPTION...]: one step of userlands.sh, in the tree, at the top of heapwait's.  Prints lines RESULT: what,
# tab, what came of it; anything else is the log.  Exit 0 when all of the step is as it shall be.
#   build     what `./run report` does first: packages and build
#   report    `./run report --quick` to the PDF, with every variant; or with these options
#   kernel    the suite's own kernel and what boots it, and all that the report needs
#   known     what the BPF programs by the suite's own clang count
#   test      `./run test --quick`
#   clangs    the BPF programs by every other clang that the suite has: let in by the kernel, and counting right
#   c         all C files by the suite's clang, by its newest, and by each gcc from 14 on, without a warning
#   versions  of what was built with
set -u
PATH=$PATH:/usr/sbin
failed=0

result() { printf 'RESULT: %s\t%s\n' "$1" "$2"; }

# judge WHAT STATUS WORDS: the words, or that it failed
judge()
{
    if [ "$2" -eq 0 ]; then
        result "$1" "$3"
    else
        result "$1" "FAILED (exit $2): $3"
        failed=1
    fi
}

since()
{
    echo "$(($(date +%s) - $1)) s"
}

install()
{
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

# Numbers of the packages NAME-N that the suite has, from FIRST on.
numbers()
{
    apt-cache search --names-only "^$1-[0-9]+\$" | sed -nE "s/^$1-([0-9]+) .*/\\1/p" | awk -v first="$2" '$1 >= first' | sort -n
}

step_build()
{
    began=$(date +%s)
    ./run build report >build.log 2>&1
    status=$?
    cat build.log
    judge "packages and \`./run build\`" "$status" "in $(since "$began")"
    warnings=$(grep -c 'warning:' build.log)
    judge "warnings of that build" $((warnings > 0)) "$warnings"
}

# pdf_tells FILE: the page says on which kernel this was, and its table of all variants has numbers of each
pdf_tells()
{
    pdftotext -layout "$1" pdf.txt || { echo "no words" && return 1; }
    # a name may go on in the next line
    tr -d '[:space:]' <pdf.txt | grep -qF "Linux$(uname -r)" || { echo "nothing of Linux $(uname -r)" && return 1; }
    sed '/^Table 1[.]/,/^Table 2[.]/!d' pdf.txt >table.txt
    awk -F '\t' 'NR > 1 { print $1 }' build/workload/variants.tsv >names.txt
    lacking=$(awk 'NR == FNR { if ($2 ~ /^[0-9]/) has[$1]; next } !($1 in has)' table.txt names.txt | paste -s -d ' ')
    [ -z "$lacking" ] || { echo "no numbers of $lacking" && return 1; }
    echo "$(wc -l <names.txt) variants with numbers, on Linux $(uname -r)"
}

# Each variant of the table is present, is in what the study recorded, and in the PDF.
step_report()
{
    began=$(date +%s)
    rm -rf heapwait-report
    ./run report "$@"
    status=$?
    judge "\`./run report $*\`" "$status" "in $(since "$began")"
    pages=$(pdfinfo heapwait-report/report.pdf | sed -n 's/^Pages: *//p')
    judge "the PDF" $((${pages:-0} < 3)) "${pages:-no} pages"
    words=$(pdf_tells heapwait-report/report.pdf)
    judge "the PDF's words" $? "$words"
    wanted=$(grep -c '^heapwait_variant(' workload/variants.cmake)
    awk -F '\t' 'NR > 1 && $6 != "" { print "RESULT: variant " $1 "\tFAILED: absent: " $6 }' build/workload/variants.tsv
    present=$(awk -F '\t' 'NR > 1 && $5 != "" && $6 == ""' build/workload/variants.tsv | wc -l)
    judge "variants built" $((present != wanted)) "$present of $wanted"
    measured=$(build/heapwait explain build/heapwait.db --json | grep -c '^{"variant":.*"status":"measured"')
    judge "variants measured" $((measured != wanted)) "$measured of $wanted"
}

# A machine that is booted later has no network: all is fetched now.
step_kernel()
{
    ./run build report
    judge "\`./run build report\`" $? "done"
    apt-get update -q
    install "linux-image-cloud-$(dpkg --print-architecture)"
    apt-get clean
    kernel=$(find /boot -name 'vmlinuz-*' | sed 's/.*vmlinuz-/linux-image-/')
    # dpkg-query expands these words.
    # shellcheck disable=SC2016
    version=$(dpkg-query -W -f '${Package} ${Version}' "$kernel") # one word: one kernel
    judge "its own kernel" $? "$version"
}

# by_test LABEL PATTERN: a result for each such test
by_test()
{
    ctest --test-dir build --output-on-failure --timeout 300 -R "$2" --no-tests=error || failed=1
    grep -hE '^SKIPPED: ' build/Testing/Temporary/LastTest.log | sort -u
    ctest_lines=$(sed -nE 's/^[0-9]+\/[0-9]+ Testing: (.*)/\1/p; s/^Test (Passed|Failed|Skipped).*/\1/p; s/^Test timed out.*/Timeout/p' \
        build/Testing/Temporary/LastTest.log | paste - -)
    echo "$ctest_lines" | while read -r name outcome; do
        [ -z "$name" ] || result "$1 $name" "$outcome"
    done
}

step_known()
{
    by_test "BPF programs by clang $(clang -dumpversion):" '^probes\.known_answers'
}

step_test()
{
    began=$(date +%s)
    ./run test --quick >test.log 2>&1
    status=$?
    cat test.log
    judge "\`./run test --quick\`" "$status" "$(sed -n 's/^== \([0-9]* tests in all.*\)/\1/p' test.log), in $(since "$began")"
    sed -n 's/^SKIPPED: /RESULT: skipped\t/p' test.log
}

step_clangs()
{
    apt-get update -q
    found=''
    for n in $(numbers clang 14); do
        if install "clang-$n"; then found="$found clang-$n"; else result "clang-$n" "FAILED: can't be installed" && failed=1; fi
    done
    ./run build || { result "the BPF programs by$found" "FAILED: they don't build" && failed=1 && return; }
    by_test "BPF programs:" '^probes\.clang-'
}

# c_by COMPILER: all C files
c_by()
{
    log=c-$1.log
    { cmake -S . -B "build/$1" -G Ninja -DCMAKE_C_COMPILER="$1" -DHEAPWAIT_ALLOCATOR_CACHE="$PWD/build/workload/allocators" &&
        cmake --build "build/$1" -- -k 0; } >"$log" 2>&1
    status=$?
    cat "$log"
    warnings=$(grep -cE '(warning|error):' "$log")
    [ "$warnings" -eq 0 ] || [ "$status" -ne 0 ] || status=1
    judge "C by $("$1" --version | head -n 1)" "$status" "$warnings warnings"
    rm -rf "build/$1"
}

# The suite's own gcc built it all before.
step_c()
{
    apt-get update -q
    c_by clang
    for name in $(numbers clang 14 | tail -n 1 | sed 's/^/clang-/') $(numbers gcc 14 | sed 's/^/gcc-/'); do
        install "$name"
        [ "$("$name" -dumpversion)" = "$("${name%-*}" -dumpversion)" ] || c_by "$name"
    done
}

step_versions()
{
    # The file expands its own words, and so does dpkg-query.
    # shellcheck disable=SC1091,SC2154,SC2016
    result system "$(. /etc/os-release && echo "$PRETTY_NAME")$([ ! -f /etc/debian_version ] || echo ", $(cat /etc/debian_version)")"
    for package in gcc clang cmake libc6-dev musl-dev libbpf-dev bpftool libelf-dev libjemalloc-dev libmimalloc-dev \
        libgoogle-perftools-dev nodejs; do
        version=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null)
        [ -z "$version" ] || result "package $package" "$version"
    done
    result "labels in the report" "$(awk -F '\t' 'NR > 1 { print $2; print $4 }' build/workload/variants.tsv | grep ' [0-9]' |
        sort -u | paste -s -d , | sed 's/,/, /g')"
}

step=$1
shift
case $step in
build) step_build ;;
report) [ $# -gt 0 ] || set -- --quick; step_report "$@" ;;
kernel) step_kernel ;;
known) step_known ;;
test) step_test ;;
clangs) step_clangs ;;
c) step_c ;;
versions) step_versions ;;
*) echo "there is no step $step" && exit 2 ;;
esac
exit $failed
