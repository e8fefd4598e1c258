#!/bin/sh
# userlands.sh [--keep] [--only STEP] [--machine OPTIONS] [--around COMMAND] [SUITE...]: heapwait in clean trees of
# Debian's suites, made by debootstrap (minbase, nothing else), one after the other: the front door, and each compiler that
# the suite offers.
# Takes an hour a suite, and is no part of the tests.  Needs root, debootstrap, and Debian's repository in apt's
# configuration; the trees use that one.  What came out goes to docs/userlands.md, each row with its date; logs stay in
# build/userlands/.
#   --keep    the tree stays
#   --only    that step of inside.sh alone, in the tree that is there, or in a new one that is built first; may be given
#             several times; what other steps said before stays in the page
#   --machine the steps kernel and machine alone, likewise: the suite's own kernel boots a copy of the tree as an emulated
#             machine, and the report is made there, of a study with these options (empty: --quick).  Needs no
#             privilege to trace here.  Emulated, a quick study takes hours
#   --around  the steps that trace are run by that command, as in "flock FILE" where several people trace
set -u
cd "$(dirname "$0")/../.." || exit 1
here=tests/userlands trees=$PWD/build/userlands
keep='' only='' around='' suites='' failed='' study=--quick
tab=$(printf '\t')
# shellcheck source=cmake/apt.sh
. cmake/apt.sh

say() { printf '\n== %s\n' "$*"; }
skip()
{
    printf '!! SKIPPED: %s\n' "$*"
    exit 77
}

usage()
{
    sed -n '2,/^set /s/^# //p' "$here/userlands.sh" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
    --keep) keep=yes ;;
    --only) [ $# -gt 1 ] || usage; only="$only $2" keep=yes && shift ;;
    --machine) [ $# -gt 1 ] || usage; study=${2:---quick} only="$only kernel machine" keep=yes && shift ;;
    --around) [ $# -gt 1 ] || usage; around=$2 && shift ;;
    -*) usage ;;
    *) suites="$suites $1" ;;
    esac
    shift
done

# Options of the machine's own clients, and the files that they name, as the tree needs them to reach the same places:
# apt's of how to fetch and what to trust, npm's registry, proxy and certificates.
carry_network()
{
    apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries|Languages)' >"$tree/etc/apt/apt.conf.d/90machine"
    apt-config dump | sed -nE 's/^Acquire::.* "(\/.*)";$/\1/p' | while read -r file; do
        [ ! -f "$file" ] || { mkdir -p "$tree$(dirname "$file")" && cp "$file" "$tree$file"; }
    done
    cp /etc/resolv.conf /etc/hosts "$tree/etc/" # those of debootstrap may be older, or links
    env | grep -iE '^(npm_config_[a-z_]*|https?_proxy|no_proxy)=' >"$tree/userlands.env"
    for option in registry proxy https-proxy; do
        value=$(npm config get "$option" 2>/dev/null) || continue
        case $value in '' | null | undefined) ;; *) echo "npm_config_$(echo "$option" | tr - _)=$value" ;; esac
    done >>"$tree/userlands.env"
    authorities=${NODE_EXTRA_CA_CERTS:-$(npm config get cafile 2>/dev/null)}
    if [ -f "$authorities" ]; then
        # not at its own path: there the tree's packages write theirs
        cp "$authorities" "$tree/userlands.crt"
        printf '%s\n' npm_config_cafile=/userlands.crt NODE_EXTRA_CA_CERTS=/userlands.crt >>"$tree/userlands.env"
    fi
}

# A tree with nothing but what debootstrap puts there, and heapwait's files: what is committed, or about to be.
make_tree()
{
    rm -rf "$tree" "$logs" && mkdir -p "$trees" "$logs" || return 1
    debootstrap --variant=minbase "$suite" "$tree" "$mirror" >"$logs/debootstrap" 2>&1 ||
        { tail -n 5 "$logs/debootstrap" && return 1; }
    printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d" && chmod +x "$tree/usr/sbin/policy-rc.d" || return 1
    echo force-unsafe-io >"$tree/etc/dpkg/dpkg.cfg.d/userlands" # the tree needn't outlive a power cut
    carry_network
    renew_sources
}

