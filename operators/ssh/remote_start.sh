# Starts a script on the host, once. One program for every POSIX shell, joined into one line without
# a quote, an exclamation mark or a backslash before anything but n, so that any login shell hands it
# on unharmed.
#   $1 a comma, and the ids of executions that are to start soon   $2 the execution's id
#   $3 a nonce that marks what is said to windrow   $4 lines of the prologue   $5 bytes of the script,
#   or - and its lines   $6 its deadline in seconds, or 0   $7 the grace, in seconds   $8 sweep
#   executions that ended so many minutes ago, or 0   then NAME=VALUE for the script
# On standard input commands come behind the script: f OUT ERR, g OUT ERR, q. Behind q another start may
# come, of which these arguments are the first line.
m=$3; a=$8;
. remote_head.sh;
# The last that standard output tells: the response, where there is one, and that this is the end.
reply() { if [ -e "$d/response" ]; then printf "%s response\n" "$m"; [ -s "$d/response" ] && cat "$d/response"; fi; printf "%s end\n%s" "$m" "$o"; };
z=; y=$IFS; IFS=:; for q in $PATH; do [ -x "$q/setsid" ] && z=$q/setsid && break; done; IFS=$y;
tell begin;
# What this shell says of files and children is no output of theirs.
exec 2>/dev/null;
w=; [ "$SHELL" -ef /bin/sh ] && w=same;
while :; do
q=$1; i=$2; m=$3; c=$4; b=$5; k=$6; j=$7; a=$8; shift 8; o=; d=;
# N.B. whoever owns the folder could put another script into it, and whoever owns a link to it lead elsewhere.
for h in "$HOME/.windrow" "${TMPDIR:-/tmp}/.windrow-$LOGNAME" "/tmp/.windrow-$LOGNAME"; do
case $h in "$HOME/.windrow") ;; *) [ -h "$h" ] && continue;; esac;
[ -d "$h" ] || mkdir -m 700 "$h";
[ -O "$h" ] || continue; d=$h/$i;
# One process makes the folders of many.
[ -d "$d" ] || ( IFS=,; cd "$h" && mkdir -m 700 $i$q );
[ -w "$d/." ] && break;
d=; done;
[ "$d" ] || command -v mkdir >/dev/null || fail "the PATH that the login shell sets, $PATH, has no mkdir";
[ "$d" ] || fail "no folder can be made in $HOME${TMPDIR:+, $TMPDIR} or /tmp";
# What the child runs.
IFS= read -r e; take; p=$t;
[ "$c" = 0 ] || fail "the script did not arrive whole";
# Whoever comes second writes beside the first, and finds the claim below.
set -C; s=$d/script;
printf "" >"$s" || { s=$d/script.$$; printf "" >"$s"; } || fail "$d cannot be written";
set +C; [ -r "$s" ] || fail "what is written in $d cannot be read; does the umask of the login shell forbid it?";
exec 6<"$s";
case $b in
-*) c=${b#-}; take; printf "%s" "$t" >>"$s" || c=1;;
*) head -c "$b" >>"$s" && whole || c=1;;
esac;
[ "$c" = 0 ] || fail "the script did not arrive whole, or the disk of $h is full";
# The claim: made by exclusive creation. Its first line is room for the result, so that the end needs no
# disk block. The script has been open since before, and is until all is told, or we die: that tells a later
# windrow whether we live.
# Who claims it runs it, though nobody listens any more.
trap : PIPE HUP TERM INT;
set -C;
printf "%-40s\n%s\n%s\n" "" "$$" "$s" >"$d/claim" || {
[ -s "$d/claim" ] && { tell "taken $d"; exit 0; }; fail "no file can be made in $d; is its disk full?"; };
set +C;
printf "" >"$d/stdout" && printf "" >"$d/stderr" || fail "no file can be made in $d; is its disk full?";
printf "%s%s home %s\n%s start %s\n" "${w:+$m $w$n}" "$m" "$HOME" "$m" "$d";
# What windrow says while the script runs, and the followers of the two streams. What tail says of files that
# are gone, or shorter than they were, is no output of the script.
(
f=; g=;
while IFS=" " read -r c x y; do
case $c in
f) set -C; if printf "" >"$d/followed"; then tell follow;
tail -c "+$x" -f "$d/stdout" & eval "f=\$$e"; tail -c "+$y" -f "$d/stderr" >&9 & eval "g=\$$e"; fi; set +C;;
g) [ "$f" ] && { kill $f $g; wait $f $g; f=; }; exec 2>&9; printf "%s at\n" "$m"; tell at; IFS=" " read -r c x y || break;
[ -s "$d/stdout" ] && tail -c "+$x" "$d/stdout"; [ -s "$d/stderr" ] && tail -c "+$y" "$d/stderr" >&9;
reply; tell "end";;
q) break;;
esac; done;
[ "$f" ] && kill $f $g;
[ "$c" = q ] && exit 3;
) <&8 6<&- & eval "c=\$$e";
# The deadline, should nobody come back to keep it: the group is ended, and the reason left. N.B. its number
# may be another's by then, but not while we live, who have not waited for its leader, nor while somebody
# is left in it. What would end it may come before it can take that: then the script has ended by now.
v=; [ "$k" = 0 ] || { (
x=; trap "x=1" TERM; read -r q g <"$d/claim"; [ "$q" ] && exit;
sleep "$k" & eval "q=\$$e"; trap "kill -s KILL \$q; exit" TERM; [ "$x" ] && { kill -s KILL $q; exit; }; wait $q; trap : TERM;
y=60; until read -r q g <"$d/group" || [ "$y" = 0 ]; do y=$((y - 1)); sleep 1; done;
[ "$q" = - ] || [ "/proc/$$/fd/6" -ef "$s" ] ||
grep -qs "WINDROW_SCRIPT_EXECUTION_ID=$i" "/proc/$g/environ" || { [ -r /proc/self/stat ] && exit; };
read -r q x <"$d/claim"; [ "$q" ] && exit;
printf "" >"$d/late"; kill -s TERM -- "-$g";
while kill -s 0 -- "-$g"; do [ "$j" -gt 0 ] || { kill -s KILL -- "-$g"; break; }; sleep 1; j=$((j - 1)); done
) </dev/null >/dev/null 2>&1 6<&- 8<&- 9>&- & eval "v=\$$e"; };
# N.B. were 6 closed behind it, some shells would close their own meanwhile. The script, in the foreground: a background job would be deaf to interrupts.
(
trap - PIPE HUP TERM INT;
# N.B. read would take a byte at a time of /proc/self/stat.
x=; { cd -P /proc/self && x=${PWD#/proc/}; cd "${HOME:-/}" || cd /; } 2>/dev/null;
case $x in [0-9]*) ;; *) x=$(exec sh -c "echo \$PPID");; esac;
# N.B. ksh93 forks as late as it can: the script's number is not known, and its group stays ours.
[ "$x" = "$$" ] && z=;
SCRIPT_RESPONSE_FILE=$d/response WINDROW_SCRIPT_EXECUTION_ID=$i; export SCRIPT_RESPONSE_FILE WINDROW_SCRIPT_EXECUTION_ID;
# By its path: the task may set another PATH.
[ "$z" ] && echo "$x $x" >"$d/group" || echo "- $$" >"$d/group";
[ "$1" ] && export "$@";
# The prologue puts what the child becomes between setsid(1) and the script. N.B. a task's environment may have
# any name, those of our own variables too, and a PATH on which some shells miss [.
set -- "$z" "$s";
eval "$p";
case $1 in "") shift;; esac; exec "$@" 6<&- 8<&- 9>&-
) </dev/null >"$d/stdout" 2>"$d/stderr";
r=$?; while [ "$r" -gt 256 ]; do r=$((r - 128)); done;
printf "exit %s" "$r" 1<>"$d/claim";
[ "$v" ] && kill $v;
# Where standard error tells nothing, all is told at once on standard output.
[ -f "$d/late" ] && tell late || o="$m exit $r$n";
set -C; if printf "" >"$d/followed"; then
[ -s "$d/stdout" ] && cat "$d/stdout"; [ -s "$d/stderr" ] && { o=; tell begin; cat "$d/stderr" >&9; };
[ -f "$d/stdout" ] || o=; reply;
# Nobody follows, and no mark can be made, be it that the disk is full: what there is is sent when asked for.
else o=; [ -f "$d/followed" ] || tell follow; fi;
[ "$o" ] || { [ -f "$d/stdout" ] || tell "why $d was taken away while the script ran, and its output and response with it";
tell "exit $r"; };
# What others left here long ago, folders of what never began with it. One that has no end is left
# alone while its supervisor lives. N.B. the folder may be windrow's own home too: ids alone begin with a
# digit there.
[ "$a" = 0 ] || { ( nice find "$h" -path "$h/[0-9]*" -mmin "+$a" "(" -name claim -o -type d ")" | while IFS= read -r l; do
[ -d "$l" ] && { rmdir "$l"; continue; };
{ read -r w x; read -r p; } <"$l"; [ "$w" ] || { kill -s 0 "$p" && continue; }; rm -rf "${l%/claim}"; done
) </dev/null >/dev/null 2>&1 6<&- 8<&- 9>&- & };
# N.B. while it listens nobody else may: a signal ends the waiting, and then the rest is left to it.
wait "$c"; [ "$?" = 3 ] && IFS= read -r l && [ "$l" ] || exit 0;
exec 6<&-; w=; trap - PIPE HUP TERM INT; set +C -f; set -- $l; set +f;
done;
