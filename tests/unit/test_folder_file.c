/* A file of the dags folder that is read in the very moment in which it was written: by its times
 * nobody could tell it from one that is written once more in that moment. */
#include "scheduler/folder_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/err.h"
#include "engine/scan.h"
#include "scheduler/folder_watch.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"

#define TRIES_MOST 1000
#define TEXT "tasks: {a: {operator: local, command: x}}\n"

static struct store_kit k;
static char path[KIT_PATH_MAX * 2];
static struct dag_reader *reader;
static struct scan *scan;

static struct folder_file *look(void)
{
	struct folder_file *f;
	struct stat st;

	if (stat(path, &st) != 0 || (f = folder_file_create(path, &st, FOLDER_WATCH_NONE)) == NULL)
		abort();
	folder_file_load(f, NULL, reader, scan);
	return f;
}

/* Writes a file and reads it within one step of that clock. NULL: the machine is too slow for that,
 * or dates files otherwise. */
static struct folder_file *look_at_once(void)
{
	for (int i = 0; i < TRIES_MOST; i++) {
		struct folder_file *f;

		(void)unlink(path);
		kit_write(path, TEXT, strlen(TEXT));
		f = look();
		if (file_stamp_is_of_this_moment(&f->stamp))
			return f;
		folder_file_destroy(f);
	}
	return NULL;
}

/* N.B. a fault would stay until the file is changed. */
static void test_no_descriptor(void)
{
	struct dag_source *s = NULL;
	struct rlimit old, none;

	(void)getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = 0;
	(void)setrlimit(RLIMIT_NOFILE, &none);
	IS_INT(dag_source_read(reader, scan, path, NULL, &s), ERR_UNAVAILABLE,
		"that descriptors are short is no fault of the file's");
	(void)setrlimit(RLIMIT_NOFILE, &old);
	dag_source_destroy(s);
}

int main(void)
{
	struct folder_file *f;

	kit_begin(&k);
	(void)snprintf(path, sizeof(path), "%s/a.yaml", k.folder);
	reader = dag_reader_create();
	scan = scan_create();
	f = look_at_once();
	if (f == NULL || f->source == NULL) {
		tap_skip(2, "files cannot be read here in the moment in which they are written");
	} else {
		OK(f->is_unsettled,
			"a file that was written in this moment is read, and once more");
		while (file_stamp_is_of_this_moment(&f->stamp))
			;
		folder_file_destroy(f);
		f = look();
		OK(f->source != NULL && !f->is_unsettled, "one that is older is read once");
	}
	folder_file_destroy(f);
	test_no_descriptor();
	scan_destroy(scan);
	dag_reader_destroy(reader);
	kit_end(&k);
	return tap_done();
}
