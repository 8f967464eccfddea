# What lasts.
noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = \
	store/zoneinfo.c \
	store/zoneinfo.h
