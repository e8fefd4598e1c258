#!/bin/sh
# docs.sh KIND HEAPWAIT: whether the manual, the completions and the pages still say what the command does.
# Run from the top of the tree.  What `heapwait COMMAND --help` prints is what all others are compared with.
# The pages' backticks are text.
# shellcheck disable=SC2016
set -eu
kind=$1 heapwait=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bad=0

wrong()
{
    echo "WRONG: $*" >&2
    bad=1
}

skip()
{
    echo "SKIPPED: $1"
    exit 77
}

commands()
{
    "$heapwait" --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p'
}

# The options that a command's help describes: its indented lines that begin with one.  --help goes without saying.
options()
{
    {
        "$heapwait" "$1" --help | sed -n 's/^  *\(-[-a-z]*\(, --[-a-z]*\)*\).*/\1/p' | tr -d ' ' | tr , '\n'
        printf '%s\n' -h --help
    } | sort -u
}

# The long options that a text names, each once.
long_options()
{
    grep -oE -- '--[a-z][-a-z]+' | sort -u || true
}

# The manual's source of one command, between its .Ss and the next heading, with mdoc's escapes taken away.
section()
{
    sed -n "/^\.Ss $1\$/,/^\.S[sh] /p" man/heapwait.1 | sed 's/\\-/-/g'
}

check_man()
{
    for c in $(commands); do
        section "$c" >"$folder/section"
        [ -s "$folder/section" ] || wrong "the manual has no section '$c'"
        for o in $(options "$c"); do
            grep -qE "^\.It (Fl .* , )?Fl ${o#-}( |\$)" "$folder/section" ||
                wrong "the manual's '$c' does not describe $o"
            case $o in --help | -h | -?) continue ;; esac
            sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' man/heapwait.1 | sed 's/\\-/-/g' | grep -q "Fl ${o#-}" ||
                grep -qE "^\.It Fl . , Fl ${o#-}( |\$)" "$folder/section" || wrong "the synopsis lacks $o of '$c'"
        done
        sed -n 's/^\.It \(Fl .*\)/\1/p' "$folder/section" | tr ' ' '\n' | grep -E '^-[a-z]' | sed 's/^/-/' |
            while read -r o; do
                options "$c" | grep -qxF -- "$o" || echo "the manual's '$c' describes $o, which the command has not"
            done >"$folder/more"
        [ ! -s "$folder/more" ] || wrong "$(cat "$folder/more")"
    done
    grep -rhoE 'getenv\("(HEAPWAIT_[A-Z]+|NO_COLOR)"' analysis cli plots probes | cut -d '"' -f 2 | sort -u |
        while read -r v; do
            grep -qx "\.It Ev $v" man/heapwait.1 || echo "the manual does not describe the variable $v"
        done >"$folder/more"
    sed -n 's/^ *EXIT_[A-Z_]* = \([0-9]*\),.*/\1/p; s/.*EXIT_INTERRUPTED = \([0-9]*\).*/\1/p' cli/terminal/command.h cli/study/study.c |
        while read -r code; do
            sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EX/p' man/heapwait.1 | grep -qx "\.It $code" ||
                echo "the manual lacks the exit status $code"
        done >>"$folder/more"
    [ ! -s "$folder/more" ] || wrong "$(cat "$folder/more")"
    check_limits
}

# What README's limits turn on, the manual's do; and they deny nothing that the command has options for.
check_limits()
{
    sed -n '/^\.Sh LIMITS/,/^\.Sh SEE/p' man/heapwait.1 | sed 's/\\-/-/g' >"$folder/limits"
    sed -n '/^## Limits/,/^## Overhead/p' README.md >"$folder/readme"
    for word in x86-64 6.1 BTF 32-bit spin symbols static.musl under_way; do
        grep -q "$word" "$folder/readme" || wrong "README's limits don't speak of $word"
        grep -q "$word" "$folder/limits" || wrong "the manual's limits don't speak of $word"
    done
    ! grep -Ei 'no (attaching|names?)|stays unnamed' "$folder/limits" || wrong "the manual denies what the command does"
}

check_manual_lint()
{
    linters=0
    if command -v groff >/dev/null && groff -mandoc -Tutf8 -z /dev/null 2>/dev/null; then
        linters=1
        groff -mandoc -Tutf8 -ww -z man/heapwait.1 2>"$folder/groff" || wrong "groff fails"
        [ ! -s "$folder/groff" ] || wrong "groff: $(cat "$folder/groff")"
    fi
    if command -v mandoc >/dev/null; then
        linters=1
        mandoc -T lint -W warning man/heapwait.1 >"$folder/mandoc" || wrong "mandoc: $(cat "$folder/mandoc")"
    fi
    [ "$linters" = 1 ] || skip "there is neither groff nor mandoc"
}

