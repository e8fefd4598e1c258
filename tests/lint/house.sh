#!/bin/sh
# house.sh: the rules of the house, over the whole tree, from its top.
#   include  a room includes only what stands below it (rooms.txt), and no other room's private header
#   length   a file has at most 500 lines, a function at most 60
#   name     a public function's name begins with its file's stem, or with a type that its header declares
#   mirror   a test lies in tests/ROOM for a room of rooms.txt; what several rooms' tests share may lie above them
#   allocator  the text of a program holds no allocator's name, but for that of the table of allocators
# Exceptions, with their reasons: exceptions.txt.  One that is not needed any more is a failure, too.
set -u
here=$(dirname "$0")
found=$(mktemp) || exit 1
trap 'rm -f "$found"' EXIT

sources()
{
    find analysis probes plots cli -name "$1" | sort
}

# Each rule prints lines of: rule, file, subject, what is wrong.
include_rule()
{
    # awk expands these, not the shell.
    # shellcheck disable=SC2016
    sources '*.[ch]' | xargs awk -v rooms="$here/rooms.txt" '
        BEGIN { while ((getline line < rooms) > 0) if (line !~ /^#/) { split(line, word, " "); level[word[1]] = word[2] } }
        FNR == 1 {
            room = FILENAME
            sub(/\/[^\/]*$/, "", room)
            if (!(room in level)) print "include", FILENAME, room, "is no room of rooms.txt"
        }
        /^#include "/ && !/\.skel\.h"/ {
            file = of = $2
            gsub(/"/, "", file)
            if (file !~ /\//) next # the kernel side includes its own by name
            of = file
            sub(/\/[^\/]*$/, "", of)
            if (of == room) next
            if (!(of in level)) print "include", FILENAME, file, "is in no room of rooms.txt"
            else if (level[of] >= level[room]) print "include", FILENAME, file, "stands above or beside"
            else if (file ~ /_private\.h$/) print "include", FILENAME, file, "is private to its room"
        }'
}

length_rule()
{
    # shellcheck disable=SC2016
    sources '*.[ch]' | xargs awk '
        function close_file() { if (lines > 500) print "length", name, "*", "has " lines " lines" }
        FNR == 1 { close_file(); name = FILENAME; inside = 0 }
        { lines = FNR }
        /^[A-Za-z_].*\(/ && !/;[ \t]*$/ { subject = $0; sub(/\(.*/, "", subject); sub(/.*[ *]/, "", subject) }
        /^\{/ { inside = FNR }
        /^\}/ && inside {
            if (FNR - inside > 61) print "length", FILENAME, subject, "has " FNR - inside - 1 " lines"
            inside = 0
        }
        END { close_file() }'
}

# Declarations of functions in a header: names that are followed by a parenthesis, outside of braces and comments.
name_rule()
{
    sources '*.h' | grep -vE '\.bpf\.h$|/(vmlinux|abi|outcome)\.h$' | while read -r header; do
        stem=$(basename "$header" .h)
        awk '/^#/ { while (/\\$/) getline; next } { print }' "$header" | tr '\n' ' ' | sed 's,/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/,,g' |
            awk -v header="$header" -v stem="${stem%_private}" '
                function begins(name, prefix) { return name == prefix || index(name, prefix "_") == 1 }
                {
                    text = $0
                    single = stem
                    sub(/s$/, "", single)
                    while (match(text, /(struct|enum) [a-z_0-9]+ *[{;]/)) {
                        type = substr(text, RSTART, RLENGTH)
                        gsub(/^(struct|enum) | *[{;]$/, "", type)
                        types[type] = types[type "s"] = 1
                        text = substr(text, RSTART + RLENGTH)
                    }
                    depth = 0
                    for (i = 1; i <= length($0); i++) {
                        c = substr($0, i, 1)
                        depth += (c == "{") - (c == "}")
                        if (!depth && c != "}") outside = outside c
                    }
                    n = split(outside, declaration, ";")
                    for (i = 1; i <= n; i++) {
                        d = declaration[i]
                        if (d ~ /typedef|static|extern/ || !match(d, /[A-Za-z_0-9]+ *\(/)) continue
                        name = substr(d, RSTART, RLENGTH)
                        gsub(/[ (]/, "", name)
                        good = begins(name, stem) || begins(name, single)
                        for (type in types) good = good || begins(name, type)
                        if (!good) print "name", header, name, "begins with no word of its header"
                    }
                }'
    done
}

mirror_rule()
{
    # shellcheck disable=SC2016
    find tests/analysis tests/probes tests/plots tests/cli -name '*.c' -o -name '*.sh' -o -name CMakeLists.txt | sort |
        awk -v rooms="$here/rooms.txt" '
        BEGIN { while ((getline line < rooms) > 0) if (line !~ /^#/) { split(line, word, " "); level[word[1]] = word[2] } }
        {
            room = file = $0
            sub(/^tests\//, "", room)
            sub(/\/[^\/]*$/, "", room)
            sub(/.*\//, "", file)
            if (!(room in level) && (room ~ /\// || file ~ /^test_|\.sh$/)) print "mirror", $0, room, "is no room of rooms.txt"
        }'
}

# Names in strings; in comments they may stand.
allocator_rule()
{
    # shellcheck disable=SC2016
    sources '*.[ch]' | xargs awk -v table=analysis/base/allocator_table.c '
        BEGIN {
            while ((getline line < table) > 0)
                if (match(line, /\.name = "[^"]*"/)) names[substr(line, RSTART + 9, RLENGTH - 10)]
        }
        FNR == 1 { commented = 0 }
        FILENAME == table { next }
        {
            rest = $0
            if (commented && !sub(/^.*\*\//, "", rest)) next
            commented = 0
            while (match(rest, /\/\*|"([^"\\]|\\.)*"/)) {
                word = substr(rest, RSTART, RLENGTH)
                rest = substr(rest, RSTART + RLENGTH)
                if (word == "/*") {
                    end = index(rest, "*/")
                    if (!end) { commented = 1; next }
                    rest = substr(rest, end + 2)
                } else {
                    for (name in names)
                        if (index(word, name)) print "allocator", FILENAME, name, "belongs to the table of allocators"
                }
            }
        }'
}

{ include_rule; length_rule; name_rule; mirror_rule; allocator_rule; } >"$found"
awk -v exceptions="$here/exceptions.txt" '
    BEGIN {
        while ((getline line < exceptions) > 0) {
            if (line ~ /^#/) continue
            split(line, word, " ")
            allowed[word[1] " " word[2] " " word[3]] = 0
        }
    }
    { exact = $1 " " $2 " " $3; all = $1 " " $2 " *"
      if (exact in allowed) allowed[exact] = 1
      else if (all in allowed) allowed[all] = 1
      else { print "FAILED: " $0; failed = 1 } }
    END {
        for (e in allowed) if (!allowed[e]) { print "FAILED: this exception is not needed: " e; failed = 1 }
        exit failed
    }' "$found"
