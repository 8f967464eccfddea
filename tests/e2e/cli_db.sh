#!/bin/sh
# The store: made, checked, copied, migrated; and the rotation of its keys.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

schema=$(find "$top_srcdir/store/migrations" -name "*.sql" | wc -l)
run db check
is "there is no store at first" "$status" 3
run db backup "$work/no.db"
is "nor anything to copy" "$status" 3
run secrets rotate
is "nor to seal anew" "$status" 0
run db migrate
is "migrating makes one" "$status:$err" "0:made a store in $WINDROW_HOME (schema $schema)"
run db migrate
is "once" "$status:$err" "0:the store in $WINDROW_HOME is up to date (schema $schema)"
run db check
is "it is sound" "$status:$out" "0:the store in $WINDROW_HOME is sound (schema $schema)"
is "and its owner's alone" "$(ls -l "$WINDROW_HOME/windrow.db" | cut -c1-10)" "-rw-------"
is "as is home" "$(ls -ld "$WINDROW_HOME" | cut -c1-10)" "drwx------"
run secrets rotate
is "there is still nothing to rotate" "$status" 1

echo hunter2 | "$windrow" variables set token --secret
before=$(cat "$WINDROW_HOME/master.key")
run db backup "$work/copy.db"
is "a store is copied" "$status" 0
is "and nothing else beside it" "$(echo "$work"/copy.db*)" "$work/copy.db"
run db backup "$work/copy.db"
is "not over another file" "$status" 1
ln -s nowhere "$work/link.db"
run db backup "$work/link.db"
like "nor to where a link leads that leads nowhere" "$status:$err" "1:*cannot make the backup $work/link.db: File exists"
run db backup "$work/none/copy.db"
like "nor into a folder that there is not" "$status:$err" "1:*cannot make the backup $work/none/copy.db: No such file or directory"
cd "$work" || exit 99
run db backup -
is "nor to standard output" "$status:$out:$err" "2::windrow: db backup: a store cannot be written to standard output, which - stands for; name a file"
ok "for which no file is taken" [ ! -e - ]
cd - >/dev/null || exit 99
run secrets rotate
is "secrets are sealed anew" "$status:$err" "0:1 secret sealed anew; the new master key is in \
$WINDROW_HOME/master.key: keep a copy of it where backups of the store do not lie"
ok "under a new key" test "$before" != "$(cat "$WINDROW_HOME/master.key")"
run variables export - --with-secrets
like "and open" "$out" '*"hunter2"*'

chmod 644 "$WINDROW_HOME/master.key"
run variables export - --with-secrets
is "a master key that others may read is refused" "$status" 1
like "and told" "$err" "*can be read or changed by others (mode 0644): chmod 600 it*"
chmod 600 "$WINDROW_HOME/master.key"
mv "$WINDROW_HOME/master.key" "$work/key"
run variables export - --with-secrets
like "a missing one too" "$err" "*the master key is missing*put it back from your backup*"
cat >"$work/lacks.yaml" <<'E'
tasks:
  a: {operator: local, command: 'echo $<var.token | default("none")>'}
E
run tasks render "$work/lacks.yaml" main.a
is "what it seals is not taken for missing" "$status" 1
like "nor passed over for a default" "$err" "*the master key is missing*"
run variables list
is "what needs no key is shown all the same" "$status" 0
WINDROW_MASTER_KEY=$(cat "$work/key") run variables export - --with-secrets
like "the environment may hold it" "$out" '*"hunter2"*'
WINDROW_MASTER_KEY_FILE=$work/key run variables export - --with-secrets
like "or name its file" "$out" '*"hunter2"*'
WINDROW_MASTER_KEY=$(cat "$work/key") run secrets rotate
is "the environment's is not windrow's to rotate" "$status" 1
echo "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" >"$work/new"
chmod 600 "$work/new"
WINDROW_MASTER_KEY=$(cat "$work/key") run secrets rotate --new-key-file "$work/new"
is "unless the new one is given" "$status:$err" "0:1 secret sealed anew; now put the key of \
$work/new in the place of WINDROW_MASTER_KEY"
WINDROW_MASTER_KEY=$(cat "$work/new") run variables export - --with-secrets
like "which opens them from then on" "$out" '*"hunter2"*'
WINDROW_MASTER_KEY=$(cat "$work/key") run variables export - --with-secrets
like "and the old one does not" "$err" "*wrong master key: WINDROW_MASTER_KEY holds key *"

like "where there is no sqlite3 it is told how to get one" \
	"$(PATH=/nonexistent "$windrow" db shell 2>&1)" "*apt-get install sqlite3*"
