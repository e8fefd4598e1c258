#!/bin/sh
# heapwait as root for somebody who called sudo: what it makes is his, and a command that runs as somebody else gets
# nothing that belongs to him.  $1: heapwait, $2: recording_build, $3: the source tree.
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../expect.sh"
heapwait=$1 build=$2 source=$3
[ "$(id -u)" = 0 ] || { echo "SKIPPED: only root can give files away"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
cd "$folder" || exit 1
chmod 755 .
owner() { stat -c %u:%g "$1"; }
export SUDO_UID=65533 SUDO_GID=65532 SUDO_USER=somebody SUDO_COMMAND=/bin/heapwait

"$build" flame.db "$source/analysis/schema.sql" "$source/tests/data/flame.sql" || exit 1
"$heapwait" export -o flame.folded --folded flame.db || failed=1
expect "an export's owner" 65533:65532 "$(owner flame.folded)"
ln -s victim link
"$heapwait" export -o link --folded flame.db 2>said
expect "an export to a link" 125 $?
holds "an export to a link" said "'link' is a symbolic link; it is left alone: name another file with -o"
expect "the link's target" "" "$(ls victim 2>/dev/null)"
if command -v gnuplot >/dev/null && command -v node >/dev/null; then
    "$heapwait" report flame.db -o report/ >/dev/null 2>said || cat said
    find report -exec stat -c '%u:%g %n' {} + >owners
    expect "a report's owners" "" "$(grep -v '^65533:65532 ' owners)"
    [ "$(wc -l <owners)" -gt 6 ] || { echo "FAILED: a report of $(wc -l <owners) files"; failed=1; }
    # what was there stays whose it was
    mkdir own && mkdir own/data
    "$heapwait" report flame.db -o own >/dev/null
    expect "a folder that was there" 0:0 "$(owner own)"
    expect "a page beside it" 65533:65532 "$(owner own/report.html)"
fi
if unshare -Ur true 2>/dev/null; then # root there, who can't give to a user whom the namespace doesn't have
    unshare -Ur "$heapwait" export -o ungiven.folded --folded flame.db 2>said
    expect "an owner who can't be had" 0 $?
    holds "an owner who can't be had" said "stays root's, since it can't be given to who called sudo"
    rm -f ungiven.folded
fi
for bad in -1 4294967295 4294967296 x ''; do
    rm -f flame.folded
    SUDO_UID=$bad "$heapwait" export -o flame.folded --folded flame.db
    expect "no number of a user: '$bad'" 0:0 "$(owner flame.folded)"
done

"$heapwait" doctor >/dev/null || { echo "the rest needs tracing"; exit $failed; }
export MAIL=/var/mail/root XDG_RUNTIME_DIR=/run/user/0 SSH_AUTH_SOCK=/tmp/agent KEPT=1 MAILBOX=kept
"$heapwait" record -o own.db -- env >environment 2>said
expect "a recording's owner" 65533:65532 "$(owner own.db)"
holds "who calls keeps his environment" environment "XDG_RUNTIME_DIR=/run/user/0"
"$heapwait" record -o own.db -u nobody -- env >environment 2>said
expect "the next recording's owner" 65533:65532 "$(owner own.db)"
expect "the older one's" 65533:65532 "$(owner own.db.old)"
expect "what belongs to who calls" "" "$(grep -E '^(SUDO_|XDG_|SSH_|MAIL=)' environment)"
holds "the rest" environment KEPT=1
holds "a longer name" environment MAILBOX=kept
holds "whose it is" environment USER=nobody
holds "told" said "the command, as nobody, runs without what belongs to you: "
for name in SUDO_UID SUDO_GID SUDO_USER SUDO_COMMAND MAIL XDG_RUNTIME_DIR SSH_AUTH_SOCK; do holds "told" said $name; done
exit $failed
