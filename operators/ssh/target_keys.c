/*
 * The private keys of a target: found, and read as bytes. What is in them is looked at when a
 * connection is wanted, on another thread (keyring.h).
 */
#include <string.h>

#include "engine/err.h"
#include "operators/ssh/target_impl.h"

static void key_add(struct made *m, const struct ssh_target_key *k)
{
	if (m->target.n_keys == TARGET_KEYS_MAX)
		return;
	m->keys[m->target.n_keys++] = *k;
	target_digest_add(m, k->bytes, k->len);
}

/* The certificate that lies beside a key file, as ssh finds it. Most have none. */
static int certificate_find(
	struct made *m, const char *path, struct ssh_target_key *k, struct err *e)
{
	const char *beside = arena_printf(m->arena, "%s-cert.pub", path);
	struct stat st;
	char *text;
	size_t len;
	int r;

	if (beside == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	r = target_file_read(m, m->arena, beside, TARGET_KEY_FILE_MAX, &text, &len, &st, e);
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	target_digest_add(m, text, len);
	text[len] = '\0';
	k->certificate = text;
	k->certificate_what = beside;
	return 0;
}

/* Whether there is a private key in it, of whatever format. */
static bool is_private(const char *bytes, size_t len)
{
	return memmem(bytes, len, "PRIVATE KEY", 11) != NULL ||
		memmem(bytes, len, "PuTTY-User-Key-File", 19) != NULL;
}

/* N.B. a key that others may read is refused, as ssh does: it is no secret any more. */
static int key_file_add(
	struct made *m, const char *path, const char *passphrase, bool is_wanted, struct err *e)
{
	struct ssh_target_key k;
	struct stat st;
	char *bytes;
	size_t len;
	int r;

	path = target_path(m->arena, path);
	if (path == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	r = target_file_read(m, m->arena, path, TARGET_KEY_FILE_MAX, &bytes, &len, &st, e);
	if (r != 0)
		return !is_wanted
			? 0
			: err_context(e, "the key_file of connection %s", m->target.conn_id);
	target_digest_add(m, bytes, len);
	if ((st.st_mode & 077) != 0 && is_private(bytes, len))
		return !is_wanted ? 0
				  : err_set(e, ERR_DENIED,
					    "the key file %s can be read by others (mode %03o); "
					    "run chmod 600 on it",
					    path, st.st_mode & 0777);
	k = (struct ssh_target_key){bytes, len, passphrase, path, is_wanted, NULL, NULL};
	r = certificate_find(m, path, &k, e);
	if (r != 0 && is_wanted)
		return err_context(e, "the certificate of connection %s", m->target.conn_id);
	key_add(m, &k);
	return 0;
}

int target_keypair_read(struct made *m, const struct connection *c, struct err *e)
{
	const char *name = connection_extra_text(m->arena, c, "keypair");

	if (name == NULL)
		return 0;
	if (m->source->keypair == NULL)
		return err_set(e, ERR_UNSUPPORTED,
			"connection %s: there are no stored keypairs here", c->id);
	if (m->source->keypair(m->source->ctx, m->arena, name, &m->keypair, &m->keypair_len, e) !=
		0)
		return err_context(e, "connection %s", c->id);
	return 0;
}

static int keypair_add(struct made *m, const char *name, const char *passphrase, struct err *e)
{
	struct ssh_target_key k = {.bytes = m->keypair,
		.len = m->keypair_len,
		.passphrase = passphrase,
		.what = arena_printf(m->arena, "keypair %s", name),
		.is_wanted = true};

	if (k.what == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	key_add(m, &k);
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

	if (text != NULL)
		key_add(m,
			&(struct ssh_target_key){text, strlen(text), passphrase,
				"private_key of the connection", true, NULL, NULL});
	if (keypair != NULL && (r = keypair_add(m, keypair, passphrase, e)) != 0)
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
