/*
 * The private keys of a target. Each is looked at before libssh2 sees it, whose own word for all
 * that can be wrong with one is "Callback returned error".
 */
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/ssh/key.h"
#include "operators/ssh/target_impl.h"

static void key_add(
	struct made *m, const char *bytes, size_t len, const char *passphrase, const char *what)
{
	if (m->target.n_keys == TARGET_KEYS_MAX)
		return;
	m->keys[m->target.n_keys++] = (struct ssh_target_key){bytes, len, passphrase, what};
	target_digest_add(m, bytes, len);
}

static int key_look(const char *what, const char *bytes, size_t len, struct err *e)
{
	if (len == 0)
		return err_set(e, ERR_INVALID, "%s is empty", what);
	if (strncmp(bytes, "ssh-", 4) == 0 || strncmp(bytes, "ecdsa-", 6) == 0 ||
		strstr(bytes, "PUBLIC KEY") != NULL)
		return err_set(
			e, ERR_INVALID, "%s holds a public key; the private key is wanted", what);
	if (strstr(bytes, "PRIVATE KEY-----") == NULL)
		return err_set(e, ERR_INVALID,
			"%s holds no private key in PEM, OpenSSH or PuTTY format", what);
	if (strstr(bytes, "-----END") == NULL)
		return err_set(e, ERR_INVALID, "%s is cut off: its -----END line is missing", what);
	return 0;
}

/* Whether a key is sealed by a passphrase: its text says so. An OpenSSH key begins with its magic
 * and the name of its cipher, which is "none" where it is open. */
static bool is_sealed(const char *bytes)
{
	static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
	static const char open_key[] = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";
	const char *at = strstr(bytes, begin);

	if (at == NULL)
		return strstr(bytes, "ENCRYPTED") != NULL;
	at += strlen(begin);
	at += strspn(at, " \t\r\n");
	return strncmp(at, open_key, strlen(open_key)) != 0;
}

static int passphrase_check(
	const char *what, const char *bytes, const char *passphrase, struct err *e)
{
	return passphrase != NULL || !is_sealed(bytes)
		? 0
		: err_set(e, ERR_DENIED,
			  "%s is sealed by a passphrase; say it as private_key_passphrase", what);
}

/* PuTTY's format, which libssh2 does not know, as OpenSSH's. N.B. the derivation of a sealed one
 * takes a tenth of a second, here; a stored keypair is opened once, when it is imported. */
static int putty_translate(struct made *m, const char *what, const char **bytes, size_t *len,
	const char *passphrase, struct err *e)
{
	struct ssh_key *k;
	struct buf text;
	int r = ssh_key_read(what, *bytes, *len, passphrase, &k, e);

	if (r != 0)
		return r;
	buf_init(&text, 0);
	(void)buf_room(&text, TARGET_KEY_FILE_MAX);
	r = ssh_key_write(k, "", NULL, &text, e);
	if (r == 0) {
		*bytes = arena_memdup(m->arena, text.data, text.len);
		*len = text.len;
		r = *bytes == NULL ? err_set(e, ERR_NOMEM, "out of memory") : 0;
	}
	if (text.data != NULL)
		explicit_bzero(text.data, text.cap);
	buf_free(&text);
	ssh_key_destroy(k);
	return r;
}

/* Looks a key over, and adds it. */
static int key_take(struct made *m, const char *what, const char *bytes, size_t len,
	const char *passphrase, struct err *e)
{
	int r;

	if (strncmp(bytes, "PuTTY-User-Key-File-", 20) == 0) {
		r = putty_translate(m, what, &bytes, &len, passphrase, e);
	} else {
		r = key_look(what, bytes, len, e);
		r = r == 0 ? passphrase_check(what, bytes, passphrase, e) : r;
	}
	if (r == 0)
		key_add(m, bytes, len, passphrase, what);
	return r;
}

/* N.B. a key that others may read is refused, as ssh does: it is no secret any more. */
static int key_file_add(
	struct made *m, const char *path, const char *passphrase, bool is_wanted, struct err *e)
{
	struct stat st;
	char *bytes;
	size_t len;
	int r;

	path = target_path(m->arena, path);
	if (path == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	r = target_file_read(m, path, TARGET_KEY_FILE_MAX, &bytes, &len, &st, e);
	if (r != 0)
		return !is_wanted
			? 0
			: err_context(e, "the key_file of connection %s", m->target.conn_id);
	if ((st.st_mode & 077) != 0)
		return !is_wanted ? 0
				  : err_set(e, ERR_DENIED,
					    "the key file %s can be read by others (mode %03o); "
					    "run chmod 600 on it",
					    path, st.st_mode & 0777);
	r = key_take(m, path, bytes, len, passphrase, e);
	return is_wanted ? r : 0;
}

static int keypair_add(struct made *m, const struct connection *c, const char *name,
	const char *passphrase, struct err *e)
{
	const char *what = arena_printf(m->arena, "keypair %s", name), *key;
	size_t len;
	int r;

	if (what == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	if (m->source->keypair == NULL)
		return err_set(e, ERR_UNSUPPORTED,
			"connection %s: there are no stored keypairs here", c->id);
	if ((r = m->source->keypair(m->source->ctx, m->arena, name, &key, &len, e)) != 0 ||
		(r = key_take(m, what, key, len, passphrase, e)) != 0)
		return err_context(e, "connection %s", c->id);
	return 0;
}

int target_keys_find(struct made *m, const struct connection *c, struct err *e)
{
	static const char *const usual[] = {
		"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"};
	const char *passphrase = connection_extra_text(m->arena, c, "private_key_passphrase");
	const char *text = connection_extra_text(m->arena, c, "private_key");
	const char *file = connection_extra_text(m->arena, c, "key_file");
	const char *keypair = connection_extra_text(m->arena, c, "keypair");
	const char *look = connection_extra_text(m->arena, c, "look_for_keys");
	int r;

	if (text != NULL &&
		(r = key_take(m, "private_key of the connection", text, strlen(text), passphrase,
			 e)) != 0)
		return err_context(e, "connection %s", c->id);
	if (keypair != NULL && (r = keypair_add(m, c, keypair, passphrase, e)) != 0)
		return r;
	if (file != NULL && (r = key_file_add(m, file, passphrase, true, e)) != 0)
		return r;
	if (m->target.n_keys > 0 || c->password != NULL)
		return 0;
	if (look != NULL && !connection_extra_bool(c, "look_for_keys"))
		return 0;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		(void)key_file_add(m, usual[i], passphrase, false, NULL);
	return 0;
}
