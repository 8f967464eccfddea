/*
 * Goes along one hot path, for valgrind to count its instructions: counts NAME; or prints all
 * names: counts; or the versions of the libraries that some of them run through: counts libraries.
 * See tests/counts.sh.
 */
#include <openssl/crypto.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>
#include <yajl/yajl_version.h>
#include <yaml.h>

#include "tests/counts/path.h"

static const struct path *const parts[] = {
	paths_machine, paths_load, paths_text, paths_store, paths_conductor};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

void path_fail(const char *what)
{
	(void)fprintf(stderr, "counts: %s\n", what);
	exit(1);
}

void *path_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL)
		path_fail("out of memory");
	return p;
}

/* N.B. the script names this function to valgrind: it must stay one, whatever the compiler thinks,
 * and still be there when the work returns. */
__attribute__((noinline)) void counted(const struct path *p, void *it);
void counted(const struct path *p, void *it)
{
	p->work(it);
	__asm__ volatile("");
}

static void go(const struct path *p)
{
	void *it = p->begin(p->which);

	counted(p, it);
	p->end(it);
}

/* As they are at hand, whatever the headers were. */
static void libraries_print(void)
{
	char pcre[64];

	(void)pcre2_config(PCRE2_CONFIG_VERSION, pcre);
	printf("sqlite-%s,pcre2-%.*s,yaml-%s,yajl-%d,openssl-%u.%u,uv-%s\n", sqlite3_libversion(),
		(int)strcspn(pcre, " "), pcre, yaml_get_version_string(), yajl_version(),
		OPENSSL_version_major(), OPENSSL_version_minor(), uv_version_string());
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "libraries") == 0)
		libraries_print();
	for (size_t i = 0; i < PARTS; i++)
		for (const struct path *p = parts[i]; p->name != NULL; p++) {
			if (argc < 2)
				(void)puts(p->name);
			else if (strcmp(p->name, argv[1]) == 0)
				go(p);
		}
	return 0;
}
