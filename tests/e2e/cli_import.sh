#!/bin/sh
# Coming from cron and Code Stream: what is made loads, runs, and does what it did there.
. "${top_srcdir:-.}/tests/e2e/tap.sh"

# ---- crontab ----
cat >"$work/crontab" <<'END'
# m h dom mon dow command
PATH="/usr/local/bin:/usr/bin:/bin"
GREETING = 'hello there'
MAILTO=ops

# Says hello
30 2 * * MON-FRI  echo "$GREETING $(date -d @0 -u +\%Y)" '$<x> ${params.y} $$<' > out
@reboot /usr/bin/thing
0 5 1 * * cat > mail%Dear root,%90\% full%
61 * * * * never
just words
CRON_TZ=Europe/London
@daily cd /srv && ./rotate.py
END
run import crontab "$work/crontab" --tz UTC
is "a crontab becomes a DAG file; 1 tells that something was left out" "$status" 1
printf '%s\n' "$out" >"$work/c.yaml"
like "what is left out is told, with its place" "$err" \
	"*/crontab:4:1: warning: MAILTO was left out*/crontab:8:1: left out: there is no @reboot*/crontab:10:1: left out: \"61 * * * *\"*/crontab:11:1: left out: this is neither*"
run dags validate "$work/c.yaml"
is "it is right" "$status:$out" "0:1 file, 3 DAGs, 3 tasks: no errors"
run dags details "$work/c.yaml:echo" -o json
like "with its schedule, and the comment above" "$out" '*"description": "Says hello"*30 2 \* \* MON-FRI*'
run dags details "$work/c.yaml:rotate" -o json
like "and the time zone from there on" "$out" '*Europe/London*'
HOME=$work/cronhome
export HOME
mkdir "$HOME"
run import crontab "$work/crontab" --tz UTC
printf '%s\n' "$out" >"$work/c.yaml"
run dags test "$work/c.yaml:echo"
is "its command runs" "$status" 0
is "in the home folder, with the settings, to the letter" "$(cat "$HOME/out")" 'hello there 1970 $<x> ${params.y} $$<'
run dags test "$work/c.yaml:cat"
is "what stands behind % is its input" "$status:$(cat "$HOME/mail")" "0:Dear root,
90% full"
printf '5 4 * * * root /bin/a\n5 4 * * * www /bin/b\n' >"$work/system"
run import crontab "$work/system" --system --conn-id web
is "a system's crontab names users" "$status" 0
like "of whom others than root are told" "$err" "*/system:2:1: warning: this ran as www*"
like "and whose times they are" "$err" "$work/system: warning: times count in *, the zone of this machine*"
like "and tasks can run over ssh" "$out" "*ssh_conn_id: web*command: /bin/a*"
printf 'SHELL=/my own/sh\n1 2 * * * a\nSHELL=/b$<x\n1 2 * * * b\nSHELL=${run.id}\n1 2 * * * d\nSHELL=/bin/bash\n1 2 * * * c\n' >"$work/shells"
run import crontab "$work/shells"
like "a SHELL that cannot be an interpreter is told" "$err" \
	"*/shells:1:1: warning: SHELL was left out: \"/my own/sh\"*/shells:3:1: warning: SHELL was left out: \"/b*"
printf '%s\n' "$out" >"$work/s.yaml"
is "and only another stands there" "$(grep interpreter "$work/s.yaml")" "    interpreter: /bin/bash"
run dags validate "$work/s.yaml"
is "and the file is right" "$status" 0
printf 'X=a$${y\n1 2 * * * Y=b; echo "$$${Y}" "$X" >dollars\n1 3 * * * cat >input%%\nNAME=J\374rgen\n' >"$work/dollars"
run import crontab "$work/dollars" --tz UTC
like "a setting that is no UTF-8 is left out, and told" "$status:$err" "1:*/dollars:4:1: NAME was left out: it holds bytes that are no UTF-8*"
printf '%s\n' "$out" >"$work/d.yaml"
run dags test "$work/d.yaml:echo"
like "dollars before a brace stay two" "$status:$(cat "$HOME/dollars")" '0:[0-9]*b a$${y'
run dags test "$work/d.yaml:cat"
is "and a percent sign with nothing behind it is no input" "$status:$(wc -c <"$HOME/input" | tr -d ' ')" 0:0
printf '# nothing\n' >"$work/empty"
run import crontab "$work/empty"
is "one without jobs exits 1" "$status" 1
like "and says so" "$err" "*nothing in it became a DAG*"
yes '* * * * * php x.php' | head -n 1000 >"$work/many"
timeout 20 "$windrow" import crontab "$work/many" >"$work/out" 2>"$work/err"
is "many jobs of one program are soon named apart" \
	"$?:$(grep '^dag_id: php' "$work/out" | sort -u | grep -c .)" 0:1000
{
	yes 'V' | head -n 100000 | awk '{print $0 NR "=1"}'
	echo '* * * * * job'
} >"$work/settings"
timeout 20 "$windrow" import crontab "$work/settings" >"$work/out" 2>"$work/err"
is "many settings are soon read" "$?:$(grep -c '^      V' "$work/out")" 0:100000

