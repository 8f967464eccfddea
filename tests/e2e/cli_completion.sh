#!/bin/sh
# Completion scripts complete, in the shells themselves.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

PATH=$(cd "$top_builddir" && pwd):$PATH
export PATH

# What bash or zsh offers for the words, the last of which is being typed.
offered()
{
	shell=$1
	shift
	words=
	for word; do
		words="$words '$word'"
	done
	case $shell in
	bash) echo 'source <(windrow completion bash)' ;;
	zsh) echo 'autoload -U compinit && compinit -D -u && source <(windrow completion zsh)
		emulate ksh' ;;
	esac >"$work/script"
	cat >>"$work/script" <<END
COMP_WORDS=(windrow $words)
COMP_CWORD=$#
_windrow
printf '%s ' "\${COMPREPLY[@]}"
END
	case $shell in
	bash) bash --norc "$work/script" ;;
	zsh) zsh -f "$work/script" ;;
	esac
}

windrow connections add web-one --conn-type ssh
windrow variables set region eu
for shell in bash zsh; do
	if ! command -v $shell >/dev/null; then
		skip 7 "no $shell here"
		continue
	fi
	like "$shell: groups" "$(offered $shell ver)" "version *"
	like "$shell: flags" "$(offered $shell version --)" "--help *"
	like "$shell: every group is offered" "$(offered $shell '')" "*version*completion*--help*"
	is "$shell: nothing for nonsense" "$(offered $shell zzz | tr -d ' ')" ""
	is "$shell: connections" "$(offered $shell connections test web)" "web-one "
	is "$shell: variables" "$(offered $shell variables get re)" "region "
	is "$shell: the script is quiet" "$(offered $shell ver 2>&1)" "version "
done

if command -v fish >/dev/null; then
	mkdir -p "$work/config"
	windrow completion fish >"$work/windrow.fish"
	asked()
	{
		HOME=$work XDG_CONFIG_HOME=$work/config fish --no-config \
			-c "source $work/windrow.fish; complete -C '$1'" 2>&1 | cut -f1
	}
	is "fish: groups" "$(asked 'windrow vers')" "version"
	like "fish: flags" "$(asked 'windrow version --')" "--help*"
	is "fish: connections" "$(asked 'windrow connections test web')" "web-one"
else
	skip 3 "no fish here"
fi

run completion tcsh
is "another shell is wrong usage" "$status" 2
is "and is told which there are" "$err" \
	'windrow: completion: SHELL takes bash, zsh, fish, not "tcsh"'
run completion
is "none at all too" "$status" 2
tap_done
