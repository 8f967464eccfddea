#!/bin/sh
# `tasks render` and `schema`: what a task would be handed, and what editors are told.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

cat >"$work/r.yaml" <<'END'
params:
  who: "it's me"
environment:
  DAY: $<run.ds>
stages:
  Build:
    tasks:
      make:
        operator: local
        command: "true"
      parts:
        operator: local
        for_each: [one, "two three"]
        command: echo $<item> $<index>
  Ship:
    tasks:
      copy:
        operator: local
        when: $<params.who> == "it's me"
        script: |
          cp -- "$<Build.make.output.response.file>" $<params.who>
        arguments: [$<params.who>, plain]
      tell:
        operator: local
        command: echo $<Build.make.output.response.file | default("none")>
      all:
        operator: local
        command: echo $<Build.parts.output.response>
END

run tasks render "$work/r.yaml" Ship.copy --logical-date 2026-03-01 \
	-r 'Build.make={"file": "a\"b $(id)"}'
is "render exits 0" "$status" 0
is "and says nothing else" "$err" ""
is "every key comes quoted as the host will get it" "$out" "# when
true

# script
cp -- \"a\\\"b \\\$(id)\" 'it'\\''s me'


# arguments
[
  \"it's me\",
  \"plain\"
]

# environment
{
  \"DAY\": \"2026-03-01\"
}"

cat >"$work/day.yaml" <<'END'
schedule: "@daily"
timezone: Europe/London
tasks:
  a: {operator: local, command: echo $<run.data_interval_start> $<run.data_interval_end>}
END
run tasks render "$work/day.yaml" a --logical-date 2026-03-30T21:40
is "the interval of a run by hand is the last one that is complete, over a change of the clocks too" "$out" \
	"# command
echo '2026-03-29T00:00:00+00:00' '2026-03-29T23:00:00+00:00'"

run tasks render "$work/r.yaml" copy --conf '{"who": "you"}' -o json \
	-r 'Build.make={"file": "x"}'
like "-o json is one object, and a bare name will do" "$out" '{
  "when": false,
  "script": "cp -- \\"x\\" *you*'

run tasks render "$work/r.yaml" Ship.copy
is "an output that nobody left is an error" "$status" 1
like "which names the key and the task" "$err" "windrow: Ship.copy: script: *Build.make*"

run tasks render "$work/r.yaml" Ship.tell
like "but with a default()" "$out" "# command
echo *none*"

run tasks render "$work/r.yaml" Build.parts -i 1 -l 2026-03-01
like "the second item of a for_each" "$out" "# item
two three

# command
echo 'two three' *1*"
run tasks render "$work/r.yaml" Build.parts -i 2
is "an item that there is not" "$err" \
	"windrow: Build.parts: for_each has 2 items, counted from 0; there is no item 2"

run tasks render "$work/r.yaml" Ship.copy -r Build.make
is "a response without a value is wrong usage" "$status" 2
like "and told" "$err" 'windrow: --response: "Build.make" is not TASK=JSON*'
run tasks render "$work/r.yaml" Ship.copy -r 'Build.mkae={}'
like "a task that there is not names the nearest" "$err" '*did you mean "Build.make"?'
run tasks render "$work/r.yaml" Ship.copi
is "nor can be rendered" "$status:$err" '1:windrow: r has no task "Ship.copi"; did you mean "Ship.copy"?'
run tasks render "$work/r.yaml" Ship.all -r 'Build.parts=[]'
like "outputs of a for_each cannot be made up" "$err" 'windrow: --response: Build.parts is a for_each*'

# Every task of the second stage waits for every one of the first: a join stands between.
{
	echo "stages:"
	for stage in Up Down; do
		echo "  $stage:"
		echo "    tasks:"
		i=0
		while [ $i -lt 100 ]; do
			i=$((i + 1))
			if [ $stage$i = Down1 ]; then
				echo "      t$i: {operator: local, command: 'echo \$<Up.t7.output.response>'}"
			else
				echo "      t$i: {operator: local, command: 'true'}"
			fi
		done
	done
} >"$work/wide.yaml"
run tasks list "$work/wide.yaml"
is "of a wide DAG too, all that a task waits for is listed" \
	"$(printf '%s\n' "$out" | sed -n 's/^Down\.t100	.*all_success	//p' | tr ',' '\n' | wc -l)" 100
run dags show "$work/wide.yaml" --format json
is "and drawn as JSON" "$(printf '%s\n' "$out" | grep -c '"Up.t7"')" 101
run dags show "$work/wide.yaml"
like "and what is read stands in the drawing" "$out" "*t1 *reads Up.t7*"

run schema
is "schema exits 0" "$status" 0
like "and names the operators' keys" "$out" '*"$schema": "http://json-schema.org/draft-07/schema#"*"working_directory"*'
if command -v python3 >/dev/null; then
	ok "it is JSON" python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$work/out"
else
	skip 1 "no python3 here"
fi
tap_done
