# Ends an execution: its whole process group, and what left it, found by its marker.
#   $1 the execution's id   $2 the nonce   $3 the grace in seconds
i=$1; m=$2; w=$(($3 * 5)); exec 9>&2;
tell() { printf "%s %s\n" "$m" "$*" >&9; };
for h in "$HOME" "${TMPDIR:-/tmp}" /tmp; do
d=$h/.windrow/$i; [ -s "$d/claim" ] && break;
d=; done;
g=; { read -r g <"$d/group"; } 2>/dev/null;
# All that carries the marker, else the group; a zombie is dead.
look() { l=;
if [ -r /proc/self/stat ]; then
for q in $(grep -ls "WINDROW_SCRIPT_EXECUTION_ID=$i" /proc/[0-9]*/environ 2>/dev/null); do
q=${q%/environ}; { read -r u <"$q/stat"; } 2>/dev/null || continue;
case ${u##*) } in Z*) ;; *) l="$l ${q#/proc/}";; esac; done;
elif [ "$g" ]; then kill -s 0 -- "-$g" 2>/dev/null && l="-$g"; fi; [ "$l" ]; };
look || { tell "gone 0"; exit 0; };
n=0; for q in $l; do n=$((n + 1)); done; c=TERM;
kill -s TERM -- $l 2>/dev/null;
while look && [ "$w" -gt 0 ]; do sleep 0.2 2>/dev/null || { sleep 1; w=$((w - 4)); }; w=$((w - 1)); done;
while look; do c=KILL; kill -s KILL -- $l 2>/dev/null; sleep 0.1 2>/dev/null || sleep 1; done;
tell "gone $n $c";
