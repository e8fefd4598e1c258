#!/bin/sh
# fetch.sh PACKAGE VERSION TARBALL SHA256 FOLDER: puts a Debian source package's upstream tarball into FOLDER.
# The machine's own package sources are read, never changed: their source-package twins go into a private apt
# configuration, so no root and no deb-src line is needed.  A failure is one line on stdout, exit 1.
# The folder FOLDER/apt keeps the lists for the next package; the caller removes it in the end.
set -u
package=$1 version=$2 tarball=$3 sha256=$4 folder=$5
apt=$folder/apt
log=$folder/apt.log

fail()
{
    echo "$1"
    exit 1
}

checked()
{
    [ -f "$1" ] && [ "$(sha256sum <"$1")" = "$sha256  -" ]
}

own_apt()
{
    LC_ALL=C apt-get -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/sources" \
        -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root \
        -o APT::Update::Error-Mode=any -o Acquire::Retries=1 -o Acquire::http::Timeout=20 \
        -o Acquire::https::Timeout=20 "$@" >"$log" 2>&1
}

# The first error of the last apt-get, within a line.
reason()
{
    why=$(sed -n 's/^E: //p' "$log" | head -n 1 | tr -s '[:space:]' ' ' | cut -c 1-160)
    echo "${why:-see $log}"
}

# Repositories whose Release file says that they are Debian's or Ubuntu's own.  None known (no lists yet): all.
own_repositories()
{
    # apt-get expands these words, not the shell.
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        sed -nE 's,^(Debian|Ubuntu) ([^ ]*[^/ ])/*$,\2,p' | sort -u
}

# Each entry of the machine, as an entry for source packages: `deb` lines and deb822 paragraphs.
# A paragraph is kept whole (Signed-By and all) and only its Types changes.
write_sources()
{
    own_repositories >"$apt/repositories"
    list='' parts=''
    eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
    for file in "$list" "$parts"*.list; do
        [ -f "$file" ] && sed -nE 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$file"
    done | own_only '\n' >"$apt/sources/own.list"
    for file in "$parts"*.sources; do
        [ -f "$file" ] && grep -v '^#' "$file" | sed -E 's/^Types:.*/Types: deb-src/' && echo
    done | own_only '' >"$apt/sources/own.sources"
}

# own_only RS: of the records on stdin (RS newline: lines, RS empty: paragraphs), those of our own repositories.
own_only()
{
    awk -v separator="$1" -v list="$apt/repositories" '
        BEGIN { while ((getline line < list) > 0) own[++n] = line
                RS = separator; ORS = separator == "" ? "\n\n" : "\n" }
        { keep = n == 0; for (i = 1; i <= n; i++) if (index($0, own[i])) keep = 1 }
        keep'
}

prepare()
{
    rm -rf "$apt"
    mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/cache/archives/partial" || fail "cannot write to $folder"
    write_sources
    [ -s "$apt/sources/own.list" ] || [ -s "$apt/sources/own.sources" ] ||
        fail "apt has no package sources"
    own_apt update && : >"$apt/updated" && return
    echo "apt-get update failed: $(reason)" >"$apt/failed" # once is enough: the next package needn't wait too
}

checked "$folder/$tarball" && exit 0
command -v apt-get >/dev/null || fail "no apt-get here to fetch $tarball with"
mkdir -p "$folder" || exit 1
[ -f "$apt/updated" ] || [ -f "$apt/failed" ] || prepare
[ ! -f "$apt/failed" ] || fail "$(cat "$apt/failed")"
cd "$apt" || exit 1
own_apt source --download-only "$package=$version" ||
    fail "apt-get source $package=$version failed: $(reason)"
checked "$apt/$tarball" || fail "$tarball is not the pinned one (SHA-256 differs)"
# From a repository on disk apt-get source leaves a link.
cp -L "$apt/$tarball" "$folder/$tarball.new" && mv "$folder/$tarball.new" "$folder/$tarball"
