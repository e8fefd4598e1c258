#!/bin/sh
# kernel.sh NAME FOLDER: puts the newest of Debian's kernels of that name into FOLDER/NAME: the file vmlinuz, and
# `version` with the package's name and version.  A name is what the version begins with (6.1, 7), perhaps -rt, perhaps
# -arm64.  Asks nothing of the network when it is there already.  A failure is one line on stdout, exit 1.
set -u
name=$1 folder=$2
# shellcheck source=cmake/apt.sh
. "$(dirname "$0")/../../cmake/apt.sh"

fail()
{
    echo "$1"
    exit 1
}

line=${name%-arm64} architecture=amd64 flavour=cloud
case $name in *-arm64) architecture=arm64 ;; esac
case $line in *-rt) line=${line%-rt} flavour=rt ;; esac

# The newest package of the line; its name carries the version.
newest()
{
    apt_own apt-cache pkgnames "linux-image-$line." || return 1
    grep -E "^linux-image-[0-9.]+[-+.a-z0-9]*-$flavour-$architecture\$" "$apt_log" | sort -V | tail -n 1
}

# unpack PACKAGE: it, with its kernel or, since Linux 7.3, that of the package which has it.
unpack()
{
    apt_own apt-get download "$1" || fail "apt-get download $1 failed: $(apt_reason)"
    dpkg-deb -x "$1"_*.deb "$work/root" || fail "can't unpack $1"
}

[ ! -s "$folder/$name/version" ] || exit 0
command -v dpkg-deb >/dev/null || fail "no dpkg-deb here to unpack kernels with"
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd) || exit 1
work=$folder/$name.new
apt_open "$folder" "deb:$architecture" bookworm bookworm-security bookworm-backports \
    trixie trixie-security trixie-backports sid || exit 1
rm -rf "$work" && mkdir -p "$work/root" && cd "$work" || exit 1
package=$(newest)
[ -n "$package" ] || fail "no kernel $name among Debian's packages that apt knows here"
unpack "$package"
[ -n "$(find root -name 'vmlinuz*' -type f)" ] || unpack "linux-binary-${package#linux-image-}"
kernel=$(find root -name 'vmlinuz*' -type f)
[ -n "$kernel" ] || fail "$package holds no kernel"
mv "$kernel" vmlinuz && basename "$package"_*.deb .deb >version && rm -rf root ./*.deb &&
    rm -rf "${folder:?}/$name" && mv "$work" "$folder/$name"
