#!/bin/sh
# sources.sh FOLDER: fetch.sh in FOLDER gets a source package from what the machine's apt knows, in both
# notations, and refuses a tarball that isn't the pinned one.  A repository on disk stands for the network.
set -u
fetch=$1/fetch.sh
command -v apt-get >/dev/null || { echo "SKIPPED: there is no apt-get here"; exit 77; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0

expect()
{
    [ "$2" = "$3" ] && return
    echo "FAILED: $1: '$2' instead of '$3'"
    failures=$((failures + 1))
}

sha256()
{
    sha256sum <"$1" | cut -c 1-64
}

# One source package, hello 1.0-1, in a flat repository.
make_repository()
{
    mkdir -p "$scratch/repository" "$scratch/etc/parts" "$scratch/lists/partial"
    cd "$scratch/repository" || exit 1
    echo "the source of hello" >hello_1.0.orig.tar.gz
    printf 'Format: 3.0 (quilt)\nSource: hello\nVersion: 1.0-1\n' >hello_1.0-1.dsc
    {
        printf 'Package: hello\nBinary: hello\nVersion: 1.0-1\nFormat: 3.0 (quilt)\nDirectory: .\n'
        echo 'Checksums-Sha256:'
        for file in hello_1.0-1.dsc hello_1.0.orig.tar.gz; do
            printf ' %s %s %s\n' "$(sha256 $file)" "$(wc -c <$file)" $file
        done
    } >Sources
    cd "$scratch" || exit 1
}

# use_sources: apt sees the package sources in etc/ and nothing of the machine's own.
use_sources()
{
    rm -rf out
    cat >apt.conf <<EOF
Dir::Etc::sourcelist "$scratch/etc/sources.list";
Dir::Etc::sourceparts "$scratch/etc/parts";
Dir::State::lists "$scratch/lists";
EOF
    export APT_CONFIG="$scratch/apt.conf"
}

# fetch_hello SHA256
fetch_hello()
{
    said=$(sh "$fetch" hello 1.0-1 old hello_1.0.orig.tar.gz "$1" "$scratch/out")
    status=$?
}

check_fetched()
{
    fetch_hello "$sum"
    expect "exit, $1" "$status" 0
    expect "said, $1" "$said" ""
    expect "the tarball, $1" "$(cat out/hello_1.0.orig.tar.gz 2>&1)" "the source of hello"
}

test_one_line_notation()
{
    printf '# a comment\ndeb [trusted=yes] file:%s ./\n' "$scratch/repository" >etc/sources.list
    use_sources
    check_fetched "from a one-line entry"
    mv repository away # the second time nothing is asked for
    check_fetched "a second time, offline"
    mv away repository
}

test_deb822_notation()
{
    : >etc/sources.list
    printf 'Types: deb\n# a comment inside\nURIs: file:%s\nSuites: ./\nTrusted: yes\n' "$scratch/repository" \
        >etc/parts/a.sources
    use_sources
    check_fetched "from a deb822 paragraph"
    printf 'Enabled: no\n' >>etc/parts/a.sources
    use_sources
    fetch_hello "$sum"
    expect "exit, from a paragraph that is switched off" "$status" 1
    rm etc/parts/a.sources
}

test_failures()
{
    : >etc/sources.list
    use_sources
    fetch_hello "$sum"
    expect "exit without package sources" "$status" 1
    expect "said without package sources" "$said" "apt has no package sources"
    printf 'deb [trusted=yes] file:%s ./\n' "$scratch/repository" >etc/sources.list
    use_sources
    fetch_hello "$(sha256 apt.conf)"
    expect "exit with another tarball than the pinned one" "$status" 1
    expect "said with another tarball" "$said" "hello_1.0.orig.tar.gz is not the pinned one (SHA-256 differs)"
    expect "kept of another tarball" "$(ls out/*.tar.gz 2>/dev/null)" ""
    printf 'deb [trusted=yes] file:%s/nowhere ./\n' "$scratch" >etc/sources.list
    use_sources
    fetch_hello "$sum"
    expect "exit without a repository" "$status" 1
    expect "said without a repository" "${said%% failed:*}" "apt-get update"
    expect "lines said without a repository" "$(echo "$said" | wc -l)" 1
}

# A repository that calls itself Debian's, of which the machine uses the suite `new`; the package is in `old` only.
make_archive()
{
    for suite in old new; do
        dist=archive/dists/$suite
        mkdir -p "$dist/main/source" "$dist/main/binary-$(dpkg --print-architecture)"
        [ "$suite" = new ] || sed 's,^Directory: .,Directory: pool,' repository/Sources >"$dist/main/source/Sources"
        touch "$dist/main/source/Sources"
        printf 'Package: other\nVersion: 1\nArchitecture: all\nFilename: pool/other.deb\nSize: 1\n' \
            >"$dist/main/binary-$(dpkg --print-architecture)/Packages"
        {
            printf 'Origin: Debian\nLabel: Debian\nSuite: %s\nCodename: %s\nComponents: main\n' $suite $suite
            printf 'Architectures: %s\nDate: %s\nSHA256:\n' "$(dpkg --print-architecture)" "$(date -u -R)"
            (cd "$dist" && find main -type f | while read -r file; do
                printf ' %s %s %s\n' "$(sha256 "$file")" "$(wc -c <"$file")" "$file"
            done)
        } >"$dist/Release"
    done
    cp -r repository archive/pool
}

# The machine has no entry for the suite, in either notation, and has looked at its own.
test_other_suite()
{
    make_archive
    printf 'deb [trusted=yes] file:%s/archive new main\n' "$scratch" >etc/sources.list
    use_sources
    apt-get update -q -o APT::Sandbox::User=root >update.log 2>&1 || cat update.log
    check_fetched "of another suite, by a one-line entry"
    : >etc/sources.list
    printf 'Types: deb\nURIs: file:%s/archive\nSuites:\n new\nComponents: main\n contrib\nTrusted: yes\n' "$scratch" \
        >etc/parts/a.sources
    use_sources
    check_fetched "of another suite, by a deb822 paragraph"
    rm etc/parts/a.sources
}

make_repository
sum=$(sha256 repository/hello_1.0.orig.tar.gz)
test_one_line_notation
test_deb822_notation
test_failures
test_other_suite
[ "$failures" -eq 0 ] || cat out/apt.log
[ "$failures" -eq 0 ]
