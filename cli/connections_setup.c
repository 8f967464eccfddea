/*
 * `windrow connections setup`: a host made ready for a connection. Its key is recorded, the
 * connection's public key is installed there with a password that is asked for once, and then the
 * key is tried. What is done already is not done again; and nothing is made for a host that does
 * not answer.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/connection_variant.h"
#include "cli/host_key.h"
#include "cli/keypair_keep.h"
#include "cli/lookup.h"
#include "cli/report.h"
#include "cli/secret_input.h"
#include "cli/stores.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "operators/ssh/key.h"
#include "operators/ssh/target_make.h"
#include "store/dags_folder.h"
#include "store/secret.h"

#define PUBLIC_KEY_MAX ((size_t)64 << 10) /* bytes of a .pub file */

/* Adds the line on standard input to authorized_keys. N.B. any login shell hands it on to sh: it
 * holds no single quote, backslash or exclamation mark. */
static const char install[] =
	"exec /bin/sh -c 'umask 077; cd || exit 3; read -r type key name; f=.ssh/authorized_keys; "
	"mkdir -p .ssh && chmod 700 .ssh && touch $f && chmod 600 $f || exit 4; "
	"if grep -qF -e \"$type $key\" $f; then echo present; exit 0; fi; "
	"if [ -s $f ] && [ -n \"$(tail -c 1 $f)\" ]; then echo >>$f || exit 4; fi; "
	"echo \"$type $key $name\" >>$f || exit 4; "
	"if command -v restorecon >/dev/null; then restorecon -F .ssh $f >/dev/null 2>&1; fi; "
	"echo installed'";

struct setup {
	struct arena *arena;
	struct lookup lookup;
	const char *id;
	struct connection connection;
	const char *public_line; /* `type base64 name` */
	const char *given; /* the keypair that the connection was given just now; NULL: none */
	struct connection before; /* what it was until then */
	bool can_try; /* its private half is here */
};

static int fail(const struct err *e)
{
	report_error("%s", e->text);
	return EXIT_FAILED;
}

/* ---- the public key ---- */

/* The first line of a file, as `type base64 windrow:ID`. */
static int read_public(struct setup *s, const char *path)
{
	size_t len, type, key;
	struct err e;
	char *text;

	if (dags_folder_read(path, PUBLIC_KEY_MAX, &text, &len, &e) != 0) {
		report_error("the public key %s: %s; `ssh-keygen -y -f KEY >KEY.pub` makes it of "
			     "the private one",
			path, e.text);
		return EXIT_FAILED;
	}
	type = strcspn(text, " \n");
	key = text[type] == ' ' ? strcspn(text + type + 1, " \n") : 0;
	if (key < 16 ||
		(strncmp(text, "ssh-", 4) != 0 && strncmp(text, "ecdsa-", 6) != 0 &&
			strncmp(text, "sk-", 3) != 0)) {
		report_error("%s holds no public key: that is a line as in authorized_keys", path);
		free(text);
		return EXIT_FAILED;
	}
	s->public_line =
		arena_printf(s->arena, "%.*s windrow:%s", (int)(type + 1 + key), text, s->id);
	free(text);
	return s->public_line == NULL ? EXIT_FAILED : EXIT_DONE;
}

static int read_keypair(struct setup *s, const char *name)
{
	struct store_keypair k;
	int status, r = ERR_NOTFOUND;
	struct store *store = stores_open_to_read(&status);
	struct err e;

	if (status != EXIT_DONE)
		return status;
	(void)err_set(&e, r, "there is no keypair %s", name);
	if (store != NULL)
		r = store_keypair_get(store, s->arena, name, &k, &e);
	stores_close(store);
	if (r != 0)
		return stores_report(&e);
	s->public_line = k.public_line;
	return EXIT_DONE;
}

