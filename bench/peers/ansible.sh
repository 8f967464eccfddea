# Ansible, ad hoc.
. "$top_srcdir/bench/peers/kit.sh"
venv=$PEERS_DIR/ansible
ANSIBLE_CONFIG=$work/ansible.cfg
export ANSIBLE_CONFIG

peer_install()
{
	[ ! -x "$venv/bin/ansible" ] || return 0
	python3 -m venv "$venv" && "$venv/bin/pip" install -q ansible-core >"$work/pip" 2>&1 || {
		echo "pip install ansible-core: $(tail -n 1 "$work/pip")" >&2
		return 1
	}
}

peer_version()
{
	"$venv/bin/ansible" --version >"$work/out" && head -n 1 "$work/out"
}

peer_told()
{
	cat <<'TOLD'
From PyPI. `ansible all -i INVENTORY -m raw -a true`: the module that needs nothing on the host; `pipelining = True`, `forks = 16`, `gather_facts` off,
`ControlMaster=auto` with `ControlPersist=60s`, as its documentation recommends for speed. It runs one command a host, so one host is many names of it;
1,000 are cut down to 200, the sleeping ones to 50, as a task is a process.
TOLD
}

peer_size()
{
	du -sm "$venv" | awk '{ print "mib", $1 }'
}

peer_command()
{
	timed "$venv/bin/ansible" --version
}

# inventory N HOSTS: so many names of so many hosts
inventory()
{
	cat >"$ANSIBLE_CONFIG" <<CONFIG
[defaults]
forks = 16
gathering = explicit
interpreter_python = $(command -v python3)
[ssh_connection]
pipelining = True
ssh_args = -F $ssh_config -o ControlMaster=auto -o ControlPersist=60s
control_path = $work/ansible-%%h-%%p
CONFIG
	seq "$1" | awk -v n="$2" '{ print "box" $1 " ansible_host=127.0.0." $1 % n + 1 }' >"$work/inventory"
}

peer_ssh()
{
	at_most "$1" 200
	inventory "$n" 1
	timed "$venv/bin/ansible" all -i "$work/inventory" -m raw -a true
}

peer_hosts()
{
	inventory "$1" "$n_hosts"
	timed "$venv/bin/ansible" all -i "$work/inventory" -m raw -a true
}

peer_sleep()
{
	sleepers_prepare
	at_most "$1" 50
	inventory "$n" 1
	"$venv/bin/ansible" all -f "$n" -i "$work/inventory" -m raw -a "$sleep_command" >"$work/out" 2>&1 &
	kit_sleepers "$n" $!
	sleep_status=$?
	wait
	return $sleep_status
}

kit_main "$@"
