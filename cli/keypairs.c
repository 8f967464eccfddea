/*
 * `windrow keypairs`: SSH keys kept in the store, their private halves sealed. A key is told from
 * others by its fingerprint, as ssh-keygen tells it.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/exchange_file.h"
#include "cli/keypair_keep.h"
#include "cli/report.h"
#include "cli/secret_input.h"
#include "cli/stores.h"
#include "cli/table.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "operators/ssh/key.h"
#include "store/dags_folder.h"
#include "store/secret.h"

#define PRIVATE_ROOM ((size_t)64 << 10) /* more than any private key: its buffer never moves */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int failed(const struct err *e)
{
	report_error("%s", e->text);
	return EXIT_FAILED;
}

/* Puts a key into the store, and tells of it as ssh-keygen does. */
static int keep(const struct ssh_key *k, const char *name, const char *passphrase, struct arena *a)
{
	const char *told;
	struct err e;
	int status;
	struct store *s = stores_open(&status);

	if (s == NULL)
		return status;
	if (keypair_keep(s, k, name, passphrase, a, &told, &e) != 0)
		status = stores_report(&e);
	else
		(void)puts(told);
	stores_close(s);
	return status;
}

/* ---- generate ---- */

static const char *const types[] = {
	[SSH_KEY_ED25519] = "ed25519", [SSH_KEY_ECDSA] = "ecdsa", [SSH_KEY_RSA] = "rsa", NULL};

/* A passphrase for a new key; NULL, and reported, where there is none. */
static const char *passphrase_new(struct arena *a)
{
	const char *passphrase = secret_input(a, "the passphrase");

	if (passphrase != NULL && *passphrase == '\0') {
		report_error("an empty passphrase seals nothing; leave --passphrase-stdin out");
		return NULL;
	}
	return passphrase;
}

static int generate_exec(const struct args *args)
{
	const char *said = args_text(args, "type", "ed25519");
	struct arena *a = secret_arena_create(0);
	enum ssh_key_type type = SSH_KEY_ED25519;
	const char *passphrase = NULL;
	struct ssh_key *k = NULL;
	struct err e;
	int status;

	for (int i = 0; types[i] != NULL; i++)
		if (strcmp(types[i], said) == 0)
			type = (enum ssh_key_type)i;
	if (a == NULL)
		status = report_no_memory();
	else if (ssh_key_generate(type, (unsigned)args_int(args, "bits", 0), &k, &e) != 0) {
		report_error("%s", e.text);
		status = e.code == ERR_INVALID ? EXIT_USAGE : EXIT_FAILED;
	} else if (args_has(args, "passphrase-stdin") && (passphrase = passphrase_new(a)) == NULL)
		status = EXIT_FAILED;
	else
		status = keep(k, args_word(args, 0), passphrase, a);
	ssh_key_destroy(k);
	arena_destroy(a);
	return status;
}

static const struct flag generate_flags[] = {
	{"type", 't', FLAG_ENUM, "TYPE", "ed25519 (the default), ecdsa or rsa", .choices = types},
	{"bits", 'b', FLAG_INT, "N", "of ecdsa: 256, 384 or 521; of rsa: 3072 or more", 1, 65536},
	{"passphrase-stdin", 0, FLAG_SWITCH, NULL,
		"seal it by a passphrase too, read from standard input"},
};

const struct command command_keypairs_generate = {
	.group = "keypairs",
	.verb = "generate",
	.words = "NAME",
	.summary = "make a new keypair",
	.details = "Its private half goes into the store, sealed, and is shown to nobody. A "
		   "connection uses it by `keypair` in its extra (and private_key_passphrase, "
		   "where it "
		   "has one); `connections setup` brings the public half to the host.",
	.flags = generate_flags,
	.n_flags = COUNT(generate_flags),
	.example = "windrow keypairs generate deploy\n"
		   "windrow connections add web1 --conn-extra '{\"keypair\": \"deploy\"}'",
	.exec = generate_exec,
};

/* ---- import ---- */

/* Reads the file; where it is sealed, with the passphrase that a person says. */
static int import_read(
	const char *path, bool asks, struct arena *a, struct ssh_key **out, struct err *e)
{
	const char *passphrase = NULL;
	char *text;
	size_t len;
	int r = dags_folder_read(path, SSH_KEY_TEXT_MAX, &text, &len, e);

	if (r != 0)
		return err_context(e, "%s", path);
	if (asks && (passphrase = secret_input(a, "the passphrase")) == NULL)
		r = err_set(e, ERR_DENIED, "%s: no passphrase was said", path);
	else
		r = ssh_key_read(path, text, len, passphrase, out, e);
	explicit_bzero(text, len);
	free(text);
	if (r == ERR_DENIED && !asks)
		(void)err_set(e, r,
			strcmp(path, "-") == 0
				? "%s is sealed by a passphrase; put the key into a file, and say "
				  "--passphrase-stdin"
				: "%s is sealed by a passphrase; say --passphrase-stdin, and it is "
				  "asked for",
			path);
	return r;
}

