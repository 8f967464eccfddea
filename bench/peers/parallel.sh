# GNU parallel.
. "$top_srcdir/bench/peers/kit.sh"

peer_install()
{
	deb_install parallel parallel
}

peer_version()
{
	parallel --version | head -n 1
}

peer_told()
{
	cat <<'TOLD'
`parallel -j16 'true #{}'` for local tasks (a shell each); over ssh `parallel --ssh "ssh -F ..." -S 16/HOST 'true #{}'`, of 20 hosts `-S
1/HOST,...`, since it tries each slot first; with `--controlmaster`, as its manual recommends for speed. Of the sleeping ones without it, since one connection
has no room for more than MaxSessions; they are cut down to 100, and 1,000 on one host to 200.
TOLD
}

peer_size()
{
	deb_size parallel
}

peer_command()
{
	timed parallel --version
}

wide()
{
	seq "$1" | parallel --will-cite -j16 'true #{}'
}

peer_wide()
{
	timed wide "$1"
}

# over N SSHLOGINS
over()
{
	seq "$1" | parallel --will-cite --controlmaster --ssh "$ssh" -S "$2" 'true #{}'
}

peer_ssh()
{
	at_most "$1" 200
	timed over "$n" 16/127.0.0.1
}

peer_hosts()
{
	timed over "$1" "$(seq "$n_hosts" | sed 's|^|1/127.0.0.|' | paste -sd, -)"
}

peer_sleep()
{
	sleepers_prepare
	at_most "$1" 100
	seq "$n" | parallel --will-cite --ssh "$ssh" -S "$n/127.0.0.1" "$sleep_command #{}" >"$work/out" 2>&1 &
	kit_sleepers "$n" $!
	sleep_status=$?
	wait
	return $sleep_status
}

kit_main "$@"
