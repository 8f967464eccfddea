/*
 * Reading all of the store. N.B. SQLite before 3.41 cannot be interrupted in this: an end waits for
 * it.
 */
#include "scheduler/soundness.h"

#include <stdlib.h>

#include "store/store.h"

#define SMALL ((int64_t)16 << 20) /* bytes that are read within some hundredths of a second */

struct soundness {
	struct soundness_options o;
	uv_work_t work;
	int status;
	struct err why;
	bool is_reading;
	void (*on_closed)(void *ctx);
	void *closed_ctx;
};

static void on_work(uv_work_t *work)
{
	struct soundness *s = work->data;
	int version;

	s->status = store_check(s->o.options, &version, &s->why);
}

static void on_done(uv_work_t *work, int status)
{
	struct soundness *s = work->data;

	s->is_reading = false;
	if (s->on_closed != NULL) {
		s->on_closed(s->closed_ctx);
		free(s);
	} else if (status == 0) {
		s->o.on_read(s->o.ctx, s->status, &s->why);
	}
}

int soundness_check(const struct soundness_options *o, struct soundness **out, struct err *e)
{
	struct soundness *s;
	int version;

	*out = NULL;
	if (store_size(o->store) <= SMALL)
		return store_check(o->options, &version, e);
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	s->o = *o;
	s->work.data = s;
	s->is_reading = uv_queue_work(o->loop, &s->work, on_work, on_done) == 0;
	*out = s;
	return 0;
}

bool soundness_close(struct soundness *s, void (*on_closed)(void *ctx), void *ctx)
{
	if (s == NULL || !s->is_reading) {
		free(s);
		return false;
	}
	s->on_closed = on_closed;
	s->closed_ctx = ctx;
	(void)uv_cancel((uv_req_t *)&s->work);
	return true;
}
