#!/bin/sh
# How long it takes from a line being printed on a host to `windrow tasks logs --follow` showing it, a
# scheduler running: 100 lines, 0.1 s apart, over ssh and of a local task, beside `ssh` of the same. A
# line says when it was printed; the reader says when it read. Median and 99th percentile.
. "$top_srcdir/bench/ssh_kit.sh"
lines=100
WINDROW_HOME=$work/home
export WINDROW_HOME
kit_start
kit_shell /bin/sh
mkdir -p "$WINDROW_HOME/dags"
script="i=0; while [ \$i -lt $lines ]; do i=\$((i + 1)); sleep 0.1; echo printed \$(date +%s%N); done"
for kind in ssh local; do
	cat >"$WINDROW_HOME/dags/$kind.yaml" <<END
default_args: {operator: $kind$([ $kind = local ] || echo ", ssh_conn_id: BOX")}
tasks:
  a:
    script: |
      $script
END
done
"$windrow" scheduler 2>"$work/log" &
daemon=$!
trap 'kill "$daemon"; wait "$daemon"; rm -rf "$work"' EXIT
until "$windrow" jobs check >/dev/null 2>&1; do
	sleep 0.1
done

# stamp NAME: for each line that comes, how many microseconds ago it was printed
stamp()
{
	while read -r line; do
		case $line in
		*printed\ *) echo $((($(date +%s%N) - ${line##*printed }) / 1000)) >>"$work/$1.us" ;;
		esac
	done
}

# at PERCENT NAME
at()
{
	sort -n "$work/$2.us" | sed -n "$(((lines * $1 + 99) / 100))p"
}

row()
{
	awk -v name="$1" -v m="$(at 50 "$2")" -v p="$(at 99 "$2")" \
		'BEGIN { printf "%-40s %8.1f ms %8.1f ms\n", name, m / 1000, p / 1000 }'
}

for kind in ssh local; do
	"$windrow" dags trigger $kind -r one >/dev/null
	"$windrow" tasks logs $kind a one --follow | stamp $kind
done
"$work/ssh" localhost "$script" </dev/null | stamp bare
printf '%-40s %11s %11s\n' "from printed to shown" median 99th
row "ssh alone" bare
row "tasks logs --follow, over ssh" ssh
row "tasks logs --follow, of a local task" local
goal "from a line printed over ssh to its being shown, 99th, ms" \
	"$(at 99 ssh | awk '{ print $1 / 1000 }')" 100 at-most