# candidates WORD...: what bash offers for the last of the words, into the file `candidates`
candidates()
{
    bash -c '. cli/completion/heapwait.bash
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _heapwait; printf "%s\n" "${COMPREPLY[@]}"' bash "$@" >"$folder/candidates" 2>"$folder/bash" || wrong "bash fails"
    [ ! -s "$folder/bash" ] || wrong "bash completion: $(cat "$folder/bash")"
}

# offered CANDIDATE WORD...
offered()
{
    candidate=$1
    shift
    candidates "$@"
    grep -qxF -- "$candidate" "$folder/candidates" || wrong "bash does not offer '$candidate' for: $*"
}

check_completion()
{
    command -v bash >/dev/null || skip "there is no bash"
    for c in $(commands); do
        offered "$c" heapwait ''
        options "$c" | grep -e -- | sort >"$folder/has"
        candidates heapwait "$c" --
        sort "$folder/candidates" >"$folder/bash_offers"
        diff "$folder/has" "$folder/bash_offers" || wrong "bash completes other options for '$c'"
        awk -v c="    $c)" 'index($0, c) == 1 { on = 1 } on { print } /;;/ { on = 0 }' cli/completion/_heapwait |
            long_options >"$folder/zsh_offers"
        diff "$folder/has" "$folder/zsh_offers" || wrong "zsh completes other options for '$c'"
        { sed -n "s/.*__heapwait_in $c'.* -l \([-a-z]*\).*/--\1/p" cli/completion/heapwait.fish && echo --help; } |
            sort >"$folder/fish_offers"
        diff "$folder/has" "$folder/fish_offers" || wrong "fish completes other options for '$c'"
    done
    offered help heapwait h
    for c in $(commands); do offered "$c" heapwait help ''; done
    candidates heapwait help record ''
    ! grep -q . "$folder/candidates" || wrong "bash offers something behind help's command"
    offered ledger heapwait record -m l
    offered musl+jemalloc heapwait study --variants musl+
    offered jemalloc "$heapwait" try --libraries je
    offered cli/main.c heapwait explain cli/mai
    offered cli heapwait report -o cl
    offered sh heapwait record s
    offered sh heapwait record -m ledger -- s
    offered cli/main.c heapwait record -o x.db -- cat cli/mai
    candidates heapwait study --reps ''
    ! grep -q . "$folder/candidates" || wrong "bash offers something for a number"
    ! command -v zsh >/dev/null || zsh -n cli/completion/_heapwait || wrong "zsh can't read its completion"
    ! command -v fish >/dev/null || fish -n cli/completion/heapwait.fish || wrong "fish can't read its completion"
}

