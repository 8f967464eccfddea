# Takes up an execution that was started before: same words, and the same commands on standard input.
#   $1 the execution's id   $2 the nonce
i=$1; m=$2; exec 8<&0 9>&2;
tell() { printf "%s %s\n" "$m" "$*" >&9; };
tell begin; printf "%s begin\n" "$m";
for h in "$HOME" "${TMPDIR:-/tmp}" /tmp; do
d=$h/.windrow/$i; [ -s "$d/claim" ] && break;
d=; done;
[ "$d" ] || { tell none; exit 0; };
{ read -r w r x; read -r p; read -r t; read -r b; } <"$d/claim";
printf "%s home %s\n%s start %s\n" "$m" "$HOME" "$m" "$d";
# Alive is the process of the claim: not a zombie, begun when the claim says, since the same boot.
e=") "; alive() {
if [ "$t" = - ]; then kill -s 0 "$p" 2>/dev/null; return; fi;
{ read -r u <"/proc/$p/stat"; } 2>/dev/null || return 1;
set -f; set -- ${u##*"$e"}; a=$1; shift 19; z=$1; set -- ${t##*"$e"}; shift 19;
set +f; [ "$a" = Z ] && return 1; [ "$z" = "$1" ]; };
(
f=; g=;
while IFS=" " read -r c x y; do
case $c in
f) tell follow; e=$(printf "\041");
tail -c "+$x" -f "$d/stdout" & eval "f=\$$e"; tail -c "+$y" -f "$d/stderr" >&2 & eval "g=\$$e";;
g) [ "$f" ] && { kill $f $g; wait $f $g; f=; } 2>/dev/null; printf "%s at\n" "$m"; tell at; IFS=" " read -r c x y || break;
tail -c "+$x" "$d/stdout"; tail -c "+$y" "$d/stderr" >&2;
printf "%s response\n" "$m"; [ -s "$d/response" ] && cat "$d/response"; printf "%s end\n" "$m"; tell end;;
q) break;;
esac; done;
[ "$f" ] && kill $f $g 2>/dev/null;
tell left;
) <&8 &
k=; { read -r k </proc/sys/kernel/random/boot_id; } 2>/dev/null;
[ "$b" = - ] || [ "$b" = "$k" ] || [ "$w" ] || { tell rebooted; wait; exit 0; };
while [ -z "$w" ] && alive; do sleep 0.2 2>/dev/null || sleep 1; read -r w r x <"$d/claim"; done;
read -r w r x <"$d/claim";
[ -f "$d/late" ] && tell late;
if [ "$w" ]; then tell "$w $r"; else tell lost; fi; wait;
