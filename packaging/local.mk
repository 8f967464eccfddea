# What is installed beside the program: manual pages and completions, made by what has been built,
# and the unit of the service.
noinst_PROGRAMS += packaging/manual
packaging_manual_SOURCES = packaging/manual.c
packaging_manual_LDADD = $(CLI_LIBS)

nodist_man1_MANS = packaging/windrow.1
nodist_man5_MANS = packaging/windrow-dag.5 packaging/windrow.yaml.5
CLEANFILES += $(nodist_man1_MANS) $(nodist_man5_MANS)

# N.B. made under another name and renamed: half a page must not pass for one.
packaging/windrow.1: packaging/manual$(EXEEXT)
	$(AM_V_GEN)packaging/manual windrow >$@.new && mv $@.new $@
packaging/windrow-dag.5: packaging/manual$(EXEEXT)
	$(AM_V_GEN)packaging/manual windrow-dag >$@.new && mv $@.new $@
packaging/windrow.yaml.5: packaging/manual$(EXEEXT)
	$(AM_V_GEN)packaging/manual windrow.yaml >$@.new && mv $@.new $@

bashcompdir = $(datadir)/bash-completion/completions
nodist_bashcomp_DATA = packaging/completions/windrow
zshcompdir = $(datadir)/zsh/site-functions
nodist_zshcomp_DATA = packaging/completions/_windrow
fishcompdir = $(datadir)/fish/vendor_completions.d
nodist_fishcomp_DATA = packaging/completions/windrow.fish
CLEANFILES += $(nodist_bashcomp_DATA) $(nodist_zshcomp_DATA) $(nodist_fishcomp_DATA)

packaging/completions/windrow: windrow$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) packaging/completions && ./windrow completion bash >$@.new && mv $@.new $@
packaging/completions/_windrow: windrow$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) packaging/completions && ./windrow completion zsh >$@.new && mv $@.new $@
packaging/completions/windrow.fish: windrow$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) packaging/completions && ./windrow completion fish >$@.new && mv $@.new $@

# The unit names the program by its place.
systemdunitdir = $(prefix)/lib/systemd/system
nodist_systemdunit_DATA = packaging/windrow.service
CLEANFILES += $(nodist_systemdunit_DATA)
EXTRA_DIST += packaging/windrow.service.in
packaging/windrow.service: packaging/windrow.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging && sed 's,[@]bindir[@],$(bindir),g' \
		'$(srcdir)/packaging/windrow.service.in' >$@.new && mv $@.new $@
