#!/bin/sh
# Keypairs: made, taken over, told, used to log in, and deleted.
. "${top_srcdir:-.}/tests/e2e/tap.sh"
. "${top_srcdir:-.}/tests/e2e/sshd.sh"
sshd_start
unset WINDROW_CONN_BOX

run keypairs list
is "no store holds no keypairs" "$status:$out" "0:"
for type in ed25519 ecdsa rsa; do
	run keypairs generate "k-$type" --type "$type"
	is "$type: one is made" "$status" 0
	told=$out
	run keypairs export "k-$type" --public "$work/k.pub"
	is "$type: its fingerprint is ssh-keygen's" "$told" "$(ssh-keygen -l -f "$work/k.pub")"
	run keypairs export "k-$type" --private "$work/k"
	is "$type: its private half fits" "$(ssh-keygen -y -P '' -f "$work/k")" "$(cat "$work/k.pub")"
	is "$type: and is its owner's alone" "$(stat -c %a "$work/k")" 600
	rm "$work/k"
done
run keypairs list
is "all are listed" "$(printf '%s\n' "$out" | cut -f 1 | tr '\n' ' ')" "k-ecdsa k-ed25519 k-rsa "
run keypairs generate k-rsa
is "a name that is taken" "$status:$err" \
	"1:windrow: there is a keypair k-rsa already; delete it first, or give another name"
ok "nothing of a private half is in the store's file" \
	sh -c "! grep -aq -e 'PRIVATE KEY' -e b3BlbnNzaC1r '$WINDROW_HOME'/windrow.db*"

cat >"$work/t.yaml" <<'END'
default_args: {operator: ssh, ssh_conn_id: box}
tasks:
  a: {command: "echo hello"}
END
for type in ed25519 ecdsa rsa; do
	"$windrow" keypairs export "k-$type" --public >"$sshd_dir/authorized_keys"
	"$windrow" connections delete box 2>/dev/null
	run connections add box --conn-host 127.0.0.1 --conn-port "$port" --conn-login "$sshd_user" \
		--conn-extra "{\"keypair\": \"k-$type\"}"
	is "$type: a connection names it" "$status" 0
	run dags test "$work/t.yaml"
	is "$type: and a task logs in with it" "$status" 0
done
run keypairs show k-rsa -o json
like "its users are told" "$out" '*"used_by": \[
    "box"
  \]*'
run keypairs delete k-rsa
is "it is not deleted while it is used" "$status:$err" \
	"1:windrow: keypair k-rsa is used by box; --force deletes it all the same"
run keypairs delete k-rsa --force
is "unless by force" "$status" 0
run dags test "$work/t.yaml"
is "then no task logs in" "$status" 1
like "and says why" "$out" "*keypair k-rsa*"

ssh-keygen -q -t rsa -b 2048 -m PKCS8 -N 'a secret' -C me -f "$work/sealed"
run keypairs import mine "$work/sealed"
is "a sealed key wants its passphrase" "$status:$err" "1:windrow: $work/sealed is sealed by a \
passphrase; say --passphrase-stdin, and it is asked for"
echo guess | "$windrow" keypairs import mine "$work/sealed" --passphrase-stdin 2>"$work/err"
is "a wrong one is told" "$?:$(cat "$work/err")" "1:windrow: the passphrase of $work/sealed is wrong"
echo 'a secret' | "$windrow" keypairs import mine "$work/sealed" --passphrase-stdin >"$work/out"
is "with the right one it is taken" "$?:$(cut -d ' ' -f 2 "$work/out")" \
	"0:$(ssh-keygen -l -f "$work/sealed.pub" | cut -d ' ' -f 2)"
"$windrow" keypairs import other - <"$work/sealed" 2>"$work/err"
is "one on standard input has to lie in a file" "$?:$(cat "$work/err")" "1:windrow: - is sealed by a passphrase; put the key \
into a file, and say --passphrase-stdin"
"$windrow" keypairs import other - --passphrase-stdin <"$work/sealed" 2>"$work/err"
is "for its passphrase cannot come there too" "$?:$(cat "$work/err")" "2:windrow: keypairs import: the key - is all of \
standard input, which cannot bring a passphrase too; put the key into a file"
run keypairs import other "$work/sealed.pub"
like "a public key in its place is told" "$status:$err" "1:windrow: *holds a public key; the private one*"
# PuTTY's, as a connection's key_file.
for key in ed25519-2 ecdsab256-3-sealed rsab2048-2-sealed; do
	cp "$top_srcdir/tests/keys/$key.ppk" "$work/putty"
	chmod 600 "$work/putty"
	cp "$top_srcdir/tests/keys/${key%-sealed}.pub" "$sshd_dir/authorized_keys"
	"$windrow" connections delete box
	"$windrow" connections add box --conn-host 127.0.0.1 --conn-port "$port" --conn-login \
		"$sshd_user" --conn-extra "{\"key_file\": \"$work/putty\", \
\"private_key_passphrase\": \"pass phrase\"}"
	run dags test "$work/t.yaml"
	is "PuTTY's $key lets in" "$status" 0
done

cat >"$work/ed448.ppk" <<'END'
PuTTY-User-Key-File-3: ssh-ed448
Encryption: none
Comment: x
Public-Lines: 2
AAAACXNzaC1lZDQ0OAAAADlS2x7sezS/yXm1Yt9MvTKPjwdagg40Vqksz/XC+pPk
DIcwoIOt8VuiR5srb3o+YoV0F3Of6raGWIA=
Private-Lines: 2
AAAAOUy0Y5RGwDo+ubMNVAylKX83vp2AIOpdFw18Y/As5BHZgkGgHrkRARR/h6TP
czn2eVQ07hHVMC5DAA==
Private-MAC: 66410d7f7bc190c863ce9bc5600a0116a792a5bdb60ebf96d09e20752b975543
END
run keypairs import other "$work/ed448.ppk"
is "a type that SSH does not take here is told" "$status:$err" \
	"1:windrow: $work/ed448.ppk is a key of type ssh-ed448; SSH takes Ed25519, ECDSA and RSA here"
if openssl genrsa -traditional -provider legacy -provider default -des -passout pass:x -out "$work/des" 2048 \
	>"$work/said" 2>&1; then
	printf x | "$windrow" keypairs import other "$work/des" --passphrase-stdin 2>"$work/err"
	like "so is a way of sealing that OpenSSL has given up" "$(cat "$work/err")" "*seal it anew: openssl pkey *"
else
	skip 1 "this openssl cannot seal with DES"
fi

run keypairs export mine
is "which half?" "$status:$err" "2:windrow: keypairs export: say --public or --private"
run keypairs generate short -t rsa -b 2048
is "a short RSA key is wrong usage" "$status" 2
run keypairs show nobody
like "one that is not there" "$status:$err" "1:windrow: there is no keypair nobody*"
tap_done
