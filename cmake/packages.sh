#!/bin/sh
# packages.sh build|report|test|vm: installs what that stage needs and this machine lacks, by cmake/packages.txt.
# Asks nothing of the network, and calls no package manager, when nothing is missing.
set -eu
stage=$1
list=$(dirname "$0")/packages.txt

say() { printf '%s\n' "$*" >&2; }
as_root()
{
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# found KIND:NAMES, as the head of packages.txt tells.  Without dpkg a `deb` can't be asked for: taken as found.
found()
{
    name=${1#*:}
    case $1 in
    cmd:*) for c in $(echo "$name" | tr , ' '); do command -v "$c" >/dev/null || return 1; done ;;
    pc:*) pkg-config --exists "$name" 2>/dev/null ;;
    lib:*) gcc -print-file-name="lib$name.so" 2>/dev/null | grep -q / ;;
    opt:*) command -v "$name" >/dev/null || ! offered "$name" ;;
    newest:*) newest=$(newest_of "$name") && { [ -z "$newest" ] || command -v "$newest" >/dev/null; } ;;
    optdeb:*) found "deb:$name" || ! offered "$name" ;;
    deb:*) ! command -v dpkg-query >/dev/null || [ "$(deb_status "$name")" = installed ] ;;
    *) say "packages.txt: unknown way to find a package: $1" && exit 1 ;;
    esac
}

# The package lists have it.
offered()
{
    command -v apt-cache >/dev/null && apt-cache show "$1" >/dev/null 2>&1
}

# The package NAME-N with the greatest N that the lists have, or nothing.
newest_of()
{
    ! command -v apt-cache >/dev/null || apt-cache search --names-only "^$1-[0-9]+\$" | cut -d ' ' -f 1 | sort -V | tail -n 1
}

deb_status()
{
    # dpkg-query expands this word.
    # shellcheck disable=SC2016
    dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true
}

# Typst as a command makes Node and its module unnecessary.
has_typst()
{
    typst --version 2>/dev/null | grep -Eq '^typst (0\.(1[3-9]|[2-9][0-9])|[1-9])'
}

# The lines of the list that the stage needs and this machine lacks: package, tab, why.
missing()
{
    grep -v '^#' "$list" | while read -r package for found_by why; do
        case $for,$stage in build,* | report,report | report,test | test,test | vm,test | vm,vm) ;; *) continue ;; esac
        case $package in nodejs | npm) ! has_typst || continue ;; esac
        found "$found_by" || printf '%s\t%s\n' "$package" "$why"
    done
}

# Of `a|b` the first that the package lists have, of `a-*` the newest.
one_of()
{
    case $1 in *-\*) newest_of "${1%-\*}" && return ;; esac
    if offered "${1%%|*}"; then echo "${1%%|*}"; else echo "${1#*|}"; fi
}

lacking=$(missing)
[ -n "$lacking" ] || exit 0
say "Missing on this machine:"
printf '%s\n' "$lacking" | sed 's/^/  /' >&2
if ! command -v apt-get >/dev/null; then
    say "Only apt-get (Debian, Ubuntu) is known here: install the above, which are Debian's names, and call again."
    exit 1
fi
say "Installing it with apt-get."
as_root apt-get update -q >&2
lacking=$(missing) # the lists may tell of more now
packages=$(printf '%s\n' "$lacking" | cut -f 1 | while read -r package; do one_of "$package"; done)
# One word per package.
# shellcheck disable=SC2086
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages >&2
lacking=$(missing | cut -f 1 | tr '\n' ' ')
[ -z "$lacking" ] || { say "Still missing after apt-get install: $lacking"; exit 1; }
