#!/bin/sh
# What `cmake --install` lays down: the schema and every view, below DESTDIR.
set -eu
source=$1 build=$2 data=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
DESTDIR=$folder cmake -P "$build/analysis/cmake_install.cmake" >"$folder/log"
cmp "$source/analysis/schema.sql" "$folder$data/heapwait/schema.sql"
diff -r "$source/analysis/views" "$folder$data/heapwait/views"
