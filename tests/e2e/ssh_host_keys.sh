#!/bin/sh
# A host with keys of several types: which of them is asked for, and what a change of type comes to.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
for type in rsa ecdsa; do
	ssh-keygen -q -t $type -N '' -C "root@host" -f "$sshd_dir/key_$type"
done
ssh-keygen -q -t ecdsa -b 521 -N '' -f "$work/other"
sshd_start "HostKey $sshd_dir/key_rsa" "HostKey $sshd_dir/key_ecdsa"
cp "$sshd_dir/host_key.pub" "$sshd_dir/key_ed25519.pub"
known=$me/.ssh/known_hosts
box=$WINDROW_CONN_BOX
cat >"$work/t.yaml" <<'E'
tasks:
  t: {operator: ssh, ssh_conn_id: box, command: "echo it ran"}
E

# try [KEY=VALUE]: runs the task over the connection, with this added
try()
{
	WINDROW_CONN_BOX=$box${1:+&$(printf '%s' "$1" | sed 's/+/%2B/g; s/ /%20/g')}
	export WINDROW_CONN_BOX
	rm -rf "$WINDROW_HOME/logs"
	run dags test "$work/t.yaml"
}

print_of()
{
	ssh-keygen -lf "$1" | cut -d' ' -f2
}

for type in rsa ecdsa ed25519; do
	key=$sshd_dir/key_$type.pub
	printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d' ' -f1,2 "$key")" >"$known"
	try
	is "$type: the key that is known is asked for" "$status" 0
	: >"$known"
	for said in "$(cat "$key")" "$(cut -d' ' -f2 "$key")" "$(cut -d' ' -f1,2 "$key")%0A"; do
		try "host_key=$said"
		is "$type: so is the host_key of a connection, as ${#said} bytes" "$status" 0
	done
done
shown=$(print_of "$sshd_dir/key_ed25519.pub")
try "host_key=$shown"
is "a fingerprint as ssh shows it first" "$status" 0
try "host_key=$(cat "$work/other.pub")"
like "another host_key is refused, with the key that is shown" "$(task_log main.t)" \
	"*is $shown, which is not the host_key of connection box*"
try "host_key=$(cat "$sshd_dir/key_rsa.pub")&no_host_key_check=true"
like "to say a key and not to check it" "$(task_log main.t)" "*host_key and no_host_key_check do not go together*"

try "host_key=MD5:00"
like "a host_key that is none" "$(task_log main.t)" "*connection box: host_key is neither a key*"

printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d' ' -f1,2 "$work/other.pub")" >"$known"
try
is "a host that has no key of the type that is known" "$status" 1
like "has changed, with both fingerprints" "$(task_log main.t)" \
	"*CHANGED: $known, line 1, knows $(print_of "$work/other.pub"), but the host shows $shown*"
try "allow_host_key_change=true"
is "which may be allowed" "$status" 0
like "and is warned of" "$(task_log main.t)" "*WARNING*is not the one that*allow_host_key_change is set*"

{
	printf 'default_args: {operator: ssh, ssh_conn_id: box}\nmax_active_tasks: 100\ntasks:\n'
	seq 40 | sed "s/.*/  t&: {command: 'true'}/"
} >"$work/t.yaml"
: >"$known"
try "host_key_policy=accept-new"
is "accept-new where many connect at once" "$status" 0
is "records the key once" "$(cat "$known")" "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$sshd_dir/key_ed25519.pub")"

# A host whose line was taken away is unknown again, whatever else the file says and was accepted before.
cat >"$work/t.yaml" <<END
default_args: {operator: ssh, ssh_conn_id: box}
tasks:
  first: {command: "true"}
  forget:
    operator: local
    depends_on: [first]
    script: |
      echo "other $(cut -d' ' -f1,2 "$sshd_dir/key_ed25519.pub")" >$known
  again: {depends_on: [forget], command: "true"}
END
: >"$known"
try "host_key_policy=accept-new"
is "accept-new of a host that was forgotten" "$status" 0
is "records its key anew" "$(grep -c "^\[127.0.0.1\]:$port ssh-" "$known")" 1
tap_done
