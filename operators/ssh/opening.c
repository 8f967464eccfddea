/*
 * The keys of an endpoint being opened, on a thread of libuv's pool: a passphrase's derivation may
 * take seconds, and other hosts are not to wait for it. The work outlives its endpoint where it
 * must.
 */
#include "operators/ssh/keyring.h"
#include "operators/ssh/transport_internal.h"

#include <stdlib.h>

struct opening {
	uv_work_t work;
	struct endpoint *endpoint; /* NULL: it has gone */
	struct ssh_target *target;
	struct keyring *keyring;
	int status;
	struct err why;
};

static void on_work(uv_work_t *work)
{
	struct opening *o = work->data;

	o->status = keyring_open(o->target, &o->keyring, &o->why);
}

static void on_done(uv_work_t *work, int status)
{
	struct opening *o = work->data;
	struct endpoint *ep = o->endpoint;

	if (status != 0)
		o->status = err_set(&o->why, ERR_ILLEGAL, "windrow is closing its connections");
	if (ep != NULL) {
		ep->opening = NULL;
		ep->keyring = o->status == 0 ? o->keyring : NULL;
		if (o->status == 0) {
			o->keyring = NULL;
		} else {
			(void)err_context(&o->why, "connection %s", o->target->conn_id);
			endpoint_fail_queue(ep, SSH_STAGE_AUTH, &o->why);
		}
		endpoint_schedule(ep);
	}
	keyring_destroy(o->keyring);
	ssh_target_release(o->target);
	free(o);
}

int opening_begin(struct endpoint *ep, struct err *e)
{
	struct opening *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	o->work.data = o;
	o->endpoint = ep;
	o->target = ep->target;
	ssh_target_hold(o->target);
	ep->opening = o;
	(void)uv_queue_work(&ep->lane->loop, &o->work, on_work, on_done);
	return 0;
}

void opening_leave(struct endpoint *ep)
{
	if (ep->opening == NULL)
		return;
	ep->opening->endpoint = NULL;
	(void)uv_cancel((uv_req_t *)&ep->opening->work);
	ep->opening = NULL;
}
