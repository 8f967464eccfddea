# Runs a script on the channel itself and keeps nothing on the host: detach: false.
#   $1 the execution's id   $2 the nonce   $3 lines of the prologue   $4 bytes of the script, or -
#   and its lines   $5 pty where there is a terminal, own where the script is one command of plain
#   words that needs no shell of its own   $6 the grace in seconds   then NAME=VALUE for the script
# Standard input comes, on a terminal, once we are ready.
i=$1; m=$2; c=$3; b=$4; a=$5; j=$6; shift 6; f=${TMPDIR:-/tmp}/windrow.$i;
. remote_head.sh;
# N.B. a terminal would echo, cut long lines and act on control characters.
[ "$a" = pty ] && { stty raw -echo || fail "this host has no stty, which get_pty needs"; };
tell begin; [ "$a" = pty ] && { printf "%s begin\n" "$m"; tell ready; };
k=; IFS= read -r e; take; p=$t;
case $c$b in
0-*) c=${b#-}; take; k=$t;;
0*) k=$(head -c "$b"; echo .); k=${k%.}; whole || c=1;;
esac;
[ "$c" = 0 ] || fail "the script did not arrive whole";
[ "$a" = pty ] && stty sane -echo -onlcr;
# The script is read from a here-document, which no other user sees and which leaves no file.
[ "$a" = own ] || { [ -e /dev/fd/8 ] || fail "this host has no /dev/fd; leave detach at true";
eval "exec 3<<$m$n\$k$n$m$n"; };
w=; [ "$SHELL" -ef /bin/sh ] 2>/dev/null && w="$m same$n";
v=;
if [ "$a" = pty ]; then exec 7<&8; else exec 7</dev/null;
# Where the channel goes, the script goes.
( while read -r l; do :; done;
for c in TERM KILL; do for q in $(grep -ls "WINDROW_SCRIPT_EXECUTION_ID=$i" /proc/[0-9]*/environ); do q=${q#/proc/}; kill -s $c "${q%/*}"; done; sleep "$j"; done
) <&8 >/dev/null 2>&1 3<&- 7<&- 9>&- & eval "v=\$$e"; fi;
trap : PIPE HUP TERM INT;
printf "%s%s home %s\n%s start %s\n" "$w" "$m" "$HOME" "$m" "$$ $v";
SCRIPT_RESPONSE_FILE=$f WINDROW_SCRIPT_EXECUTION_ID=$i; export SCRIPT_RESPONSE_FILE WINDROW_SCRIPT_EXECUTION_ID;
# What a shell says of the end of its children is no output of theirs.
if [ "$a" = own ]; then [ "$1" ] && export "$@"; cd "${HOME:-/}" 2>/dev/null || cd /; eval "$p"; eval "$k" <&7 7<&- 8<&- 9>&-; r=$?;
else exec 2>/dev/null; (
trap - PIPE HUP TERM INT;
[ "$1" ] && export "$@"; cd "${HOME:-/}" 2>/dev/null || cd /;
set -- "" /dev/fd/3;
eval "$p";
# N.B. ksh hands a descriptor above 2 on only where the command says so.
shift; exec "$@" 3<&3 8<&- 9>&-
) <&7 2>&9 7<&-; r=$?; fi; while [ "$r" -gt 256 ]; do r=$((r - 128)); done;
[ "$v" ] && kill $v 2>/dev/null;
# N.B. what somebody else put there is no response.
[ -h "$f" ] && f=;
if [ -O "$f" ]; then printf "%s response\n" "$m"; [ -s "$f" ] && cat "$f"; fi; printf "%s end\n" "$m";
[ -O "$f" ] && rm -f "$f";
tell "exit $r";
