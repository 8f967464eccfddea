/* See libcurl.h. N.B. the name is that of its interface, which has been the same since 2006. */
#include "scheduler/libcurl.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "engine/err.h"

#define FILE_NAME "libcurl.so.4"

static struct libcurl library;
static bool is_loaded;

static int missing(struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED,
		"asking a web server takes libcurl, which cannot be loaded: %s "
		"(apt-get install libcurl4)",
		dlerror());
}

/* N.B. ISO C knows no cast from a pointer to data to one to a function. */
static bool find(void *handle, const char *name, void *to)
{
	void *symbol = dlsym(handle, name);

	memcpy(to, &symbol, sizeof(symbol));
	return symbol != NULL;
}

int libcurl_load(const struct libcurl **out, struct err *e)
{
	void *handle;

	if (!is_loaded) {
		handle = dlopen(FILE_NAME, RTLD_NOW | RTLD_LOCAL);
		if (handle == NULL)
			return missing(e);
#define LIBCURL_FIND(name)                                                                         \
	if (!find(handle, "curl_" #name, &library.name))                                           \
		return missing(e);
		LIBCURL_FUNCTIONS(LIBCURL_FIND)
#undef LIBCURL_FIND
		if (library.global_init(CURL_GLOBAL_DEFAULT) != 0)
			return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		is_loaded = true;
	}
	*out = &library;
	return 0;
}
