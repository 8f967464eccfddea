# The least that could do the same: a shell loop, xargs, and a loop over libssh2. No engine: it is the
# limit that engines are held against.
. "$top_srcdir/bench/peers/kit.sh"
bare=$top_builddir/bench/bare_ssh

peer_install()
{
	"$bare" 2>&1 | grep -q usage || {
		echo "bench/bare_ssh is not built" >&2
		return 1
	}
}

peer_version()
{
	echo "dash, xargs, libssh2"
}

peer_told()
{
	cat <<'TOLD'
What the least does, without names, states, logs: a loop of `/bin/sh -c true`; `xargs -P16` of the same; `bench/bare_ssh`, which runs one command on the
channels of a few connections over libssh2 (the best of 1, 2, 4 and 8 connections, 64 channels on each), and for many hosts one such process a host.
TOLD
}

chain()
{
	chain_i=0
	while [ $chain_i -lt "$1" ]; do
		/bin/sh -c true
		chain_i=$((chain_i + 1))
	done
}

peer_chain()
{
	timed chain "$1"
}

wide()
{
	seq "$1" | xargs -P16 -I'{}' /bin/sh -c true
}

peer_wide()
{
	timed wide "$1"
}

peer_ssh()
{
	for ssh_connections in 1 2 4 8; do
		timed "$bare" 127.0.0.1 "$port" "$user" "$key" "$ssh_connections" "${SESSIONS:-64}" "$1" true || return 1
	done | sort -k 2n | head -n 1
}

hosts()
{
	for hosts_i in $(seq "$n_hosts"); do
		"$bare" "127.0.0.$hosts_i" "$port" "$user" "$key" 1 "$(($1 / n_hosts))" "$(($1 / n_hosts))" true &
	done
	wait
}

peer_hosts()
{
	timed hosts "$1"
}

kit_main "$@"
