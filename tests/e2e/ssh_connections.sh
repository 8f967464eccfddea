#!/bin/sh
# connections test, discover-host-key and setup, against a real sshd.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "$top_srcdir/tests/e2e/sshd.sh"

sshd_start
cp "$me/.ssh/known_hosts" "$work/known"
run connections test box
is "a connection that works is found to" "$status:$err" "0:"
like "where it is from" "$out" "find	ok	in the environment*"
like "step by step" "$out" "*connect	ok	Connected (version 2.0, client OpenSSH*
host_key	ok	Host key SHA256:* is known (*
login	ok	Authentication (publickey) successful! Key: *
run	ok	a command ran as $sshd_user on *"
run connections test nobox
is "one that is not there fails" "$status" 1
like "at the first step" "$out" "find	failed	there is no connection*prepare	not reached*"
WINDROW_CONN_BAD="ssh://$sshd_user@127.0.0.1:1" run connections test bad
like "a port where nobody listens" "$out" "*resolve	ok*connect	failed	*refused*login	not reached*"
WINDROW_CONN_BAD="ssh://no.such.host.invalid" run connections test bad
like "a name that is none" "$out" "*resolve	failed	*no.such.host.invalid*"
WINDROW_CONN_BAD="ssh://h/?key_file=/nonexistent" run connections test bad
like "a key that is not there" "$out" "*prepare	failed	*key_file*/nonexistent*"
ssh-keygen -q -t ed25519 -N sealed -f "$work/sealed"
WINDROW_CONN_BAD="ssh://$sshd_user@127.0.0.1:1/?key_file=$work/sealed" run connections test bad
like "a key that cannot be opened, before the host is spoken to" "$out" \
	"*prepare	failed	*is sealed by a passphrase*connect	not reached*"
WINDROW_CONN_BAD="ssh://$sshd_user@127.0.0.1:$port/?look_for_keys=false" run connections test bad
like "nothing to log in with" "$out" "*connect	ok	Connected (*host_key	ok	Host key *login	failed	*the server offers publickey*"
is "what to do is on standard error, whole" "${err%%:*}" windrow

: >"$me/.ssh/known_hosts"
run connections test box
like "a host that is not known" "$out" "*host_key	failed	*is not known*"
shown=$(ssh-keygen -lf "$sshd_dir/host_key.pub" | cut -d' ' -f2)
run connections discover-host-key box -o json
is "its key can be asked for" "$status" 0
like "with what ssh-keygen prints of it" "$out" "*\"key_type\": \"ssh-ed25519\",*\"fingerprint\": \
\"$shown\",*\"host_key\": \"$(cut -d' ' -f1,2 "$sshd_dir/host_key.pub")\",*\"is_known\": false*"
is "nothing is recorded unasked" "$(cat "$me/.ssh/known_hosts")" ""
run connections discover-host-key box --fingerprint SHA256:other
is "another key than the wanted one is refused" "$status" 1
is "and not recorded" "$(cat "$me/.ssh/known_hosts")" ""
run connections discover-host-key box --fingerprint "$shown"
is "the wanted one is recorded" "$status" 0
is "in known_hosts" "$(cat "$me/.ssh/known_hosts")" "$(cat "$work/known")"
run connections test box
is "and known then" "$status" 0
run connections discover-host-key box --yes
is "it is not recorded again" "$status:$(cat "$me/.ssh/known_hosts")" "0:$(cat "$work/known")"

: >"$me/.ssh/known_hosts"
run connections add kept --conn-uri "$WINDROW_CONN_BOX"
run connections discover-host-key kept --yes
is "a stored connection keeps it itself" "$status:$(cat "$me/.ssh/known_hosts")" "0:"
run connections get kept -o json
like "as its host_key" "$out" "*\"host_key\": \"$(cut -d' ' -f1,2 "$sshd_dir/host_key.pub")\"*"
run connections test kept
like "and is trusted by it" "$out" "*host_key	ok	Host key $shown is the connection's host_key*run	ok*"
run connections edit kept --conn-type SSH
run connections test kept
is "though its type be written in capitals" "$status" 0
run connections edit kept --conn-type ssh --conn-extra '{"host_key": "SHA256:AAAA"}'
run connections test kept
like "a changed key is refused" "$out" "*host_key	failed	*is $shown, which is not the host_key of*"
run connections discover-host-key kept --fingerprint "$shown"
run connections test kept
is "until it is recorded" "$status" 0
WINDROW_CONN_PINNED="$WINDROW_CONN_BOX&host_key=SHA256:AAAA" run connections discover-host-key pinned --yes
like "what would not help is not recorded: where another is named elsewhere" "$status:$err" \
	"1:*is $shown, which is not the host_key of connection pinned; *change host_key there; nothing was recorded"
sed 's/^/@revoked /' "$work/known" >"$me/.ssh/known_hosts"
run connections discover-host-key box --yes
like "nor a key that is revoked" "$status:$err" "1:*is revoked by $me/.ssh/known_hosts, line 1; nothing was recorded"
is "really" "$(cat "$me/.ssh/known_hosts")" "$(sed 's/^/@revoked /' "$work/known")"
WINDROW_CONN_FREE="$WINDROW_CONN_BOX&no_host_key_check=true" run connections test free
like "a key that is not checked is warned of" "$out" "*host_key	ok	warning: the host key ($shown) is NOT checked*"
WINDROW_CONN_FREE="$WINDROW_CONN_BOX&no_host_key_check=true" run connections discover-host-key free
like "as one is who asks for it" "$err" "windrow: warning: the host key ($shown) is NOT checked*"

# ---- setup ----

: >"$me/.ssh/known_hosts"
run connections setup box
is "a host that is not known is not set up unasked" "$status" 1
like "and how to make it known is told" "$err" "*not recorded*--fingerprint $shown*"
run connections setup box --fingerprint "$shown"
is "where the key works nothing is done" "$status" 0
like "but the host made known" "$err" "*recorded in $me/.ssh/known_hosts*the key works*"
is "and the keys there stay" "$(cat "$sshd_dir/authorized_keys")" "$(cat "$sshd_dir/user_key.pub")"

mkdir "$host/.ssh"
chmod 755 "$host/.ssh"
printf '%s' "ssh-rsa AAAA other" >"$host/.ssh/authorized_keys"
ssh-keygen -q -t ed25519 -N '' -C new -f "$work/new"
run connections setup box --public-key "$work/new.pub"
is "another key can be installed over a connection that works" "$status" 0
like "which is told" "$err" "*the public key is installed"
is "it stands there on a line of its own, named" "$(cat "$host/.ssh/authorized_keys")" \
	"ssh-rsa AAAA other
$(cut -d' ' -f1,2 "$work/new.pub") windrow:box"
is "the file is its owner's alone" "$(ls -l "$host/.ssh/authorized_keys" | cut -c1-10)" "-rw-------"
is "so is its folder" "$(ls -ld "$host/.ssh" | cut -c1-10)" "drwx------"
cp "$host/.ssh/authorized_keys" "$work/installed"
run connections setup box --public-key "$work/new.pub"
like "done again it changes nothing" "$status:$err" "0:*was there already"
ok "not a byte" cmp "$host/.ssh/authorized_keys" "$work/installed"
cp "$host/.ssh/authorized_keys" "$sshd_dir/authorized_keys"
WINDROW_CONN_NEW="ssh://$sshd_user@127.0.0.1:$port/?key_file=$work/new" run connections test new
is "the key that was installed lets in" "$status" 0

run connections setup box
like "a key that the host does not know wants a password" "$status:$err" "1:*no password was said*"
echo sesame | "$windrow" connections setup box >/dev/null 2>"$work/err"
like "and where none is taken that is told" "$(cat "$work/err")" "*the server offers publickey*"
run connections setup box --public-key "$sshd_dir/host_key"
like "a file that holds no public key is told" "$err" "*holds no public key*"
WINDROW_CONN_BOX="ssh://$sshd_user@127.0.0.1:$port" run connections setup box
like "a connection from elsewhere without a key is told how to get one" "$err" \
	"*names no key*give it a key_file, or say --public-key FILE"
cp "$sshd_dir/user_key.pub" "$sshd_dir/authorized_keys"
printf '{"private_key": "%s"}' "$(awk '{ printf "%s\\n", $0 }' "$sshd_dir/user_key")" >"$work/extra"
"$windrow" connections add inside --conn-host 127.0.0.1 --conn-port "$port" --conn-login "$sshd_user" \
	--conn-extra - <"$work/extra"
run connections setup inside
like "a connection with a private_key is set up by that" "$status:$err" "0:*the key works*"
run keypairs list
is "and gets no keypair" "$out" ""
cp "$sshd_dir/user_key" "$work/lone"
WINDROW_CONN_LONE="ssh://$sshd_user@127.0.0.1:$port/?key_file=$work/lone" run connections setup lone
like "a key_file without its .pub does too" "$status:$err" "0:*the key works*"
"$windrow" connections add own --conn-host 127.0.0.1 --conn-port 1 --conn-login "$sshd_user"
run connections setup own
like "a host that does not answer is told" "$status:$err" "1:*cannot connect to 127.0.0.1:1: *refused*"
is "and no keypair is made for it" "$("$windrow" keypairs list)" ""
"$windrow" connections edit own --conn-port "$port"
run connections setup own
like "a stored one gets a keypair" "$err" "*made the keypair own-key: 256 SHA256:* own-key (ED25519)*"
like "where that could not be installed, what to do is told" "$status:$err" \
	"1:*connection own is as it was; the keypair own-key is kept*keypairs export own-key --public*"
run connections get own -o json
like "and it is as it was, without the keypair" "$out" '*"extra": null*'
"$windrow" keypairs export own-key --public >"$sshd_dir/authorized_keys"
run connections setup own
like "which is made once, and works where the host knows it" "$status:$err" "0:*the key works*"
run connections get own -o json
like "the connection names it then" "$out" '*"keypair": "own-key"*'

cp "$sshd_dir/user_key.pub" "$sshd_dir/authorized_keys"
sshd_stop
"$windrow" connections edit kept --conn-port 1
run connections discover-host-key kept
is "a host that does not answer has none" "$status" 1
tap_done
