#!/bin/sh
# fetch.sh PACKAGE VERSION SUITE TARBALL SHA256 FOLDER: puts a Debian source package's upstream tarball into FOLDER.
# It comes from Debian's suite of that name, whichever the machine's own is, or, where the machine's apt knows no
# repository of Debian's, from what that uses.  A failure is one line on stdout, exit 1.
# The folder FOLDER/apt keeps the lists for the next package; the caller removes it in the end.
set -u
package=$1 version=$2 suite=$3 tarball=$4 sha256=$5 folder=$6
# shellcheck source=cmake/apt.sh
. "$(dirname "$0")/../../cmake/apt.sh"

fail()
{
    echo "$1"
    exit 1
}

checked()
{
    [ -f "$1" ] && [ "$(sha256sum <"$1")" = "$sha256  -" ]
}

checked "$folder/$tarball" && exit 0
command -v apt-get >/dev/null || fail "no apt-get here to fetch $tarball with"
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd) || exit 1
apt_open "$folder" deb-src "$suite" || exit 1
cd "$folder/apt" || exit 1
apt_own apt-get source --download-only "$package=$version" ||
    fail "apt-get source $package=$version failed: $(apt_reason)"
checked "$folder/apt/$tarball" || fail "$tarball is not the pinned one (SHA-256 differs)"
# From a repository on disk apt-get source leaves a link.
cp -L "$folder/apt/$tarball" "$folder/$tarball.new" && mv "$folder/$tarball.new" "$folder/$tarball"