mkdir "$work/logs"
cat >"$work/odd" <<END
MAILTO=""
HOME=$work/logs
# m h  dom mon dow   command
1 2 * * * pwd >where
#*/30 * * * * old
-*/15 * * * * quiet
0 0 */2 * 1 both
*/6 * * * * * seconds
17 * * * * root run-parts
RANDOM_DELAY=10
0 0 1-7 * * [ "$(date +\\%u)" = 1 ] && first
5 5 * * * test -x /a || { b && c; }
END
run import crontab "$work/odd" --tz UTC
like "what cron would read otherwise is left out" "$err" \
	"$work/odd:7:1: left out: *cron runs it where both*
$work/odd:8:1: left out: no command begins with*
$work/odd:9:1: left out: no command is called root*
$work/odd:10:1: warning: RANDOM_DELAY was left out*
$work/odd:11:1: warning: where its test does not hold*"
is "and what runs another command where its test fails is not" "$(printf '%s\n' "$err" | grep -c 'its test')" 1
printf '%s\n' "$out" >"$work/o.yaml"
run dags test "$work/o.yaml:pwd"
is "HOME is where commands run" "$status:$(cat "$work/logs/where")" "0:$work/logs"
is "no comment but one of the job describes it" "$(grep -c description "$work/o.yaml"):$(grep -c 'schedule: "\*/15 ' "$work/o.yaml")" 0:1
printf '1 * * * * www a\n2 * * * * www b\n3 * * * * /bin/c d\n4 * * * * root e\n' >"$work/users"
run import crontab "$work/users" --system -c web --tz UTC
is "each user is told of once, and what is none is left out" "$(printf '%s\n' "$err" | cut -d : -f 2- | cut -c 1-30)" \
	'1:1: warning: this ran as www;
3:1: left out: /bin/c is no us
4:1: warning: this ran as root'
is "over ssh no folder of this machine stands there" "$(printf '%s\n' "$out" | grep -c working_directory)" 0

# ---- Code Stream ----
cat >"$work/pipeline.yaml" <<'END'
kind: PIPELINE
name: Release shop
enabled: false
concurrency: 2
input:
  Build Number: '7'
  host: h1
stageOrder: [Build it, Deploy]
stages:
  Build it:
    taskOrder: ['Compile,Lint', Check]
    tasks:
      Compile:
        type: SSH
        input:
          host: build.example.org
          username: CORP\ci
          password: hunter2
          script: echo ${HOME} ${input.Build Number} ${var.x} ${Nowhere.y}
          environmentVariables: {N: '${input.Build Number}'}
          arguments: [a b]
      Lint:
        type: SSH
        ignoreFailure: true
        input: {host: '${input.host}', script: "#!/usr/bin/python3\nprint('${input.host}')\n"}
      Check:
        type: Condition
        input: {condition: '"${Build it.Compile.output.response.n}" == 7 && !("${input.host}" == "h2")'}
  Deploy:
    taskOrder: [Approve, Tell]
    tasks:
      Approve: {type: UserOperation, input: {approvers: [a]}}
      Tell:
        type: REST
        preCondition: ${Build it.Lint.status} == "success"
        input: {action: POST, url: 'https://x/${Build it.Compile.input.host}', headers: {A: b}, payload: p}
