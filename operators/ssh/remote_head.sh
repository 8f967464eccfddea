# What the programs that start a script have in common. They have read their arguments: $m is the nonce, $c
# lines of the prologue, $b bytes of the script, or - and its lines. Standard input: an exclamation mark,
# the prologue, the script; and the nonce behind one that is sent as bytes.
n="${IFS#??}"; exec 8<&0 9>&2;
tell() { printf "%s %s\n" "$m" "$*" >&9; };
fail() { tell "fail $*"; exit 70; };
# A start-up file of the login shell may have sent a stream elsewhere; a terminal is both. Whichever is
# left is heard.
x=9; [ "$a" = pty ] && x=-;
{ [ /dev/fd/1 -ef /dev/null ] || [ /dev/fd/9 -ef /dev/null ] || [ /dev/fd/1 -ef "/dev/fd/$x" ]; } 2>/dev/null && {
x="a start-up file of the login shell (such as ~/.bashrc) sends standard output or standard error elsewhere; let it do so on terminals alone";
printf "%s fail %s\n" "$m" "$x"; fail "$x"; };
# So many lines, kept in memory, never in a file.
take() { t=; while [ "$c" -gt 0 ] && IFS= read -r l; do t="$t$l$n"; c=$((c - 1)); done; };
# Whether what was sent as bytes came whole.
whole() { IFS= read -r l && IFS= read -r l && [ "$l" = "$m" ]; };
