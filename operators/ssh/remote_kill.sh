# Ends an execution: its process group, its session, and what left these, found by its marker.
#   $1 the execution's id   $2 the nonce   $3 the grace in milliseconds   $4 $5 where no folder
#   is kept: the process group, whose leader reports the end and is spared, as is $5; or -
i=$1; m=$2; w=$3; g=$4; s=$4; a=" $4 $5 "; e=gone; exec 9>&2;
tell() { printf "%s %s\n" "$m" "$*" >&9; };
if [ -z "$g" ]; then
d=; for h in "$HOME/.windrow" "${TMPDIR:-/tmp}/.windrow-$LOGNAME" "/tmp/.windrow-$LOGNAME"; do
case $h in "$HOME/.windrow") ;; *) [ -h "$h" ] && continue;; esac;
d=$h/$i; [ -O "$h" ] && [ -s "$d/claim" ] && break;
d=; done;
# Nobody has begun it: the claim is taken away, so that nobody will. Or its folder was, under it: then its
# marker finds it, now and for whoever comes again.
if [ -z "$d" ]; then
for h in "$HOME/.windrow" "${TMPDIR:-/tmp}/.windrow-$LOGNAME" "/tmp/.windrow-$LOGNAME"; do
case $h in "$HOME/.windrow") ;; *) [ -h "$h" ] && continue;; esac;
d=$h/$i; mkdir -m 700 "$h" 2>/dev/null; [ -O "$h" ] && { mkdir -m 700 "$d" 2>/dev/null || [ -w "$d/." ]; } && break; done;
set -C; { printf "%-40s\n-\n-\n" "exit 143" >"$d/claim"; } 2>/dev/null && { e=never; g=-; printf "" >"$d/killed"; };
set +C; fi; fi;
if [ -z "$g" ]; then
# Between its claim and its group an execution has a moment without either.
n=50;
while read -r c x <"$d/claim"; [ -z "$c" ] && [ "$n" -gt 0 ]; do [ -s "$d/group" ] && break; n=$((n - 1)); sleep 0.1 2>/dev/null || sleep 1; done;
# It ended before anybody asked for that: what it left behind may stay.
[ "$c" ] && { [ -f "$d/killed" ] || { tell ended; exit 0; }; };
printf "" >"$d/killed";
{ read -r g s <"$d/group" || g=-; } 2>/dev/null;
# Its number is still its own while the supervisor lives, who has not waited for its leader, or the
# leader itself; else it may be another's, and only those with the marker are ours.
[ "$c" ] || {
{ read -r x; read -r p; read -r f; } <"$d/claim";
if [ -r /proc/self/stat ]; then
[ "/proc/$p/fd/6" -ef "$f" ] || grep -qs "WINDROW_SCRIPT_EXECUTION_ID=$i" "/proc/$g/environ" || g=-;
else kill -s 0 "$p" || s=; fi; } 2>/dev/null; fi;
# A zombie is dead. N.B. zsh takes a - alone for our own group.
look() { l=;
if [ -r /proc/self/stat ]; then
for q in $(grep -Els "[)] [RSDTtWKPI] [0-9]+ ([0-9]+ )?$g " /proc/[0-9]*/stat; grep -ls "WINDROW_SCRIPT_EXECUTION_ID=$i" /proc/[0-9]*/environ); do
q=${q#/proc/}; q=${q%/*}; case "$a$l " in *" $q "*) ;; *) l="$l $q";; esac; done;
elif [ "${s%-}" ] && kill -s 0 -- "-$s" 2>/dev/null; then l="-$s"; fi; set -- $l; n=$#; [ "$l" ]; };
look || { tell "$e"; exit 0; };
tell "term $n";
kill -s TERM -- $l 2>/dev/null;
z=0.02; y=20;
while look && [ "$w" -gt 0 ]; do sleep $z 2>/dev/null || { sleep 1; y=1000; }; w=$((w - y)); z=0.1; y=100; done;
[ "$l" ] && tell "left $n";
k=100;
while look; do kill -s KILL -- $l 2>/dev/null; sleep 0.05 2>/dev/null || sleep 1; k=$((k - 1)); [ "$k" = 0 ] && { tell "stuck $l"; exit 0; }; done;
tell gone;
