/* A key becomes a row of the store. */
#include "cli/keypair_keep.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "operators/ssh/key.h"
#include "store/store.h"

#define PRIVATE_ROOM ((size_t)64 << 10) /* more than any private key: its buffer never moves */

/* What one of the writers of operators/ssh/key.h makes of the key, in the arena, less a newline. */
static const char *text_of(
	void (*write)(const struct ssh_key *k, const char *comment, struct buf *out),
	const struct ssh_key *k, const char *name, struct arena *a)
{
	struct buf b;
	char *text = NULL;

	buf_init(&b, 0);
	write(k, name, &b);
	if (buf_status(&b) == 0)
		text = arena_memdup(a, b.data, b.len - (b.data[b.len - 1] == '\n'));
	buf_free(&b);
	return text;
}

int keypair_keep(struct store *s, const struct ssh_key *k, const char *name, const char *passphrase,
	struct arena *a, const char **told, struct err *e)
{
	struct store_keypair row = {.name = name, .type = ssh_key_algorithm(k)};
	const char *at;
	struct buf text;
	int r;

	row.public_line = text_of(ssh_key_public_line, k, name, a);
	*told = text_of(ssh_key_summary, k, name, a);
	if (row.public_line == NULL || *told == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	/* `256 SHA256:... name (TYPE)` */
	at = *told + strcspn(*told, " ") + 1;
	row.fingerprint = arena_memdup(a, at, strcspn(at, " "));
	if (row.fingerprint == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	buf_init(&text, 0);
	(void)buf_room(&text, PRIVATE_ROOM);
	r = ssh_key_write(k, name, passphrase, &text, e);
	if (r == 0)
		r = store_keypair_add(s, &row, text.data, text.len, e);
	if (text.data != NULL)
		explicit_bzero(text.data, text.cap);
	buf_free(&text);
	return r;
}
