#!/bin/sh
# An account of its own on this machine, made and taken away by this test, and so as root alone:
# passwords, plain and as answers to questions; Dropbear as the server.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
if [ "$(id -u)" != 0 ] || ! command -v useradd >/dev/null || ! command -v chpasswd >/dev/null; then
	echo "1..0 # SKIP only root can make an account"
	exit 0
fi
. "${top_srcdir:-.}/tests/e2e/sshd.sh"

# What is written here the account reads, too.
umask 022
account=wrt$$
chmod 755 "$work" "$host"
useradd -M -d "$work/account" -s /bin/sh "$account" || {
	echo "1..0 # SKIP no account can be made here"
	exit 0
}
# N.B. an account with processes is not taken away.
trap '[ -z "${dropbear_pid:-}" ] || kill "$dropbear_pid" 2>/dev/null
	sshd_stop
	left=100
	while [ $left -gt 0 ] && pkill -KILL -u "$account"; do left=$((left - 1)); done
	userdel "$account" 2>/dev/null; rm -rf "/tmp/.windrow-$account" "$work"' EXIT
rm -rf "/tmp/.windrow-$account"
runuser -u "$account" -- test -x "$work" || {
	echo "1..0 # SKIP the folder of temporary files here is root's alone"
	exit 0
}
echo "$account:open sesame" | chpasswd
mkdir -p "$work/account/.ssh"
cp "$sshd_dir/user_key.pub" "$work/account/.ssh/authorized_keys"
chown -R "$account" "$work/account"
chmod -R go= "$work/account"

cat >"$work/t.yaml" <<'E'
tasks:
  t: {operator: ssh, ssh_conn_id: box, command: "whoami; pwd"}
E

# try EXTRA-OF-URI PASSWORD: runs the task as the account
try()
{
	WINDROW_CONN_BOX="ssh://$account${2:+:$2}@127.0.0.1:$port/?$1"
	export WINDROW_CONN_BOX
	rm -rf "$WINDROW_HOME/logs"
	run dags test "$work/t.yaml"
}

# ---- passwords ----
sshd_start "PasswordAuthentication yes" "UsePAM yes" "AuthorizedKeysFile .ssh/authorized_keys" "SetEnv HOME=$work/account"
try "" "open%20sesame"
is "a password is taken" "$status" 0
like "and said to be" "$(task_log main.t)" \
	"*INFO - Using connection box: $account@127.0.0.1:$port, password \*\*\**Authentication (password) successful!*INFO - $account*"
try "" "open%20barley"
is "a wrong one is not" "$status" 1
like "and what was tried is told" "$(task_log main.t)" \
	"*authentication as $account failed: tried password; the server offers *password; is the password right?*"
