#!/bin/sh
# What is printed of a recording is no wider than it may be: over all kept recordings and all forms of the text, without a
# terminal, where it is 80 columns, and as COLUMNS says.  explain.sh has --width.
#   widths.sh HEAPWAIT RECORDING_BUILD SOURCE
set -eu
heapwait=$1 build=$2 source=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset COLUMNS HEAPWAIT_DATA || true
bad=0

# within WIDTH WHAT: the page; without UTF-8's continuation bytes a byte is a character, and each of ours takes one cell
within()
{
    LC_ALL=C tr -d '\200-\277' <"$folder/page" | LC_ALL=C awk -v width="$1" -v what="$2" \
        'length($0) > width { print what ": wider than " width " columns: " $0; bad = 1 } END { exit bad }' >&2 || bad=1
}

# The forms of the text that the command's help tells of.  Markdown is wrapped by who shows it.
forms=$("$heapwait" explain --help | grep -oE '^ +--all\b' | tr -d ' ') || true
seen=0
for data in "$source"/tests/data/*.sql; do
    name=$(basename "$data" .sql)
    set -- "$data"
    [ "$name" != ledger_record ] || set -- "$source/tests/data/ledger.sql" "$data"
    "$build" "$folder/$name.db" "$source/analysis/schema.sql" "$@"
    for form in "" $forms; do
        seen=$((seen + 1))
        # No word when it is empty.
        # shellcheck disable=SC2086
        "$heapwait" explain "$folder/$name.db" $form >"$folder/page"
        within 80 "explain $name $form"
        # shellcheck disable=SC2086
        COLUMNS=100 "$heapwait" explain "$folder/$name.db" $form >"$folder/page"
        within 100 "explain $name $form, by COLUMNS"
    done
done
[ "$seen" -ge 5 ] || { echo "few recordings were seen: $seen" >&2; bad=1; }
exit $bad
