#!/bin/sh
# docs/cli.md tells of every command, and of every flag where its command stands.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
page=$top_srcdir/docs/cli.md

# The part of the page under the heading of one command.
part()
{
	awk -v head="### windrow $*" '
		/^##/ { inside = $0 == head || index($0, head " ") == 1 }
		inside { print }' "$page"
}

check()
{
	part "$@" >"$work/part"
	ok "docs/cli.md tells of windrow $*" test -s "$work/part"
	"$windrow" "$@" --help | grep -oE '^  (-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+' |
		grep -v -- --help >"$work/flags"
	while read -r flag; do
		ok "and of its $flag" grep -q -- "$flag\\b" "$work/part"
	done <"$work/flags"
}

entries()
{
	"$windrow" "$@" --help | sed -n -e '/^and: /{s/^and: //;s/,//gp}' -e '/^usage/,/^example/s/^  \([a-z][a-z-]*\).*/\1/p'
}

for group in $(entries); do
	if "$windrow" "$group" --help | grep -q ' VERB '; then
		for verb in $(entries "$group"); do
			check "$group" "$verb"
		done
	else
		check "$group"
	fi
done
"$windrow" config list | while read -r section key rest; do
	grep -q "^| \`$section.$key\` |" "$page" || echo "$section.$key $rest"
done >"$work/missing"
is "docs/cli.md tells of every setting" "$(cat "$work/missing")" ""
for heading in $(sed -n 's/^### windrow \([a-z-]*\) *\([a-z-]*\).*/\1.\2/p' "$page"); do
	group=${heading%.*}
	verb=${heading#*.}
	"$windrow" "$group" --help | grep -q " VERB " || verb=
	run "$group" ${verb:+"$verb"} --help
	is "windrow $group $verb is there, as docs/cli.md says" "$status" 0
done
tap_done
