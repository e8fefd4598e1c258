#!/bin/sh
# heapwait as root in a folder of somebody else's, who has put things there: journals that name a victim, links, drafts,
# FIFOs; and who goes on doing so.  No file but heapwait's own is touched, and nothing is lost.
# $1: heapwait, $2: journal_plant, $3: recording_build, $4: the source tree.
set -u
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../expect.sh"
heapwait=$1 plant=$2 build=$3 source=$4
[ "$(id -u)" = 0 ] || { echo "SKIPPED: this is root's danger"; exit 77; }
"$heapwait" doctor >/dev/null || { echo "SKIPPED: this user can't trace"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
cd "$folder" || exit 1
chmod 755 .
mkdir tmp
TMPDIR=$folder/tmp
export TMPDIR
cp "$plant" plant && chmod 755 plant
"$build" whole.db "$source/analysis/schema.sql" "$source/tests/data/study.sql" || exit 1
# A study that has its run before it still.
"$heapwait" study --no-probes --variants none --threads 1 --reps 1 --variant "a=touch $folder/ran" -o study.db 2>log ||
    { cat log; exit 1; }
rm ran && sqlite3 study.db 'DELETE FROM run' || exit 1
somebody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
# fresh MODE: the folder anew, with a victim outside.
fresh()
{
    rm -rf place victim
    mkdir place && chmod "$1" place && chown 65534:65534 place
    echo precious >victim
}
# untouched NAME: the victim, and what somebody has put there (names in $planted).
untouched()
{
    expect "$1: the victim" precious "$(cat victim 2>&1)"
    # shellcheck disable=SC2086 # words
    expect "$1: what was planted" "$before" "$(cd place && ls -ldin $planted 2>&1)"
}
planted_now()
{
    # shellcheck disable=SC2086
    before=$(cd place && ls -ldin $planted)
}
# all_commands NAME WORDS: record, study and import are refused with these words before they do anything.
all_commands()
{
    (cd place && "$heapwait" record -- touch ../ran) 2>log; expect "$1: record" 125 $?
    holds "$1: record" log "$2"
    (cd place && "$heapwait" study --no-probes --variants none --reps 1 --variant a="touch ../ran") 2>log
    expect "$1: study" 125 $?
    holds "$1: study" log "$2"
    (cd place && "$heapwait" import ../whole.db) 2>log; expect "$1: import" 125 $?
    holds "$1: import" log "$2"
    [ ! -e ran ] || { echo "FAILED: $1: the command was run"; failed=1; rm ran; }
    untouched "$1"
}

for mode in 0777 1777; do
    # ---- planted before ----
    for ending in -journal -wal -shm; do
        fresh $mode
        planted=heapwait.db$ending
        somebody ./plant place/$planted "$folder/victim"
        planted_now
        all_commands "$mode $planted, no recording" "'$planted' is in the way"
        cp whole.db place/heapwait.db
        all_commands "$mode $planted" "'$planted' is in the way"
        for command in "explain heapwait.db" "explain --json heapwait.db" "report heapwait.db" "export --folded heapwait.db" \
            "study --resume"; do
            # shellcheck disable=SC2086
            (cd place && "$heapwait" $command) >out 2>log && { echo "FAILED: $mode $planted: $command"; failed=1; }
            holds "$mode $planted: $command" log "it is left alone"
            untouched "$mode $planted: $command"
            expect "$mode $planted: $command: nothing else is there" "heapwait.db $planted" "$(cd place && echo *)"
        done
    done
    for what in link folder fifo text; do
        fresh $mode
        planted=heapwait.db.old
        cp whole.db place/heapwait.db
        case $what in
        link) somebody ln -s "$folder/victim" place/$planted ;;
        folder) somebody mkdir place/$planted ;;
        fifo) somebody mkfifo place/$planted ;;
        text) somebody sh -c "echo mine >place/$planted" ;;
        esac
        planted_now
        all_commands "$mode $planted, a $what" "'$planted' "
    done
    # Journals where heapwait's drafts would lie if their names could be guessed, and a WAL header.
    fresh $mode
    # shellcheck disable=SC2016 # the inner shell expands
    somebody sh -c 'for pid in $(seq "$1" $(($1 + 200))); do
            ln -s "$2/victim" "place/heapwait.db.new-$pid"
            ./plant "place/heapwait.db.new-$pid-journal" "$2/victim"
        done' sh $$ "$folder"
    planted='heapwait.db.new-*'
    planted_now
    (cd place && "$heapwait" record -- true) 2>log; expect "$mode drafts: record" 0 $?
    [ -f place/heapwait.db ] || { echo "FAILED: $mode drafts: no recording"; failed=1; }
    untouched "$mode drafts"
    fresh $mode
    cp whole.db place/heapwait.db
    printf '\002\002' | dd of=place/heapwait.db bs=1 seek=18 conv=notrunc 2>/dev/null
    for command in explain report "export --folded" "study --resume -o"; do
        # shellcheck disable=SC2086
        (cd place && "$heapwait" $command heapwait.db) >out 2>log && { echo "FAILED: $mode WAL: $command"; failed=1; }
        holds "$mode WAL: $command" log "is in SQLite's WAL mode"
        expect "$mode WAL: $command" heapwait.db "$(cd place && echo *)"
    done

    # A study of somebody else's, whose commands would be run.
    fresh $mode
    cp study.db place/heapwait.db && chown 65534 place/heapwait.db
    (cd place && "$heapwait" study --resume) >out 2>log; expect "$mode resume another's" 125 $?
    holds "$mode resume another's" log "others may have written 'heapwait.db'"
    [ ! -e ran ] || { echo "FAILED: $mode: another's command was run"; failed=1; rm ran; }
    chown 0 place/heapwait.db && chmod 666 place/heapwait.db
    (cd place && "$heapwait" study --resume) >out 2>log; expect "$mode resume what all may write" 125 $?
    [ ! -e ran ] || { echo "FAILED: $mode: anybody's command was run"; failed=1; rm ran; }
    chown 65534 place/heapwait.db && chmod 644 place/heapwait.db
    (cd place && SUDO_UID=65534 SUDO_GID=65534 "$heapwait" study --resume) >out 2>log; expect "$mode resume one's own by sudo" 0 $?
    [ -e ran ] || { echo "FAILED: $mode: one's own command was not run"; failed=1; }
    rm -f ran

    # ---- planted while the command runs: what was measured is kept beside ----
    for plot in "../plant heapwait.db-journal $folder/victim" "../plant heapwait.db.old-journal $folder/victim" \
        "ln -s $folder/victim heapwait.db" "mkdir heapwait.db" "cp ../plant heapwait.db.old" \
        "ln -s $folder/victim heapwait.db.old" "mkdir heapwait.db.old"; do
        fresh $mode
        case $plot in *.old*) cp whole.db place/heapwait.db ;; esac
        # shellcheck disable=SC2086
        (cd place && "$heapwait" record -- setpriv --reuid 65534 --regid 65534 --clear-groups $plot) 2>log
        expect "$mode $plot" 125 $?
        holds "$mode $plot" log "it is left alone"
        expect "$mode $plot: the victim" precious "$(cat victim 2>&1)"
        kept=$(sed -n "s/.*what was measured is kept in '\([^']*\)'.*/\1/p" log)
        expect "$mode $plot: it is kept" 1 "$(sqlite3 -readonly "place/$kept" 'SELECT count(*) FROM run')"
    done
    # What the command itself makes there: an empty file is no loss, another is.
    fresh $mode
    (cd place && "$heapwait" record -- touch heapwait.db) 2>log; expect "$mode touch" 0 $?
    (cd place && "$heapwait" record -- sh -c 'echo mine >heapwait.db') 2>log; expect "$mode foreign content" 125 $?
    expect "$mode foreign content: it is left alone" mine "$(cat place/heapwait.db)"
    holds "$mode foreign content" log "what was measured is kept in 'heapwait.db.new-"
    # perf writes through a link.
    fresh $mode
    somebody ln -s "$folder/made" place/heapwait.db.perf.data
    (cd place && "$heapwait" record --perf -- true) 2>log; expect "$mode a link for perf" 125 $?
    [ ! -e made ] || { echo "FAILED: $mode: perf wrote through a link"; failed=1; rm made; }
    # The folder is another one meanwhile.
    fresh $mode
    mkdir etc
    (cd place && somebody mkdir x && "$heapwait" record -o x/a.db -- sh -c "mv x y; ln -s $folder/etc x") 2>log
    expect "$mode another folder" 0 $?
    expect "$mode another folder: nothing is made there" "" "$(ls etc)"
    expect "$mode another folder: it is in the one that was named" a.db "$(ls place/y)"
    rmdir etc
done
exit $failed
