#!/bin/sh
# What is installed beside the program: manual pages that name every command and flag, pages of
# settings and of the language, completions in their places, a unit that systemd takes.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
pages=$top_builddir/packaging

# The page as plain text, one blank between words.
plain()
{
	sed -e 's/^\.It //' -e 's/^\.[A-Z][a-z0-9]* //' -e 's/\\f[BR]//g' -e 's/\\&//g' -e 's/\\(dq/"/g' -e 's/\\-/-/g' \
		-e 's/\\e/\\/g' "$pages/$1" >"$work/$1"
}

plain windrow.1
plain windrow-dag.5
plain windrow.yaml.5

entries()
{
	"$windrow" "$@" --help | sed -n -e '/^and: /{s/^and: //;s/,//gp}' -e '/^usage/,/^example/s/^  \([a-z][a-z-]*\).*/\1/p'
}

for group in $(entries); do
	if "$windrow" "$group" --help | grep -q ' VERB '; then
		entries "$group" | sed "s/^/$group /"
	else
		echo "$group"
	fi
done >"$work/commands"
while read -r group verb; do
	ok "windrow(1) tells of windrow $group $verb" \
		grep -qx "windrow $group${verb:+ $verb}" "$work/windrow.1"
	sed -n "/^windrow $group${verb:+ $verb}\$/,/^Example/p" "$work/windrow.1" >"$work/part"
	# shellcheck disable=SC2086 # nothing where there is no verb
	"$windrow" "$group" $verb --help </dev/null | grep -oE '^  (-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+' |
		grep -v -- --help >"$work/flags"
	while read -r flag; do
		grep -q -- "Fl ${flag#-}\\b" "$work/part" || echo "$group $verb $flag"
	done <"$work/flags" >>"$work/untold"
done <"$work/commands"
is "and of all their flags" "$(cat "$work/untold")" ""

"$windrow" config list -o plain | while read -r section key rest; do
	grep -q "^Cm $section.$key\$" "$work/windrow.yaml.5" || echo "$section.$key $rest"
done >"$work/missing"
is "windrow.yaml(5) tells of every setting" "$(cat "$work/missing")" ""
for key in dag_id stages trigger_rule retry_delay on_failure on_retry command script timeout; do
	ok "windrow-dag(5) tells of $key" grep -q "^Cm $key :" "$work/windrow-dag.5"
done

if command -v mandoc >/dev/null; then
	mandoc -Tlint -W warning "$pages"/*.[15] >"$work/lint"
	is "mandoc finds nothing wrong with the pages" "$(cat "$work/lint")" ""
else
	skip 1 "no mandoc here"
fi
if command -v man >/dev/null && command -v groff >/dev/null; then
	for page in "$pages"/*.[15]; do
		LC_ALL=C.UTF-8 MANROFFSEQ='' man --warnings -l "$page" >/dev/null
	done 2>"$work/lint"
	is "nor does man" "$(cat "$work/lint")" ""
else
	skip 1 "no man here"
fi

if command -v bash >/dev/null; then
	ok "bash reads its completions" bash -n "$pages/completions/windrow"
else
	skip 1 "no bash here"
fi
is "zsh finds its own by their first line" "$(head -n 1 "$pages/completions/_windrow")" "#compdef windrow"
ok "fish has some" grep -q '^complete -c windrow' "$pages/completions/windrow.fish"

like "local tasks can write where mktemp does" "$(cat "$pages/windrow.service")" "*
ReadWritePaths=/tmp /var/tmp
*"
if command -v systemd-analyze >/dev/null; then
	mkdir "$work/units"
	sed "s,^ExecStart=[^ ]*,ExecStart=$(cd "$top_builddir" && pwd)/windrow," "$pages/windrow.service" |
		sed '/^Documentation=/d' >"$work/units/windrow.service"
	systemd-analyze verify --man=no "$work/units/windrow.service" >"$work/verify" 2>&1
	is "systemd takes the unit" "$(grep windrow.service "$work/verify")" ""
	exposure=$(systemd-analyze security --offline=true "$work/units/windrow.service" 2>/dev/null |
		sed -n 's/.*exposure level[^:]*: \([0-9]*\)\..*/\1/p')
	if [ -n "$exposure" ]; then
		ok "and finds it hardened ($exposure of 10)" [ "$exposure" -le 3 ]
	else
		skip 1 "this systemd judges no unit that is not installed"
	fi
else
	skip 2 "no systemd here"
fi
tap_done
