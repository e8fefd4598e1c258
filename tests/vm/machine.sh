# shellcheck shell=sh
# machine.sh, to be sourced: how a machine is emulated, for boot.sh and for tests/userlands/machine.sh.  ACCELERATOR,
# COUNTING, CPUS and KERNEL_OPTIONS may say it otherwise, and what its kernel is told besides.  TSC_KHZ is what tsc_khz
# prints here: the speed of an x86-64 machine's cycle counter, which is this one's where it doesn't count instructions.

# machine_is MACHINE FOLDER: a machine of that kind (x86_64, aarch64); the words of its kernel go to FOLDER/console, what
# is written to its device $output to FOLDER/result, or to the console, too, where $second_line is empty.
#
# The kernel measures the cycle counter by another clock; where others want the CPU meanwhile, its seconds are three and
# more times too short from then on.  It takes the counters of two such x86-64 CPUs for not in step; here they are one.
# Its other clock is slow, and without them the scheduler's is only as good as its ticks.  Interrupts' time stays in that
# of whom they interrupt: emulated, it is much.  Pointer authentication as the Arm manual has it would take most of the
# time.
# The caller uses $output.
# shellcheck disable=SC2034
machine_is()
{
    machine=$1 machine_folder=$2 options=''
    case $machine in
    x86_64)
        hardware='-cpu max -vga none' console=ttyS0 output=/dev/ttyS1 second_line="-serial file:$2/result"
        options="tsc=reliable tsc=noirqtime${TSC_KHZ:+ tsc_early_khz=$TSC_KHZ}"
        [ -z "${COUNTING-}" ] || options='tsc=reliable tsc=noirqtime tsc_early_khz=1000000'
        ;;
    aarch64) hardware='-machine virt -cpu max,pauth-impdef=on' console=ttyAMA0 output=/dev/ttyAMA0 second_line='' ;;
    *) echo "no machine $machine is known here" && return 1 ;;
    esac
}

# machine_run SECONDS KERNEL INITRAMFS WORDS QEMU-OPTION...: boots it, and ends it after that time.  WORDS: what its kernel
# is told besides.
machine_run()
{
    machine_seconds=$1 machine_kernel=$2 machine_root=$3 machine_words=$4
    shift 4
    # One word each.
    # shellcheck disable=SC2086
    timeout "$machine_seconds" "qemu-system-$machine" $hardware -accel "${ACCELERATOR:-tcg,thread=multi}" ${COUNTING-} \
        -smp "${CPUS:-2}" -m 3072 -display none -nic none -no-reboot -kernel "$machine_kernel" -initrd "$machine_root" \
        -append "console=$console quiet panic=-1 mitigations=off nokaslr $options $machine_words ${KERNEL_OPTIONS-}" \
        -serial "file:$machine_folder/console" $second_line "$@" </dev/null
}
