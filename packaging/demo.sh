#!/bin/sh
# Runs the example dags/host_survey.yaml over SSH to this very machine: an sshd of its own on
# loopback, with keys made for it, and all of it gone afterwards.
#   packaging/demo.sh WINDROW
set -u # not -e: what is cleaned up at the end may be gone already
top=$(cd "$(dirname "$0")/.." && pwd)
windrow=$1

work=$(mktemp -d "${TMPDIR:-/tmp}/windrow-demo.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
. "$top/tests/e2e/sshd.sh"
sshd_start
rm -f "$me/.ssh/known_hosts" # windrow is to find the host's key itself
WINDROW_HOME=$work/home
export WINDROW_HOME
cd "$top" || exit 1

# step WORD...: shows a command of windrow's, and runs it
step()
{
	printf '\n$ windrow'
	for word in "$@"; do
		case $word in
		*[!A-Za-z0-9_./=-]*) printf " '%s'" "$word" ;;
		*) printf ' %s' "$word" ;;
		esac
	done
	echo
	"$windrow" "$@" || exit 1
}

echo "An sshd of our own listens on port $port of this machine."
step keypairs generate demo
"$windrow" keypairs export demo --public >"$sshd_dir/authorized_keys"
step connections add survey --conn-host 127.0.0.1 --conn-port "$port" --conn-login "$sshd_user" \
	--conn-extra '{"keypair": "demo"}'
step connections discover-host-key survey --fingerprint \
	"$(ssh-keygen -l -f "$sshd_dir/host_key.pub" | cut -d ' ' -f 2)"
step connections test survey
step dags show dags/host_survey.yaml
step dags test dags/host_survey.yaml
echo
echo "And this is its report:"
sed -n 's/^.*task_log.c:[0-9]*} INFO - //p' "$WINDROW_HOME"/logs/*/*/task_id=Report.verdict/attempt=1.log
echo
echo "The program is $windrow. docs/tutorial.md leads from a first DAG to one for a host of your own."
