#!/bin/sh
# The Debian package: built from a tarball of `make dist`, judged by lintian, unpacked into a folder
# of its own, and its program run. Where there is no debhelper it says so.
#   tests/deb.sh TARBALL
set -eu
tarball=$1
if ! command -v dh >/dev/null; then
	echo "ok 1 - the package builds # SKIP no debhelper here"
	exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/windrow-deb.XXXXXX")
trap 'rm -rf "$work"' EXIT
count=0
ok() {
	count=$((count + 1))
	name=$1
	shift
	if "$@" >"$work/said" 2>&1; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		sed 's/^/# /' "$work/said" | tail -n 40
		exit 1
	fi
}

build() {
	# N.B. -d: where libssh2 comes from ./setup deps, dpkg does not know of it.
	cd "$work"/windrow-* && DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" dpkg-buildpackage -d -us -uc -b
}

# Whoever publishes the package puts an address of theirs into it. And where the system's libssh2 is
# too old, that of ./setup deps is linked into the program.
lint() {
	left_out=bogus-mail-host,bogus-mail-host-in-debian-changelog
	pkg-config --exists 'libssh2 >= 1.11' || left_out=$left_out,embedded-library
	lintian --fail-on error --allow-root --suppress-tags "$left_out" "$work"/windrow_*.changes
}

tar -C "$work" -xf "$tarball"
ok "the package builds" build
if command -v lintian >/dev/null; then
	ok "lintian finds no error in it" lint
fi
ok "it unpacks" dpkg-deb -x "$work"/windrow_*.deb "$work/root"
ok "its program runs" "$work/root/usr/bin/windrow" version
for file in usr/share/man/man1/windrow.1.gz usr/share/man/man5/windrow-dag.5.gz \
	usr/share/man/man5/windrow.yaml.5.gz usr/share/bash-completion/completions/windrow \
	usr/share/fish/vendor_completions.d/windrow.fish usr/lib/sysusers.d/windrow.conf; do
	ok "it brings $file" test -s "$work/root/$file"
done
ok "and zsh's completions" test -n "$(find "$work/root/usr/share/zsh" -name _windrow)"
ok "and the unit" test -n "$(find "$work/root" -name windrow.service)"
ok "which names the program" grep -q '^ExecStart=/usr/bin/windrow scheduler' \
	"$(find "$work/root" -name windrow.service)"
echo "1..$count"
