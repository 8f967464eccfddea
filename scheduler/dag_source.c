/*
 * Loads DAG files for the bag. The DAG itself is let go of again: what is kept of it is copied.
 *
 * N.B. the zones that were read are kept for good and shared by all threads, as timetables and
 * editions point to them: they are found under a lock, and never change.
 */
#include "scheduler/dag_source.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "engine/hex.h"
#include "engine/load.h"
#include "operators/specs.h"
#include "store/dags_folder.h"
#include "store/pages.h"
#include "store/zoneinfo.h"

struct dag_reader {
	uv_mutex_t lock;
	struct zoneinfo *zoneinfo;
	struct zone_source unlocked, zones;
	struct load_options options;
};

static int find_zone(void *ctx, const char *name, const struct zone **out, struct err *e)
{
	struct dag_reader *r = ctx;
	int rc;

	uv_mutex_lock(&r->lock);
	rc = r->unlocked.find(r->unlocked.ctx, name, out, e);
	uv_mutex_unlock(&r->lock);
	return rc;
}

struct dag_reader *dag_reader_create(void)
{
	struct dag_reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->zoneinfo = zoneinfo_create(NULL);
	if (r->zoneinfo == NULL || uv_mutex_init(&r->lock) != 0) {
		zoneinfo_destroy(r->zoneinfo);
		free(r);
		return NULL;
	}
	r->unlocked = zoneinfo_source(r->zoneinfo);
	r->zones = (struct zone_source){r, find_zone};
	r->options = (struct load_options){.ops = op_specs,
		.n_ops = op_specs_count,
		.zones = &r->zones,
		.memory = &pages_memory};
	return r;
}

void dag_reader_destroy(struct dag_reader *r)
{
	if (r == NULL)
		return;
	uv_mutex_destroy(&r->lock);
	zoneinfo_destroy(r->zoneinfo);
	free(r);
}

const struct load_options *dag_reader_options(const struct dag_reader *r)
{
	return &r->options;
}

const char *dag_source_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

char *dag_source_id(const char *path)
{
	const char *name = dag_source_name(path), *dot = strrchr(name, '.');

	return strndup(name, dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name));
}

/* N.B. the name counts too, as it names a DAG that does not name itself. */
static int hash(const char *path, const char *text, size_t len, char out[DAG_HASH_SIZE])
{
	const char *name = dag_source_name(path);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int n = 0;
	bool is_done = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
		EVP_DigestUpdate(ctx, name, strlen(name) + 1) == 1 &&
		EVP_DigestUpdate(ctx, text, len) == 1 && EVP_DigestFinal_ex(ctx, bytes, &n) == 1 &&
		n * 2 + 1 == DAG_HASH_SIZE;

	EVP_MD_CTX_free(ctx);
	if (!is_done)
		return ERR_NOMEM;
	(void)hex_write(out, bytes, n);
	return 0;
}

int dag_faults_add(struct dag_faults *f, struct pos pos, const char *text)
{
	struct dag_fault *grown = reallocarray(f->list, f->n + 1, sizeof(*grown));

	if (grown == NULL)
		return ERR_NOMEM;
	f->list = grown;
	f->list[f->n].pos = pos;
	f->list[f->n].text = strdup(text);
	if (f->list[f->n].text == NULL)
		return ERR_NOMEM;
	f->n++;
	return 0;
}

void dag_faults_free(struct dag_faults *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->list[i].text);
	free(f->list);
	*f = (struct dag_faults){0};
}

bool dag_faults_are_equal(const struct dag_faults *a, const struct dag_faults *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->list[i].pos.line != b->list[i].pos.line ||
			a->list[i].pos.column != b->list[i].pos.column ||
			strcmp(a->list[i].text, b->list[i].text) != 0)
			return false;
	return true;
}

static int take_diags(struct dag_source *s, struct diags *diags)
{
	size_t n;
	const struct diag *list = diags_list(diags, &n);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		if (list[i].level == DIAG_ERROR)
			r = dag_faults_add(&s->faults, list[i].pos, list[i].text);
	return r;
}

static int take_dag(struct dag_facts *f, const struct dag *d)
{
	*f = (struct dag_facts){
		.dag_id = strdup(d->dag_id),
		.pos = d->pos,
		.timetable = timetable_copy(d->timetable),
		.max_active_runs = d->max_active_runs,
		.is_paused_upon_creation = d->is_paused_upon_creation,
	};
	return f->dag_id == NULL || f->timetable == NULL ? ERR_NOMEM : 0;
}

static int take_dags(struct dag_source *s, struct dag *const *dags, size_t n)
{
	int r = 0;

	s->dags = calloc(n, sizeof(*s->dags));
	if (s->dags == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n && r == 0; i++) {
		s->n_dags = i + 1;
		r = take_dag(&s->dags[i], dags[i]);
	}
	return r;
}

/* Loads the source's text. */
static int load(
	const struct dag_reader *reader, struct scan *scan, const char *path, struct dag_source *s)
{
	struct load_options o = reader->options;
	struct diags *diags = diags_create(path);
	char *id = dag_source_id(path);
	struct dag **dags = NULL;
	size_t n = 0;
	int r = diags == NULL || id == NULL ? ERR_NOMEM : 0;

	if (r == 0) {
		o.default_id = id;
		o.scan = scan;
		r = dag_load(s->text, s->len, &o, diags, &dags, &n);
	}
	if (r == 0)
		r = take_dags(s, dags, n);
	else if (r == ERR_INVALID)
		r = take_diags(s, diags);
	for (size_t i = 0; i < n; i++)
		dag_destroy(dags[i]);
	free(dags);
	free(id);
	diags_destroy(diags);
	return r;
}

/* Gives back the room that reading took: thousands of texts may wait to be stored. */
static void shrink(struct dag_source *s)
{
	char *text = realloc(s->text, s->len + 1);

	if (text != NULL)
		s->text = text;
}

int dag_source_read(struct dag_reader *reader, struct scan *scan, const char *path,
	const char *known, struct dag_source **out)
{
	struct dag_source *s = calloc(1, sizeof(*s));
	struct err e;
	int r;

	if (s == NULL)
		return ERR_NOMEM;
	r = dags_folder_read_regular(path, LOAD_FILE_MAX, &s->text, &s->len, &e);
	if (r == 0) {
		shrink(s);
		r = hash(path, s->text, s->len, s->hash);
	} else if (r != ERR_NOMEM && r != ERR_UNAVAILABLE) {
		r = dag_faults_add(&s->faults, (struct pos){0, 0}, e.text);
	}
	if (r == 0 && known != NULL && s->text != NULL && strcmp(s->hash, known) == 0) {
		dag_source_destroy(s);
		*out = NULL;
		return 0;
	}
	if (r == 0 && s->text != NULL)
		r = load(reader, scan, path, s);
	if (r != 0) {
		dag_source_destroy(s);
		return r;
	}
	*out = s;
	return 0;
}

void dag_source_destroy(struct dag_source *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_dags; i++) {
		free(s->dags[i].dag_id);
		free(s->dags[i].timetable);
	}
	free(s->dags);
	free(s->text);
	dag_faults_free(&s->faults);
	free(s);
}
