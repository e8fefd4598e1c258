#!/bin/sh
# boot.sh KERNEL SECONDS FOLDER FILE...: boots a kernel in an emulated machine of two CPUs and runs the first FILE, a
# script for sh, there as root.  The files are laid at the paths that they have here, with the libraries that they
# need; folders whole.  What the script prints comes out; exit 0 when it ended with 0.  FOLDER keeps the console, and
# the result.  A guest that dies in emulation is tried once more, and told: one boot in some 25 does, while one CPU
# changes code that the other runs.
set -u
kernel=$1 seconds=$2 folder=$3
shift 3
script=$1

# Files, folders and libraries, one a line.
contents()
{
    for file in "$@"; do
        find "$file" -type f -o -type l
        [ ! -f "$file" ] || ldd "$file" 2>/dev/null | grep -oE '/[^ ]+'
    done | sort -u
}

# A root file system in memory; the modules of a disk are not needed.  Nothing is mounted where files may have been laid.
make_root()
{
    rm -rf "$root" && mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/run" "$root/etc" || return 1
    cp "$(command -v busybox)" "$root/bin/busybox" || return 1
    for name in $(busybox --list | grep -vx busybox); do ln -s busybox "$root/bin/$name"; done
    contents "$@" | while read -r file; do
        mkdir -p "$root$(dirname "$file")" && cp -L "$file" "$root$file" || exit 1
    done || return 1
    printf 'root:x:0:0:root:/tmp:/bin/sh\n' >"$root/etc/passwd"
    cat >"$root/init" <<EOF
#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LANG=C.UTF-8
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mount -t tracefs trace /sys/kernel/tracing; mkdir /dev/shm; mount -t tmpfs shm /dev/shm
(cd /tmp && sh "$script") >/tmp/out 2>&1
echo "guest: exit \$?" >>/tmp/out
stty -F /dev/ttyS1 raw; cat /tmp/out >/dev/ttyS1; sleep 1
poweroff -f
EOF
    chmod +x "$root/init" && (cd "$root" && find . | cpio -o -H newc --quiet) | gzip -1 >"$folder/initramfs"
}

# Whether the guest came to its end.
boot()
{
    : >"$folder/result"
    timeout "$seconds" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 2048 -display none -vga none \
        -nic none -no-reboot -kernel "$kernel" -initrd "$folder/initramfs" \
        -append "console=ttyS0 quiet panic=-1 mitigations=off nokaslr" \
        -serial "file:$folder/console" -serial "file:$folder/result" </dev/null
    grep -q '^guest: exit ' "$folder/result"
}

mkdir -p "$folder" || exit 1
root=$folder/root
make_root "$@" || { echo "can't make the guest's files in $folder" && exit 1; }
if ! boot; then
    echo "the guest did not come to its end; tried once more.  Its last words:"
    tail -n 20 "$folder/console"
    boot || { echo "nor did it the second time:" && tail -n 40 "$folder/console" && exit 1; }
fi
rm -rf "$root" "$folder/initramfs"
cat "$folder/result"
grep -q '^guest: exit 0' "$folder/result"