static int import_exec(const struct args *args)
{
	struct arena *a;
	struct ssh_key *k = NULL;
	struct err e;
	int status;

	if (strcmp(args_word(args, 1), "-") == 0 && args_has(args, "passphrase-stdin")) {
		report_error("keypairs import: the key - is all of standard input, which cannot "
			     "bring a passphrase too; put the key into a file");
		return EXIT_USAGE;
	}
	a = secret_arena_create(0);
	if (a == NULL)
		return report_no_memory();
	if (import_read(args_word(args, 1), args_has(args, "passphrase-stdin"), a, &k, &e) != 0)
		status = failed(&e);
	else
		status = keep(k, args_word(args, 0), NULL, a);
	ssh_key_destroy(k);
	arena_destroy(a);
	return status;
}

static const struct flag import_flags[] = {
	{"passphrase-stdin", 0, FLAG_SWITCH, NULL,
		"read the passphrase from standard input, unseen on a terminal"},
};

const struct command command_keypairs_import = {
	.group = "keypairs",
	.verb = "import",
	.words = "NAME FILE",
	.summary = "take over a private key from a file",
	.details = "PEM (PKCS#1, PKCS#8, SEC1), OpenSSH's and PuTTY's formats; Ed25519, ECDSA and "
		   "RSA. A "
		   "passphrase is needed once: the store seals the key itself. The file stays.",
	.flags = import_flags,
	.n_flags = COUNT(import_flags),
	.example = "windrow keypairs import deploy ~/.ssh/id_ed25519",
	.exec = import_exec,
};

/* ---- list, show ---- */

static int list_print(struct store *s, struct arena *a, const struct args *args)
{
	static const char *const columns[] = {"name", "type", "fingerprint"};
	struct store_keypair *list = NULL;
	size_t n = 0;
	struct table *t;
	struct err e;
	int status;

	if (s != NULL && store_keypair_list(s, a, &list, &n, &e) != 0)
		return stores_report(&e);
	t = table_create(columns, COUNT(columns));
	for (size_t i = 0; i < n; i++) {
		table_text(t, list[i].name);
		table_text(t, list[i].type);
		table_text(t, list[i].fingerprint);
	}
	status = table_show(t, args);
	table_destroy(t);
	return status;
}

static int show_print(struct store *s, struct arena *a, const struct args *args)
{
	const char *name = args_word(args, 0);
	char time[INSTANT_TEXT_MAX];
	struct value *users;
	struct store_keypair k;
	const char **ids;
	struct value map;
	size_t n;
	struct err e;

	if (s == NULL)
		(void)err_set(
			&e, ERR_NOTFOUND, "there is no keypair %s: nothing is stored yet", name);
	if (s == NULL || store_keypair_get(s, a, name, &k, &e) != 0 ||
		store_keypair_users(s, a, name, &ids, &n, &e) != 0)
		return stores_report(&e);
	users = arena_array(a, n + 1, sizeof(*users));
	if (users == NULL)
		return report_no_memory();
	for (size_t i = 0; i < n; i++)
		users[i] = value_cstring(ids[i]);
	map = (struct value){.type = VALUE_MAP,
		.len = 6,
		.u.pairs = (struct value_pair[]){
			{"name", 4, value_cstring(k.name)},
			{"type", 4, value_cstring(k.type)},
			{"fingerprint", 11, value_cstring(k.fingerprint)},
			{"public_key", 10, value_cstring(k.public_line)},
			{"created_at", 10, value_cstring(instant_format(k.created_at, time))},
			{"used_by", 7, {.type = VALUE_LIST, .len = n, .u.items = users}},
		}};
	return table_show_object(&map, args);
}

static int list_exec(const struct args *args)
{
	return stores_look(args, list_print);
}

static int show_exec(const struct args *args)
{
	return stores_look(args, show_print);
}

static const struct flag output_flags[] = {OUTPUT_FLAG};

const struct command command_keypairs_list = {
	.group = "keypairs",
	.verb = "list",
	.summary = "the stored keypairs",
	.details = "Fingerprints are those that `ssh-keygen -l` prints.",
	.flags = output_flags,
	.n_flags = COUNT(output_flags),
	.example = "windrow keypairs list",
	.exec = list_exec,
};

