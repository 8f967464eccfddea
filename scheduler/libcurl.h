/*
 * libcurl, loaded when somebody first asks a web server: it brings some thirty libraries, which
 * take a program that never asks longer to load than all else that it does at its start.
 */
#ifndef SCHEDULER_LIBCURL_H
#define SCHEDULER_LIBCURL_H

#include <curl/curl.h>

struct err;

/* Its functions that are used here, each under its name without curl_. */
#define LIBCURL_FUNCTIONS(X)                                                                       \
	X(easy_cleanup)                                                                            \
	X(easy_getinfo)                                                                            \
	X(easy_init)                                                                               \
	X(easy_setopt)                                                                             \
	X(easy_strerror)                                                                           \
	X(global_init)                                                                             \
	X(multi_add_handle)                                                                        \
	X(multi_assign)                                                                            \
	X(multi_cleanup)                                                                           \
	X(multi_info_read)                                                                         \
	X(multi_init)                                                                              \
	X(multi_remove_handle)                                                                     \
	X(multi_setopt)                                                                            \
	X(multi_socket_action)                                                                     \
	X(slist_append)                                                                            \
	X(slist_free_all)

struct libcurl {
#define LIBCURL_MEMBER(name) __typeof__(&curl_##name) name;
	LIBCURL_FUNCTIONS(LIBCURL_MEMBER)
#undef LIBCURL_MEMBER
};

/* The library, loaded and set up once for the whole program; it stays. Of the loop's thread alone.
 * ERR_UNSUPPORTED: it is not on this machine, and what to do. */
int libcurl_load(const struct libcurl **out, struct err *e);

#endif
