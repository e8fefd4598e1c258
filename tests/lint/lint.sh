#!/bin/sh
# lint.sh shell|layout|c|arm64 BUILD: one kind of lint over the whole tree, from its top.
set -u
folders='workload probes analysis plots cli tests cmake'

skip()
{
    echo "SKIPPED: $1"
    exit 77
}

lint_shell()
{
    command -v shellcheck >/dev/null || skip "there is no shellcheck"
    # One word per folder.
    # shellcheck disable=SC2086
    find $folders -name '*.sh' -exec shellcheck -x run .ci/run {} +
}

# Other versions lay the same text out differently.
lint_layout()
{
    clang_format=$(command -v clang-format-14 || command -v clang-format) || skip "there is no clang-format"
    "$clang_format" --version | grep -q 'version 14\.' || skip "the layout is clang-format 14's"
    # shellcheck disable=SC2086
    find $folders -name '*.[ch]' -exec "$clang_format" --dry-run -Werror {} +
}

# The first entry of each file outside tests/ in a compilation database: the fuzz targets compile many once more.
commands_once()
{
    awk -v tests="\"$PWD/tests/" '
        /^ *{/ { entry = ""; file = "" }
        { entry = entry $0 "\n" }
        /^ *"file":/ { file = $2 }
        /^ *}/ && file != "" && index(file, tests) != 1 && !seen[file]++ {
            sub(/},?\n$/, "}", entry)
            printf "%s%s", separator, entry
            separator = ",\n"
        }
        BEGIN { print "[" } END { print "\n]" }' "$1/compile_commands.json"
}

# findings BUILD: those of clang-tidy's lines that say what is wrong with our code.  What it finds in generated code (below the
# build folder) is bpftool's.
findings()
{
    grep -v "^$1/" | grep -E '^/.*: (warning|error): '
}

# tidy_sum BUILD FILE: one number for all that clang-tidy's findings follow from: the checks, clang-tidy itself, the command,
# and each file that the compiler read for this one.  The build knows which these were: for another one to be read, one
# of them must change.  Nothing: the file has not been built, or something that was read is gone.
tidy_sum()
{
    entry=$(awk -v file="\"$2\"" '/^ *{/ { entry = "" } { entry = entry $0 "\n" } /^ *"file":/ && index($0, file) { found = 1 }
        /^ *}/ && found { print entry; exit }' "$1/lint/compile_commands.json")
    object=$(printf '%s\n' "$entry" | sed -n 's/^ *"command": ".* -o \(.*\) -c .*/\1/p')
    read_by_it=$(ninja -C "$1" -t deps "$object" 2>/dev/null | sed -n 's/^    //p')
    [ -n "$read_by_it" ] || return 0
    sums=$(cd "$1" && printf '%s\n' "$read_by_it" | xargs -d '\n' sha256sum) || return 0
    printf '%s\n' "$(clang-tidy --version)" "$(cat .clang-tidy)" "$entry" "$sums" | sha256sum | cut -d ' ' -f 1
}

# lint_tidy BUILD FILE: what clang-tidy says of one file.  If that is nothing, BUILD/lint/passed keeps it, so that a file is
# looked at once more only after something has changed.
lint_tidy()
{
    sum=$(tidy_sum "$1" "$2")
    if [ -n "$sum" ] && [ -e "$1/lint/passed/$sum" ]; then
        touch "$1/lint/passed/$sum"
        return 0
    fi
    said=$(clang-tidy -p "$1/lint" --quiet "$2" 2>"$1/lint/talk.$$")
    status=$?
    printf '%s\n' "$said"
    if [ $status -gt 1 ] || { [ $status -eq 1 ] && ! printf '%s\n' "$said" | grep -qE ': (warning|error): '; }; then
        echo "clang-tidy ended with $status on $2:"
        cat "$1/lint/talk.$$"
        return 1
    fi >&2
    rm -f "$1/lint/talk.$$"
    if [ -n "$sum" ] && ! printf '%s\n' "$said" | findings "$1" >/dev/null; then : >"$1/lint/passed/$sum"; fi
}

# clang-tidy, as .clang-tidy tells, on what this build compiles outside tests/, with the flags it compiles with.
# One file at a time and once: in clang-tidy 14 the va_list check trips over a second one.
lint_c()
{
    command -v clang-tidy >/dev/null || skip "there is no clang-tidy"
    mkdir -p "$1/lint/passed"
    find "$1/lint/passed" -type f -mtime +30 -delete
    commands_once "$1" >"$1/lint/compile_commands.json"
    sed -n 's/^ *"file": "\(.*\)",*$/\1/p' "$1/lint/compile_commands.json" | sort -u >"$1/lint/files"
    [ -s "$1/lint/files" ] || { echo "there is nothing to look at"; return 1; }
    xargs -P "$(nproc)" -d '\n' -n 1 sh "$0" tidy "$1" <"$1/lint/files" >"$1/clang-tidy.log" || return 1
    ! findings "$1" <"$1/clang-tidy.log" || { echo "the paths that lead there are in $1/clang-tidy.log"; return 1; }
}

