# Runs a script on the channel itself and keeps nothing on the host: detach: false.
#   $1 the execution's id   $2 the nonce   $3 bytes of the script, or - for one that is sent line by
#   line   $4 pty where there is a terminal, own where the script is one command of plain words that
#   needs no shell of its own   $5 the grace in seconds
# Standard input (on a terminal once we are ready): an exclamation mark, the prologue, NONCE, the script, NONCE.
i=$1; m=$2; n="${IFS#??}"; f=${TMPDIR:-/tmp}/windrow.$i; exec 8<&0 9>&2;
tell() { printf "%s %s\n" "$m" "$*" >&9; };
fail() { tell "fail $*"; exit 70; };
# N.B. a terminal would echo, cut long lines and act on control characters.
[ "$4" = pty ] && { stty raw -echo || fail "this host has no stty, which get_pty needs"; };
tell begin; [ "$4" = pty ] && { printf "%s begin\n" "$m"; tell ready; };
p=; k=; o=; IFS= read -r e;
while IFS= read -r l; do [ "$l" = "$m" ] && { o=1; break; }; p="$p$l$n"; done;
[ "$o" ] || fail "the script did not arrive whole"; o=;
if [ "$3" = - ]; then
while IFS= read -r l; do [ "$l" = "$m" ] && { o=1; break; }; k="$k$l$n"; done;
else k=$(head -c "$3"; echo .); k=${k%.}; IFS= read -r l && IFS= read -r l && [ "$l" = "$m" ] && o=1; fi;
[ "$o" ] || fail "the script did not arrive whole";
[ "$4" = pty ] && stty sane -echo -onlcr;
# The script is read from a here-document, which no other user sees and which leaves no file.
[ "$4" = own ] || { [ -e /dev/fd/8 ] || fail "this host has no /dev/fd; leave detach at true";
eval "exec 3<<$m$n\$k$n$m$n"; };
w=; [ "$SHELL" -ef /bin/sh ] 2>/dev/null && w="$m same$n";
v=;
if [ "$4" = pty ]; then exec 7<&8; else exec 7</dev/null;
# Where the channel goes, the script goes.
( while read -r l; do :; done;
for c in TERM KILL; do for q in $(grep -ls "WINDROW_SCRIPT_EXECUTION_ID=$i" /proc/[0-9]*/environ); do q=${q#/proc/}; kill -s $c "${q%/*}"; done; sleep "$5"; done
) <&8 >/dev/null 2>&1 3<&- 7<&- 9>&- & eval "v=\$$e"; fi;
trap : PIPE HUP TERM INT;
printf "%s%s home %s\n%s start %s\n" "$w" "$m" "$HOME" "$m" "$$ $v";
SCRIPT_RESPONSE_FILE=$f; export SCRIPT_RESPONSE_FILE;
if [ "$4" = own ]; then eval "$p"; eval "$k" <&7 7<&- 8<&- 9>&-; r=$?;
else (
trap - PIPE HUP TERM INT;
z=; s=/dev/fd/3;
eval "$p"
) <&7 7<&-; r=$?; fi;
[ "$v" ] && kill $v 2>/dev/null;
if [ -s "$f" ]; then printf "%s response\n" "$m"; cat "$f"; fi; printf "%s end\n" "$m";
[ -e "$f" ] && rm -f "$f";
tell "exit $r";
