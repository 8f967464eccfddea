/*
 * Opening keys: each is read whole, its halves held against each other, and its certificate, where
 * there is one, against it. What is wrong is told before a server sees any of it.
 */
#include "operators/ssh/keyring.h"

#include <stdlib.h>
#include <string.h>

#include "operators/ssh/key.h"

static int open_key(const struct ssh_target_key *k, struct ssh_key **out, struct err *e)
{
	int r = ssh_key_read(k->what, k->bytes, k->len, k->passphrase, out, e);

	if (r == ERR_DENIED && k->passphrase == NULL)
		r = err_set(e, r, "%s is sealed by a passphrase; say it as private_key_passphrase",
			k->what);
	return r;
}

static int add_key(struct keyring *ring, const struct ssh_target_key *k, struct err *e)
{
	struct keyring_item *item = &ring->items[ring->n++];
	int r;

	item->what = k->what;
	buf_init(&item->blob, 0);
	r = open_key(k, &item->key, &item->problem);
	if (r == 0) {
		ssh_key_public_blob(item->key, &item->blob);
		r = buf_status(&item->blob);
	}
	if (r != 0 && (k->is_wanted || r == ERR_NOMEM)) {
		if (r == ERR_NOMEM)
			return err_set(e, r, "%s", err_text(r));
		*e = item->problem;
		return r;
	}
	return 0;
}

/* The certificate of the key that was opened last. */
static int add_certificate(struct keyring *ring, const struct ssh_target_key *k, struct err *e)
{
	struct keyring_item *item = &ring->items[ring->n++];
	int r;

	item->what = k->certificate_what;
	item->is_certificate = true;
	buf_init(&item->blob, 0);
	r = ssh_key_certificate_read(item->what, k->certificate, k->what,
		ring->items[ring->n - 2].key, &item->blob, &item->problem);
	if (r != 0 && k->is_wanted) {
		*e = item->problem;
		return r;
	}
	if (r == 0)
		item->key = ring->items[ring->n - 2].key;
	return 0;
}

static void swap_last(struct keyring *ring)
{
	struct keyring_item item = ring->items[ring->n - 1];

	ring->items[ring->n - 1] = ring->items[ring->n - 2];
	ring->items[ring->n - 2] = item;
}

int keyring_open(const struct ssh_target *t, struct keyring **out, struct err *e)
{
	struct keyring *ring = calloc(1, sizeof(*ring));
	int r = 0;

	if (ring != NULL)
		ring->items = calloc(t->n_keys * 2 + 1, sizeof(*ring->items));
	if (ring == NULL || ring->items == NULL) {
		free(ring);
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	for (size_t i = 0; i < t->n_keys && r == 0; i++) {
		r = add_key(ring, &t->keys[i], e);
		if (r == 0 && t->keys[i].certificate != NULL &&
			ring->items[ring->n - 1].key != NULL) {
			r = add_certificate(ring, &t->keys[i], e);
			swap_last(ring);
		}
	}
	if (r != 0) {
		keyring_destroy(ring);
		return r;
	}
	*out = ring;
	return 0;
}

void keyring_destroy(struct keyring *ring)
{
	if (ring == NULL)
		return;
	for (size_t i = 0; i < ring->n; i++) {
		if (!ring->items[i].is_certificate)
			ssh_key_destroy(ring->items[i].key);
		buf_free(&ring->items[i].blob);
	}
	free(ring->items);
	free(ring);
}
