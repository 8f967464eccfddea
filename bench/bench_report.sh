#!/bin/sh
# windrow beside its peers: one command, one report. Writes bench/report.md, its plots and the raw
# samples, into REPORT_DIR (the source folder's bench/).
#   make bench BENCH=report
# PEERS chooses among the files of bench/peers; ROUNDS (3) how often each is measured, all in turn;
# CHAIN, WIDE, SSH, HOSTS, SLEEP and IDLE how many tasks, or DAGs, a work has; PEERS_DIR where peers are
# installed, a folder that may be thrown away.
# TMPDIR is where all that is measured keeps its files: a file system as users have it, which is not
# one in memory, nor ext4 without a journal.
# Dagu is not installed but found: DAGU, or the path, names its program.
# A peer that cannot be installed is told with the reason; so is what a peer could not do.
. "$top_srcdir/bench/peers/hosts.sh"
PEERS_DIR=${PEERS_DIR:-${TMPDIR:-/tmp}/windrow-peers}
export PEERS_DIR
mkdir -p "$PEERS_DIR"
peers=${PEERS:-windrow windrow_plain windrow_test dagu airflow bare ssh control_master parallel pdsh ansible}
rounds=${ROUNDS:-3}
report=${REPORT_DIR:-$top_srcdir/bench}
mkdir -p "$report/report"
samples=$report/report/samples.csv
told=$report/report/peers.tsv
trap 'exit 1' HUP INT TERM
trap 'peers_stop; hosts_stop; rm -rf "$work"' EXIT

# peer NAME VERB [N]
peer()
{
	peer_file=$top_srcdir/bench/peers/$1.sh
	shift
	sh "$peer_file" "$@" 2>"$work/err"
}

peers_stop()
{
	for name in $peers; do
		peer "$name" stop
	done
}

# sample WORK PEER ROUND N: what is over within seconds is measured three times
sample()
{
	sample_left=3 sample_end=$(($(date +%s) + 3))
	while [ $sample_left -gt 0 ] && sample_once "$@" && [ "$(date +%s)" -lt "$sample_end" ]; do
		sample_left=$((sample_left - 1))
	done
}

# sample_once WORK PEER ROUND N: measures, and adds what came to the samples; false where nothing did
sample_once()
{
	peer "$2" "$1" "$4" >"$work/measured"
	case $? in
	0) ;;
	3) return 1 ;;
	*)
		echo "$1 $2: $(tail -n 1 "$work/err")" >&2
		printf '%s\t%s\t%s\n' failed "$2" "$1: $(tail -n 1 "$work/err")" >>"$told"
		return 1
		;;
	esac
	awk -v work="$1" -v peer="$2" -v round="$3" -v tasks="$4" -v OFS=, '
		$1 == "tasks" { tasks = $2; next }
		{ print work, peer, round, tasks, $1, $2 }' "$work/measured" >>"$samples"
	echo "$1 $2: $(paste -sd' ' "$work/measured")"
}

# What the folder of the run is on. An ext4 without a journal is told as that: it looks for a long time
# past the inodes of what was deleted in the minute before.
file_system()
{
	df --output=fstype,source "$work" | tail -n 1 | {
		read -r fs_type fs_device
		case $fs_type in
		ext[34])
			ls -d "/proc/fs/jbd2/${fs_device##*/}-"* >/dev/null 2>&1 || fs_type="$fs_type without a journal"
			;;
		esac
		echo "$fs_type"
	}
}

# The machine in general words, and how its hosts are set up.
machine()
{
	printf 'machine\tstart\t%s cores, %s of memory, %s, Linux %s, all files on %s; %s on both sides of loopback, MaxSessions %s, MaxStartups %s, login shell %s; load averages %s at the start\n' \
		"$(nproc)" "$(awk '$1 == "MemTotal:" { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)" \
		"$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)" "$(uname -r | cut -d. -f1,2)" "$(file_system)" \
		"$(ssh -V 2>&1 | cut -d, -f1)" "$sessions" "$startups" "$(getent passwd "$user" | cut -d: -f7)" \
		"$(cut -d' ' -f1-3 /proc/loadavg)"
}

# works PEER ROUND
works()
{
	sample command "$1" "$2" 1
	sample_once start "$1" "$2" 1
	sample chain "$1" "$2" "${CHAIN:-100}"
	sample wide "$1" "$2" "${WIDE:-1000}"
	sample ssh "$1" "$2" "${SSH:-1000}"
	sample hosts "$1" "$2" "${HOSTS:-200}"
	sample drop "$1" "$2" 1
	# Anew, as what ran before leaves memory with the engine.
	peer "$1" stop
	sample_once start "$1" "$2" 1
	sample_once sleep "$1" "$2" "${SLEEP:-1000}"
	sample_once idle "$1" "$2" "${IDLE:-1000}"
	peer "$1" stop
}

hosts_start 20 || exit 1
echo work,peer,round,tasks,measure,value >"$samples"
machine >"$told"
there=
for name in $peers; do
	if peer "$name" install; then
		there="$there $name"
		printf 'version\t%s\t%s\n' "$name" "$(peer "$name" version)" >>"$told"
		printf 'told\t%s\t%s\n' "$name" "$(peer "$name" told | tr '\n' ' ')" >>"$told"
		sample_once size "$name" 1 1
	else
		printf 'missing\t%s\t%s\n' "$name" "$(tail -n 1 "$work/err")" >>"$told"
		echo "$name: $(tail -n 1 "$work/err")"
	fi
done
for round in $(seq "$rounds"); do
	for name in $there; do
		works "$name" "$round"
	done
done

printf 'machine\tend\t; load averages %s at the end\n' "$(cut -d' ' -f1-3 /proc/loadavg)" >>"$told"
awk -v dir="$report/report" -v goals="$work/goals" -f "$top_srcdir/bench/peers/plot.awk" \
	-f "$top_srcdir/bench/peers/report.awk" "$told" "$samples" >"$report/report.md"
[ ! -s "$work/goals" ] || cat "$work/goals"
