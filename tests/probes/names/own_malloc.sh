#!/bin/sh
# An allocator that heapwait doesn't know: of the words that its malloc takes it is said that they are malloc's, of
# no other word that it isn't.  $1: heapwait, $2: own_malloc_user, $3: the allocator as a library, $4: the program with
# it linked in, $5: the same for static musl, or "none".
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../../expect.sh"
heapwait=$1 user=$2 library=$3 linked=$4 static=$5
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$user" "$folder/user" && cp "$library" "$folder/libown.so" && cp "$linked" "$folder/linked" || exit 1
cp "$folder/libown.so" "$folder/libbare.so" && cp "$folder/linked" "$folder/bare" || exit 1
strip "$folder/libbare.so" "$folder/bare" || exit 1
cd "$folder" || exit 1
failed=0
count=200

query() { sqlite3 -readonly run.db "$1"; }

# told NAME FILE WHOSE USERS-WORD: of the last run.  Two blocks of each size are taken and freed: four calls a time.
told()
{
    expect "$1: the allocator" unknown "$(query "SELECT allocator FROM run")"
    expect "$1: both words are malloc's" "2 unknown ($2)" "$(query "SELECT count(*) || ' ' || group_concat(DISTINCT allocator)
        FROM lock WHERE is_malloc")"
    calls=$(query "SELECT sum(calls) FROM lock JOIN lock_outcome ON lock_id = id WHERE is_malloc")
    [ "${calls:-0}" -ge $((4 * count)) ] || { echo "FAILED: $1: $calls calls of malloc's"; failed=1; }
    expect "$1: of the user's word nothing is said" "$3 $count" "$(query "SELECT
        coalesce(max(is_malloc), '?') || ' ' || sum(calls) FROM lock JOIN lock_outcome ON lock_id = id
        WHERE name GLOB '$4' AND is_malloc IS NOT 1")"
}

run()
{
    rm -f run.db
    "$heapwait" record -o run.db -- "$@" 2>log || { echo "FAILED: $*:"; cat log; failed=1; }
}

run env LD_PRELOAD="$folder/libown.so" ./user $count
told "a library" libown.so '?' 'users_words[[]1]'
run env LD_PRELOAD="$folder/libbare.so" ./user $count
told "a stripped library" libbare.so '?' 'users_words[[]1]'
expect "where they lie is their name" "unnamed word in libbare.so .bss" "$(query "SELECT DISTINCT substr(name, 1, 31)
    FROM lock WHERE is_malloc")"
run ./linked $count
told "linked in" linked '?' 'users_words[[]1]'
run ./bare $count
told "linked in, stripped" bare '?' 'unnamed word in bare*'
if [ "$static" != none ]; then
    cp "$static" static && run ./static $count
    told "static musl" static '?' 'users_words*'
    expect "it is not musl's malloc" "malloc is static's, which is no allocator that heapwait knows" \
        "$(query "SELECT allocator_evidence FROM run")"
fi
# The allocator told is that of the process whose lock is named, not of the shell.
run sh -c "./linked $count; true"
told "a wrapper" linked '?' 'users_words[[]1]'
case $(query "SELECT allocator_evidence FROM run") in
"in process "*": malloc is linked's, "*) ;;
*) echo "FAILED: a wrapper: $(query "SELECT allocator_evidence FROM run")"; failed=1 ;;
esac
"$heapwait" explain --all run.db >explained
holds "a wrapper's verdict" explained "What the process with the hottest lock allocates with is not known (in process"
"$heapwait" try --libraries none --rounds 1 --seed 1 --library mine="$folder/libown.so" -o try.db -- ./user $count >out 2>log
expect "a try" 0 $?
grep -qE '^mine .* 800 ' out || { echo "FAILED: the try has no waits:"; cat out; failed=1; }
exit $failed
