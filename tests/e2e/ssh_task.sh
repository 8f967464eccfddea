#!/bin/sh
# Tasks on a real sshd: what they get, what they leave, and what a person reads of it.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
sshd_start

cat >"$work/hand-on.yaml" <<'E'
default_args: {operator: ssh, ssh_conn_id: box}
stages:
  Make:
    tasks:
      json: {script: 'printf "{\"list\": [1, {\"x\": \"it''s\"}]}" > $SCRIPT_RESPONSE_FILE'}
      text: {command: 'printf "two words\n" > $SCRIPT_RESPONSE_FILE; echo out; echo err >&2'}
  Use:
    tasks:
      all:
        script: |
          printf '%s|' $<Make.json.output.response.list[1].x> $<Make.text.output.response> \
            $<Make.text.output.logs> $<Make.text.output.error> $<Make.text.output.exitCode> \
            $<Make.text.output.status> $<Make.text.output.completed> $<Make.text.output.userFolder>
          cat $<Make.text.output.responseFilePath> $<Make.text.output.logFilePath>
E
run dags test "$work/hand-on.yaml"
is "a run over ssh succeeds" "$status" 0
log=$(task_log Use.all)
like "responses, streams and paths are handed on" "$log" \
	"*it's|two words|out|err|0|success|true|$host|two words*out*"
like "the log names the connection" "$log" "*box*$sshd_user@127.0.0.1:$port*"
like "and the check of the host key" "$log" '*Host key SHA256:* is known (*known_hosts, line 1)*'
like "and the server" "$log" '*Connected (version 2.0, client OpenSSH_*'
like "and how we logged in" "$log" '*Authentication (publickey) successful!*'
like "and what runs" "$log" '*Running script: * bytes*'
like "and how it ended" "$log" '*Marking task as SUCCESS. dag_id=hand-on, task_id=Use.all, *'
is "the login is told once" "$(task_log Make.text | grep -c 'Authentication (')" 1
like "a command is shown" "$(task_log Make.text)" '*Running command: printf "two words*'
# Of a task that keeps nothing on its host nine outputs are there, and the paths of its files are not.
cat >"$work/plain.yaml" <<'E'
default_args: {operator: ssh, ssh_conn_id: box, detach: false}
stages:
  Make:
    tasks:
      text: {command: 'printf "two words\n" > $SCRIPT_RESPONSE_FILE; echo out; echo err >&2'}
      fails: {command: exit 3, ignore_failure: true}
      link: {command: 'echo theirs >"$HOME/theirs"; ln -s "$HOME/theirs" "$SCRIPT_RESPONSE_FILE"'}
  Use:
    tasks:
      all:
        script: |
          printf '%s|' $<Make.link.output.response | default('none')> $<Make.text.output.response> $<Make.text.output.logs> $<Make.text.output.error> \
            $<Make.text.output.exitCode> $<Make.text.output.status> $<Make.text.output.completed> \
            $<Make.text.output.userFolder> "$(test -n $<Make.text.output.scriptExecutionId> && echo id)" \
            $<Make.text.output.errorMessage> $<Make.fails.output.exitCode> $<Make.fails.output.errorMessage> \
            $<Make.text.output.logFilePath | default('none')>
      path: {command: 'cat $<Make.text.output.responseFilePath>'}
E
run dags test "$work/plain.yaml"
like "without a folder on the host outputs are there" "$(task_log Use.all)" \
	"*none|two words|out|err|0|success|true|$host|id||3|the script ended with exit status 3|none|*"
like "but paths, which is told where one is read" "$out$err" \
	'*Make.text has no responseFilePath: with `detach: false` or `get_pty: true` its files are not kept on the host*'

