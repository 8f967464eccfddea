#!/bin/sh
# The disk fills up under the daemon: nothing starts, that is said, and everything goes on by itself
# when there is room; and a disk on which no file can be made. Wants to mount a small file system, and so to be root.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
disk=$work/disk
mkdir "$disk"
if [ "$(id -u)" != 0 ] || ! mount -t tmpfs -o size=6m none "$disk" 2>/dev/null; then
	skip 17 "no file system can be mounted here"
	tap_done
fi
daemon=
trap '[ -z "$daemon" ] || { kill -s KILL "$daemon"; wait "$daemon"; } 2>/dev/null; umount "$disk"; rm -rf "$work"' EXIT
WINDROW_HOME=$disk
WINDROW__CORE__DAGS_FOLDER=$work/dags
export WINDROW__CORE__DAGS_FOLDER
mkdir "$work/dags" "$work/executions" "$work/logs"
ln -s "$work/executions" "$work/logs" "$disk/"
mkfifo "$work/gate1" "$work/gate2"
exec 8<>"$work/gate1" 9<>"$work/gate2"
# Whether a task of the chain waits until somebody opens its gate: a disk that is full is met by what comes then.
gate_of()
{
	case $1 in
	1) printf 'read -r _ <%s; ' "$work/gate1" ;;
	100) printf 'read -r _ <%s; ' "$work/gate2" ;;
	esac
}
{
	printf "schedule: '@once'\ndefault_args: {operator: local}\ntasks:\n"
	seq 1 200 | while read -r i; do
		printf '  t%d: {command: "%secho t%d >> %s"%s}\n' "$i" "$(gate_of "$i")" "$i" "$work/ledger" \
			"$([ "$i" = 1 ] || echo ", depends_on: [t$((i - 1))]")"
	done
} >"$work/dags/chain.yaml"

# until_said TEXT [COMMAND]: waits until the daemon has said it, and does that meanwhile
until_said()
{
	wait_for said "$@"
}

said()
{
	${2:-true}
	grep -q -- "$1" "$work/daemon"
}

# All room there is, and what was given back since.
fill()
{
	dd if=/dev/zero of="$disk/fill" bs=4k oflag=append conv=notrunc 2>/dev/null
	true
}

# The store's log has been made as long as it is going to be: the daemon gives nothing back that it tried to have.
has_log()
{
	[ "$(stat -c %s "$disk/windrow.db-wal")" -ge 4194304 ]
}

daemon_start()
{
	: >"$work/daemon"
	"$windrow" scheduler 2>"$work/daemon" 8>&- 9>&- &
	daemon=$!
	wait_for has_log
}

is_full="nothing can be stored, so nothing is started until it can"
daemon_start
ok "a run begins" until_said "is running"
fill
echo >&8
ok "a full disk is told" until_said "$is_full" fill
like "with the reason" "$(cat "$work/daemon")" "*no room is left on its disk*"
kill "$daemon"
wait "$daemon" 2>/dev/null
like "it can be stopped then, too" "$(cat "$work/daemon")" "*leaving at once*"
fill
WINDROW_HOME=$disk/new run scheduler
is "where there is no room to begin with, trying again may help" "$status" 3
rm -rf "$disk/fill" "$disk/new"
daemon_start
ok "and started where there is room" until_said "1 run was taken up"
fill
echo >&9
ok "full again, it waits" until_said "$is_full" fill
rm "$disk/fill"
ok "with room it goes on by itself" until_said "chain: run .* is success"
seq -f 't%.0f' 1 200 >"$work/wanted"
ok "and every task ran once, in order" cmp "$work/ledger" "$work/wanted"
kill "$daemon"
wait "$daemon"
daemon=

# The folders of executions and logs lie there, too: commits have room in the log that was made, and what they decide has none.
rm "$disk/executions" "$disk/logs"
cat >"$work/dags/hold.yaml" <<E
default_args: {operator: local}
tasks: {a: {command: "echo a >> $work/held", on_failure: {command: "echo failed >> $work/held"}}}
E
daemon_start
ok "a scheduler with all on one disk" until_said "DAG hold is new"
fill
"$windrow" dags trigger hold --run-id r 2>/dev/null >"$work/asked" &
asked=$!
ok "where that is full nothing is begun" until_said "$is_full" fill
run jobs check
like "which is known" "$status:$out:$err" "*no room is left on its disk*"
rm "$disk/fill"
wait "$asked"
until_said "hold: run r is success"
is "with room it is, and once" "$(cat "$work/held")" a
kill "$daemon"
wait "$daemon"
daemon=

# Nothing can be made beside the store, which SQLite needs for reading too.
mount -o remount,nr_inodes="$(df --output=iused "$disk" | tail -n 1 | tr -d ' ')" "$disk"
run dags list-runs chain
like "where no file can be made any more that is said" "$status:$err" "3:*windrow.db cannot be opened: no room is left for another file*"
mount -o remount,nr_inodes=1000,ro "$disk"
run dags list-runs chain
like "so it is where the disk may only be read" "$status:$err" "3:*windrow.db cannot be opened: Read-only file system*"
run scheduler
like "a scheduler tells so too" "$status:$err" "3:*Read-only file system*"
mount -o remount,rw "$disk"
run dags list-runs chain
like "and all is there when it may be written again" "$status:$out" "0:*success*"
tap_done
