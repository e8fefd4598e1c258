#!/bin/sh
# Every view must work in the plain sqlite3 shell too, on a recording that can't be written to, and carry its question
# in its first line; and docs/recording.md must name it.
set -eu
source=$1 build=$2
command -v sqlite3 >/dev/null || { echo "skipped: no sqlite3 here"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$build" "$folder/study.db" "$source/analysis/schema.sql" "$source/tests/data/study.sql"
chmod 0444 "$folder/study.db"
for file in "$source"/analysis/views/*.sql; do
    name=$(basename "$file" .sql)
    head -n 1 "$file" | grep -q '^-- .*?$' || { echo "$name: its first line is not its question"; exit 1; }
    grep -q "^CREATE TEMP VIEW $name AS" "$file" || { echo "$name: makes no view of that name"; exit 1; }
    grep -q "\`$name\`" "$source/docs/recording.md" || { echo "$name: docs/recording.md lacks it"; exit 1; }
    rows=$( (cat "$source"/analysis/views/*.sql; echo "SELECT count(*) FROM $name;") |
        sqlite3 -readonly -bail "$folder/study.db")
    [ "$rows" -gt 0 ] || { echo "$name: no row on the study recording"; exit 1; }
done
