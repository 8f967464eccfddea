#!/bin/sh
# Tasks over connections that are kept in the store.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "$top_srcdir/tests/e2e/sshd.sh"

sshd_start
unset WINDROW_CONN_BOX
cat >"$work/dag.yaml" <<'EOF'
dag_id: stored
stages:
  S:
    tasks:
      hello:
        operator: ssh
        ssh_conn_id: box
        command: echo "hello from $<conn.box.login>"
EOF
run dags test "$work/dag.yaml"
is "a connection that is nowhere fails the run" "$status" 1
like "and is told" "$(task_log S.hello)" '*there is no connection "box": neither the environment, nor the store*'

jq -Rs '{private_key: .}' <"$sshd_dir/user_key" >"$work/extra" 2>/dev/null ||
	printf '{"private_key": "%s"}' "$(awk '{ printf "%s\\n", $0 }' "$sshd_dir/user_key")" >"$work/extra"
"$windrow" connections add box --conn-type ssh --conn-host 127.0.0.1 --conn-port "$port" \
	--conn-login "$sshd_user" --conn-extra - <"$work/extra"
is "a connection is stored with its private key" $? 0
run dags test "$work/dag.yaml"
is "a task runs over it" "$status" 0
like "where it should" "$(task_log S.hello)" "*hello from $sshd_user*"
key=$(sed -n 2p "$sshd_dir/user_key")
ok "its key is in no file of home" sh -c "! grep -rqF '$key' '$WINDROW_HOME'"
run secrets rotate
is "the keys are rotated" "$status" 0
run dags test "$work/dag.yaml"
is "and it runs again" "$status" 0

run connections edit box --conn-extra '{"private_key": null, "keypair": "deploy"}'
run dags test "$work/dag.yaml"
is "a keypair that is not there fails the run" "$status" 1
like "and is told" "$(task_log S.hello)" "*connection box: there is no keypair deploy*"
mv "$WINDROW_HOME/windrow.db" "$work/away"
run dags test "$work/dag.yaml"
is "without the store the connection is gone" "$status" 1
printf 'box: ssh://%s@127.0.0.1:%s/?key_file=%s\n' "$sshd_user" "$port" "$sshd_dir/user_key" \
	>"$WINDROW_HOME/connections.yaml"
chmod 600 "$WINDROW_HOME/connections.yaml"
run dags test "$work/dag.yaml"
is "unless connections.yaml has it" "$status" 0
tap_done
