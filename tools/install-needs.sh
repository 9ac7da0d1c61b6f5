#!/bin/bash
# Installs what is missing of the groups named (build, test, lint; all when none is named) on
# Debian 12.  Changes nothing when nothing is missing.  Servers that are installed for the tests
# are not started: a policy-rc.d forbids it while this runs.
set -eu

needs=$(dirname "$0")/needs.txt
guard=/usr/sbin/policy-rc.d
guard_is_ours=false

say() { printf 'install-needs: %s\n' "$*" >&2; }

refuse() {
    say "$1"
    say "remedy: $2"
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

packages_of() {
    awk -v wanted=" $* " '!/^#/ && NF == 2 && index(wanted, " " $1 " ") { print $2 }' "$needs"
}

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

guard_remove() {
    if $guard_is_ours; then
        as_root rm -f "$guard"
    fi
}

# One that stands already is left alone: somebody else has decided.
guard_place() {
    if [ -e "$guard" ]; then
        return
    fi
    guard_is_ours=true
    trap guard_remove EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$guard" >/dev/null
    as_root chmod 755 "$guard"
}

install_packages() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@"
}

for group in "$@"; do
    case $group in
    build | test | lint) ;;
    *) refuse "there is no group $group" "name build, test or lint, or nothing for all" ;;
    esac
done
[ $# -gt 0 ] || set -- build test lint

missing=()
for package in $(packages_of "$@"); do
    if ! command -v dpkg-query >/dev/null; then
        missing+=("$package")
    elif ! is_installed "$package"; then
        missing+=("$package")
    fi
done
[ ${#missing[@]} -gt 0 ] || exit 0

by_hand="as root: apt-get install --no-install-recommends ${missing[*]}"
command -v apt-get >/dev/null ||
    refuse "this is not Debian: apt-get is missing" "install what stands for: ${missing[*]}"
if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    refuse "not root, and there is no sudo" "$by_hand"
fi
if [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null && ! sudo -v; then
    refuse "sudo does not let us" "$by_hand"
fi

say "installing ${missing[*]}"
guard_place
# The lists may be old or missing: they are fetched when the first attempt fails.
install_packages "${missing[@]}" 2>/dev/null || {
    as_root apt-get -qq -o DPkg::Lock::Timeout=300 update || true
    install_packages "${missing[@]}" || refuse "apt-get could not install ${missing[*]}" \
        "see what it says above; is the network there, and is this Debian 12 (bookworm)?"
}
