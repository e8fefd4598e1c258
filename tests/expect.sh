# shellcheck shell=sh disable=SC2034 # whoever reads it uses the variables
# What the scripts of the tests share; read by them.  Each sets failed=0 first, and ends with it.
# expect NAME WANTED GOT
expect()
{
    [ "$2" = "$3" ] && return
    echo "FAILED: $1: wanted '$2', got '$3'"
    failed=1
}
# holds NAME FILE WORDS
holds()
{
    grep -qF -- "$3" "$2" && return
    echo "FAILED: $1: no '$3' in:"
    cat "$2"
    failed=1
}
# copied HEAPWAIT SOURCE: a copy in this folder that others may run and read, wherever the checkout lies: its path in
# $heapwait, its data in HEAPWAIT_DATA.
copied()
{
    mkdir data && cp -r "$2/analysis/schema.sql" "$2/analysis/views" data
    cp "$1" heapwait && heapwait=$PWD/heapwait
    chmod -R a+rX .
    HEAPWAIT_DATA=$PWD/data
    export HEAPWAIT_DATA
}
