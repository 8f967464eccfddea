# What lasts.
noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = \
	store/connection.c \
	store/connection.h \
	store/connections.c \
	store/connections.h \
	store/dags_folder.c \
	store/dags_folder.h \
	store/ignore.c \
	store/ignore.h \
	store/settings.c \
	store/settings.h \
	store/zoneinfo.c \
	store/zoneinfo.h