# README's commands and options exist, and it is short.
check_readme()
{
    lines=$(wc -l <README.md)
    [ "$lines" -le 150 ] || wrong "README.md has $lines lines, more than 150"
    for c in report test; do
        sed -n '/^## Two commands/,/^## /p' README.md | grep -q "^    \./run $c " || wrong "README's two commands lack ./run $c"
    done
    for page in ./*.md docs/*.md; do
        code "$page" | grep -oE '(^|[ /])heapwait [a-z].*' | sed 's/^.*heapwait //; s/ -- .*//; s/ [#|].*//' >"$folder/code"
        while read -r command rest; do
            commands | grep -qx "$command" || echo "$page runs 'heapwait $command', which there is not"
            for o in $(echo "$rest" | sed "s/'[^']*'//g" | long_options); do
                options "$command" | grep -qxF -- "$o" || echo "$page gives 'heapwait $command' the option $o"
            done
        done <"$folder/code" >"$folder/more"
        [ ! -s "$folder/more" ] || wrong "$(cat "$folder/more")"
    done
}

# A page's code: its indented lines, and what stands between backticks.
code()
{
    awk '/^    / { print; next } { n = split($0, part, "`"); for (i = 2; i <= n; i += 2) print part[i] }' "$1"
}

# The place in a page that a link's #anchor means, as GitHub makes it of a heading.
anchors()
{
    sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

check_links()
{
    for page in *.md docs/*.md; do
        grep -oE '\]\([^)]*\)' "$page" | sed 's/^](//; s/)$//' | grep -vE '^https?://' | while read -r link; do
            path=${link%%#*} to=$(dirname "$page")/${link%%#*}
            [ -n "$path" ] || to=$page
            [ -e "$to" ] || { echo "$page links to $link, which there is not" && continue; }
            case $link in *#*) anchors "$to" | grep -qx "${link#*#}" || echo "$page links to $link: no such heading" ;; esac
        done
    done >"$folder/more"
    [ ! -s "$folder/more" ] || wrong "$(cat "$folder/more")"
}

# A page that names a folder of somebody's machine helps nobody else.
check_paths()
{
    ! grep -nE '(^|[^A-Za-z0-9_.-])/(work|home|root|tmp|Users)/' ./*.md docs/*.md man/heapwait.1 ||
        wrong "paths of one machine"
}

# The words that a recording is made of are explained: losses, states, classes of samples.
check_reasons()
{
    sed -n 's/^ *\[LOSS_[A-Z]*\] = "\(.*\)",/\1/p' probes/bpf/terms.c >"$folder/words"
    {
        sed -n 's/.*(struct loss){"\([^"]*\)".*/\1/p' probes/run/collect.c
        sed -n 's/.*loss_put(m, "\([^"]*\)".*/\1/p' probes/perf/perf_result.c
        sed -n '/losses_add/,/^}/s/^ *{"\([^"]*\)", c.*/\1/p' probes/run/perf_stacks.c
    } >>"$folder/words"
    sed -n 's/^ *{STATE_[A-Z_]*, [^,]*, \("[a-z_]*"\), *\([^}]*\)},/\1 \2/p' probes/run/ledger.c | tr ' ' '\n' |
        sed -n 's/"\([a-z_]*\)"/\1/p' >>"$folder/words"
    [ "$(wc -l <"$folder/words")" -gt 25 ] || wrong "the words were not found in probes/"
    while read -r word; do
        grep -qF -- "$word" docs/measuring.md || echo "docs/measuring.md does not explain '$word'"
    done <"$folder/words" >"$folder/more"
    [ ! -s "$folder/more" ] || wrong "$(cat "$folder/more")"
}

# The strings of a table of terms.c.
terms()
{
    sed -n "/ $1\\[.*= {/,/^};/s/.*\\] = \"\(.*\)\",/\1/p" probes/bpf/terms.c
}

# What stands between backticks, each once.
quoted()
{
    grep -oE '`[a-z_]+`' | tr -d '`' | sort -u
}

# same WHAT FILE FILE: what the code has, what the page has
same()
{
    [ -s "$2" ] || wrong "$1: none was found in the code"
    diff "$2" "$3" >"$folder/diff" || wrong "$1, in the code (<) and in docs/recording.md (>): $(cat "$folder/diff")"
}

# The words of a recording are those of the code, no more and no less: operations, outcomes, states.  A name that is
# merely likely leaves is_malloc NULL wherever that is told.
check_words()
{
    sed -n '/^### Operations and outcomes/,/^### States/p' docs/recording.md | grep '^| `' | grep -v '^| `op`' >"$folder/rows"
    terms ops | grep -vx handoff | sort -u >"$folder/code" # a row of the histograms, no call
    awk -F ' [|] ' '{ print $1 }' "$folder/rows" | quoted >"$folder/page"
    same operations "$folder/code" "$folder/page"
    terms outcomes | sort -u >"$folder/code"
    awk -F ' [|] ' '{ print $2 }' "$folder/rows" | quoted >"$folder/page"
    same outcomes "$folder/code" "$folder/page"
    sed -n '/^} states\[\] = {/,/^};/p' probes/run/ledger.c | grep -oE '"[a-z_]+"' | tr -d '"' | sort -u >"$folder/code"
    sed -n '/^### States and classes/,/^### Cal/p' docs/recording.md | awk -F ' [|] ' '/^[|] `/ { print $1 }' |
        grep -v '`state`' | quoted >"$folder/page"
    same states "$folder/code" "$folder/page"
    for page in README.md docs/*.md; do
        awk -v RS= '{ gsub(/\n/, " "); print }' "$page" | sed 's/[.:] /\n/g' |
            grep -E '`?likely[^a-z]' | grep 'is_malloc' | grep -v NULL | sed "s,^,$page: ,"
    done >"$folder/more"
    [ ! -s "$folder/more" ] || wrong "what is likely has is_malloc NULL: $(cat "$folder/more")"
}

# columns TABLE: as the code has them
columns()
{
    sed -n "s/^$1|//p" "$folder/columns"
}

# Each row of recording.md about tables and views names the columns that there are.  Rows that refer to another, and those
# that name none, are let pass.
check_columns()
{
    command -v sqlite3 >/dev/null || skip "there is no sqlite3"
    sqlite3 "$folder/empty.db" <analysis/schema.sql
    { cat analysis/views/*.sql
      echo "SELECT t.name, c.name FROM (SELECT name FROM main.sqlite_schema WHERE type = 'table'
            UNION SELECT name FROM temp.sqlite_schema) AS t, pragma_table_info(t.name) AS c;"; } |
        sqlite3 -readonly "$folder/empty.db" >"$folder/columns"
    sed -n '/^## Tables/,/^## The JSON/p' docs/recording.md | awk -F ' [|] ' '/^[|] `[a-z_, `]+ [|]/ && NF == 3' |
        grep -vE '[|] (as `run`|see below|the same|the columns of)|[|] [^`]*[|]$' >"$folder/rows"
    while IFS= read -r row; do
        names=$(echo "${row%%" | "*}" | quoted | paste -sd " ")
        for n in $names; do columns "$n"; done | sort -u >"$folder/code"
        [ -s "$folder/code" ] || { echo "docs/recording.md has a row of $names, which there is not" && continue; }
        echo "${row##*" | "}" | sed 's/([^)]*)//g; s/`: `.*//; s/; a .*//' | quoted >"$folder/said"
        echo "${row##*" | "}" | quoted >"$folder/quoted"
        grep -vxFf "$folder/code" "$folder/said" | sed "s/.*/docs\/recording.md: $names has no column &/"
        grep -vxFf "$folder/quoted" "$folder/code" | sed "s/.*/docs\/recording.md: the column & of $names is missing/"
    done <"$folder/rows" >"$folder/more"
    [ "$(wc -l <"$folder/rows")" -gt 45 ] || wrong "few rows were found: $(wc -l <"$folder/rows")"
    [ ! -s "$folder/more" ] || wrong "$(cat "$folder/more")"
}

# What the code writes into `host` and `study` by a name of its own is told in docs/study.md.
check_keys()
{
    {
        sed -n 's/.*recording_set_\(host\|study\)([^"]*"\([a-z_]*\)".*/\2/p; s/.*fact_add(facts, "\([a-z_]*\)".*/\1/p
            s/.*chosen_add(facts, "\([a-z_]*\)".*/\1/p' probes/*/*.c cli/*/*.c
        sed -n '/^static int host_fill/,/^}/s/^ *{"\([a-z_]*\)", .*/\1/p' cli/record/perf_keep.c
        sed -n 's/.*load(db, "\([a-z_]*\)".*/\1/p' cli/study/study_keep.c
    } | sort -u >"$folder/keys"
    [ "$(wc -l <"$folder/keys")" -gt 35 ] || wrong "the keys were not found"
    while read -r key; do
        grep -qF "\`$key\`" docs/study.md || echo "docs/study.md does not tell of the key $key"
    done <"$folder/keys" >"$folder/more"
    sed -n '/^## What it leaves in `host`/,$p' docs/study.md | awk -F ' [|] ' '/^[|] `/ { print $1 }' | quoted |
        while read -r key; do grep -qx "$key" "$folder/keys" || echo "docs/study.md tells of the key $key, which there is not"; done >>"$folder/more"
    [ ! -s "$folder/more" ] || wrong "$(cat "$folder/more")"
}

# A number in parentheses that a command's help gives an option is the manual's too.
check_defaults()
{
    seen=0
    for c in $(commands); do
        section "$c" >"$folder/section"
        "$heapwait" "$c" --help | awk '
            /^ +-/ { option = ""; if (match($0, /--[a-z-]+/)) option = substr($0, RSTART, RLENGTH) }
            option != "" && match($0, /\((default )?[0-9]+[);]/) {
                number = substr($0, RSTART, RLENGTH); gsub(/[^0-9]/, "", number); print option, number; option = "" }' >"$folder/numbers"
        while read -r option number; do
            seen=$((seen + 1))
            sed -n "/^\.It .*Fl ${option#-}\( \|\$\)/,/^\.\(It\|El\)/{/^\.It Fl .*${option#-}/d;p}" "$folder/section" | grep -qwF "$number" ||
                wrong "the manual's '$c' does not give $option the default $number"
        done <"$folder/numbers"
    done
    [ "$seen" -ge 8 ] || wrong "few defaults were found: $seen"
}

case $kind in
man) check_man ;;
manual_lint) check_manual_lint ;;
completion) check_completion ;;
readme) check_readme ;;
links) check_links ;;
paths) check_paths ;;
reasons) check_reasons ;;
words) check_words ;;
columns) check_columns ;;
keys) check_keys ;;
defaults) check_defaults ;;
esac
exit $bad