/* Puts the keypair's name into the stored connection. */
static int name_keypair(struct setup *s, struct store *store, const char *name, struct err *e)
{
	struct connection c;
	struct value_pair *pairs;
	size_t n;
	int r = store_connection_get(store, s->arena, s->id, &c, e);

	if (r != 0)
		return r;
	s->before = c;
	n = c.extra.type == VALUE_MAP ? c.extra.len : 0;
	pairs = arena_array(s->arena, n + 1, sizeof(*pairs));
	if (pairs == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (n > 0)
		memcpy(pairs, c.extra.u.pairs, n * sizeof(*pairs));
	pairs[n] = (struct value_pair){"keypair", 7, value_string(name, strlen(name))};
	c.extra = (struct value){.type = VALUE_MAP, .len = n + 1, .u.pairs = pairs};
	return store_connection_put(store, &c, true, e);
}

static int make_keypair(struct setup *s, struct store *store, const char *name, struct err *e)
{
	struct store_keypair before;
	struct ssh_key *k;
	const char *told;
	int r = store_keypair_get(store, s->arena, name, &before, e);

	if (r != ERR_NOTFOUND)
		return r;
	r = ssh_key_generate(SSH_KEY_ED25519, 0, &k, e);
	if (r != 0)
		return r;
	r = keypair_keep(store, k, name, NULL, s->arena, &told, e);
	if (r == 0)
		report_note("made the keypair %s: %s", name, told);
	ssh_key_destroy(k);
	return r;
}

/* A stored connection without a key gets one of its own, called after it. */
static int give_keypair(struct setup *s)
{
	const char *name = arena_printf(s->arena, "%s-key", s->id);
	struct store *store;
	struct err e;
	int status;

	if (name == NULL)
		return report_no_memory();
	store = stores_open(&status);
	if (store == NULL)
		return status;
	if (make_keypair(s, store, name, &e) != 0 || name_keypair(s, store, name, &e) != 0)
		status = stores_report(&e);
	stores_close(store);
	if (status != EXIT_DONE)
		return status;
	s->given = name;
	return read_keypair(s, name);
}

/* The keypair does not let in yet: the connection goes on as it did, perhaps by the user's own
 * keys. The keypair stays, as the host may know it already. */
static void take_keypair(const struct setup *s)
{
	struct store *store;
	struct err e;
	int status;

	if (s->given == NULL)
		return;
	store = stores_open(&status);
	if (store == NULL)
		return;
	if (store_connection_put(store, &s->before, true, &e) != 0)
		(void)stores_report(&e);
	else
		report_note("connection %s is as it was; the keypair %s is kept for the next "
			    "`windrow connections setup %s`, and can be installed by hand too: "
			    "`windrow keypairs export %s --public` prints the line for "
			    "~/.ssh/authorized_keys there",
			s->id, s->given, s->id, s->given);
	stores_close(store);
}

/* Whether there is a place for a keypair of its own. */
static int check_stored(const struct setup *s)
{
	if (s->connection.is_stored)
		return EXIT_DONE;
	report_error("connection %s names no key, and is not in the store, where one could be made "
		     "for it; give it a key_file, or say --public-key FILE",
		s->id);
	return EXIT_FAILED;
}

/* The public half of a private key. */
static int derive_public(struct setup *s, const char *what, const char *text, size_t len)
{
	const char *passphrase =
		connection_extra_text(s->arena, &s->connection, "private_key_passphrase");
	const char *name = arena_printf(s->arena, "windrow:%s", s->id);
	struct ssh_key *k;
	struct buf line;
	struct err e;

	if (name == NULL)
		return report_no_memory();
	if (ssh_key_read(what, text, len, passphrase, &k, &e) != 0)
		return fail(&e);
	buf_init(&line, 0);
	ssh_key_public_line(k, name, &line);
	ssh_key_destroy(k);
	if (buf_status(&line) == 0)
		s->public_line = arena_memdup(s->arena, line.data, line.len - 1);
	buf_free(&line);
	return s->public_line == NULL ? report_no_memory() : EXIT_DONE;
}

/* What stands beside a key file as FILE.pub, or else the public half of what is in it. */
static int read_beside(struct setup *s, const char *file)
{
	const char *home = getenv("HOME"), *beside;
	struct err e;
	char *text;
	size_t len;
	int status;

	if (strncmp(file, "~/", 2) == 0 && home != NULL)
		file = arena_printf(s->arena, "%s%s", home, file + 1);
	beside = file == NULL ? NULL : arena_printf(s->arena, "%s.pub", file);
	if (beside == NULL)
		return report_no_memory();
	if (access(beside, F_OK) == 0)
		return read_public(s, beside);
	if (dags_folder_read(file, SSH_KEY_TEXT_MAX, &text, &len, &e) != 0) {
		report_error("%s: %s", file, e.text);
		return EXIT_FAILED;
	}
	status = derive_public(s, file, text, len);
	explicit_bzero(text, len);
	free(text);
	return status;
}

/* Which key it is that the host is to know; public_line stays NULL where one is to be made. */
static int find_public(struct setup *s, const struct args *args)
{
	const char *said = args_text(args, "public-key", NULL);
	const char *keypair = connection_extra_text(s->arena, &s->connection, "keypair");
	const char *text = connection_extra_text(s->arena, &s->connection, "private_key");
	const char *file = connection_extra_text(s->arena, &s->connection, "key_file");

	s->can_try = said == NULL;
	if (said != NULL)
		return read_public(s, said);
	if (keypair != NULL)
		return read_keypair(s, keypair);
	if (text != NULL)
		return derive_public(s, "private_key of the connection", text, strlen(text));
	return file == NULL ? check_stored(s) : read_beside(s, file);
}

/* ---- the host ---- */

static int make_known(struct setup *s, const struct args *args)
{
	struct host_key k = {.arena = s->arena, .id = s->id};
	bool is_known = false;
	int status = host_key_ask(&k, &s->lookup);

	if (status == EXIT_DONE)
		status = host_key_settle(&k, args, &is_known);
	host_key_free(&k);
	return status == EXIT_DONE && !is_known ? EXIT_FAILED : status;
}

/* Runs a command over a variant of the connection. Its output's last line, or NULL: e says why. */
static const char *call(struct setup *s, struct connection_variant *v, const char *command,
	const char *input, struct err *e)
{
	const struct connection_source source = connection_variant_source(v);
	const char *word = NULL;
	char said[CALL_SAID_MAX];
	struct ssh_target *t;
	struct ssh_call c;
	size_t len;

	if (ssh_target_make(&source, s->id, NULL, 0, &t, e) != 0)
		return NULL;
	if (ssh_call_run(t, command, input, strlen(input), false, &c, e) == 0) {
		ssh_call_said(&c, said);
		if (c.end.err.code != 0)
			*e = c.end.err;
		else if (!c.end.has_status || c.end.status != 0)
			(void)err_set(e, ERR_IO,
				"the host could not write ~/.ssh/authorized_keys%s%s",
				said[0] == '\0' ? "" : ": ", said);
		else if ((word = ssh_call_last_line(&c, &len)) != NULL)
			word = arena_memdup(s->arena, word, len);
	}
	ssh_call_free(&c);
	ssh_target_release(t);
	return word;
}

static bool key_works(struct setup *s, struct err *e)
{
	struct connection_variant v = {
		.all = lookup_connections(&s->lookup), .id = s->id, .has_keys = true};

	return call(s, &v, "exec /bin/sh -c 'echo yes'", "", e) != NULL;
}

static const char *ask_password(struct setup *s)
{
	const struct connection *c = &s->connection;
	const char *what = c->login == NULL
		? arena_printf(s->arena, "the password at %s", c->host)
		: arena_printf(s->arena, "the password of %s at %s", c->login, c->host);

	return what == NULL ? NULL : secret_input(s->arena, what);
}

/* Logs in by what works for a key of somebody else's, else by password. */
static int install_key(struct setup *s)
{
	struct connection_variant v = {.all = lookup_connections(&s->lookup),
		.id = s->id,
		.password = s->connection.password,
		.has_keys = !s->can_try};
	const char *line, *word;
	struct err e;

	if (s->can_try && v.password == NULL)
		v.password = ask_password(s);
	if (s->can_try && v.password == NULL)
		return EXIT_FAILED;
	if (s->can_try && v.password[0] == '\0') {
		report_error("the host does not let the key in yet, and no password was said: type "
			     "it, or give it on standard input");
		return EXIT_FAILED;
	}
	line = arena_printf(s->arena, "%s\n", s->public_line);
	word = line == NULL ? NULL : call(s, &v, install, line, &e);
	if (word == NULL)
		return line == NULL ? EXIT_FAILED : fail(&e);
	report_note(strcmp(word, "present") == 0 ? "the public key was there already"
						 : "the public key is installed");
	return EXIT_DONE;
}

/* The key, by a host that is known. */
static int let_in(struct setup *s)
{
	struct err e;
	int status;

	if (s->can_try && key_works(s, &e)) {
		report_note("the key works: nothing else is to be done");
		return EXIT_DONE;
	}
	status = install_key(s);
	if (status != EXIT_DONE || !s->can_try)
		return status;
	if (!key_works(s, &e)) {
		report_error("the key is installed, but it does not let in: %s", e.text);
		return EXIT_FAILED;
	}
	report_note("connection %s works with its key; the password is not needed any more", s->id);
	return EXIT_DONE;
}

static int set_up(struct setup *s, const struct args *args)
{
	const struct connection_source *source = lookup_connections(&s->lookup);
	struct err e;
	int status;

	if (source->find(source->ctx, s->arena, s->id, &s->connection, &e) != 0)
		return stores_report(&e);
	status = find_public(s, args);
	if (status == EXIT_DONE)
		status = make_known(s, args);
	if (status == EXIT_DONE && s->public_line == NULL)
		status = give_keypair(s);
	if (status != EXIT_DONE)
		return status;
	status = let_in(s);
	if (status != EXIT_DONE)
		take_keypair(s);
	return status;
}

static int setup_exec(const struct args *args)
{
	struct setup s = {.arena = secret_arena_create(0), .id = args_word(args, 0)};
	int status = EXIT_FAILED;

	if (s.arena == NULL) {
		report_error("%s", err_text(ERR_NOMEM));
		return EXIT_FAILED;
	}
	if (lookup_home(&s.lookup))
		status = set_up(&s, args);
	lookup_close(&s.lookup);
	arena_destroy(s.arena);
	return status;
}

static const struct flag setup_flags[] = {
	{"public-key", 0, FLAG_TEXT, "FILE", "install this one, logging in as the connection does"},
	HOST_KEY_FLAGS,
};

const struct command command_connections_setup = {
	.group = "connections",
	.verb = "setup",
	.words = "ID",
	.summary = "make a host ready: its key known, the public key installed and tried",
	.details = "The public key is that of the connection's keypair, or stands beside its "
		   "key_file as FILE.pub, or is made of its private_key; a stored connection "
		   "without any gets a keypair, ID-key. The password is asked for once and not "
		   "kept; elsewhere "
		   "than on a terminal it is read from standard input.",
	.flags = setup_flags,
	.n_flags = sizeof(setup_flags) / sizeof(setup_flags[0]),
	.example = "windrow connections setup web",
	.exec = setup_exec,
};
