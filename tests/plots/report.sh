#!/bin/sh
# heapwait report, from the committed recordings to the text on the page.
# usage: report.sh SOURCE HEAPWAIT RECORDING_BUILD CASE [--update]
# --update, with the case `words`, writes the expected words anew (then read the difference).
# shellcheck disable=SC1112 # the report's own typographic quotes
set -eu
source=$1 heapwait=$2 build=$3 case=$4 update=${5-}
for tool in gnuplot pdftocairo pdftotext pdffonts pdfinfo; do
    command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"

fail() { echo "FAILED: $*" >&2; exit 1; }
recording() { out=$1; shift; "$build" "$out" "$source/analysis/schema.sql" "$@"; }
# Text without what breaking lines changes: blanks of all kinds, hyphens, zero-width spaces.
squeeze() { sed 's/\xe2\x80\xaf//g; s/\xc2\xa0//g; s/\xe2\x80\x8b//g' | tr -d '[:space:]-'; }
pdf_text() { pdftotext -layout "$1" - | squeeze; }
has() { # FILE-OF-SQUEEZED-TEXT SENTENCE
    wanted=$(printf %s "$2" | squeeze)
    grep -qF -e "$wanted" "$1" || fail "'$2' is not in the page"
}
nothing_left() { [ -z "$(find "$1" -name '.heapwait-report*')" ] || fail "a private folder is left"; }

# What a page says: its text, one element a line, without pictures, data, style and script; and what the figures are drawn from.
words()
{
    tr '\n' ' ' <"$1/report.html" | sed 's/<style.*<\/style>//; s/<script.*<\/script>//; s/<svg/\n<svg/g; s/<\/svg>/<\/svg>\n/g
        s/<pre/\n<pre/g; s/<\/pre>/<\/pre>\n/g' | grep -v '^<svg\|^<pre' | tr '\n' ' ' |
        sed 's/<\/*\(wbr\|code\|b\|small\|span\|a\)\( [^>]*\)*>//g; s/<[^>]*>/\n/g' | grep -v '^ *$'
    for data in "$1"/data/*.tsv; do printf '\n-- %s\n' "${data##*/}"; cat "$data"; done
}

case $case in
words)
    expected=$source/tests/plots/expected
    for name in study record ledger flame; do
        recording $name.db "$source/tests/data/$name.sql"
        "$heapwait" report $name.db -o $name >/dev/null
        words $name >page
        [ -z "$update" ] || cp page "$expected/report-$name.txt"
        diff -u "$expected/report-$name.txt" page || fail "the report of $name.sql says something else"
    done
    ;;
