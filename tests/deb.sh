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
# N.B. each lintian finds other errors: one judges.
case $(lintian --print-version 2>/dev/null) in
2.116.*) ok "lintian finds no error in it" lint ;;
*) echo "# lintian was not asked: Debian 12's judges" ;;
esac
ok "it unpacks" dpkg-deb -x "$work"/windrow_*.deb "$work/root"
ok "so do its scripts" dpkg-deb -e "$work"/windrow_*.deb "$work/control"
ok "its program runs" "$work/root/usr/bin/windrow" version
for file in usr/share/man/man1/windrow.1.gz usr/share/man/man5/windrow-dag.5.gz \
	usr/share/man/man5/windrow.yaml.5.gz usr/share/bash-completion/completions/windrow \
	usr/share/fish/vendor_completions.d/windrow.fish usr/lib/sysusers.d/windrow.conf; do
	ok "it brings $file" test -s "$work/root/$file"
done
# Every link of a page leads to something that was installed, but for the license, which Debian keeps elsewhere, and the
# measurements.
links() {
	find "$work/root/usr/share/doc/windrow" -name '*.md' | while read -r page; do
		grep -oE '\]\([^)#:]+[)#]' "$page" | sed 's/^](//;s/.$//' | grep -vx -e LICENSE -e '\.\./bench/.*' | while read -r to; do
			test -e "$(dirname "$page")/$to" || echo "$page: $to"
		done
	done >"$work/lost"
	cat "$work/lost"
	test ! -s "$work/lost"
}
ok "and pages whose links lead somewhere" links
ok "and zsh's completions" test -n "$(find "$work/root/usr/share/zsh" -name _windrow)"
ok "and the unit" test -n "$(find "$work/root" -name windrow.service)"
ok "which is enabled and started" grep -q 'deb-systemd-invoke' "$work/control/postinst"
ok "which names the program" grep -q '^ExecStart=/usr/bin/windrow scheduler' \
	"$(find "$work/root" -name windrow.service)"

# An upgrade: the scheduler is stopped, the store migrated, the scheduler started. Only our own part of postinst is run, with the
# user's name for another: what debhelper adds would be done to this machine.
ok "an upgrade stops the scheduler first" sh -c "sed -n '/^# Automatically added by dh_installsystemd/,/^# End/p' '$work/control/prerm' |
	grep -q 'deb-systemd-invoke stop'"
ok "and starts it when the store is migrated" awk '/db migrate/ { done = NR } /deb-systemd-invoke/ { if (!done) bad = 1; at = NR }
	END { exit !(done && at) || bad }' "$work/control/postinst"
mkdir -p "$work/bin"
cat >"$work/bin/runuser" <<'END'
#!/bin/sh
shift 3
exec "$@"
END
echo '#!/bin/sh' >"$work/bin/getent"
chmod +x "$work/bin/runuser" "$work/bin/getent"
sed '/^# Automatically added/,$d' "$work/control/postinst" >"$work/postinst"
store=$work/root/var/lib/windrow
upgrade() {
	DPKG_ROOT=$work/root PATH=$work/bin:$work/root/usr/bin:$PATH sh "$work/postinst" configure 0.0.9
}
upgraded() {
	WINDROW_HOME=$store "$work/root/usr/bin/windrow" db check
}
ok "where there is no store an upgrade makes none" upgrade
ok "indeed" test ! -e "$store/windrow.db"
if command -v sqlite3 >/dev/null; then
	mkdir -p "$store"
	{
		echo "PRAGMA journal_mode = WAL; PRAGMA application_id = 0x77647277;"
		cat "$work"/windrow-*/store/migrations/001_*.sql
		echo "CREATE TABLE schema_migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL);"
		echo "INSERT INTO schema_migrations VALUES (1, '001', 0);"
	} | sqlite3 "$store/windrow.db" >/dev/null
	if upgraded >/dev/null 2>&1; then
		ok "a store of an older windrow is told from one of this" false
	fi
	ok "an upgrade migrates the store" upgrade
	ok "which is this windrow's then" upgraded
fi
echo "1..$count"