# What ended long ago is swept; what still runs, and what ended today, stays.
mkdir "$host/.windrow/dags" "$host/.windrow/logs" "$host/.windrow/0old" "$host/.windrow/0runs" "$host/.windrow/0never"
echo tasks >"$host/.windrow/dags/claim"
printf '%-40s\n1\n' 'exit 0' >"$host/.windrow/0old/claim"
printf '%-40s\n%s\n' '' "$$" >"$host/.windrow/0runs/claim"
touch -d '2 days ago' "$host/.windrow/0old/claim" "$host/.windrow/0runs/claim" "$host/.windrow/0never" \
	"$host/.windrow/dags/claim" "$host/.windrow/logs"
run dags test "$work/hand-on.yaml"
patience=$(($(date +%s) + 60))
while { [ -e "$host/.windrow/0old" ] || [ -e "$host/.windrow/0never" ]; } && [ "$(date +%s)" -lt "$patience" ]; do
	:
done
ok "an execution of two days ago is swept" [ ! -e "$host/.windrow/0old" ]
ok "and a folder in which none began" [ ! -e "$host/.windrow/0never" ]
ok "one that runs is not" [ -e "$host/.windrow/0runs/claim" ]
is "nor those of today" "$(find "$host"/.windrow/0* -name claim | wc -l)" 7
ok "nor what lies there of a windrow of the host's own" [ -e "$host/.windrow/dags/claim" ]
ok "though it be empty" [ -d "$host/.windrow/logs" ]

mkdir "$host/.windrow/0hours" "$host/.windrow/0hour"
printf '%-40s\n1\n' 'exit 0' | tee "$host/.windrow/0hours/claim" >"$host/.windrow/0hour/claim"
touch -d '3 hours ago' "$host/.windrow/0hours/claim"
touch -d '1 hour ago' "$host/.windrow/0hour/claim"
WINDROW__CORE__REMOTE_RETENTION=2h run dags test "$work/hand-on.yaml"
patience=$(($(date +%s) + 60))
while [ -e "$host/.windrow/0hours" ] && [ "$(date +%s)" -lt "$patience" ]; do
	:
done
ok "of another remote_retention what is older is swept" [ ! -e "$host/.windrow/0hours" ]
ok "and what is not is kept" [ -e "$host/.windrow/0hour" ]

# A response that was not written is none, and one that holds nothing is an empty text, as on this machine.
for plain in '' ', detach: false'; do
	for op in 'operator: local' 'operator: ssh, ssh_conn_id: box'; do
		cat >"$work/none.yaml" <<E
default_args: {$op$plain}
tasks:
  none: {command: 'true'}
  empty: {command: ': > \$SCRIPT_RESPONSE_FILE'}
  use: {command: 'printf "%s|" $<none.output.response | default("none")> $<empty.output.response | default("none")>'}
  miss: {command: 'echo $<none.output.response>'}
E
		run dags test "$work/none.yaml"
		like "none, and an empty one: $op$plain" "$(task_log main.use)" '* - none||*'
		like "and who reads none is told: $op$plain" "$(task_log main.miss)" '*main.none wrote no response*'
	done
done

# A folder that is taken away under its script: of one that is not followed yet, and of one that is.
# N.B. the timeout is for the day on which an end is never told.
cat >"$work/gone.yaml" <<'E'
default_args: {operator: ssh, ssh_conn_id: box, execution_timeout: 60s}
tasks:
  quick: {script: 'rm -rf "${SCRIPT_RESPONSE_FILE%/*}"'}
  slow: {script: 'd=${SCRIPT_RESPONSE_FILE%/*}; echo out; until [ -e "$d/followed" ] || [ ! -d "$d" ]; do :; done; rm -rf "$d"; exit 3'}
E
run dags test "$work/gone.yaml"
for task in quick slow; do
	like "$task: a folder that is taken away is told" "$(task_log main.$task)" \
		"*$host/.windrow/* was taken away while the script ran, and its output and response with it*"
done

