#!/bin/sh
# Every help page fits 24 lines of 80 columns and has an example; wrong commands name the right one.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

# The first words of the entries that a help page lists.
entries()
{
	"$windrow" "$@" --help | sed -n -e '/^and: /{s/^and: //;s/,//gp}' -e '/^usage/,/^example/s/^  \([a-z][a-z-]*\).*/\1/p'
}

# page WORDS...: the page of that command is as it should be
page()
{
	run "$@" --help
	is "windrow $* --help exits 0" "$status" 0
	is "windrow $* --help says nothing on standard error" "$err" ""
	is "windrow $* --help fits 24 lines" \
		"$(awk 'END { print NR <= 24 ? "fits" : NR " lines" }' "$work/out")" fits
	is "windrow $* --help fits 80 columns" \
		"$(awk 'length($0) > 79 { print }' "$work/out")" ""
	like "windrow $* --help has an example" "$out" "*
example:
  *windrow $**"
}

page
for group in $(entries); do
	page "$group"
	if grep -q ' VERB ' "$work/out"; then
		for verb in $(entries "$group"); do
			page "$group" "$verb"
		done
	fi
done

run
is "windrow alone is wrong usage" "$status" 2
is "and prints nothing on standard output" "$out" ""
like "but the help on standard error" "$err" "windrow runs*usage:*"
run -h
is "-h is --help" "$status" 0
run help version
like "help COMMAND is COMMAND --help" "$out" "usage: windrow version*"
run --version
like "--version names the program" "$out" "windrow [0-9]*"
run -V
like "-V too" "$out" "windrow [0-9]*"
run version
like "version prints the number alone" "$out" "[0-9]*.[0-9]*"

run versoin
is "an unknown command is wrong usage" "$status" 2
is "and names the nearest" "$err" \
	'windrow: unknown command "versoin"; did you mean "windrow version"?'
run complection bash
is "behind one that has no verbs stands another word" "$status:$err" \
	'2:windrow: unknown command "complection"; did you mean "windrow completion"?'
run conn list
is "the beginning of a name alone will do" "$status:$err" \
	'2:windrow: unknown command "conn list"; did you mean "windrow connections list"?'
run nothing-like-it
is "nothing near: the way to the list" "$err" \
	'windrow: unknown command "nothing-like-it"; `windrow --help` lists what there is'
run --nonsense
is "an unknown flag is wrong usage" "$status" 2
run connections remove web
is "what others call a verb is one that is near" "$status:$err" \
	'2:windrow: unknown command "connections remove"; did you mean "windrow connections delete"?'
run config get-value core dags_folder
is "one of Airflow's too" "$status:$err" '2:windrow: unknown command "config get-value"; did you mean "windrow config get"?'
run runs list
is "and the group that others look in" "$status:$err" '2:windrow: unknown command "runs list"; did you mean "windrow dags list-runs"?'
run version --nonsense
is "behind a command too" "$status" 2
run version word
is "so is a word too many" "$status" 2
run "$(printf 'x\033[31mx')"
like "what was typed cannot drive the terminal" "$err" '*"x\\x1b\[31mx"*'
tap_done
