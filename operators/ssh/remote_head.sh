# What the programs that start a script have in common. They have read their arguments: $m is the nonce, $c
# lines of the prologue, $b bytes of the script, or - and its lines. Standard input: an exclamation mark,
# the prologue, the script; and the nonce behind one that is sent as bytes.
n="${IFS#??}"; exec 8<&0 9>&2;
tell() { printf "%s %s\n" "$m" "$*" >&9; };
fail() { tell "fail $*"; exit 70; };
# So many lines, kept in memory, never in a file.
take() { t=; while [ "$c" -gt 0 ] && IFS= read -r l; do t="$t$l$n"; c=$((c - 1)); done; };
# Whether what was sent as bytes came whole.
whole() { IFS= read -r l && IFS= read -r l && [ "$l" = "$m" ]; };
