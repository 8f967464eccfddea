# What a person types.
bin_PROGRAMS += windrow
windrow_SOURCES = cli/main.c
windrow_LDADD = libcli.a $(STORE_LIBS) $(SSH2_LIBS) $(UV_LIBS)

noinst_LIBRARIES += libcli.a
libcli_a_SOURCES = \
	cli/args.c \
	cli/args.h \
	cli/command.h \
	cli/commands.c \
	cli/commands.h \
	cli/completion.c \
	cli/config.c \
	cli/cron.c \
	cli/help.c \
	cli/help.h \
	cli/info.c \
	cli/output.c \
	cli/output.h \
	cli/report.c \
	cli/report.h \
	cli/settings.c \
	cli/settings.h \
	cli/table.c \
	cli/table.h \
	cli/terminal.c \
	cli/terminal.h \
	cli/text.c \
	cli/text.h \
	cli/version.c