content)
    recording study.db "$source/tests/data/study.sql"
    "$heapwait" report study.db -o out >said
    pdftotext out/report.pdf - | squeeze >page
    # what can't be told: the first page says so, why, and what would settle it, and blames nobody
    pdftotext -l 1 out/report.pdf - | squeeze >first
    "$heapwait" explain --json study.db >all.json
    has first "$(sqlite3 :memory: "SELECT readfile('all.json') ->> '\$.answer.title'")"
    has first "$(sqlite3 :memory: "SELECT readfile('all.json') ->> '\$.answer.settle'")"
    ! grep -q '__malloc_lock\|Figure' first || fail 'the first page says more than that it can not be told'
    # behind it are the verdict's sentences, as the terminal has them
    pdftotext -f 2 -l 2 out/report.pdf - | squeeze >second
    has second 'All that was found'
    has second 'musl (static musl 1.2.3, mallocng) takes 2.40 times as long as glibc'
    has second "$(grep '^At 4 threads' said)"
    has second "$(grep __malloc_lock said | head -n 1)"
    has second "$(grep '^Lost' said)"
    has second 'musl+mimalloc is absent: its sources were not found'
    for n in 1 2 3; do has page "Figure $n."; done
    has page 'In report.html alone: The blog post’s figures beside ours; Throughput against threads; Speed and memory.'
    for n in 1 2 3 4 5 6; do grep -q "Figure $n\." out/report.html || fail "the HTML lacks figure $n"; done
    has page 'Not measured: musl+mimalloc (its sources were not found)'
    has page 'musl+jemalloc with one thread (no untraced run)'
    has page 'where 0 means measured, and none'
    has page 'Lost: 7'
    has page '__clone > start > make > malloc > __unlock (return addresses)'
    has page '81.1 %'
    sed 's/<[^>]*>//g' out/report.html | squeeze >html
    has html 'This recording has no runs on 22 threads'
    for name in wall futex waits memory; do
        pdftotext out/figures/$name.pdf - | squeeze >figure
        for variant in glibc musl musl+jemalloc glibc-static musl-dynamic; do has figure "$variant"; done
        has figure 'not measured'
        head -c 200 out/figures/$name.svg | grep -q '<svg' || fail "$name.svg is none"
    done
    pdftotext out/figures/wall.pdf - | squeeze >figure; has figure 'one thread'; has figure '4 threads'; has figure 250
    pdftotext out/figures/post.pdf - | squeeze >figure; has figure 'the post 9.16 (513 ms)'; has figure 'here 2.40'
    awk -F'\t' '$2 == "musl" && $4 == 4 && $6 != 249.6 { exit 1 }' out/data/wall.tsv || fail 'wall.tsv lacks 249.6'
    awk -F'\t' '$2 == "musl+mimalloc" && $NF !~ /sources/ { exit 1 }' out/data/wall.tsv || fail 'no reason in wall.tsv'
    pdfinfo out/report.pdf 2>/dev/null | grep -q '^Tagged: *yes' || command -v typst || fail 'the PDF is not tagged'
    pdffonts out/report.pdf | awk 'NR > 2 && !/Inter|LibertinusSerif|DejaVuSansMono/ { print; bad = 1 } NR > 2 && !/ yes yes /{ print; bad = 1 } END { exit bad }' ||
        fail 'a font is not embedded, or another one was taken'
    ;;
page)
    # in a browser: a study with a ledger, one with everything that is missing, a plain record, flame graphs, hostile names
    for tool in chromium node; do
        command -v $tool >/dev/null || { echo "skipped: no $tool, so nobody has looked at report.html"; exit 77; }
    done
    node=$(command -v node)
    mkdir bin # without Typst: this is about the page
    for tool in gnuplot pdftocairo pdffonts; do ln -s "$(command -v $tool)" bin/; done
    for name in ledger study record flame hostile; do
        file=$name; [ $name != hostile ] || file=study
        set -- "$source/tests/data/$file.sql"
        [ $name != hostile ] || set -- "$@" "$source/tests/plots/hostile.sql"
        recording $name.db "$@"
        PATH=$here/bin "$heapwait" report $name.db -o $name >/dev/null
    done
    timeout 100 "$node" "$source/tests/plots/page.mjs" ledger study record flame hostile || fail 'see above'
    ;;
alone)
    # without Typst, the page alone, and said so; an older report's PDF goes, since it would be of another recording
    recording study.db "$source/tests/data/study.sql"
    mkdir bin out
    for tool in gnuplot pdftocairo pdffonts; do ln -s "$(command -v $tool)" bin/; done
    echo old >out/report.pdf
    PATH=$here/bin "$heapwait" report study.db -o out >said
    grep -q '^out/report.html alone: the PDF needs ' said || fail "$(cat said)"
    [ -s out/report.html ] || fail 'no page'
    [ ! -e out/report.pdf ] || fail "an older report's PDF is left"
    ;;