---
kind: VARIABLE
name: x
type: SECRET
value: swordfish
END
run import codestream "$work/pipeline.yaml"
is "a pipeline becomes a DAG file; 1 tells that a task of it does not" "$status" 1
printf '%s\n' "$out" >"$work/p.yaml"
like "connections are told of, and what is not here" "$err" "*connections add build_example_org --conn-type ssh --conn-host build.example.org --conn-login 'CORP?ci'*Nowhere.y} has no counterpart*left out: Approve is of type UserOperation, which windrow does not have yet*a status is \`success\`*variables set --secret x VALUE*"
case $out$err in
*hunter2* | *swordfish*) shown=yes ;;
*) shown=no ;;
esac
is "no secret is shown" "$shown" no
run dags validate "$work/p.yaml"
is "it is right" "$status:$out" "0:1 file, 1 DAG, 5 tasks: no errors"
like "values go where they were, the shell's stay the shell's" "$(cat "$work/p.yaml")" \
	'*echo ${HOME} $<params.Build_Number> $<var.x> $${Nowhere.y}*'
like "a program gets them spliced in" "$(cat "$work/p.yaml")" "*print('\$<params.host | raw>')*"
like "conditions are spelled as here, for a task that fails where they do not hold" "$(cat "$work/p.yaml")" \
	'*when: "not ($<Build_it.Compile.output.response.n> == 7  and   not ($<params.host> ==*'
like "an input of another task is put in" "$(cat "$work/p.yaml")" '*https://x/build.example.org*'
run tasks list "$work/p.yaml"
like "order is kept" "$out" "Build_it.Compile*Build_it.Lint*Build_it.Check*Deploy.Approve*Deploy.Tell*"
run dags show "$work/p.yaml"
like "side by side and one after the other" "$out" "*Check*reads Compile*Tell*after Approve*"
sed -e '/Approve: /d' -e 's/Approve, //' "$work/pipeline.yaml" >"$work/whole.yaml"
run import codestream "$work/whole.yaml"
is "one that is taken over whole exits 0" "$status" 0
printf 'kind: ENDPOINT\nname: x\n---\n' | cat - "$work/whole.yaml" >"$work/more.yaml"
run import codestream "$work/more.yaml"
like "a document that is none is left out" "$status:$err" "1:*more.yaml:1:1: left out: this document is no PIPELINE*"
printf 'a: [\n' >"$work/broken.yaml"
run import codestream "$work/broken.yaml"
is "what is no YAML exits 1" "$status" 1
like "with the place" "$err" "*broken.yaml:2:1: *"
cat >"$work/itself.yaml" <<'END'
kind: PIPELINE
name: p
stageOrder: [s]
stages:
  s:
    taskOrder: [t, u]
    tasks:
      t: {type: SSH, input: {host: h, script: "${s.u.input.script} ${s.u.input.script} ${s.t.input.script}"}}
      u: {type: SSH, input: {host: h, script: "b ${s.t.input.script} ${s.t.input.script} ${s.t.input.script}"}}
