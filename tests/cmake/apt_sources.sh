#!/bin/sh
# apt_sources.sh CMAKE-FOLDER: which repositories a private apt asks for which suites, where the machine's own has Debian's,
# its security updates, and somebody else's.
set -u
failed=0
# shellcheck source=tests/expect.sh
. "$(dirname "$0")/../expect.sh"
# shellcheck source=cmake/apt.sh
. "$1/apt.sh"
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin" "$scratch/parts"
cat >"$scratch/bin/apt-config" <<END
echo "list='$scratch/none' parts='$scratch/parts/'"
END
cat >"$scratch/bin/apt-get" <<END
cat '$scratch/repositories'
END
chmod +x "$scratch/bin/"*
PATH=$scratch/bin:$PATH
cat >"$scratch/parts/debian.sources" <<'END'
Types: deb
URIs: http://deb.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /key

Types: deb
URIs: http://deb.example/security/
Suites: bookworm-security
Components: main
END
echo 'deb https://other.example/x stable main' >"$scratch/parts/other.list"
printf '%s\n' 'Debian|Debian http://deb.example/debian/' 'Debian|Debian-Security http://deb.example/security/' \
    'Other|Other https://other.example/x' >"$scratch/repositories"

# asked SUITE...: the places and suites that the private apt asks then
asked()
{
    rm -rf "$scratch/own" && mkdir -p "$scratch/own/sources"
    apt=$scratch/own apt_type=deb apt_architecture=''
    apt_write_sources "$@"
    { sed -n 's/^URIs: //p; s/^Suites: *//p' "$apt/sources/own.sources" && cat "$apt/sources/own.list"; } | paste -s -d ' '
}

expect "suites" "http://deb.example/debian bookworm sid" "$(asked bookworm sid)"
expect "security updates" "http://deb.example/debian bookworm trixie http://deb.example/security/ bookworm-security trixie-security" \
    "$(asked bookworm bookworm-security trixie trixie-security)"
expect "the machine's own" "http://deb.example/debian bookworm bookworm-updates http://deb.example/security/ bookworm-security" "$(asked)"
sed -i '/Security/d' "$scratch/repositories"
expect "no security updates here" "http://deb.example/debian bookworm" "$(asked bookworm bookworm-security)"
exit $failed
