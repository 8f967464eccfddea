#!/bin/sh
# Connections from the command line: Airflow's flags and files; no secret is ever shown.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

run connections list
is "without a store there are no connections" "$status:$out" "0:"
ok "and looking makes no home" test ! -e "$WINDROW_HOME"
run connections get web
is "one that is not there exits 1" "$status" 1
like "and is told" "$err" "*there is no connection \"web\": neither the environment, nor the store*"

printf 'hunter2\n' >"$work/password"
"$windrow" connections add web --conn-type ssh --conn-host web1 --conn-port 2222 \
	--conn-login anna --conn-password - --conn-description 'the front' \
	--conn-extra '{"private_key": "swordfish", "conn_timeout": 5}' <"$work/password"
is "a connection is added" $? 0
run connections list
is "a list shows no values" "$out" "web	ssh	the front"
run connections list --show-values
is "unless they are asked for, and no secret even then" "$out" \
	"web	ssh	the front	web1	2222	anna		***	{\"private_key\":\"***\",\"conn_timeout\":5}"
run connections get web -o json
like "one can be looked at" "$out" '*"host": "web1",
  "port": 2222,
  "login": "anna",
  "schema": null,
  "password": "\*\*\*",*"origin": "the store"*'
like "with what it is for" "$out" '*"description": "the front",*'
ok "its secrets are not in the store's file" \
	sh -c "! grep -aq -e hunter2 -e swordfish '$WINDROW_HOME'/windrow.db*"
run connections add web
is "it cannot be added twice" "$status:$err" \
	"1:windrow: there is a connection web already; \`windrow connections edit web\` changes it"
run connections add db --conn-uri ssh://bob:pw@db1:22/?compress=true
is "a URI will do" "$status" 0
like "with a warning where it holds a password" "$err" "*others can see a command line*"
run connections add js --conn-json '{"conn_type": "ssh", "host": "js1", "description": "in JSON", "extra_dejson": {"compress": true}}'
is "so will JSON" "$status:$err" "0:"
run connections edit js --conn-uri ssh://js2?compress=true
is "which may say what it is for, and a URI does not take that away" "$("$windrow" connections get js | grep -e ^host -e ^desc -e ^extra)" \
	"description	in JSON
