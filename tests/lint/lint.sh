#!/bin/sh
# lint.sh shell|layout|c BUILD: one kind of lint over the whole tree, from its top.
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

# clang-tidy, as .clang-tidy tells, on what this build compiles outside tests/, with the flags it compiles with.
# One file at a time and once: in clang-tidy 14 the va_list check trips over a second one.  What it finds in
# generated code (below the build folder) is bpftool's.
lint_c()
{
    command -v clang-tidy >/dev/null || skip "there is no clang-tidy"
    mkdir -p "$1/lint"
    commands_once "$1" >"$1/lint/compile_commands.json"
    sed -n 's/^ *"file": "\(.*\)",*$/\1/p' "$1/lint/compile_commands.json" | sort -u |
        xargs -P "$(nproc)" -n 1 clang-tidy -p "$1/lint" --quiet >"$1/clang-tidy.log" 2>"$1/clang-tidy.talk"
    grep -q . "$1/clang-tidy.talk" || { echo "clang-tidy did not run"; return 1; }
    ! grep -v "^$1/" "$1/clang-tidy.log" | grep -E '^/.*: (warning|error): ' ||
        { echo "the paths that lead there are in $1/clang-tidy.log"; return 1; }
}

"lint_$1" "$2"
