# windrow as in windrow.sh, but its tasks over ssh die with their connection, as those of all other peers do.
detach=false
WINDROW_HOME=$work/windrow-plain
. "$top_srcdir/bench/peers/windrow_service.sh"

peer_told()
{
	cat <<'TOLD'
The same scheduler, its tasks over ssh with `detach: false`: they die with the connection, as those of all others here do. What is not done
over ssh is not measured again.
TOLD
}

peer_start()
{
	service_start >/dev/null
}

peer_chain()
{
	return 3
}

peer_wide()
{
	return 3
}

kit_main "$@"