host	js2
extra	{\"compress\":\"true\"}"
WINDROW_CONN_JS='{"conn_id": "js", "description": "as exported", "host": "js3", "extra_dejson": {"compress": false}}' run connections get js
is "the environment says as much as a file" "$(echo "$out" | grep -e ^desc -e ^extra)" "description	as exported
extra	{\"compress\":false}"
run connections add bare
is "so will nothing but a name" "$status:$err" "0:"
run connections get bare -o json
like "which is ssh" "$out" '*"conn_type": "ssh",*'
run connections delete bare
run connections add keyed --conn-extra '{"keypair": "deploy"}'
like "a keypair that is not there is warned of" "$status:$err" \
	"0:windrow: warning: there is no keypair deploy yet: \`windrow keypairs generate deploy\` makes it, *"
run connections edit keyed --conn-host h
like "for as long as it is not" "$status:$err" "0:windrow: warning: there is no keypair deploy yet*"
run keypairs generate deploy
run connections edit keyed --conn-host h
is "and no longer" "$status:$err" "0:"
run connections delete keyed
run keypairs delete deploy
run connections add ssh://u:hunter2@h
is "a URI is no id, and not repeated" "$status:$err" \
	"1:windrow: a URI is no connection's id; \`connections add ID --conn-uri URI\` takes both"
run variables set k my hunter2
is "nor is a word too many" "$status:$err" \
	"2:windrow: variables set: word 3 is too much: it takes KEY [VALUE]; what holds blanks goes between quotes"
run connections add no --conn-uri ssh://h --conn-host h
is "a URI says all of it" "$status" 2
run connections add no --conn-type ssh --conn-extra '{"keyfile": "/k"}'
is "a wrong key of extra is told" "$status:$err" \
	"1:windrow: connection no: unknown key \"keyfile\" in extra; did you mean \"key_file\"?"
run connections add no --conn-type ssh --conn-extra hunter2
is "extra that is no JSON too" "$status" 1
run connections add loud --conn-type ssh --conn-password hunter2
like "a password on the command line is warned of" "$err" "*others can see a command line*"
run connections delete loud

run connections edit web --conn-host web2 --conn-extra '{"conn_timeout": null, "compress": true}'
is "a part can be changed" "$status:$err" "0:"
run connections get web -o json
like "the rest stays" "$out" '*"host": "web2",
  "port": 2222,*"password": "\*\*\*",
  "extra": {
    "private_key": "\*\*\*",
    "compress": true
  }*'
run connections add parts --conn-type sftp --conn-host h --conn-port 22 --conn-login anna --conn-extra '{"compress": true}'
run connections edit parts --conn-type '' --conn-port '' --conn-login '' --conn-extra ''
is "an empty value takes any part away" "$status:$("$windrow" connections get parts | sed -n 's/^\(conn_type\|port\|login\|extra\)	//p' | xargs)" \
	0:ssh
run connections edit parts --conn-port 0
is "but a port is none of 0" "$status" 2
"$windrow" connections edit parts --conn-extra - </dev/null 2>"$work/err"
is "nor is nothing read for extra" $? 1
run connections delete parts
run connections edit web
is "nothing to change is wrong usage" "$status" 2
run connections edit wbe --conn-host x
is "one that is not there cannot be changed" "$status" 1

run connections export "$work/plain.json"
is "an export leaves secrets out" "$status:$err" \
	"0:3 exported, 2 without secrets; --with-secrets takes those too"
ok "none is in it" sh -c "! grep -q -e hunter2 -e swordfish '$work/plain.json'"
is "it is its owner's alone" "$(ls -l "$work/plain.json" | cut -c1-10)" "-rw-------"
for format in json yaml env; do
	run connections export "$work/all.$format" --with-secrets
	is "an export as $format takes all" "$status:$err" "0:3 connections exported"
	WINDROW_HOME=$work/home2 run connections import "$work/all.$format"
	is "which can be imported elsewhere" "$status:$err" "0:3 of 3 connections imported"
	WINDROW_HOME=$work/home2 run connections export "$work/again.$format" --with-secrets
	ok "and is the same there" cmp "$work/all.$format" "$work/again.$format"
	rm -rf "$work/home2"
done
run connections import "$work/all.json"
is "what is there already is left alone" "$status" 0
like "and told" "$err" "connection db is there already; --overwrite replaces it*0 of 3 connections imported"
run connections import "$work/all.json" --overwrite
is "unless it may be replaced" "$err" "3 of 3 connections imported"
echo '{"fresh": "ssh://h", "bad": {"conn_type": "ssh", "extra": {"jmp": "x"}}}' >"$work/bad.json"
run connections import "$work/bad.json"
is "a wrong one is told" "$status:$err" \
	"1:$work/bad.json: left out: connection bad: unknown key \"jmp\" in extra; did you mean \"jump\"?
1 of 2 connections imported; left out: 1"
run connections get bad
is "and left out" "$status" 1
run connections get fresh
is "the rest is kept" "$status" 0
run connections delete fresh
echo '{"fresh": ' >"$work/bad.json"
run connections import "$work/bad.json"
is "what is no JSON is refused whole" "$status:$err" \
	"1:windrow: $work/bad.json: byte 11: the text ends before the value does"

printf '{"deep": {"conn_type": "http", "host": "h", "extra": {"headers": {"Authorization": "Bearer hunter5", "a": "b"}, "list": [{"password": "hunter6"}, 7]}}}' >"$work/deep.json"
WINDROW_HOME=$work/home4 run connections import "$work/deep.json"
WINDROW_HOME=$work/home4 run connections export -
like "secrets are left out however deep they stand" "$status:$(printf '%s' "$out" | tr -d ' \\\n"')" '0:*extra:{headers:{a:b},list:?{},7?}*'
like "and that is told" "$err" "*1 without secrets*"

# ---- what Airflow exports ----
airflow=$top_srcdir/tests/e2e/airflow
for file in connections.json connections.yaml connections.env connections_json.env; do
	WINDROW_HOME=$work/home2 run import airflow-connections "$airflow/$file"
	is "Airflow's $file is imported but for what cannot be" "$status:$(printf '%s\n' "$err" | sed -e 's/^[^ ]* //' -e 's/, which may say .*//')" \
		"1:left out: connection broken_extra: extra must be a JSON object, as in {\"timeout\": 10}; this is no JSON
left out: connection http_list: extra must be an object, not a list
left out: connection old_sftp: unknown key \"ignore_hostkey_verification\" in extra
left out: connection ssh_typo: unknown key \"keyfile\" in extra; did you mean \"key_file\"?
of 12 connections imported; left out: 4"
	WINDROW_HOME=$work/home2 run connections export - --with-secrets
	# URIs say no description and no capitals, and all in their extra that is text.
	is "and is what it was there" \
		"$(printf '%s\n' "$out" | sed 's/"description": "the front: web & more"/"description": null/; s/"SSH"/"ssh"/')" \
		"$(cat "$airflow/imported.json")"
	rm -rf "$work/home2"
done
echo '{"web": {"extra": []}}' >"$work/none.json"
WINDROW_HOME=$work/home2 run import airflow-connections "$work/none.json"
is "where nothing can be taken over" "$status:$err" \
	"1:$work/none.json: left out: connection web: extra must be an object, not a list
0 of 1 connections imported; left out: 1"
ok "no store is made" [ ! -e "$work/home2/windrow.db" ]
err=$(WINDROW_HOME=$work/home2 "$windrow" import airflow-connections - <"$airflow/connections.env" 2>&1)
like "a line's place is told" "$err" "standard input:2: left out: connection broken_extra: *"
rm -rf "$work/home2"

echo '{"AIRFLOW_CONN_WEB": {"conn_type": "ssh"}}' >"$work/variable.json"
run connections import "$work/variable.json"
is "a variable's name is no id, in JSON either" "$status:$err" \
	"1:$work/variable.json: left out: AIRFLOW_CONN_WEB is a variable of Airflow's environment: write the id of the connection, as in web
0 of 1 connections imported; left out: 1"
cat >"$work/quoted" <<'END'
export plain=ssh://u@h
single='{"conn_type": "ssh", "host": "q", "extra": "{\"key_file\": \"/k\"}"}'
double="ssh://u@h"
half="ssh://u@h
AIRFLOW_CONN_SSH_WEB='ssh://u@h'
noted=ssh://u@h # ours
END
WINDROW_HOME=$work/home2 run connections import "$work/quoted"
is "a file of shell variables is read as one, and what is none is told" "$status:$err" \
	"1:$work/quoted:4: left out: connection half is neither JSON nor a URI such as ssh://login@host:22/?key_file=...
$work/quoted:5: left out: AIRFLOW_CONN_SSH_WEB is a variable of Airflow's environment: write the id of the connection, as in ssh_web
$work/quoted:6: left out: connection noted: no comment may stand behind a URI; a # in it is written %23
3 of 6 connections imported; left out: 3"
WINDROW_HOME=$work/home2 run connections list -o plain
is "and nothing of a quote stays" "$(printf '%s\n' "$out" | cut -f 2 | sort -u)" ssh
rm -rf "$work/home2"

run connections add cased --conn-type Ssh --conn-host h --conn-extra '{"keyfile": "/k"}'
is "ssh may be written in capitals" "$status:$err" \
	"1:windrow: connection cased: unknown key \"keyfile\" in extra; did you mean \"key_file\"?"

run connections delete wbe
is "a wrong name names the nearest" "$err" \
	"windrow: there is no connection wbe in the store; did you mean web?"
run connections delete web
is "one can be deleted" "$status" 0
WINDROW_CONN_WEB=ssh://env run connections get web
like "the environment is looked at too" "$out" "*host	env*origin	the environment*"
WINDROW_CONN_web=ssh://small run connections get web
like "where an id may stand as it is" "$out" "*host	small*origin	the environment*"
is "one in capitals wins" "$(env WINDROW_CONN_web=ssh://small WINDROW_CONN_WEB=ssh://large "$windrow" connections get web |
	sed -n 's/^host	//p')" large
echo 'web: {conn_type: ssh, host: file}' >"$WINDROW_HOME/connections.yaml"
chmod 644 "$WINDROW_HOME/connections.yaml"
run connections get web
like "connections.yaml is not read where others can" "$err" '*others can read it (mode 644); run chmod 600*'
chmod 600 "$WINDROW_HOME/connections.yaml"
run connections get web
like "but where they cannot" "$out" "*host	file*origin	$WINDROW_HOME/connections.yaml"

cat >"$work/dag.yaml" <<'EOF'
dag_id: c
stages:
  S:
    tasks:
      echo:
        operator: local
        command: echo $<conn.db.login>@$<conn.db.host>:$<conn.db.port>
EOF
run tasks test "$work/dag.yaml" echo
is "expressions see stored connections" "$out" bob@db1:22
tap_done
