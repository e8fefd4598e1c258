#!/bin/sh
# sysroot.sh ARCHITECTURE FOLDER PACKAGE...: Debian's packages of another architecture, with all that they depend on,
# unpacked into FOLDER/root, and compilers for it in FOLDER/bin: aarch64-linux-gnu-gcc for glibc and
# aarch64-linux-musl-gcc for musl, both by Debian's cross compiler.  FOLDER/packages tells the versions.  Nothing is
# installed and no root is needed; the network is asked for nothing when all is there.  A failure is one line on
# stdout, exit 1.
set -u
architecture=$1 folder=$2
shift 2
# shellcheck source=cmake/apt.sh
. "$(dirname "$0")/apt.sh"

fail()
{
    echo "$1"
    exit 1
}

# Each package's files.  Debian's /bin, /lib and /sbin lead into /usr.
unpack()
{
    mkdir -p "$new/usr/bin" "$new/usr/sbin" "$new/usr/lib" || return 1
    for name in bin sbin lib; do ln -s "usr/$name" "$new/$name" || return 1; done
    for file in "$apt"/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$file" | tar -x --keep-directory-symlink --no-same-owner -C "$new" || return 1
        basename "$file" .deb
    done >"$folder/packages.new"
}

# A link to an absolute path means the other machine's.
lead_back()
{
    find "$new" -lname '/*' | while read -r link; do
        target=$(readlink "$link")
        ln -sfnr "$new$target" "$link"
    done
}

# compiler NAME ARGUMENTS: a driver of the cross compiler
compiler()
{
    mkdir -p "$folder/bin" && printf '#!/bin/sh\nexec %s-gcc %s\n' "$machine" "$2" >"$folder/bin/$1" &&
        chmod +x "$folder/bin/$1"
}

# They take headers and libraries from the root.  The script's words, not ours.
# shellcheck disable=SC2016
compilers()
{
    compiler "$machine-gcc" '--sysroot="$(dirname "$0")/../root" "$@"' || return 1
    specs=$new/usr/lib/${machine%-gnu}-musl/musl-gcc.specs
    [ -f "$specs" ] || return 0 # no musl among the packages
    # The loader's path is the other machine's, all others are this one's.
    sed "s, */usr/, $folder/root/usr/,g; s,=/usr/,=$folder/root/usr/,g" "$specs" >"$folder/musl-gcc.specs" &&
        compiler "${machine%-gnu}-musl-gcc" '"$@" -specs "$(dirname "$0")/../musl-gcc.specs"'
}

case $architecture in
arm64) machine=aarch64-linux-gnu ;;
*) fail "sysroot.sh knows no architecture $architecture" ;;
esac
key="$* $(cat "$0")"
[ "$(cat "$folder/made-from" 2>/dev/null)" != "$key" ] || exit 0
for command in apt-get dpkg-deb "$machine-gcc"; do
    command -v "$command" >/dev/null || fail "there is no $command here"
done
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd) new=$folder/root
rm -rf "$folder/made-from" "$folder/apt-$architecture"
apt_open "$folder" "deb:$architecture" || exit 1
apt_own apt-get install --download-only --no-install-recommends -y "$@" || fail "$architecture: $(apt_reason)"
{ rm -rf "$new" && unpack && lead_back && compilers; } || fail "can't unpack packages into $new"
mv "$folder/packages.new" "$folder/packages" && rm -rf "$apt" && printf '%s\n' "$key" >"$folder/made-from"