if command -v sqlite3 >/dev/null; then
	is "the shell opens it" "$(echo 'SELECT action FROM audit_log LIMIT 1;' |
		"$windrow" db shell)" variable.set
	"$windrow" variables set plain kept
	sed -n '/^    windrow db shell <<END$/,/^    END$/{/END$/d;s/^    //;p}' "$top_srcdir/docs/secrets.md" |
		"$windrow" db shell
	run variables export -
	is "where the key is lost for good what is sealed can be forgotten" "$status:$(echo "$out" | tr -d ' \n')" \
		'0:{"plain":"kept"}'
	echo again | "$windrow" variables set token --secret
	run variables export - --with-secrets
	like "and all begins with a new key" "$out" '*"again"*'
	sqlite3 "$WINDROW_HOME/windrow.db" 'INSERT INTO schema_migrations VALUES (99, "x", 0)'
	run variables set a b
	is "a store of a newer windrow is refused" "$status" 3
	like "politely" "$err" "*was made by a newer windrow*nothing was changed*"
	run db check
	is "checking tells it too" "$status" 1
	run db migrate
	is "it cannot be migrated" "$status" 3
	run db backup "$work/newer.db"
	is "but it can be copied" "$status" 0
	mkdir "$work/older"
	mv "$work/newer.db" "$work/older/windrow.db"
	sqlite3 "$work/older/windrow.db" "DELETE FROM schema_migrations WHERE number = 99; DELETE FROM schema_migrations
		WHERE number = (SELECT MAX(number) FROM schema_migrations)"
	WINDROW_HOME=$work/older run variables list
	like "of an older one what to do is told" "$status:$err" "3:*\`windrow db backup FILE\`, then \`windrow db migrate\`"
	WINDROW_HOME=$work/older run db backup "$work/before.db"
	is "and the first can be done" "$status:$(sqlite3 "$work/before.db" 'SELECT COUNT(*) > 0 FROM variables')" 0:1
else
	skip 10 "no sqlite3 here"
fi
dd if=/dev/zero of="$WINDROW_HOME/windrow.db" bs=1 count=64 conv=notrunc 2>/dev/null
cp "$WINDROW_HOME/windrow.db" "$work/damaged.db"
run db check
is "a damaged store is told" "$status" 1
like "with what to do" "$err" "*is damaged (*put a backup in its place*"
run variables set a b
is "and not written to" "$status" 3
ok "not a byte" cmp "$WINDROW_HOME/windrow.db" "$work/damaged.db"
if command -v sqlite3 >/dev/null; then
	mkdir "$work/part"
	cp "$work/copy.db" "$work/part/windrow.db"
	page=$(sqlite3 "$work/part/windrow.db" 'PRAGMA page_size')
	roots=$(sqlite3 "$work/part/windrow.db" \
		"SELECT rootpage FROM sqlite_master WHERE tbl_name IN ('variables', 'connections', 'keypairs', 'runs', 'pools')")
	for root in $roots; do
		dd if=/dev/zero of="$work/part/windrow.db" bs="$page" seek=$((root - 1)) count=1 conv=notrunc 2>/dev/null
	done
	for command in "variables list" "variables get x" "connections list" "keypairs show x" "pools list" "dags list-runs x" \
		"pools set few 3" "connections setup x"; do
		# shellcheck disable=SC2086 # words
		WINDROW_CONN_X='ssh://a@127.0.0.1?keypair=k' WINDROW_HOME=$work/part run $command
		like "$command where a part of the store is damaged" "$status:$err" "3:*windrow.db is damaged*"
	done
	WINDROW_HOME=$work/part run db backup "$work/part.db"
	like "a damaged store is not copied" "$status:$err" "3:*no backup was made*$work/part/windrow.db is damaged (*"
	is "and no copy left" "$(echo "$work"/part.db*)" "$work/part.db*"
else
	skip 10 "no sqlite3 here"
fi
mkdir "$work/home3"
cp "$work/copy.db" "$work/home3/windrow.db"
WINDROW_HOME=$work/home3 run db check
is "a backup is a store" "$status" 0
for command in "0 db migrate" "0 variables set a b" "0 pools set few 3" "1 dags trigger x" "1 dags pause x"; do
	# shellcheck disable=SC2086 # words
	WINDROW_HOME=$work/deep/y/z run ${command#* }
	is "${command#* } makes home, with the folders above it" "$status:$(ls -ld "$work/deep/y/z" | cut -c1-10)" \
		"${command%% *}:drwx------"
	rm -rf "$work/deep"
done
WINDROW_HOME=/dev/null/x run variables set a b
is "a home that cannot be is told" "$status" 3
: >"$work/file"
echo 'tasks: {a: {operator: local, command: "echo $<var.x | default(1)>"}}' >"$work/t.yaml"
for home in "$WINDROW_HOME" "$work/file"; do
	for command in "variables list" "variables get x" "variables export -" "connections list" "connections get x" "connections test x" \
		"connections discover-host-key x" "connections setup x" "keypairs list" "keypairs show x" "pools list" "dags list-runs x" \
		"dags state x y" "dags pause x" "tasks state x a y" "tasks logs x a y" "tasks render $work/t.yaml a" "secrets rotate" \
		"db clean --before 2026-01-01 -y" "runs cancel x/y"; do
		# shellcheck disable=SC2086 # words
		WINDROW_HOME=$home run $command
		like "$command cannot reach the store" "$status:$err" "3:*$home*"
	done
done
tap_done