const struct command command_keypairs_show = {
	.group = "keypairs",
	.verb = "show",
	.words = "NAME",
	.summary = "all but the private half of a keypair",
	.details = "used_by are the stored connections that name it.",
	.flags = output_flags,
	.n_flags = COUNT(output_flags),
	.example = "windrow keypairs show deploy",
	.exec = show_exec,
};

/* ---- export ---- */

static int export_private(struct store *s, const char *name, const char *path, struct err *e)
{
	struct arena *a = secret_arena_create(0);
	const char *key;
	struct buf text;
	size_t len;
	int status, r;

	if (a == NULL)
		return report_no_memory();
	buf_init(&text, 0);
	(void)buf_room(&text, PRIVATE_ROOM);
	r = store_keypair_private(s, a, name, &key, &len, e);
	if (r == 0)
		buf_add(&text, key, len);
	status = r == 0 ? exchange_file_write(path, &text, true) : stores_report(e);
	if (text.data != NULL)
		explicit_bzero(text.data, text.cap);
	buf_free(&text);
	arena_destroy(a);
	return status;
}

static int export_print(struct store *s, struct arena *a, const struct args *args)
{
	const char *name = args_word(args, 0);
	const char *path = args_word(args, 1) == NULL ? "-" : args_word(args, 1);
	struct store_keypair k;
	struct buf text;
	struct err e;
	int status;

	if (args_has(args, "public") == args_has(args, "private")) {
		report_error("keypairs export: say --public or --private");
		return EXIT_USAGE;
	}
	if (s == NULL)
		(void)err_set(
			&e, ERR_NOTFOUND, "there is no keypair %s: nothing is stored yet", name);
	if (s == NULL || store_keypair_get(s, a, name, &k, &e) != 0)
		return stores_report(&e);
	if (args_has(args, "private"))
		return export_private(s, name, path, &e);
	buf_init(&text, 0);
	buf_addf(&text, "%s\n", k.public_line);
	status = exchange_file_write(path, &text, false);
	buf_free(&text);
	return status;
}

static int export_exec(const struct args *args)
{
	return stores_look(args, export_print);
}

static const struct flag export_flags[] = {
	{"public", 0, FLAG_SWITCH, NULL, "the public half, a line as in authorized_keys"},
	{"private", 0, FLAG_SWITCH, NULL, "the private half; unsealed unless it has a passphrase"},
};

const struct command command_keypairs_export = {
	.group = "keypairs",
	.verb = "export",
	.words = "NAME [FILE]",
	.summary = "write one half of a keypair to a file",
	.details = "Without FILE, or with -, to standard output; the private half never to a "
		   "terminal. A file that is made has mode 0600.",
	.flags = export_flags,
	.n_flags = COUNT(export_flags),
	.example = "windrow keypairs export deploy --public",
	.exec = export_exec,
};

/* ---- delete ---- */

static int refuse_used(const char *name, const char *const *ids, size_t n)
{
	struct buf b;

	buf_init(&b, 0);
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i == 0 ? "" : ", ", ids[i]);
	report_error(
		"keypair %s is used by %s; --force deletes it all the same", name, buf_str(&b));
	buf_free(&b);
	return EXIT_FAILED;
}

static int delete_one(struct store *s, struct arena *a, const struct args *args)
{
	const char *name = args_word(args, 0);
	const char **ids = NULL;
	size_t n = 0;
	struct err e;

	if (s == NULL)
		(void)err_set(
			&e, ERR_NOTFOUND, "there is no keypair %s: nothing is stored yet", name);
	if (s == NULL || store_keypair_users(s, a, name, &ids, &n, &e) != 0)
		return stores_report(&e);
	if (n > 0 && !args_has(args, "force"))
		return refuse_used(name, ids, n);
	return store_keypair_delete(s, name, &e) == 0 ? EXIT_DONE : stores_report(&e);
}

static int delete_exec(const struct args *args)
{
	return stores_look(args, delete_one);
}

static const struct flag delete_flags[] = {
	{"force", 'f', FLAG_SWITCH, NULL, "even where a connection uses it"},
};

const struct command command_keypairs_delete = {
	.group = "keypairs",
	.verb = "delete",
	.words = "NAME",
	.summary = "delete a keypair",
	.details = "Refused while a stored connection names it. There is no way back.",
	.flags = delete_flags,
	.n_flags = COUNT(delete_flags),
	.example = "windrow keypairs delete deploy",
	.exec = delete_exec,
};
