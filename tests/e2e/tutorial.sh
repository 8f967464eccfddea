#!/bin/sh
# The tutorial, block for block: what it says works.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

# block N: the N-th block of YAML in the page
block()
{
	awk -v want="$1" '/^```yaml/ { n++; inside = 1; next } /^```/ { inside = 0 }
		inside && n == want' "$top_srcdir/docs/tutorial.md"
}

cd "$work" || exit 99
block 1 >hello.yaml
{
	block 3
	block 2
	block 4
} >disk.yaml

run dags validate hello.yaml
is "the first DAG is right" "$out" "1 file, 1 DAG, 1 task: no errors"
run dags test hello.yaml --verbose
is "and runs" "$status" 0
like "and greets" "$out" "*main.greet | hello from *"

run dags validate disk.yaml
is "the second one is right" "$status" 0
sed 's/response\.used/respnse.used/' disk.yaml >wrong.yaml
run dags validate wrong.yaml
like "misspelt, it is told where and what would be right" "$err" \
	"wrong.yaml:*:*output.respnse; did you mean output.response?*"
run dags test -v disk.yaml --conf '{"limit": 100}'
is "it runs with a parameter" "$status" 0
like "hands its result on" "$out" "*the disk is *% full*"
like "and looks at each" "$out" "*looking at db1*"
like "the second try does it" "$out" "*shaky success try=2*"
run dags test disk.yaml --conf '{"limit": 101}'
is "a parameter out of its bounds is refused" "$status" 2
run dags show disk.yaml --format svg
like "the graph can be drawn" "$out" "<svg*"
tap_done
