#!/bin/sh
# cost_guest.sh, run in a machine whose clock counts instructions: what probes add, in instructions.  HEAPWAIT, SUBJECT,
# FLOOR, PASSWORDS, ROUNDS, METHODS and HEAPWAIT_DATA come from the line before, which cost.sh writes.  Each method
# gives six lines: its name, what was counted, the number.  `work` is the time of the password program, the median of
# its rounds; work_low and work_high are the quartiles.
set -u
failed=0

# The command whose instructions are counted, of whoever looks on.
cat >work <<END
'$SUBJECT' "\$@" || exit 1
n=$ROUNDS
while [ \$n -gt 0 ]; do
    '$PASSWORDS' --threads 4 --passwords 20000 --json || exit 1
    n=\$((n - 1))
done
END

# The lines of a method, from what the command said.
told()
{
    awk -v method="$1" '/^[{]/ { if (match($0, /"elapsed_ns":[0-9]+/)) work[++n] = substr($0, RSTART + 13, RLENGTH - 13) + 0; next }
        { print method "\t" $1 "\t" $2 }
        END {
            for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++) if (work[j] < work[i]) { t = work[i]; work[i] = work[j]; work[j] = t }
            if (!n) exit
            print method "\twork\t" work[int((n + 1) / 2)]
            print method "\twork_low\t" work[int((n + 3) / 4)]
            print method "\twork_high\t" work[n + 1 - int((n + 3) / 4)]
        }' said
}

# Somebody else is traced meanwhile.
beside()
{
    rm -f begun ended
    # The inner shell expands that word.
    # shellcheck disable=SC2016
    "$HEAPWAIT" record -m "$1" -o beside.db -- sh -c ': >begun; exec "$0" --until ended' "$SUBJECT" >log 2>&1 &
    sh work --wait begun >said
    rc=$?
    : >ended
    wait || return 1
    return $rc
}

measure()
{
    case $1 in
    untraced) sh work >said ;;
    floor-*) "$FLOOR" "${1#floor-}" sh work >said ;;
    traced-*) "$HEAPWAIT" record -m "${1#traced-}" -o traced.db -- sh work >said 2>log ;;
    beside-*) beside "${1#beside-}" ;;
    esac
}

for method in $METHODS; do
    if measure "$method"; then
        told "$method"
    else
        echo "FAILED: $method" && cat log && failed=1
    fi
done
exit $failed
