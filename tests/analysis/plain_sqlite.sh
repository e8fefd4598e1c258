#!/bin/sh
# Every view must work in the plain sqlite3 shell too, on a recording that can't be written to, and carry its question
# in its first line; and docs/recording.md must name it.
set -eu
source=$1 build=$2
command -v sqlite3 >/dev/null || { echo "skipped: no sqlite3 here"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for recording in study ledger flame record; do
    "$build" "$folder/$recording.db" "$source/analysis/schema.sql" "$source/tests/data/$recording.sql"
    chmod 0444 "$folder/$recording.db"
done
for file in "$source"/analysis/views/*.sql; do
    name=$(basename "$file" .sql)
    head -n 1 "$file" | grep -q '^-- .*?$' || { echo "$name: its first line is not its question"; exit 1; }
    grep -q "^CREATE TEMP VIEW $name AS" "$file" || { echo "$name: makes no view of that name"; exit 1; }
    grep -q "\`$name\`" "$source/docs/recording.md" || { echo "$name: docs/recording.md lacks it"; exit 1; }
    echo "SELECT '$name', count(*) FROM $name;"
done >"$folder/questions"
for recording in study ledger flame record; do
    cat "$source"/analysis/views/*.sql "$folder/questions" | sqlite3 -readonly -bail "$folder/$recording.db"
done >"$folder/answers"
awk -F '|' '{ rows[$1] += $2; n++ }
    END { for (name in rows) if (!rows[name]) { print name ": no row on any recording"; failed = 1 } exit failed || !n }' "$folder/answers"
