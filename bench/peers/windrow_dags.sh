# The DAGs that windrow runs in the report, written to standard output; sourced by its two peers, each
# of which has its own `run KIND N`. $detach: whether tasks over ssh are durable.

dag_chain()
{
	echo "default_args: {operator: local}"
	echo "tasks:"
	seq "$1" | awk '{ print "  t" $1 ": {command: \"true\"" ($1 > 1 ? ", depends_on: [t" $1 - 1 "]" : "") "}" }'
}

dag_wide()
{
	echo "max_active_tasks: 16"
	echo "default_args: {operator: local}"
	echo "tasks:"
	seq "$1" | awk '{ print "  t" $1 ": {command: \"true\"}" }'
}

# dag_over N COMMAND HOSTS: over ssh, on so many hosts in turn
dag_over()
{
	echo "max_active_tasks: $1"
	echo "default_args: {operator: ssh, detach: $detach}"
	echo "tasks:"
	seq "$1" | awk -v command="$2" -v hosts="$3" '{
		printf "  t%d: {ssh_conn_id: host%d, command: \"%s\"}\n", $1, ($1 - 1) % hosts + 1, command }'
}

dag_ssh()
{
	dag_over "$1" true 1
}

dag_hosts()
{
	dag_over "$1" true "$n_hosts"
}

dag_sleep()
{
	dag_over "$1" "$sleep_command" 1
}

peer_chain()
{
	run chain "$1"
}

peer_wide()
{
	run wide "$1"
}

peer_ssh()
{
	run ssh "$1"
}

peer_hosts()
{
	run hosts "$1"
}

for host in $(seq "$n_hosts"); do
	export "WINDROW_CONN_HOST$host=ssh://$user@127.0.0.$host:$port/?key_file=$key"
done