renew_sources()
{
    mkdir -p "$tree/heapwait" &&
        git ls-files -z | tar --null --ignore-failed-read -T - -cf - 2>/dev/null | tar -C "$tree/heapwait" -xf -
}

# inside STEP: that step of inside.sh, in the tree.  The mounts are in a name space of their own: they end with it,
# however this ends.
inside()
{
    wrapper=''
    case $1 in report | known | clangs) wrapper=$around ;; esac
    # Several words; and the inner shell expands its own.
    # shellcheck disable=SC2086,SC2016,SC2046
    $wrapper unshare --mount --propagation private sh -c '
        tree=$1 step=$2
        shift 2
        mount -t proc proc "$tree/proc" && mount --rbind /sys "$tree/sys" && mount --rbind /dev "$tree/dev" || exit 1
        exec chroot "$tree" env -i "$@" HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            sh -c "cd /heapwait && exec sh tests/userlands/inside.sh \"\$0\"" "$step"' \
        sh "$tree" "$1" $(cat "$tree/userlands.env") >"$logs/$1" 2>&1 </dev/null
    judge "$1" $? "$when"
}

# In a machine of its own, under the kernel that the step kernel has installed.
machine()
{
    # One word each.
    # shellcheck disable=SC2086
    sh "$here/machine.sh" "$tree" "$trees/$suite.machine" 20000 $study >"$logs/machine" 2>&1
    judge machine $? "${when%, on *}, on $(find "$tree/boot" -name 'vmlinuz-*' | sed 's/.*vmlinuz-//'), emulated"
}

# judge STEP STATUS WHEN: the log's results take the place of those that the step had
judge()
{
    { grep -v "^$1$tab" "$results"; sed -n "s/^RESULT: \\(.*\\)/$1$tab\\1$tab$3/p" "$logs/$1"; } >"$results.new"
    mv "$results.new" "$results"
    sed -n "s/^RESULT: /$suite: /p" "$logs/$1"
    [ "$2" -eq 0 ] && return
    say "FAILED: $suite, step $1 (exit $2); the log is ${logs#"$PWD/"}/$1:"
    tail -n 15 "$logs/$1"
    failed="$failed $suite/$1"
    return 1
}

# The tree is made and built where it isn't there, or where all is asked for.  A suite whose packages can't be had ends; a
# step that fails doesn't keep the others from being tried.
pass()
{
    tree=$trees/$suite logs=$trees/$suite.logs results=$trees/$suite.tsv
    mkdir -p "$trees" && sh "$here/page.sh" --read docs/userlands.md "$suite" >"$results" || return
    if [ -n "$only" ] && [ -f "$tree/heapwait/build/build.ninja" ]; then
        renew_sources
    else
        say "$suite, from $mirror"
        make_tree || { failed="$failed $suite/debootstrap" && return; }
        inside build || return
    fi
    for step in ${only:-versions report known test clangs c}; do
        if [ "$step" = machine ]; then machine; else inside "$step"; fi
    done
    [ -n "$keep" ] || rm -rf --one-file-system "$tree"
}

[ "$(id -u)" -eq 0 ] || skip "trees are made by root"
for command in debootstrap git unshare chroot; do
    command -v $command >/dev/null || skip "there is no $command here (Debian: a package of that name, or util-linux, coreutils)"
done
mirror=$(apt_repositories 'Debian\|Debian' | head -n 1)
[ -n "$mirror" ] || skip "apt knows no repository of Debian's here (after apt-get update)"
when="$(date -u +%F), $(git describe --always --dirty), on $(uname -r)"
for suite in ${suites:-bookworm trixie sid}; do
    pass
    sh "$here/page.sh" docs/userlands.md "$suite" "$trees/$suite.tsv" || failed="$failed $suite/page"
done
[ -z "$failed" ] || { say "FAILED:$failed"; exit 1; }
say "all passed"