# And of one that was attached to again.
cat >"$work/attached.yaml" <<E
tasks:
  t:
    operator: ssh
    ssh_conn_id: box
    execution_timeout: 60s
    script: 'echo "\${SCRIPT_RESPONSE_FILE%/*}" >$work/folder; until [ -e $work/go ] || [ ! -d $work ]; do sleep 0.1; done'
E
"$windrow" dags test "$work/attached.yaml" >"$work/out" 2>"$work/err" &
pid=$!
until { [ -s "$work/folder" ] && task_log main.t | grep -q 'Running script'; } || ! kill -0 "$pid" 2>/dev/null; do
	:
done
read -r folder <"$work/folder"
sshd_crash
sshd_again
until task_log main.t | grep -q 'Attached to the script again' || ! kill -0 "$pid" 2>/dev/null; do
	:
done
rm -rf "$folder"
: >"$work/go"
wait "$pid"
like "attached: a folder that is taken away is told" "$(task_log main.t)" \
	"*$folder was taken away while the script ran; how it ended is not known*"
is "and nothing that the script has not printed" "$(task_log main.t | grep 'task_log.c:[0-9]*} WARNING')" ""

# And of one whose folder went before it was attached to: its script runs on, and its next try does not run beside it.
cat >"$work/beside.yaml" <<E
tasks:
  t:
    operator: ssh
    ssh_conn_id: box
    execution_timeout: 60s
    retries: 1
    retry_delay: 0s
    script: |
      echo begin >>$work/ledger
      echo "\${SCRIPT_RESPONSE_FILE%/*}" >$work/folder
      until [ -e $work/go ] || [ ! -d $work ]; do sleep 0.1; done
      echo end >>$work/ledger
E
rm -f "$work/go" "$work/folder"
rm -rf "$WINDROW_HOME/logs"
"$windrow" dags test "$work/beside.yaml" >"$work/out" 2>"$work/err" &
pid=$!
until { [ -s "$work/folder" ] && task_log main.t | grep -q 'Running script'; } || ! kill -0 "$pid" 2>/dev/null; do
	:
done
read -r folder <"$work/folder"
rm -rf "$folder"
sshd_crash
sshd_again
until [ "$(wc -l <"$work/ledger")" -gt 1 ] || task_log main.t | grep -q 'Attached to the script again' || ! kill -0 "$pid" 2>/dev/null; do
	:
done
: >"$work/go"
wait "$pid"
is "a script whose folder is gone is waited for" "$(xargs <"$work/ledger")" "begin end begin end"
like "which is told" "$(cat "$WINDROW_HOME"/logs/*/*/*/attempt=1.log)" \
	"*$folder was taken away while the script ran; how it ended is not known*"

# A disk with room, and none for one file more: wherever that is so, the task ends.
disk=$work/disk
mkdir "$disk"
if [ "$(id -u)" != 0 ] || ! mount -t tmpfs -o size=1m,nr_inodes=3 none "$disk" 2>/dev/null; then
	skip 6 "only root can mount a disk"
	tap_done
fi
trap 'sshd_stop; umount -l "$disk"; rm -rf "$work"' EXIT
sshd_stop
host=$disk
sshd_start
cat >"$work/full.yaml" <<'E'
default_args: {operator: ssh, ssh_conn_id: box, execution_timeout: 60s}
tasks:
  t: {script: "echo out; exit 3"}
E
for inodes in 4 5 6; do
	rm -rf "$disk/.windrow"
	mount -o "remount,nr_inodes=$inodes" "$disk"
	run dags test "$work/full.yaml"
	like "$inodes inodes: nothing is run" "$(task_log main.t)" "*no file can be made in $disk/.windrow/*; is its disk full?*"
done
for inodes in 7 8 9; do
	rm -rf "$disk/.windrow"
	mount -o "remount,nr_inodes=$inodes" "$disk"
	run dags test "$work/full.yaml"
	like "$inodes inodes: a script is run" "$(task_log main.t)" "*INFO - out*the script ended with exit status 3*"
done
tap_done
