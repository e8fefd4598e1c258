# shellcheck shell=sh
# apt.sh, to be sourced: a private apt beside the machine's own, which is read and never changed, so that no root is
# needed.  It knows the machine's repositories for another kind of package (deb-src), and Debian's for other suites:
# a source package of Debian 12 can be had on Debian 13, a kernel of 13 on 12.  A failure is one line on stdout.
# The folder FOLDER/apt keeps the lists for the next call; the caller removes it in the end.

# apt_open FOLDER TYPE[:ARCHITECTURE] [SUITE...]: a private apt in FOLDER/apt for packages of TYPE (deb, deb-src).  With
# suites, and where the machine's apt knows a repository of Debian's: those suites of it; else what the machine itself
# uses.  With an architecture: that of another machine, on which nothing is installed yet; its folder has its name, too.
apt_open()
{
    apt=$1/apt apt_log=$1/apt.log apt_type=${2%%:*} apt_architecture=''
    case $2 in *:*) apt_architecture=${2#*:} apt=$apt-${2#*:} ;; esac
    shift 2
    [ ! -f "$apt/failed" ] || { cat "$apt/failed" && return 1; } # once is enough: the next needn't wait too
    [ ! -f "$apt/updated" ] || return 0
    rm -rf "$apt"
    mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/cache/archives/partial" ||
        { echo "cannot write to $apt" && return 1; }
    : >"$apt/status"
    apt_write_sources "$@"
    if [ ! -s "$apt/sources/own.list" ] && [ ! -s "$apt/sources/own.sources" ]; then
        echo "apt has no package sources"
        return 1
    fi
    apt_own apt-get update && : >"$apt/updated" && return
    echo "apt-get update failed: $(apt_reason)" | tee "$apt/failed"
    return 1
}

# apt_own COMMAND...: apt-get or apt-cache with the private state; what it prints goes to the log.
apt_own()
{
    apt_command=$1
    shift
    [ -z "$apt_architecture" ] || set -- -o APT::Architecture="$apt_architecture" \
        -o APT::Architectures="$apt_architecture" -o Dir::State::status="$apt/status" "$@"
    LC_ALL=C "$apt_command" -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/sources" \
        -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root \
        -o APT::Update::Error-Mode=any -o Acquire::Retries=1 -o Acquire::http::Timeout=20 \
        -o Acquire::https::Timeout=20 "$@" >"$apt_log" 2>&1
}

# The first error of the last apt_own, within a line.
apt_reason()
{
    why=$(sed -n 's/^E: //p' "$apt_log" | head -n 1 | tr -s '[:space:]' ' ' | cut -c 1-160)
    echo "${why:-see $apt_log}"
}

# apt_repositories PATTERN: repositories whose Release file says so (origin|label).  No lists yet: none.
apt_repositories()
{
    # apt-get expands these words, not the shell.
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(ORIGIN)|$(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        sed -nE "s,^($1) ,,p" | sed 's,/*$,,' | sort -u
}

# Each entry of the machine, as one of the private apt: `deb` lines and deb822 paragraphs.  A paragraph is kept whole
# (Signed-By and all) and only its type changes, with suites those too.  Suites named NAME-security are asked of the
# entries whose repository is that of Debian's security updates, where the machine has one.
apt_write_sources()
{
    usual='' security=''
    for suite in "$@"; do
        case $suite in *-security) security="$security $suite" ;; *) usual="$usual $suite" ;; esac
    done
    : >"$apt/sources/own.list" && : >"$apt/sources/own.sources"
    [ -z "$usual" ] || apt_repositories 'Debian\|Debian' >"$apt/repositories"
    if [ -z "$usual" ] || [ ! -s "$apt/repositories" ]; then
        usual='' security=''
        apt_repositories '(Debian|Ubuntu)\|[^ ]*' >"$apt/repositories" # none known: all
    fi
    apt_write_entries "$usual"
    [ -n "$security" ] && apt_repositories 'Debian\|Debian-Security' >"$apt/repositories" && [ -s "$apt/repositories" ] || return 0
    apt_write_entries "$security"
}

# apt_write_entries SUITES: those of the repositories in $apt/repositories
apt_write_entries()
{
    list='' parts=''
    eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
    for file in "$list" "$parts"*.list; do
        [ -f "$file" ] && sed -nE "s/^[[:space:]]*deb[[:space:]]/$apt_type /p" "$file" | apt_lines_of "$1"
    done | apt_own_only '\n' | sort -u >>"$apt/sources/own.list"
    for file in "$parts"*.sources; do
        [ -f "$file" ] && grep -v '^#' "$file" | apt_paragraphs_of "$1" && echo
    done | apt_own_only '' >>"$apt/sources/own.sources"
}

# Lines on stdin, with their suites and components replaced by each of SUITES and main where there are any.
apt_lines_of()
{
    sed -E "${apt_architecture:+s/arch=[^] ]*/arch=$apt_architecture/}" | awk -v suites="$1" '
        BEGIN { n = split(suites, suite, " ") }
        n == 0 { print; next }
        match($0, /^[^ \t]+[ \t]+(\[[^]]*\][ \t]+)?[^ \t]+/) {
            for (i = 1; i <= n; i++) print substr($0, 1, RLENGTH) " " suite[i] " main"
        }'
}

# The same of paragraphs; the lines that go on with a field that is replaced go with it.
apt_paragraphs_of()
{
    awk -v type="$apt_type" -v suites="$1" -v other="$apt_architecture" '
        /^[^ \t]/ { gone = 0 }
        other != "" && /^Architectures:/ { gone = 1 }
        /^Types:/ { print "Types: " type; gone = 1 }
        suites != "" && /^Suites:/ { print "Suites: " suites; gone = 1 }
        suites != "" && /^Components:/ { print "Components: main"; gone = 1 }
        !gone'
}

# apt_own_only RS: of the records on stdin (RS newline: lines, RS empty: paragraphs), those of $apt/repositories.
apt_own_only()
{
    awk -v separator="$1" -v list="$apt/repositories" '
        BEGIN { while ((getline line < list) > 0) { own[line] = 1; n++ }
                RS = separator; ORS = separator == "" ? "\n\n" : "\n" }
        { keep = n == 0; words = split($0, word, /[ \t\n]+/)
          for (i = 1; i <= words; i++) { sub(/\/+$/, "", word[i]); if (word[i] in own) keep = 1 } }
        keep'
}
