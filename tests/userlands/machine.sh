#!/bin/sh
# machine.sh TREE FOLDER SECONDS OPTION...: a copy of the tree, with the kernel that is installed in it, as an emulated
# machine, in which `./run report` with these options is a step of inside.sh.  Prints what that printed; exit 0 when it
# ended with 0.  FOLDER keeps the console, and the machine's heapwait-report and heapwait.db.  Needs about as much room
# as the tree takes, meanwhile.
set -u
tree=$1 folder=$2 seconds=$3
shift 3
# shellcheck source=tests/vm/machine.sh
. "$(dirname "$0")/../vm/machine.sh"

fail()
{
    echo "$1"
    exit 1
}

# The first process of the machine, which has what the suite's own initramfs mounted.
write_init()
{
    cat <<END
#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
mount -t tracefs trace /sys/kernel/tracing; mount -t tmpfs tmp /tmp; mkdir -p /dev/shm; mount -t tmpfs shm /dev/shm
dmesg -n 1
stty -F $output raw
exec >$output 2>&1 </dev/null
echo "guest: begin"
(cd /heapwait && sh tests/userlands/inside.sh report $*)
echo "guest: exit \$?"
sync
echo u >/proc/sysrq-trigger
echo o >/proc/sysrq-trigger
sleep 60
END
}

# An image of the tree with room for what the study writes; no journal, since it is used once.
make_disk()
{
    write_init "$@" >"$tree/machine_init" && chmod +x "$tree/machine_init" || return 1
    kibibytes=$(du -skx "$tree" | cut -f 1)
    rm -f "$disk" && truncate -s "$((kibibytes + kibibytes / 4 + 1048576))K" "$disk" &&
        mke2fs -q -t ext4 -O ^has_journal -d "$tree" "$disk"
}

[ "$(uname -m)" = x86_64 ] || fail "the emulated machine is an x86-64 one, this is not"
for command in qemu-system-x86_64 mke2fs debugfs; do
    command -v $command >/dev/null || fail "there is no $command here (Debian: qemu-system-x86, e2fsprogs)"
done
mkdir -p "$folder" && folder=$(cd "$folder" && pwd) || exit 1
disk=$folder/disk
kernel=$(find "$tree/boot" -name 'vmlinuz-*') initramfs=$(find "$tree/boot" -name 'initrd.img-*')
[ -f "$kernel" ] || fail "no kernel in $tree/boot"
[ -f "$initramfs" ] || fail "no initramfs in $tree/boot"
TSC_KHZ=$(chroot "$tree" /heapwait/build/tests/vm/tsc_khz) || fail "$tree has no tests/vm/tsc_khz that runs"
machine_is x86_64 "$folder"
make_disk "$@" || fail "can't make a disk of $tree"
: >"$folder/result"
began=$(date +%s)
machine_run "$seconds" "$kernel" "$initramfs" 'root=/dev/vda rw init=/machine_init' \
    -drive "file=$disk,format=raw,if=virtio,cache=unsafe" >"$folder/qemu" 2>&1
status=$?
rm -rf "$folder/heapwait-report" "$folder/heapwait.db"
debugfs -R "rdump /heapwait/heapwait-report $folder" "$disk" >"$folder/debugfs" 2>&1
debugfs -R "dump /heapwait/build/heapwait.db $folder/heapwait.db" "$disk" >>"$folder/debugfs" 2>&1
rm -f "$disk"
printf 'RESULT: the machine, by the clock outside\tended after %s s\n' $(($(date +%s) - began))
sed '1d; /^guest: exit /q' "$folder/result"
grep -q '^guest: exit ' "$folder/result" || { tail -n 20 "$folder/console" "$folder/qemu"; fail "the machine did not come to its end (qemu: $status)"; }
grep -q '^guest: exit 0' "$folder/result"