END
timeout 20 "$windrow" import codestream "$work/itself.yaml" >"$work/out" 2>"$work/err"
is "an input that holds itself is left as it stands" "$?:$(grep -cF \
	'script: "b $${s.u.input.script} $${s.u.input.script} $${s.t.input.script} $${s.u.' "$work/out")" 0:1
cat >"$work/shell.yaml" <<'END'
kind: PIPELINE
name: p
stageOrder: [s]
stages:
  s:
    taskOrder: [t]
    tasks:
      t: {type: SSH, input: {host: h, script: "#!/bin/bash -s\necho ${input.x}\n"}}
END
run import codestream "$work/shell.yaml"
like "a shell that would not read its script is told" "$err" "*shell.yaml:8:*the options of its first line were left out*"
printf '%s\n' "$out" >"$work/shells.yaml"
sed 's/#!.*echo/[[ a == a ]] \&\& echo/' "$work/shell.yaml" >"$work/noshell.yaml"
run import codestream "$work/noshell.yaml"
like "and one for bash that does not say so" "$err" "*noshell.yaml:8:*it names no shell*interpreter: bash*"
sed "s/#!.*echo/grep '[[:space:]]' resource #/" "$work/shell.yaml" >"$work/plain.yaml"
run import codestream "$work/plain.yaml"
is "but not one for any shell" "$(printf '%s\n' "$err" | grep -c 'names no shell')" 0
run dags validate "$work/shells.yaml"
is "and mended" "$status:$(grep -c 'interpreter: bash' "$work/shells.yaml")" 0:1
sed -e 's/script: ".*"}/script: [a, b], environmentVariables: {A: {b: c}}}/' "$work/shell.yaml" >"$work/list.yaml"
run import codestream "$work/list.yaml"
like "what is no text where text belongs is told" "$status:$err" \
	"1:*list.yaml:8:*: left out: want text here, found a list*list.yaml:8:*: left out: want text here, found a map*"
like "and a task whose script is none fails" "$out" "*exit 1*"
cat >"$work/gates.yaml" <<'END'
kind: PIPELINE
name: gates
input: {n: '7', host: '', words: 'a b'}
_inputMeta:
  n: {description: How many, mandatory: true}
  host: {description: Where, mandatory: false}
notifications: {email: [], jira: []}
workspace: {image: x}
stageOrder: [s]
stages:
  s:
    taskOrder: [Never, Gate, After]
    tasks:
      Never: {type: Condition, preCondition: '${input.n} == 9', input: {condition: 'false'}}
      Gate: {type: Condition, input: {condition: '"v${input.n}-$<x>" == "v7-$<x>"'}}
      After:
        type: Condition
        input:
          condition: ${s.Gate.status} == "COMPLETED" && "${s.Gate.output.status}" != 'FAILED' && "Skipped" == ${s.Never.output.status}
      Lost: {type: SSH}
  t: {taskOrder: [], tasks: {}}
END
run import codestream "$work/gates.yaml"
is "conditions are taken over whole" "$status" 0
printf '%s\n' "$out" >"$work/g.yaml"
is "what no order names is told, and nothing that is empty" "$err" \
	"$work/gates.yaml:20:7: warning: task Lost was left out: \`taskOrder\` does not name it
$work/gates.yaml:21:3: warning: stage t was left out: \`stageOrder\` does not name it"
run dags test "$work/g.yaml"
is "conditions that hold let the run go on, the words of a status being those of here" "$status" 0
run dags test "$work/g.yaml" --conf '{"n": "8"}'
is "one that does not fails it" "$status" 1
like "and what follows it does not run" "$out$err" "*After*upstream_failed*"
cat >"$work/corners.yaml" <<'END'
kind: PIPELINE
name: db1
input: {price: '10', dir: '/a b', token: swordfish}
stageOrder: [s]
stages:
  s:
    taskOrder: [a, b, c, d, e]
    tasks:
      a: {type: SSH, input: {host: '${input.dir}', username: root, flag: 'it''s "x" || y', environmentVariables: {PRICE: '$${input.price}'}, script: 'echo "$PRICE" "$${HOME}" "${DIR:-${input.dir}}" "$${input.price}"'}}
      b: {type: SSH, input: {host: db1, username: root, script: 'true'}, preCondition: '"${s.a.input.username}" == "root" && "${s.a.input.flag}" != "z"'}
      c: {type: REST, input: {action: post, url: 'http://127.0.0.1:1/${input.token}', headers: {A: '"${input.token}" \ b'}, payload: "p ${input.token}\n"}, ignoreFailure: true}
      d: {type: UserOperation, ignoreFailure: true}
      e: {type: SSH, input: {host: h, script: 'true'}}
END
run import codestream "$work/corners.yaml"
like "what a dollar before an input meant is told, and that an approval is not passed over" "$status:$err" \
	"1:*corners.yaml:9:*: warning: the \$ before this is a plain character here*corners.yaml:12:*\`ignoreFailure\` was not taken over*"
like "a host that is called as the pipeline has a connection of its own" "$err" "*add db1 *--conn-host HOST*add db1_2 *--conn-host db1*"
printf '%s\n' "$out" >"$work/k.yaml"
is "only what may fail may" "$(grep -c ignore_failure "$work/k.yaml")" 1
ok "an input in quotes stays in quotes" grep -qF 'when: "\"root\" == \"root\"  and  \"it'"'"'s \\\"x\\\" || y\" != \"z\""' "$work/k.yaml"
sed 's/operator: ssh/operator: local/; /ssh_conn_id\|remote_host/d' "$work/k.yaml" >"$work/k2.yaml"
mkdir "$work/curl"
cat >"$work/curl/curl" <<END
#!/bin/sh
{ echo "\$*"; cat - /dev/fd/3; } >$work/curled
exit 1
END
chmod +x "$work/curl/curl"
tap_path=$PATH
PATH=$work/curl:$PATH
run dags test -v "$work/k2.yaml" --conf '{"token": "a\noutput = x"}'
like "a line's end is no setting of curl" "$status:$out$err" "1:*s.c | the address or a header holds a control character*"
ok "and it does not run then" [ ! -e "$work/curled" ]
run dags test -v "$work/k2.yaml" -o plain
PATH=$tap_path
like "dollars before a value and before a brace are there, and an input inside of a shell's" "$out" \
	"*s.a | \$10 [0-9]*{HOME} /a b \$10*"
is "what may be secret is no argument of curl" "$(sed 's/ --config.*//; s/^--fail.*POST$/ARGUMENTS/' "$work/curled")" 'ARGUMENTS
p swordfish
url = "http://127.0.0.1:1/swordfish"
header = "A: \"swordfish\" \\ b"'
printf '{"kind":"PIPELINE","name":"x","description":"\\\\ud83d \\ud83d\\ude00","stageOrder":["s"],"stages":{"s":{"taskOrder":["t"],"tasks":{"t":{"type":"SSH","input":{"host":"h","script":"true"}}}}}}' >"$work/halves.json"
run import codestream "$work/halves.json"
is "JSON may write a character as two halves" "$status:$(printf '%s\n' "$out" | sed -n 2p)" '0:description: "\\ud83d 😀"'
cat >"$work/names.yaml" <<'END'
kind: PIPELINE
name: names
input: {must: '', may: '', words: -a -b, bound: '${var.x}', a b: x}
_inputMeta: {must: {mandatory: true}, may: {mandatory: false}}
stageOrder: [s]
stages:
  s:
    taskOrder: [a, b, c, d]
    tasks:
      a: {type: SSH, input: {host: h, username: root, privatekey: k, script: 'x ${var.my-key} ${var.of two} ${requestBy}'}}
      b: {type: SSH, input: {host: h, username: www, script: 'x ${input.words}', arguments: [{}]}}
      c: {type: SSH, input: {host: h, username: '${input.may}', script: 'x ${s.a.status}', environmentVariables: {A: [b]}}}
      d: {type: REST, input: {action: post, url: 'http://127.0.0.1:1/', payload: '@/etc/passwd'}, endpoints: {agent: far}, ignoreFailure: 'true'}
---
kind: VARIABLE
name: of two
type: REGULAR
value: z
END
run import codestream "$work/names.yaml"
printf '%s\n' "$out" >"$work/n.yaml"
like "variables keep their names, where they are right here" "$out" '*x $<var.my-key> $<var.of_two> ${requestBy}*'
like "an input that must be given there must come with the trigger" "$out" "*must:
    type: string
  may:
    type: string
    default: *"
like "each login of a host has its connection" "$out" \
	"*ssh_conn_id: h
*ssh_conn_id: h_2
*ssh_conn_id: h_3
*"
is "a method is one of HTTP, and a payload no file" "$(grep -c -e 'METHOD: POST' -e '--data-binary @-' -e ignore_failure "$work/n.yaml")" 3
like "a variable that the file does not hold is to be made, too" "$err" "*/names.yaml: warning: a variable that is not in the file: windrow variables set my-key VALUE*"
is "what means something else is told, and nothing more" "$(printf '%s\n' "$err" | sed '/not in the file/d; s/^[^:]*:\([0-9]*:[0-9]*\): /\1 /')" \
	"3:49 warning: the value of \`bound\` stays as it stands: it is text here
3:61 warning: the input \"a b\" is called a_b here
10:10 warning: make its connection: windrow connections add h --conn-type ssh --conn-host h --conn-login root; then windrow connections setup h
10:95 warning: the variable \"of two\" is called of_two here
10:109 warning: \${requestBy} has no counterpart here and was left as it stands
11:10 warning: make its connection: windrow connections add h_2 --conn-type ssh --conn-host h --conn-login www; then windrow connections setup h_2
11:65 warning: the value of input words is one word here, whatever it holds; there it was spliced in, as \`| raw\` does
11:94 left out: want text here, found a map
12:10 warning: make its connection: windrow connections add h_3 --conn-type ssh --conn-host h --conn-login USER; then windrow connections setup h_3
12:49 warning: \`username\` was not taken over: a connection has one login, whatever the run
12:76 warning: a status is \`success\`, \`failed\`, \`skipped\` or \`upstream_failed\` here
12:118 left out: want text here, found a list
13:99 warning: \`endpoints\` was not taken over
15:1 warning: a variable: windrow variables set of_two VALUE"
many() { # HEAD EACH TAIL: EACH for 1 to 20000, its N being the number
	printf '%s' "$1"
	awk -v each="$2" 'BEGIN { for (i = 1; i <= 20000; i++) { s = each; gsub(/N/, i, s); printf "%s", s } }'
	printf '%s' "$3"
}
{
	many 'kind: PIPELINE
name: p
stageOrder: [' 'sN, ' ']
stages: {'
	many '' 'sN: {taskOrder: [t], tasks: {t: {type: SSH, input: {host: hN}}}}, ' '}
'
} >"$work/stages.yaml"
timeout 20 "$windrow" import codestream "$work/stages.yaml" >"$work/out" 2>"$work/err"
is "many stages are soon read" "$?:$(grep -c 'one task too many' "$work/err")" 1:1000
{
	many 'kind: PIPELINE
name: p
stageOrder: [s]
stages: {s: {taskOrder: [' 'tN, ' '], tasks: {'
	many '' 'tN: {type: SSH, input: {host: hN, script: "${s.t1.output.response}"}}, ' '}}}
'
} >"$work/tasks.yaml"
timeout 20 "$windrow" import codestream "$work/tasks.yaml" >"$work/out" 2>"$work/err"
is "and many tasks, one after the other" "$?:$(grep -c 'ssh_conn_id:' "$work/out")" 1:10000
{
	printf 'kind: PIPELINE\nname: p\nstageOrder: [s]\nstages: {s: {taskOrder: [t], tasks: {t: {type: SSH, input: {host: h, script: "'
	yes '${${${${${${${${${${' | head -n 100000 | tr -d '\n'
	printf '"}}}}}\n'
} >"$work/open.yaml"
timeout 20 "$windrow" import codestream "$work/open.yaml" >"$work/out" 2>"$work/err"
is "and what is not closed" "$?" 0
{
	printf 'kind: PIPELINE\nname: p\nstageOrder: [s]\nstages: {s: {taskOrder: [t], tasks: {t: {type: Condition, input: {condition: '"'"
	yes '"${"' | head -n 300000 | tr -d '\n'
	printf "}'}}}}}\n"
} >"$work/far.yaml"
timeout 20 "$windrow" import codestream "$work/far.yaml" >"$work/out" 2>"$work/err"
like "or far away" "$?:$(cut -c1-300 "$work/err")" "1:the DAG file that it made:*a condition has at most 65536 bytes*"
{
	printf 'X='
	yes xxxxxxxxx | head -n 10000 | tr -d '\n'
	echo
	yes '* * * * * echo' | head -n 1000
} >"$work/large.cron"
run import crontab "$work/large.cron"
like "what would become too large is refused, with the limit" "$status:$out:$err" "1::windrow: */large.cron: what it would become is more than 64 MiB; import it in parts"
cat >"$work/sum.yaml" <<'E'
kind: PIPELINE
name: sum
input: {n: "3"}
stageOrder: [S]
stages: {S: {taskOrder: [T], tasks: {T: {type: SSH, input: {host: h, username: u, script: "echo $((1+${input.n}))"}}}}}
E
run import codestream "$work/sum.yaml"
is "what will not load is an error" "$status" 1
like "which is told" "$err" '*the DAG file that it made:*an expression cannot stand inside $(( ))*'
like "and made all the same" "$out" '*echo $((1+*'
run import codestream "$work/nowhere.yaml"
like "a file that is not there is told" "$status:$err" "1:windrow: */nowhere.yaml: *"
tap_done
