# What a task does.
noinst_LIBRARIES += liboperators.a
liboperators_a_SOURCES = \
	operators/census.c \
	operators/census.h \
	operators/execution.c \
	operators/execution.h \
	operators/execution_spare.c \
	operators/execution_spare.h \
	operators/fdio.c \
	operators/fdio.h \
	operators/launcher.c \
	operators/launcher.h \
	operators/launcher_job.c \
	operators/launcher_job.h \
	operators/local.c \
	operators/local.h \
	operators/local_env.c \
	operators/local_impl.h \
	operators/local_link.c \
	operators/local_script.c \
	operators/local_stream.c \
	operators/operator.c \
	operators/operator.h \
	operators/registry.c \
	operators/registry.h \
	operators/script.c \
	operators/script.h \
	operators/spawn.c \
	operators/spawn.h \
	operators/specs.c \
	operators/specs.h \
	operators/ssh/auth.c \
	operators/ssh/auth_agent.c \
	operators/ssh/auth_impl.h \
	operators/ssh/call.c \
	operators/ssh/call.h \
	operators/ssh/command.c \
	operators/ssh/command.h \
	operators/ssh/connect.c \
	operators/ssh/endpoint.c \
	operators/ssh/ghosts.c \
	operators/ssh/agent.c \
	operators/ssh/agent.h \
	operators/ssh/algorithms.c \
	operators/ssh/algorithms.h \
	operators/ssh/argon2.c \
	operators/ssh/argon2.h \
	operators/ssh/bcrypt_kdf.c \
	operators/ssh/bcrypt_kdf.h \
	operators/ssh/blake2b.c \
	operators/ssh/key.c \
	operators/ssh/key.h \
	operators/ssh/key_cipher.c \
	operators/ssh/key_cipher.h \
	operators/ssh/key_impl.h \
	operators/ssh/key_openssh.c \
	operators/ssh/key_putty.c \
	operators/ssh/key_read.c \
	operators/ssh/key_sign.c \
	operators/ssh/key_wire.c \
	operators/ssh/key_write.c \
	operators/ssh/keyring.c \
	operators/ssh/keyring.h \
	operators/ssh/known_hosts.c \
	operators/ssh/known_hosts.h \
	operators/ssh/memory.c \
	operators/ssh/message.c \
	operators/ssh/note.c \
	operators/ssh/note.h \
	operators/ssh/opening.c \
	operators/ssh/proxy.c \
	operators/ssh/reach.c \
	operators/ssh/remote.c \
	operators/ssh/remote.h \
	operators/ssh/session.c \
	operators/ssh/socket.c \
	operators/ssh/ssh.c \
	operators/ssh/ssh.h \
	operators/ssh/ssh_finish.c \
	operators/ssh/ssh_kill.c \
	operators/ssh/ssh_log.c \
	operators/ssh/ssh_talk.c \
	operators/ssh/ssh_try.h \
	operators/ssh/sweeps.c \
	operators/ssh/sweeps.h \
	operators/ssh/target.c \
	operators/ssh/target.h \
	operators/ssh/target_files.c \
	operators/ssh/target_host.c \
	operators/ssh/target_impl.h \
	operators/ssh/target_keys.c \
	operators/ssh/target_make.c \
	operators/ssh/target_make.h \
	operators/ssh/transport.c \
	operators/ssh/transport.h \
	operators/ssh/transport_internal.h \
	operators/ssh/tunnel.c \
	operators/wire.c \
	operators/wire.h

# The programs that run on hosts, as C strings, and what some of them share.
REMOTE_SOURCES_SH = \
	$(srcdir)/operators/ssh/remote_start.sh \
	$(srcdir)/operators/ssh/remote_attach.sh \
	$(srcdir)/operators/ssh/remote_kill.sh \
	$(srcdir)/operators/ssh/remote_plain.sh
REMOTE_SHARED_SH = $(srcdir)/operators/ssh/remote_head.sh
BUILT_SOURCES += operators/ssh/remote_programs.h
CLEANFILES += operators/ssh/remote_programs.h
EXTRA_DIST += $(REMOTE_SOURCES_SH) $(REMOTE_SHARED_SH) operators/ssh/programs.awk
operators/ssh/remote_programs.h: $(REMOTE_SOURCES_SH) $(REMOTE_SHARED_SH) operators/ssh/programs.awk
	$(AM_V_GEN)$(MKDIR_P) operators/ssh && \
		$(AWK) -f $(srcdir)/operators/ssh/programs.awk $(REMOTE_SOURCES_SH) >$@.tmp && mv $@.tmp $@
# N.B. what is built by its own name does not wait for BUILT_SOURCES.
operators/ssh/remote.$(OBJEXT): operators/ssh/remote_programs.h
