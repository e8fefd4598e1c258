#!/bin/sh
# house_fails.sh HOUSE: house.sh finds what it is there for, in a small tree that breaks each rule once.
set -u
house=$1
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
failed=0
mkdir -p "$tree/lint" "$tree/analysis/base" "$tree/probes/low" "$tree/probes/high" "$tree/plots" "$tree/cli" \
    "$tree/tests/probes/low" "$tree/tests/probes/gone" "$tree/tests/analysis" "$tree/tests/plots" "$tree/tests/cli"
cp "$house" "$tree/lint/house.sh"
cd "$tree" || exit 1
printf 'analysis/base 0\nprobes/low 1\nprobes/high 2\n' >lint/rooms.txt
printf 'name probes/high/odd.h strange_one it is there\nlength probes/low/fine.c * not needed\n' >lint/exceptions.txt
printf '#include "probes/high/thing.h"\nint x;\n' >probes/low/up.c
printf '#include "probes/low/own_private.h"\n' >probes/high/peeks.c
printf '/* a comment with other_name(); */\nstruct part {\n    int (*call)(void);\n};\nint thing_open(struct part *p);\nint part_close(void);\nint other_name(\n    int a);\n' >probes/high/thing.h
printf 'int strange_one(void);\nint wrong_one(void);\n' >probes/high/odd.h
: >probes/low/own_private.h
: >probes/low/fine.c
{ echo 'int long_one(void)'; echo '{'; seq -s ';
' 61 | sed 's/$/;/'; echo '}'; } >probes/low/function.c
seq 501 | sed 's,.*,/* & */,' >probes/low/file.c
mkdir cli/nowhere && echo 'int x;' >cli/nowhere/lost.c
: >tests/probes/shared.c
: >tests/probes/low/test_fine.c
: >tests/probes/gone/shared.c
: >tests/probes/test_flat.c
printf '    {\n        .name = "acorn",\n    },\n' >analysis/base/allocator_table.c
printf '/* "acorn" */ /* and\n"acorn" */ int x; /* "acorn" */\nconst char *y = "a \\" acorn";\n' >probes/low/knows.c
sh lint/house.sh >log && { echo "FAILED: it passes"; failed=1; }

said() # RULE AND PLACE
{
    grep -q "^FAILED: $1" log && return
    echo "FAILED: not found: $1"
    failed=1
}
said 'include probes/low/up.c probes/high/thing.h stands above'
said 'include probes/high/peeks.c probes/low/own_private.h is private'
said 'include cli/nowhere/lost.c cli/nowhere is no room'
said 'length probes/low/function.c long_one has 61 lines'
said 'length probes/low/file.c \* has 501 lines'
said 'name probes/high/thing.h other_name begins'
said 'name probes/high/odd.h wrong_one begins'
said 'this exception is not needed: length probes/low/fine.c'
said 'mirror tests/probes/gone/shared.c probes/gone is no room'
said 'mirror tests/probes/test_flat.c probes is no room'
said 'allocator probes/low/knows.c acorn belongs'
wanted=11
[ "$(wc -l <log)" -eq $wanted ] || { echo "FAILED: other than $wanted findings:" && cat log && failed=1; }
exit $failed