ledger)
    recording study.db "$source/tests/data/ledger.sql"
    "$heapwait" report study.db -o out >/dev/null
    # the first page: factor, cause, cure; the mechanism with the counted calls; one bar of the core time; how sure
    pdftotext -layout -l 1 out/report.pdf - | squeeze >first
    has first "musl's malloc lock takes about 45 % of this program's CPU time"
    for part in 'How much' 'Why' 'What helps' 'How sure:'; do
        grep -qiF "$(printf %s "$part" | squeeze)" first || fail "'$part' is not on the first page"
    done
    has first 'Figure 1. Wall time'
    has first 'What threads do at __malloc_lock. The calls of one run of musl'
    for count in 2000 990 10; do has first $count; done
    for end in 'nobody sleeps' 'the word has changed' 'sleeps until it is woken' 'empty wakes' EAGAIN slept; do has first "$end"; done
    has first 'so that each unlock calls the kernel for nobody: 2 000 empty wakes beside 10 sleeps'
    has first 'Its own core time, 2.12 ms'
    has first 'jemalloc'
    has first 'LD_PRELOAD=libjemalloc.so.2 COMMAND'
    pdftotext out/report.pdf - | squeeze >page
    has page 'Where every thread-second went'
    has page 'Core time, wall time × cores, from glibc to musl with 4 threads: +2.20 ms, of which 3.63 % unexplained'
    has page 'In report.html alone: '
    sed 's/<[^>]*>//g' out/report.html | squeeze >html
    has html 'musl passes malloc’s lock on by a wake 10 times; half of those woken run within 1.15 µs'
    has page 'the probes take is from this host’s calibration'
    pdftotext out/figures/where.pdf - | squeeze >figure
    for label in glibc musl program allocator 'futex calls' mmap_lock 'asleep, malloc’s lock' 'thread time, ms' 4.19; do has figure "$label"; done
    pdftotext out/figures/waterfall.pdf - | squeeze >figure
    for label in glibc musl 2.20 4.40 unexplained others probes '4 threads'; do has figure "$label"; done
    pdftotext out/figures/timeline.pdf - | squeeze >figure
    for label in glibc musl running 'in a futex call' 'waiting for a CPU' 'asleep for a futex' 'time, ms'; do has figure "$label"; done
    pdftotext out/figures/handoff.pdf - | squeeze >figure
    for label in musl '10 handoffs' 'half < 1.15 µs, 99 % < 73.7 µs'; do has figure "$label"; done
    # the parts are the whole: of each bar, and of the way from the baseline to the subject
    awk -F'\t' 'NR > 1 { sum = 0; for (i = 4; i <= 14; i++) sum += $i; if ((sum - $15) ^ 2 > 1e-9) exit 1 }' \
        out/data/where.tsv || fail 'the parts of a bar are not its whole'
    awk -F'\t' 'NR > 1 && $5 != -2 { at = $7 } $5 == -2 && (at - $7) ^ 2 > 1e-9 { exit 1 }' \
        out/data/waterfall.tsv || fail 'the waterfall does not end where the subject is'
    awk -F'\t' 'NR > 1 && ($8 < 0 || $9 > 4 || $9 < $8) { exit 1 }' out/data/timeline.tsv || fail 'out of the window'
    recording plain.db "$source/tests/data/study.sql"
    "$heapwait" report plain.db -o out >/dev/null
    pdftotext out/report.pdf - | squeeze >page
    has page 'This recording has no ledger runs'
    for name in where waterfall timeline handoff; do
        [ ! -e out/figures/$name.pdf ] || fail "$name without a ledger"
    done
    ;;
flame)
    recording study.db "$source/tests/data/flame.sql"
    "$heapwait" report study.db -o out >/dev/null
    pdftotext out/report.pdf - | squeeze >page
    has page 'Where the samples are'
    has page 'Of musl’s samples 16.5 % are in futex calls, 10.0 % in lock functions, 8.00 % in the allocator.'
    has page 'Of glibc’s samples 0 % are in futex calls, 0 % in lock functions, 40.0 % in the allocator.'
    pdftotext out/figures/flame.pdf - | squeeze >figure
    for label in glibc musl program allocator 'lock functions' 'futex calls' copy '100 samples' '200 samples' \
        malloc __lock do_futex encode; do has figure "$label"; done
    # every box lies in its caller's, none on another of its depth; the outermost ones are all of the samples
    awk -F'\t' 'NR > 1 { if ($5 < at[$1, $4] - 1e-9) exit 1; at[$1, $4] = $6
        if ($4 > 1 && ($5 < from[$1, $4 - 1] - 1e-9 || $6 > until[$1, $4 - 1] + 1e-9)) exit 1
        from[$1, $4] = $5; until[$1, $4] = $6; if ($4 == 1) sum[$1] += $7 }
        END { exit !(sum[1] == 100 && sum[2] == 200) }' out/data/flame.tsv || fail 'the boxes do not stand on their callers'
    # 900 functions of one sample, 100 of fifty: the small ones become one box
    cat >many.sql <<'SQL'
