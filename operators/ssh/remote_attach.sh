# Takes up an execution that was started before: same words, and the same commands on standard input.
#   $1 the execution's id   $2 the nonce
i=$1; m=$2; exec 8<&0 9>&2;
tell() { printf "%s %s\n" "$m" "$*" >&9; };
tell begin; printf "%s begin\n" "$m";
d=; for h in "$HOME/.windrow" "${TMPDIR:-/tmp}/.windrow-$LOGNAME" "/tmp/.windrow-$LOGNAME"; do
case $h in "$HOME/.windrow") ;; *) [ -h "$h" ] && continue;; esac;
d=$h/$i; [ -O "$h" ] && [ -s "$d/claim" ] && break;
d=; done;
# Its folder may have been taken away under it: then its marker finds it.
marked() { grep -qs "WINDROW_SCRIPT_EXECUTION_ID=$i" /proc/[0-9]*/environ; };
w=; p=;
if [ "$d" ]; then { read -r w r x; read -r p; read -r s; } <"$d/claim";
elif marked; then d=$HOME/.windrow/$i; else tell none; exit 0; fi;
printf "%s home %s\n%s start %s\n" "$m" "$HOME" "$m" "$d";
# Alive is who made the claim while it holds its script open. N.B. who becomes another program has no
# marker for a moment; and ksh93 puts the descriptor elsewhere while the script runs.
alive() {
if [ -z "$p" ]; then { marked || { sleep 1; marked; }; } && sleep 1;
elif [ -d /proc/self/fd ] && [ "$d" -ef "$d" ] 2>/dev/null; then
for q in "/proc/$p/fd/"*; do [ "$q" -ef "$s" ] && return; done; return 1;
else kill -s 0 "$p" 2>/dev/null; fi; };
e=$(printf "\041");
# What tail says of files that are gone, or shorter than they were, is no output of the script.
(
f=; g=;
while IFS=" " read -r c x y; do
case $c in
f) tell follow;
tail -c "+$x" -f "$d/stdout" 2>/dev/null & eval "f=\$$e"; tail -c "+$y" -f "$d/stderr" >&2 2>/dev/null & eval "g=\$$e";;
g) [ "$f" ] && { kill $f $g; wait $f $g; f=; } 2>/dev/null; printf "%s at\n" "$m"; tell at; IFS=" " read -r c x y || break;
[ -s "$d/stdout" ] && tail -c "+$x" "$d/stdout"; [ -s "$d/stderr" ] && tail -c "+$y" "$d/stderr" >&2;
[ -e "$d/response" ] && printf "%s response\n" "$m"; [ -s "$d/response" ] && cat "$d/response"; printf "%s end\n" "$m"; tell end;;
q) break;;
esac; done;
[ "$f" ] && kill $f $g 2>/dev/null;
tell left;
) <&8 &
while [ -z "$w" ] && alive; do sleep 0.2 2>/dev/null || sleep 1; { read -r w r x <"$d/claim"; } 2>/dev/null; done;
{ read -r w r x <"$d/claim"; } 2>/dev/null;
[ -f "$d/late" ] && tell late;
if [ "$w" ]; then tell "$w $r"; wait; exit 0; fi;
[ -f "$d/claim" ] || { tell "lost $d was taken away while the script ran; how it ended is not known"; wait; exit 0; };
# What was begun before the host was booted has not lived to see its end.
u=; { read -r u x </proc/uptime; } 2>/dev/null; u=${u%%.*};
[ "$u" ] && [ "$(find "$d/claim" -mmin "+$((u / 60 + 1))")" ] && tell rebooted || tell lost; wait;