case $(cat "$WINDROW_HOME"/logs/*/*/*/* "$work/out" "$work/err") in
*barley*) shown=yes ;;
*) shown=no ;;
esac
is "but the password is not shown" "$shown" no
printf 'open sesame\n' >"$work/password"
run connections add acc --conn-type ssh --conn-host 127.0.0.1 --conn-port "$port" --conn-login "$account"
: >"$work/account/.ssh/authorized_keys"
"$windrow" connections setup acc --yes <"$work/password" >"$work/out" 2>"$work/err"
setup_status=$?
is "an account is set up with its password said once" "$setup_status" 0
[ "$setup_status" = 0 ] || sed 's/^/# /' "$work/err" "$work/out"
ok "its key is on the host" grep -q . "$work/account/.ssh/authorized_keys"
cp "$work/account/.ssh/authorized_keys" "$work/first"
"$windrow" connections setup acc --yes <"$work/password" >"$work/out" 2>"$work/err"
ok "once, however often" cmp -s "$work/first" "$work/account/.ssh/authorized_keys"
sed -i 's/ssh_conn_id: box/ssh_conn_id: acc/' "$work/t.yaml"
run dags test "$work/t.yaml"
is "from then on a key does" "$status" 0
WINDROW_CONN_NEAR="ssh://$account:open%20sesame@127.0.0.1:$port"
export WINDROW_CONN_NEAR
run connections edit acc --conn-extra '{"jump": "near", "host_key": null}'
: >"$work/account/.ssh/authorized_keys"
"$windrow" connections setup acc --yes <"$work/password" >"$work/out" 2>"$work/err"
is "so is one behind a jump host, which is reached as ever" "$?" 0
run dags test "$work/t.yaml"
is "and a key does there too" "$status" 0
sed -i 's/ssh_conn_id: acc/ssh_conn_id: box/' "$work/t.yaml"
sshd_stop
cp "$sshd_dir/user_key.pub" "$work/account/.ssh/authorized_keys"

# ---- a host that wants a key and a password ----
sshd_start "PasswordAuthentication yes" "UsePAM yes" "AuthorizedKeysFile .ssh/authorized_keys" \
	"AuthenticationMethods publickey,password" "SetEnv HOME=$work/account"
try "key_file=$sshd_dir/user_key" "open%20sesame"
is "a host that wants both is given both" "$status" 0
like "which is said" "$(task_log main.t)" "*Authentication (password) successful!*"
try "key_file=$sshd_dir/user_key"
like "where there is but the key, what else is wanted is told" "$(task_log main.t)" \
	"*failed: tried $sshd_dir/user_key (taken, but not enough); the server offers password; give it a password*"
sshd_stop

sshd_start "PasswordAuthentication yes" "UsePAM yes" "AuthorizedKeysFile .ssh/authorized_keys" \
	"AuthenticationMethods password,publickey" "SetEnv HOME=$work/account"
try "key_file=$sshd_dir/user_key" "open%20sesame"
is "so is one that wants the password first" "$status" 0
sshd_stop

# ---- an account that may not log in ----
sshd_start "UsePAM yes" "AuthorizedKeysFile .ssh/authorized_keys"
usermod -e 1 "$account"
try "key_file=$sshd_dir/user_key"
is "an account that has expired" "$status" 1
like "is told as that" "$(task_log main.t)" "*the server hung up during authentication; is the account locked or expired there?*"
usermod -e '' "$account"
sshd_stop

# ---- a host where others share the folders of temporary files ----
mkdir -p "$work/shared/.windrow-$account"
chmod 777 "$work/shared" "$work/shared/.windrow-$account"
sshd_start "AuthorizedKeysFile .ssh/authorized_keys" "SetEnv HOME=/no/such TMPDIR=$work/shared"
try "key_file=$sshd_dir/user_key"
is "where somebody else has made our folder" "$status" 0
is "nothing is put into that" "$(ls "$work/shared/.windrow-$account")" ""
ok "but into one of its own" [ -d "/tmp/.windrow-$account" ]
rm -rf "/tmp/.windrow-$account" "$work/shared/.windrow-$account"
mkdir "$work/own"
chown "$account" "$work/own"
ln -s "$work/own" "$work/shared/.windrow-$account"
try "key_file=$sshd_dir/user_key"
is "nor is a link to one of ours, which somebody else could lead elsewhere" "$status:$(ls "$work/own")" 0:
rm -rf "/tmp/.windrow-$account"
sshd_stop

sshd_start "PasswordAuthentication no" "KbdInteractiveAuthentication yes" "UsePAM yes" "SetEnv HOME=$work/account"
try "" "open%20sesame"
if [ "$status" = 0 ]; then
	like "a password answers questions" "$(task_log main.t)" "*Authentication (keyboard-interactive) successful!*"
else
	like "questions that nobody asks are told" "$(task_log main.t)" "*the server offers*"
fi
try "" "open%20barley"
is "a wrong answer is not taken" "$status" 1
sshd_stop

# ---- start-up files that send the streams elsewhere ----
if [ -x /bin/bash ] && usermod -s /bin/bash "$account" 2>/dev/null; then
	sshd_start "AuthorizedKeysFile .ssh/authorized_keys" "UsePAM yes" "SetEnv HOME=$work/account"
	for line in 'exec 2>&1' 'exec 2>/dev/null' 'exec >/dev/null'; do
		echo "$line" >"$work/account/.bashrc"
		try "key_file=$sshd_dir/user_key"
		like "$line: a task fails, and says why" "$(task_log main.t)" "*a start-up file of the login shell*"
	done
	echo 'umask 0777' >"$work/account/.bashrc"
	try "key_file=$sshd_dir/user_key"
	like "so is an umask that lets nobody read" "$(task_log main.t)" "*cannot be read; does the umask*"
	echo 'PATH=/no/such' >"$work/account/.bashrc"
	try "key_file=$sshd_dir/user_key"
	like "and a PATH without the usual programs" "$(task_log main.t)" "*the PATH that the login shell sets, /no/such, has no mkdir*"
	echo 'unset HOME' >"$work/account/.bashrc"
	try "key_file=$sshd_dir/user_key"
	is "without a HOME a script runs in /" "$(task_log main.t | grep -c ' - /$')" 1
	echo 'exec cat' >"$work/account/.bashrc"
	# N.B. a machine with much else to do may need more than that second to let us in.
	sed 's/tasks:/default_args: {retries: 100, retry_delay: 10ms}\n&/' "$work/t.yaml" >"$work/slow.yaml"
	box=$WINDROW_CONN_BOX
	WINDROW_CONN_BOX="$box&conn_timeout=1"
	rm -rf "$WINDROW_HOME/logs"
	"$windrow" dags test "$work/slow.yaml" >"$work/out" 2>"$work/err" &
	slow_pid=$!
	looks=0
	until task_log main.t 2>/dev/null | grep -q 'wait for input' || [ $looks = 3000 ]; do
		looks=$((looks + 1))
	done
	like "one that eats its input is told of" "$(task_log main.t)" "*does a start-up file of the login shell wait for input*"
	kill -s KILL "$slow_pid"
	wait "$slow_pid" 2>/dev/null
	WINDROW_CONN_BOX=$box
	echo 'echo noise' >"$work/account/.bashrc"
	run connections test box
	like "one that talks is not taken for the command" "$out" "*a command ran as $account on *"
	rm "$work/account/.bashrc"
	sshd_stop
	usermod -s /bin/sh "$account"
fi

# ---- Dropbear ----
if ! command -v dropbear >/dev/null || ! command -v dropbearkey >/dev/null; then
	tap_done
	exit
fi
for type in ed25519 rsa ecdsa; do
	dropbearkey -t $type -f "$work/dropbear_$type" >/dev/null 2>&1
	ssh-keygen -q -t $type -N '' -C "$type" -f "$work/$type"
	cat "$work/$type.pub" >>"$work/account/.ssh/authorized_keys"
done
tries=0
while :; do
	tries=$((tries + 1))
	port=$(awk -v seed="$$$tries" 'BEGIN { srand(seed); print 20000 + int(rand() * 12000) }')
	: >"$work/dropbear.log"
	dropbear -F -E -m -r "$work/dropbear_ed25519" -r "$work/dropbear_rsa" -P "$work/dropbear.pid" \
		-p "127.0.0.1:$port" 2>"$work/dropbear.log" &
	dropbear_pid=$!
	until [ -s "$work/dropbear.pid" ] || ! kill -0 "$dropbear_pid" 2>/dev/null; do :; done
	[ -s "$work/dropbear.pid" ] && ! grep -q 'Address already' "$work/dropbear.log" && break
	kill "$dropbear_pid" 2>/dev/null
	rm -f "$work/dropbear.pid"
	[ "$tries" -lt 20 ] || break
done
: >"$me/.ssh/known_hosts"
try "key_file=$work/ed25519"
like "Dropbear: a host that is not known is refused" "$(task_log main.t)" "*host key*not known*"
run connections add drop --conn-type ssh --conn-host 127.0.0.1 --conn-port "$port" --conn-login "$account" \
	--conn-extra "{\"key_file\": \"$work/ed25519\"}"
run connections discover-host-key drop --yes
is "Dropbear: its key is discovered" "$status" 0
for type in ed25519 rsa ecdsa; do
	try "key_file=$work/$type&host_key_policy=accept-new"
	is "Dropbear: $type is taken" "$status" 0
	[ "$status" = 0 ] || task_log main.t | sed 's/^/# /'
done
try "host_key_policy=accept-new" "open%20sesame"
is "Dropbear: a password too" "$status" 0
cat >"$work/many.yaml" <<'E'
default_args: {operator: ssh, ssh_conn_id: box}
tasks:
  durable:
    script: |
      seq 20000
      seq 20000 >&2
      printf '{"n": 1}' > "$SCRIPT_RESPONSE_FILE"
  plain: {detach: false, script: "seq 20000; echo $HOME", retries: 0}
  fails: {command: "exit 7", ignore_failure: true}
  after: {command: "test $<durable.output.response.n> = 1"}
  long: {command: "sleep 1000", execution_timeout: 300ms, ignore_failure: true}
E
WINDROW_CONN_BOX="ssh://$account@127.0.0.1:$port/?key_file=$work/ed25519&host_key_policy=accept-new"
export WINDROW_CONN_BOX
rm -rf "$WINDROW_HOME/logs"
run dags test "$work/many.yaml"
is "Dropbear: tasks run" "$status" 0
[ "$status" = 0 ] || printf '%s\n' "$out" | sed 's/^/# /'
is "Dropbear: output is whole" \
	"$(task_log main.durable | grep -cE ' - [0-9]+$') $(task_log main.plain | grep -cE ' - [0-9]+$')" "40000 20000"
case $out in *"onnection is lost"*) said=lost ;; *) said="" ;; esac
is "Dropbear: no connection is lost" "$said" ""
like "Dropbear: an exit status is told" "$out" "*main.fails failed*"
is "Dropbear: what is killed is gone" "$(pgrep -u "$account" -af 'sleep 1000')" ""
# It breaks a connection where a channel is opened as the command of another ends.
cat >"$work/wide.yaml" <<'E'
default_args: {operator: ssh, ssh_conn_id: box, retries: 0}
tasks:
  list: {operator: local, command: "seq -s , 60 | sed 's/.*/[&]/' > $SCRIPT_RESPONSE_FILE"}
  each: {depends_on: [list], for_each: "$<list.output.response>", detach: false, command: "true"}
E
run dags test "$work/wide.yaml"
is "Dropbear: many at once" "$status" 0
[ "$status" = 0 ] || printf '%s\n' "$out" | grep -v running | tail -20 | sed 's/^/# /'
kill "$dropbear_pid"
wait "$dropbear_pid" 2>/dev/null
dropbear_pid=
tap_done
