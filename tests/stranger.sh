#!/bin/sh
# A stranger's first hour: on a bare Debian 12 and a bare Debian 13, made by debootstrap from the machine's own apt sources, the
# commands of the README's "Try it" and then the tutorial, as they stand there. Only root can; it takes half an hour a release.
#   tests/stranger.sh SOURCE-FOLDER
# STRANGER_RELEASES   which (bookworm trixie)
# STRANGER_ROOTS      a folder in which the bare roots are kept, packed, for the next time
# STRANGER_COMMANDS   a pattern of grep -E: those of the README's commands that are run (all)
set -u
src=$(cd "$1" && pwd) || exit 99
releases=${STRANGER_RELEASES:-bookworm trixie}

count=0 failed=0
give_up()
{
	echo "1..0 # SKIP $*"
	exit 0
}
[ "$(id -u)" = 0 ] || give_up "only root can make a root folder for itself"
for tool in debootstrap unshare ip apt-get apt-config; do
	command -v $tool >/dev/null || give_up "there is no $tool here"
done
# N.B. the mirror's name is the machine's affair.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 '/debian/*$')
[ -n "$mirror" ] || give_up "apt knows no Debian archive here"

work=$(mktemp -d "${TMPDIR:-/tmp}/windrow-stranger.XXXXXX") || exit 99
# N.B. each root's mounts are in a namespace that ends with its command: nothing of the machine's is below what is removed here.
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 1' HUP INT TERM

# ok NAME COMMAND...: the command succeeds; if not, the end of what it said is shown
ok()
{
	name=$1
	shift
	count=$((count + 1))
	if "$@" >"$work/said" 2>&1 </dev/null; then
		echo "ok $count - $name"
		return 0
	fi
	echo "not ok $count - $name"
	tail -n 60 "$work/said" | sed 's/^/# /'
	failed=1
	return 1
}

# enter ROOT COMMAND...: runs it there, as on a machine of its own; where $alone is --net, with a network of its own, too
alone=
enter()
{
	# shellcheck disable=SC2086 # nothing, or a flag
	unshare --mount --pid --fork --kill-child $alone sh -c '
		root=$1
		shift
		mount -t proc proc "$root/proc" && mount --rbind /sys "$root/sys" && mount --rbind /dev "$root/dev" &&
			mount -t tmpfs tmpfs "$root/run" && ip link set lo up || exit 99
		exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 TERM=xterm \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"' sh "$@"
}

# bare RELEASE ROOT: a system of that release with nothing in it, that reaches its archive as this machine does
bare()
{
	kept=${STRANGER_ROOTS:+$STRANGER_ROOTS/$1.tar}
	mkdir -p "$2" || return 1
	if [ -n "$kept" ] && [ -s "$kept" ]; then
		tar -C "$2" -xpf "$kept" || return 1
	else
		debootstrap --variant=minbase "$1" "$2" "$mirror" || return 1
		if [ -n "$kept" ]; then
			mkdir -p "$STRANGER_ROOTS" && tar -C "$2" -cpf "$kept.new" . && mv "$kept.new" "$kept" || return 1
		fi
	fi
	apt-config dump | grep -E '^Acquire::(https?::|Check-)' >"$2/etc/apt/apt.conf.d/90machine"
	cp /etc/resolv.conf "$2/etc/resolv.conf"
	echo '127.0.0.1 localhost web1.example.org' >"$2/etc/hosts"
}

# copy ROOT: the project as somebody gets it, without what was built here
copy()
{
	mkdir -p "$1/root/windrow" || return 1
	if git -c safe.directory='*' -C "$src" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git -c safe.directory='*' -C "$src" ls-files -z >"$work/files"
	else
		(cd "$src" && find . \( -name build -o -name ci \) -prune -o -type f -print0) >"$work/files"
	fi
	tar -C "$src" --null -T "$work/files" -cf - | tar -C "$1/root/windrow" -xf -
}

# The commands that the README has under "Try it", a line each, with what is said behind them.
tries()
{
	awk '/^## / { here = $0 == "## Try it" } here && /^```sh/ { inside = 1; next } /^```/ { inside = 0 } inside' \
		"$src/README.md" | grep -E "${STRANGER_COMMANDS:-.}"
}

# The tutorial's host is another account of the same root, whose sshd has port 22 of a network with nobody else in it.
tutorial()
{
	alone=--net
	enter "$1" sh -c '
		useradd -m -s /bin/sh deploy && echo "deploy:open sesame" | chpasswd && mkdir -p /run/sshd && /usr/sbin/sshd || exit 99
		cd /root/windrow && TUTORIAL_PASSWORD="open sesame" top_srcdir=/root/windrow \
			top_builddir=/root/windrow/build exec sh tests/e2e/tutorial.sh'
	status=$?
	alone=
	return $status
}

# hour RELEASE: what comes needs what was before
hour()
{
	release=$1 root=$work/$1
	ok "$release: a bare root" bare "$release" "$root" || return
	ok "$release: the project is put there" copy "$root" || return
	tries >"$work/tries"
	while read -r line; do
		ok "$release: ${line%%  *}" enter "$root" sh -c "cd /root/windrow && $line" || return
	done <"$work/tries"
	ok "$release: the tutorial" tutorial "$root"
}

for release in $releases; do
	hour "$release"
	rm -rf --one-file-system "${work:?}/$release"
done
echo "1..$count"
exit $failed
