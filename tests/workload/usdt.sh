#!/bin/sh
# usdt.sh VARIANTS.TSV NAME WHY: a variant's USDT probes, from the executable itself: three names, each with two
# arguments, no semaphore, and a single nop at each place.  WHY: why there are to be none; empty: there are to be.
set -u
table=$1 name=$2 why=$3
tab=$(printf '\t')
fail() { echo "FAILED: $name: $*"; exit 1; }

row=$(grep "^$name$tab" "$table") || fail "no row in $table"
program=$(printf '%s\n' "$row" | cut -f 5)
[ -n "$program" ] || { echo "SKIPPED: $name is absent: $(printf '%s\n' "$row" | cut -f 6)"; exit 77; }
notes=$(LC_ALL=C readelf -n "$program" | sed -n '/NT_STAPSDT/,/Arguments/p')
if [ -n "$why" ]; then
    ! printf '%s\n' "$notes" | grep -q 'Provider: heapwait$' || fail "it has USDT probes, though $why"
    echo "SKIPPED: no USDT probes: $why"
    exit 77
fi

# name, place, semaphore and arguments of each of our notes, a line each: a static program has its C library's, too
places=$(printf '%s\n' "$notes" | tr -d ',' | awk '$1 == "Provider:" { provider = $2 } $1 == "Name:" { name = $2 }
    $1 == "Location:" { place = $2; semaphore = $6 }
    $1 == "Arguments:" && provider == "heapwait" { print provider ":" name, place, semaphore, NF - 1 }')
for wanted in thread_start passwords thread_end; do
    printf '%s\n' "$places" | grep -q "^heapwait:$wanted " || fail "no probe $wanted in: $places"
done
printf '%s\n' "$places" | while read -r probe place semaphore arguments; do
    case $semaphore in *[!0x]*) echo "$probe asks a semaphore at $semaphore" ;; esac
    [ "$arguments" = 2 ] || echo "$probe has $arguments arguments instead of 2"
    code=$(LC_ALL=C objdump -d --start-address="$place" --stop-address=$((place + 4)) "$program" |
        sed -n 's/^ *[0-9a-f]*:\t[0-9a-f ]*\t\([a-z]*\).*/\1/p' | head -n 1)
    [ "$code" = nop ] || echo "$probe at $place is not a nop: $code"
done >"${TMPDIR:-/tmp}/usdt.$$"
wrong=$(cat "${TMPDIR:-/tmp}/usdt.$$")
rm -f "${TMPDIR:-/tmp}/usdt.$$"
[ -z "$wrong" ] || fail "$wrong"
printf '%s\n' "$places"
