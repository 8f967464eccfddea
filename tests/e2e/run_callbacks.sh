#!/bin/sh
# on_success, on_failure, on_retry: scripts and web servers are told, with the event; what fails there
# harms nothing; a crash loses none of them and runs none twice.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
mkdir -p "$WINDROW_HOME/dags"
. "$top_srcdir/tests/e2e/daemon.sh"

if ! command -v python3 >/dev/null || ! command -v jq >/dev/null; then
	skip 1 "no python3 or no jq here"
	tap_done
fi
asked=$work/asked
python3 "$top_srcdir/tests/e2e/hook.py" "$asked" &
hook=$!
trap 'kill $hook; [ -z "$daemon" ] || kill -s KILL "$daemon"; chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT
until_ok "a web server is there" test -s "$asked.port"
at=http://127.0.0.1:$(cat "$asked.port")

# what of the question that was asked at PATH
said()
{
	jq -r "select(.path == \"$1\") | $2" "$asked"
}

log_of()
{
	cat "$WINDROW_HOME"/logs/dag_id=*/run_id=*/task_id="$1"/attempt="${2:-1}".log
}

export WINDROW_VAR_TOKEN=s3cr3t-hook WINDROW_VAR_SCHEME=ftp
cat >"$work/t.yaml" <<END
default_args: {operator: local}
environment: {GREETING: hello}
tasks:
  good:
    script: |
      printf '{"n": 4}' >"\$SCRIPT_RESPONSE_FILE"
    on_success:
      script: |
        echo "\$WINDROW_EVENT" >$work/event
        echo "\$GREETING \$<main.good.output.response.n>"
  bad:
    command: exit 3
    retries: 1
    retry_delay: 10ms
    on_retry: {url: "$at/retry"}
    on_failure:
      - {command: exit 7}
      - {url: "$at/broken"}
      - {url: "$at/text?\$<var.TOKEN>", headers: {X-Who: me}, method: PUT, body: "\$<main.bad.output.errorMessage>"}
      - {url: "https://127.0.0.1:${at##*:}/tls"}
      - {url: "\$<var.SCHEME>://127.0.0.1/"}
      - {command: "echo \$<var.NOBODY_KNOWS>"}
      - {url: "$at/hang", timeout: 100ms}
  never: {command: "true", depends_on: [bad], on_failure: {url: "$at/never"}}
on_failure: {url: "$at/run"}
on_success: {url: "$at/never"}
END
run dags test "$work/t.yaml"
is "a run whose callbacks fail is what its tasks make of it" "$status" 1
is "a script has the event" "$(jq -r '[.event, .state, .task_id, .try_number] | @csv' "$work/event")" \
	'"on_success","success","main.good",1'
like "and the environment, and the task's own output" \
	"$(cat "$WINDROW_HOME"/logs/*/*/task_id=main.good.on_success/map_index=0/attempt=1.log)" "* - hello 4*"
like "the task's log tells how it went" "$(log_of main.good)" "*callback main.good.on_success, action 1: done*"
is "a retry is told" "$(said /retry '.body | fromjson | [.event, .state, .try_number, .message] | @csv')" \
	'"on_retry","up_for_retry",1,"the script ended with exit status 3"'
is "as JSON" "$(said /retry '.headers["content-type"]')" application/json
like "with a key of its own" "$(said /retry '.headers["idempotency-key"]')" "????????????????????????????????"
is "a body of one's own is sent as it is" "$(said "/text?s3cr3t-hook" '[.method, .body, .headers["x-who"]] | @csv')" \
	'"PUT","the script ended with exit status 3","me"'
is "a run tells of itself" "$(said /run '.body | fromjson | [.event, .state, .task_id] | @csv')" '"on_failure","failed",'
# N.B. on a busy machine the time that /hang has may be over before it is asked at all.
is "nothing else was asked" "$(jq -r .path "$asked" | grep -vx /hang | sort | tr '\n' ' ')" "/broken /retry /run /text?s3cr3t-hook "
for line in "action 1: failed: it ended with exit status 7" "action 2: failed: the server answered 500" \
	"action 3: the server answered 200" "action 5: failed: url: want an address that begins with http" \
	"action 6: failed: command: *NOBODY_KNOWS*" \
	"action 7: failed: *timed out*"; do
	# shellcheck disable=SC2254 # a pattern
	like "told: $line" "$(log_of main.bad 2)" "*callback main.bad.on_failure, $line*"