BEGIN;
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
INSERT INTO frame (id, run_id, caller, symbol, class) SELECT 100 + i, 3, 31, printf('f%04d', i), 'program' FROM n;
INSERT INTO frame_sample SELECT id, iif(id % 10 = 0, 50, 1) FROM frame WHERE id > 100;
COMMIT;
SQL
    recording many.db "$source/tests/data/flame.sql" many.sql
    "$heapwait" report many.db -o many >/dev/null
    awk -F'\t' '$10 == "others" && $7 == 900 && $4 == 3 { found++ } $2 == "glibc" { rows++ }
        END { exit !(found == 1 && rows == 104) }' many/data/flame.tsv || fail 'what is too narrow is not gathered'
    recording plain.db "$source/tests/data/study.sql"
    "$heapwait" report plain.db -o out >/dev/null
    [ ! -e out/figures/flame.pdf ] || fail 'a flame graph without samples'
    # functions' names as C++ has them, and worse: on the boxes as they stand
    cat >names.sql <<'SQL'
UPDATE frame SET symbol = 'operator""_t\n''''{x}' WHERE caller IS NULL;
SQL
    recording names.db "$source/tests/data/flame.sql" names.sql
    "$heapwait" report names.db -o names >/dev/null
    pdftotext names/figures/flame.pdf - | squeeze >figure
    has figure 'operator""_t\n'"''{x}"
    ;;
same)
    recording study.db "$source/tests/data/study.sql"
    "$heapwait" report study.db -o one >/dev/null
    TZ=Asia/Tokyo LANG=de_DE.UTF-8 "$heapwait" report study.db -o two >/dev/null
    diff -r one two || fail 'two reports of one recording differ'
    ;;
record)
    recording record.db "$source/tests/data/record.sql"
    "$heapwait" report record.db -o out >said
    pdftotext out/report.pdf - | squeeze >page
    has page "Can't tell: threads wait at queue_lock, and nothing tells whether it is a lock"
    has page 'heapwait record --debug-file FILE server --port 80'
    has page 'queue_lock'
    has page 'main_arena in libc.so.6'
    has page 'separate debug file'
    has page "$(head -n 1 said)"
    has page 'Figure 1. How long a wait for a malloc lock lasts'
    [ "$(ls out/figures)" = "$(printf 'waits.pdf\nwaits.svg')" ] || fail 'figures that a record has no data for'
    ;;
command)
    # a plain record's commands, as `record` writes them: each makes its report, is on the page and in the figure as it
    # stands, and can be read back from the figure's data
    whole_text() # FILE: the text in the second cell of the first row of data, its escapes undone by printf
    {
        awk -F'\t' 'NR == 2 { printf "%s", $2 }' "$1" | sed 's/%/%%/g' >cell
        # The cell is the format.
        # shellcheck disable=SC2059
        bash -c 'printf "$(cat cell)"'
    }
    number=0
    while IFS= read -r command; do
        number=$((number + 1))
        printf "UPDATE run SET command = '%s';\n" "$(printf %s "$command" | sed "s/'/''/g")" >command.sql
        recording command.db "$source/tests/data/record.sql" command.sql
        "$heapwait" report command.db -o "out$number" >said 2>error || fail "no report of: $command: $(cat error)"
        pdftotext "out$number/report.pdf" - | squeeze >page
        has page "$command"
        pdftotext "out$number/figures/waits.pdf" - | squeeze >figure
        has figure "$command"
        [ "$(whole_text "out$number/data/waits.tsv")" = "$command" ] || fail "waits.tsv does not have: $command"
    done <"$source/tests/plots/commands.txt"
    [ "$number" -gt 5 ] || fail 'no commands'
    # one longer than a figure's label is whole in its data
    long=$(printf 'server %0200d end' 7)
    echo "UPDATE run SET command = '$long';" >command.sql
    recording command.db "$source/tests/data/record.sql" command.sql
    "$heapwait" report command.db -o long >said
    [ "$(whole_text long/data/waits.tsv)" = "$long" ] || fail 'a long command is cut off in waits.tsv'
    ;;
hostile)
    # The names are meant as they stand.
    # shellcheck disable=SC2016
    {
    recording study.db "$source/tests/data/study.sql" "$source/tests/plots/hostile.sql"
    "$heapwait" report study.db -o out >said
    pdftotext out/report.pdf - | squeeze >page
    has page 'a'\''b"$(touch pwned)#_^{}'
    has page '`touch pwned`; system("touch pwned")'
    has page '<img src=x onerror=alert(1)> #read("/etc/passwd") \u{41}'
    has page '*bold* _x_ $y$ <i>__malloc_lock'
    has page '#panic() </style><script>'
    pdftotext out/figures/wall.pdf - | squeeze >figure
    has figure 'a'\''b"$(touch pwned)#_^{}'
    }
    ! grep -q '<img\|<b>gone' out/report.html || fail 'a name became markup'
    [ "$(grep -c '<script>' out/report.html)" = 1 ] || fail 'a name became a script'
    [ "$(find . -name pwned)" = '' ] || fail 'a name was executed'
    awk -F'\t' 'NF != 10 { exit 1 }' out/data/wall.tsv || fail 'a name broke a line of wall.tsv'
    ;;
bounded)
    # what a hostile recording has too much of is cut, and told
    cat >many.sql <<'SQL'
BEGIN;
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
INSERT INTO host SELECT printf('made up %d', i), 'x' FROM n;
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 200)
INSERT INTO variant (position, name, command, absent_reason) SELECT 100 + i, printf('v%03d', i), 'x', 'made up' FROM n;
COMMIT;
SQL
    recording many.db "$source/tests/data/study.sql" many.sql
    "$heapwait" report many.db -o out >said
    pdftotext out/report.pdf - | squeeze >page
    rows=$(sqlite3 many.db 'SELECT count(*) FROM host')
    variants=$(sqlite3 many.db 'SELECT count(*) FROM variant')
    has page "Cut: the recording has $((variants - 60)) more variants"
    has page "$((rows - 4000 - 2000))"
    has page 'more rows of host'
    has page 'heapwait explain --json'
    "$heapwait" explain --json many.db >all.json
    [ "$(sqlite3 :memory: "SELECT count(*) FROM json_each(readfile('all.json') ->> 'host')")" = "$rows" ] ||
        fail 'explain --json has not all'
    # and nothing of an ordinary one
    recording study.db "$source/tests/data/study.sql"
    "$heapwait" report study.db -o plain >said
    pdftotext plain/report.pdf - | squeeze >page
    ! grep -q 'Cut:' page || fail 'an ordinary recording is cut'
    ;;
links)
    # the one rule of all outputs: a link is left alone
    recording study.db "$source/tests/data/study.sql"
    mkdir victim
    refused() { # FOLDER
        ! "$heapwait" report study.db -o "$1" >said 2>error || fail "$1 was written to"
        grep -q "is a symbolic link; it is left alone: name another folder with -o" error || fail "$(cat error)"
        [ "$(wc -l <error)" = 1 ] || fail "not one line: $(cat error)"
        [ -z "$(ls -A victim)" ] || fail "$1: written through a link: $(ls -A victim)"
        nothing_left .
    }
    ln -s victim link
    refused link
    refused link/
    for inside in figures data report.html report.pdf; do
        mkdir out
        ln -s ../victim out/$inside
        refused out
        [ "$(ls -A out)" = $inside ] || fail "a report that was refused left something: $(ls -A out)"
        rm -r out
    done
    mkdir -p out/figures
    ln -s ../../victim/planted out/figures/wall.svg
    refused out
    rm -r out
    # the way to the folder may lead through links, as any path
    mkdir real
    ln -s real way
    "$heapwait" report study.db -o way/out >/dev/null
    [ -e real/out/report.pdf ] || fail 'no report behind a link on the way'
    nothing_left real
    ;;
errors)
    recording study.db "$source/tests/data/study.sql"
    expect() { # STATUS PATTERN ARGUMENT...
        status=$1 pattern=$2; shift 2
        got=0
        "$heapwait" report "$@" >said 2>error || got=$?
        [ "$got" = "$status" ] || fail "report $*: exit status $got instead of $status: $(cat error)"
        [ "$(wc -l <error)" = 1 ] || fail "report $*: not one line: $(cat error)"
        grep -q -e "$pattern" error || fail "report $*: $(cat error)"
        [ ! -e out ] || fail "report $*: left something"
        nothing_left .
    }
    expect 1 "no recording 'heapwait.db'" -o out
    echo text >foreign
    expect 1 'not a recording' foreign -o out
    head -c 20000 study.db >cut.db
    expect 1 'damaged or cut off' cut.db -o out
    expect 2 'no option' --nonsense -o out
    expect 2 'one recording at a time' study.db study.db -o out
    expect 2 'needs a folder' study.db -o
    touch file
    expect 125 'is not a folder' study.db -o file
    expect 125 "can't write the report" study.db -o missing/out
    mkdir bin
    expect_path() { PATH=$here/bin expect "$@"; }
    for tool in find grep wc cat; do ln -s "$(command -v $tool)" bin/; done
    expect_path 125 'in PATH' study.db -o out
    ;;
folder)
    recording study.db "$source/tests/data/study.sql"
    recording record.db "$source/tests/data/record.sql"
    mkdir -p out/data out/figures
    echo mine >out/data/mine.tsv
    "$heapwait" report study.db -o out >/dev/null
    [ -e out/figures/wall.pdf ] || fail 'no figure'
    "$heapwait" report record.db -o out >/dev/null
    [ ! -e out/figures/wall.pdf ] || fail "an older report's figure is left"
    [ ! -e out/data/wall.tsv ] || fail "an older report's data is left"
    [ "$(cat out/data/mine.tsv)" = mine ] || fail "someone's file is gone"
    nothing_left out
    # a failure leaves the older report as it was
    cp -r out before
    head -c 20000 study.db >cut.db
    ! "$heapwait" report cut.db -o out 2>/dev/null || fail 'a damaged recording made a report'
    diff -r before out || fail 'a failure changed the older report'
    ;;
arrangement)
    # a layout that doesn't settle is tried more simply; this typst has trouble with the first two
    recording study.db "$source/tests/data/study.sql"
    mkdir bin
    cat >bin/typst <<'TYPST'
#!/bin/sh
[ "$1" != --version ] || { echo 'typst 0.14.0'; exit; }
case $* in
*arrangement=close*|*arrangement=cut*) echo 'warning: layout did not converge within 5 attempts' >&2 ;;
esac
for last in "$@"; do :; done
echo "$*" | grep -o 'arrangement=[a-z]*' >>"$ASKED"
echo PDF >"$last"
TYPST
    chmod +x bin/typst
    ASKED=$here/asked PATH=$here/bin:$PATH "$heapwait" report study.db -o out >/dev/null
    [ "$(tr '\n' ' ' <asked)" = 'arrangement=close arrangement=cut arrangement=short ' ] || fail "asked: $(cat asked)"
    ;;
*)
    fail "no case $case"
    ;;
esac
