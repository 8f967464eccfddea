/*
 * The private keys of a target. Each is looked at before libssh2 sees it, whose own word for all
 * that can be wrong with one is "Callback returned error".
 */
#include <string.h>

#include "engine/err.h"
#include "operators/ssh/target_impl.h"

static int key_add(struct made *m, const char *bytes, size_t len, const char *passphrase,
	const char *what, struct err *e)
{
	if (what == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	if (m->target.n_keys == TARGET_KEYS_MAX)
		return 0;
	m->keys[m->target.n_keys++] = (struct ssh_target_key){bytes, len, passphrase, what};
	target_digest_add(m, bytes, len);
	return 0;
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
		return err_set(
			e, ERR_INVALID, "%s holds no private key in PEM or OpenSSH format", what);
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
	if ((r = key_look(path, bytes, len, e)) != 0)
		return is_wanted ? r : 0;
	if ((r = passphrase_check(path, bytes, passphrase, e)) != 0)
		return is_wanted ? r : 0;
	return key_add(m, bytes, len, passphrase, arena_strdup(m->arena, path), e);
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
		(r = key_look(what, key, len, e)) != 0 ||
		(r = passphrase_check(what, key, passphrase, e)) != 0 ||
		(r = key_add(m, key, len, passphrase, what, e)) != 0)
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

	if (text != NULL) {
		if ((r = key_look("private_key", text, strlen(text), e)) != 0)
			return err_context(e, "connection %s", c->id);
		if ((r = passphrase_check("private_key", text, passphrase, e)) != 0 ||
			(r = key_add(m, text, strlen(text), passphrase,
				 "private_key of the connection", e)) != 0)
			return err_context(e, "connection %s", c->id);
	}
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