done
like "a server that cannot prove itself is not told" "$(log_of main.bad 2)" "*action 4: failed: *SSL*"
is "an address is never shown" "$(grep -rl "s3cr3t-hook" "$WINDROW_HOME/logs")$(grep s3cr3t-hook "$work/err" "$work/out")" ""
like "failures are told on standard error" "$err" "*callback main.bad.on_failure, action 1: failed*"

mkdir "$work/lib"
echo "no library" >"$work/lib/libcurl.so.4"
cat >"$work/without.yaml" <<END
tasks: {a: {operator: local, command: "true", on_success: {url: "$at/never"}}}
END
LD_LIBRARY_PATH=$work/lib
export LD_LIBRARY_PATH
run dags test "$work/without.yaml"
unset LD_LIBRARY_PATH
is "where libcurl cannot be loaded a run goes on" "$status" 0
like "and who was not asked is told, with what to do" "$err" "*takes libcurl, which cannot be loaded*apt-get install libcurl4*"

cat >"$work/each.yaml" <<END
default_args: {operator: local}
environment: {WHO: "\$<task.id> of \$<dag.id>"}
tasks:
  each:
    for_each: [a, b]
    command: test \$<item> = a
    on_failure: {url: "$at/each"}
on_failure:
  command: echo "\$WHO, \$WINDROW_TASK_ID" >$work/who
END
run dags test "$work/each.yaml"
is "a run's own goes by its event where the environment names the task" "$(cat "$work/who" 2>/dev/null)" \
	"on_failure of each, on_failure"
is "a for_each fails as a whole" "$(said /each '.body | fromjson | [.task_id, .map_index] | @csv')" '"main.each",'

# The scheduler: a crash while a callback runs, and while one waits for the store.
cat >"$work/c.yaml" <<END
schedule: '@once'
default_args: {operator: local}
tasks:
  one:
    command: "true"
    on_success:
      script: |
        echo began >>$work/ledger
        while [ -d $work ] && [ ! -e $work/go ]; do sleep 0.05; done
        echo ended >>$work/ledger
on_success: {url: "$at/over"}
END
daemon_start
cp "$work/c.yaml" "$dags/.c" && mv "$dags/.c" "$dags/c.yaml"
until_ok "a callback runs" test -s "$work/ledger"
until_ok "the run is over though it does" grep -q "c: run .* is success" "$daemon_log"
until_ok "the web server is told" grep -q '"/over"' "$asked"
daemon_kill
: >"$work/go"
daemon_start
until_ok "the callback that ran is taken up after a crash" grep -q "callback main.one.on_success, action 1: done" "$daemon_log"
is "and ran once" "$(cat "$work/ledger" | tr '\n' ' ')" "began ended "
if command -v sqlite3 >/dev/null; then
	until_ok "nothing is owed any more" sh -c "[ \"\$(sqlite3 '$WINDROW_HOME/windrow.db' 'SELECT COUNT(*) FROM callbacks')\" = 0 ]"
	number=$(sqlite3 "$WINDROW_HOME/windrow.db" "SELECT MIN(number) FROM runs")
	daemon_kill
	sqlite3 "$WINDROW_HOME/windrow.db" "INSERT INTO callbacks VALUES ('owed-1', $number, -1, -1, 1, 'on_success', 0, '{\"from\":\"before\"}', 1)"
	daemon_start
	until_ok "what was owed of a run that is over is done after a crash" grep -q owed-1 "$asked"
	is "with the event as it was" "$(jq -r 'select(.headers["idempotency-key"] == "owed-1") | .body' "$asked")" '{"from":"before"}'
else
	skip 5 "no sqlite3 here"
fi

# A server that does not answer, and a scheduler that is stopped meanwhile.
cat >"$dags/.h" <<END
schedule: '@once'
tasks:
  one: {operator: local, command: "true", on_success: {url: "$at/hang", timeout: 5m}}
END
: >"$asked"
mv "$dags/.h" "$dags/h.yaml"
until_ok "a server is asked" grep -q /hang "$asked"
daemon_stop
is "the scheduler stops though it waits for an answer" "$status" 0
daemon_start
until_ok "it asks again" sh -c "[ \$(grep -c /hang '$asked') = 2 ]"
is "with the same key" "$(said /hang '.headers["idempotency-key"]' | sort -u | wc -l | tr -d ' ')" 1
daemon_stop
is "and stops again" "$status" 0
tap_done
