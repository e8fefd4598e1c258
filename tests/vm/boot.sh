#!/bin/sh
# boot.sh MACHINE KERNEL SECONDS FOLDER ROOT FILE...: boots a kernel in an emulated MACHINE (x86_64, aarch64) of two CPUs
# and runs the first FILE, a script for sh, there as root.  The files are laid at the paths that they have here, with the
# libraries that they need; folders whole; what is below ROOT (empty: nothing), another machine's root, without that.
# What the script prints comes out; exit 0 when it ended with 0.  FOLDER keeps the console, the result, and as `kept/`
# what the script left in /tmp/kept.  A guest that dies in emulation is tried once more, and told: one boot in some 25
# does, while one CPU changes code that the other runs.  How the machine is emulated: machine.sh.
set -u
kernel=$2 seconds=$3 folder=$4 other=$5
# shellcheck source=tests/vm/machine.sh
. "$(dirname "$0")/machine.sh"
machine_is "$1" "$folder" || exit 1
shift 5
script=$1

# The libraries that a file of the other machine's needs, and those that they need; once each.
needed()
{
    for library in $(readelf -d "$1" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p') \
        $(readelf -l "$1" 2>/dev/null | sed -n 's/.*interpreter: .*\/\(.*\)\].*/\1/p'); do
        [ ! -e "$folder/needed/$library" ] || continue
        : >"$folder/needed/$library"
        for place in "$other/usr/lib/$machine-linux-gnu" "$other/usr/lib"; do
            [ ! -f "$place/$library" ] || { echo "$place/$library" && (needed "$place/$library"); }
        done
    done
}

# Files, folders and libraries, one a line.
contents()
{
    rm -rf "$folder/needed" && mkdir "$folder/needed"
    for file in "$@"; do
        find "$file" -type f -o -type l
        [ ! -f "$file" ] || if [ "$other" ]; then needed "$file"; else ldd "$file" 2>/dev/null | grep -oE '/[^ ]+'; fi
    done | sort -u
    rm -rf "$folder/needed"
}

# What the guest does first and last.  What it prints comes out at once, where it meets no words of the kernel's, or, where
# there is only one line out, after a mark.
write_init()
{
    cat <<EOF
#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LANG=C.UTF-8
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mount -t tracefs trace /sys/kernel/tracing; mkdir /dev/shm; mount -t tmpfs shm /dev/shm
mount -t cgroup2 cgroup /sys/fs/cgroup; dmesg -n 1
mkdir /tmp/kept
stty -F $output raw
exec >$output 2>&1
echo "guest: begin"
(cd /tmp && sh "$script")
echo "guest: exit \$?"
(cd /tmp/kept && tar -cf - . | gzip | base64)
echo "guest: end"
sleep 1
poweroff -f
EOF
}

# A root file system in memory; the modules of a disk are not needed.  Nothing is mounted where files may have been laid.
make_root()
{
    rm -rf "$root" && mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/run" "$root/etc" "$root/usr/bin" \
        "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" || return 1
    for name in bin sbin lib lib64; do ln -s usr/$name "$root/$name" || return 1; done
    # By its path here, too.
    [ -z "$other" ] || { mkdir -p "$root$(dirname "$other")" && ln -s / "$root$other"; } || return 1
    cp "${other:-}${busybox}" "$root/bin/busybox" || return 1
    for name in $(busybox --list | grep -vx busybox); do ln -s busybox "$root/bin/$name"; done
    contents "$@" "${other:-}${busybox}" | while read -r file; do
        to=$root${file#"$other"}
        mkdir -p "$(dirname "$to")" && { [ -e "$to" ] && [ ! -L "$to" ] || { rm -f "$to" && cp -L "$file" "$to"; }; } || exit 1
    done || return 1
    printf 'root:x:0:0:root:/tmp:/bin/sh\n' >"$root/etc/passwd"
    write_init >"$root/init" && chmod +x "$root/init" && (cd "$root" && find . | cpio -o -H newc --quiet) >"$folder/initramfs"
}

# Whether the guest came to its end.
boot()
{
    : >"$folder/result"
    machine_run "$seconds" "$kernel" "$folder/initramfs" ''
    [ "$second_line" ] || tr -d '\r' <"$folder/console" | sed -n '/^guest: begin/,$p' >"$folder/result"
    grep -q '^guest: end' "$folder/result"
}

mkdir -p "$folder" || exit 1
root=$folder/root
busybox=$(readlink -f "$(command -v busybox)")
[ -z "$other" ] || busybox=/usr/bin/busybox
make_root "$@" || { echo "can't make the guest's files in $folder" && exit 1; }
if ! boot; then
    echo "the guest did not come to its end; tried once more.  Its last words:"
    tail -n 20 "$folder/console"
    boot || { echo "nor did it the second time:" && tail -n 40 "$folder/console" && exit 1; }
fi
rm -rf "$root" "$folder/initramfs" "$folder/kept" && mkdir "$folder/kept"
sed -n '/^guest: exit /,/^guest: end/p' "$folder/result" | sed '1d;$d' | base64 -d | tar -xzf - -C "$folder/kept"
sed '1d;/^guest: exit /q' "$folder/result"
grep -q '^guest: exit 0' "$folder/result"