# The headers of arm64's C library and kernel; all others are the same on any machine, but Debian keeps sys/sdt.h apart.
arm64_headers()
{
    echo "-isystem/usr/aarch64-linux-gnu/include"
    mkdir -p "$1/lint/arm64/sys"
    for header in sdt.h sdt-config.h; do
        file=/usr/include/$(gcc -print-multiarch)/sys/$header
        [ ! -e "$file" ] || ln -sf "$file" "$1/lint/arm64/sys/$header"
    done
}

# A compilation database's commands, one a line, as they would be for arm64.
arm64_commands()
{
    # shellcheck disable=SC2016 # awk expands it
    awk -v clang="$2" -v flags="$3" '
        /^ *"command": "/ {
            gsub(/^ *"command": "[^ ]* |",?$/, "")
            gsub(/\\"/, "\"")
            gsub(/\\\\/, "\\")
            print clang " " flags " " $0 " -Werror -o /dev/null"
        }' "$1"
}

# arm64_accepts CLANG FLAGS TEXT
arm64_accepts()
{
    # shellcheck disable=SC2086 # several flags
    printf '%b\n' "$3" | "$1" $2 -Werror -x c -c - -o /dev/null 2>/dev/null
}

# That the compiler knows arm64's names and not x86-64's, or it would prove nothing.
arm64_proves()
{
    bpf="-O2 -target bpf -D__TARGET_ARCH_arm64 -I probes/bpf"
    registers='#include <asm/perf_regs.h>\nint r = PERF_REG_'
    arm64_accepts "$1" "$2" "${registers}ARM64_PC;" || { echo "arm64's own registers are not known"; return 1; }
    arm64_accepts "$1" "$bpf" '#include "vmlinux.h"\nunsigned long f(struct pt_regs *r) { return r->user_regs.sp; }' ||
        { echo "arm64's own registers are not known to BPF programs"; return 1; }
    while read -r text; do
        ! arm64_accepts "$1" "$2" "$text" || { echo "what is x86-64's alone passes: $text"; return 1; }
    done <<'END'
#include <asm/perf_regs.h>\nint r = PERF_REG_X86_IP;
#include <sys/user.h>\nunsigned long f(struct user_regs_struct *r) { return r->rip; }
#include <sys/reg.h>\nint r = ORIG_RAX;
#include <cpuid.h>
#include <sys/syscall.h>\nint nr = SYS_arch_prctl;
void f(void) { __asm__ volatile("rdtsc" : : : "memory"); }
END
    ! arm64_accepts "$1" "$bpf" '#include "vmlinux.h"\nunsigned long f(struct pt_regs *r) { return r->di; }' ||
        { echo "what is x86-64's alone passes in BPF programs"; return 1; }
}

# All of user space and the BPF programs, compiled for arm64, where no such machine is at hand.
lint_arm64()
{
    clang=$(command -v clang) || skip "there is no clang"
    [ -e /usr/aarch64-linux-gnu/include/stdio.h ] || skip "there are no headers of arm64 (Debian: libc6-dev-arm64-cross)"
    flags="--target=aarch64-linux-gnu $(arm64_headers "$1") -idirafter $1/lint/arm64"
    arm64_proves "$clang" "$flags" || return 1
    commands_once "$1" >"$1/lint/arm64.json"
    arm64_commands "$1/lint/arm64.json" "$clang" "$flags" >"$1/lint/arm64.txt"
    for program in probes/bpf/*.bpf.c; do
        echo "$clang -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_arm64 -Wall -Wextra -Werror -Wno-unused-parameter" \
            "-I '$PWD/probes/bpf' -c '$PWD/$program' -o /dev/null"
    done >>"$1/lint/arm64.txt"
    [ "$(wc -l <"$1/lint/arm64.txt")" -gt 150 ] || { echo "too few files: $(wc -l <"$1/lint/arm64.txt")"; return 1; }
    # sh expands it
    # shellcheck disable=SC2016
    (cd "$1" && xargs -P "$(nproc)" -d '\n' -n 1 sh -c 'eval "$0"' <lint/arm64.txt)
}

kind=$1
shift
"lint_$kind" "$@"
