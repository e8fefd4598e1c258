#!/bin/sh
# The JSON of answers against its schema, by ajv: of those made by hand, and of every kept recording.
#   schema.sh SOURCE BUILD HEAPWAIT RECORDING_BUILD ANSWER_MADE
# ajv is fetched once by `npm ci --prefix BUILD/tests/analysis/answer`; without it the test is skipped.
set -eu
source=$1 build=$2/tests/analysis/answer heapwait=$3 recording=$4 made=$5
[ -d "$build/node_modules/ajv" ] || {
    echo "SKIPPED: no ajv: npm ci --prefix $build"
    exit 77
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset HEAPWAIT_DATA || true
"$made" >"$folder/made.json"
for name in study record ledger flame; do
    "$recording" "$folder/$name.db" "$source/analysis/schema.sql" "$source/tests/data/$name.sql"
    "$heapwait" explain "$folder/$name.db" --json >"$folder/$name.json"
done
"$recording" "$folder/ledger_record.db" "$source/analysis/schema.sql" "$source/tests/data/ledger.sql" \
    "$source/tests/data/ledger_record.sql"
"$heapwait" explain "$folder/ledger_record.db" --json >"$folder/ledger_record.json"
"$recording" "$folder/empty.db" "$source/analysis/schema.sql"
"$heapwait" explain "$folder/empty.db" --json >"$folder/empty.json"
cd "$build"
schema=$source/analysis/answer/answer.schema.json
node "$source/tests/analysis/answer/validate.mjs" "$schema" "$folder"/*.json
# What is no answer is refused.
for wrong in 's/"conclusion": "[a-z_]*"/"conclusion": "perhaps"/' 's/"headline": /"heading": /' \
    's/"samples": [0-9.]*/"samples": "many"/'; do
    sed "$wrong" "$folder/record.json" >"$folder/wrong"
    ! cmp -s "$folder/wrong" "$folder/record.json" || { echo "FAILED: '$wrong' changes nothing" && exit 1; }
    ! node "$source/tests/analysis/answer/validate.mjs" "$schema" "$folder/wrong" 2>/dev/null ||
        { echo "FAILED: '$wrong' is taken for an answer" && exit 1; }
done
