# ssh through one connection that a ControlMaster keeps: a client for each task, 16 at once.
. "$top_srcdir/bench/peers/kit.sh"

peer_install()
{
	command -v ssh >/dev/null
}

peer_version()
{
	ssh -V 2>&1
}

peer_told()
{
	cat <<'TOLD'
A connection a host, kept by `ssh -M` (`ControlMaster`), over which `xargs -P16 -I'{}' ssh -S SOCKET HOST true` goes; the masters' start and end are counted.
TOLD
}

# masters N: on so many hosts; masters_end ends them
masters()
{
	for master in $(seq "$1"); do
		"$ssh" -M -N -f -S "$work/master-127.0.0.$master" -o ControlPersist=no "127.0.0.$master" &
	done
	wait
}

masters_end()
{
	for master in $(seq "$1"); do
		"$ssh" -S "$work/master-127.0.0.$master" -O exit "127.0.0.$master" 2>/dev/null &
	done
	wait
}

one_host()
{
	masters 1
	seq "$1" | xargs -P16 -I'{}' "$ssh" -S "$work/master-127.0.0.1" 127.0.0.1 true
	one_status=$?
	masters_end 1
	return $one_status
}

peer_ssh()
{
	timed one_host "$1"
}

many_hosts()
{
	masters "$n_hosts"
	seq "$1" | awk -v n="$n_hosts" '{ print "127.0.0." $1 % n + 1 }' |
		xargs -P16 -I'{}' "$ssh" -S "$work/master-{}" '{}' true
	many_status=$?
	masters_end "$n_hosts"
	return $many_status
}

peer_hosts()
{
	timed many_hosts "$1"
}

kit_main "$@"
