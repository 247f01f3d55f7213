### English: `--lang en`.

## The client

client-name-prompt = Your name:{" "}
client-text-prompt = You:{" "}
client-welcome = Welcome to the chat, { $name }!
client-joined = >>> { $name } has joined
client-left = >>> { $name } has left

client-ending = The connection to { $address } has ended: { $reason }. { $next }
client-end-of-stream = the server closed it without a goodbye
    .next = Try again later.
client-broken = it broke: { $reason }
    .next = Check the network and try again.
client-broken-reset = the server cut it off
client-broken-unawaited = the goodbye of the server was not waited for
client-broken-silent = the server does not answer

client-refused = Nobody can join as “{ $name }” now: { $reason }. { $next }
client-code-quit = the server said goodbye
    .next = Come back whenever you like.
client-code-name-invalid = the name is not valid
    .next = Choose another, without spaces or invisible characters.
client-code-name-taken = the name, or one that looks like it, is taken
    .next = Choose another.
client-code-bad-line = the server does not understand what was sent
    .next = Check that it is a server of Charla 1.
client-code-bad-state = the server did not expect what was sent
    .next = Check that it is a server of Charla 1.
client-code-too-long = what was sent is too long
    .next = Check that it is a server of Charla 1.
client-code-timeout = the name did not come in time
    .next = Join again.
client-code-too-slow = this client read too slowly
    .next = Join again.
client-code-full = the server is full
    .next = Try again later.
client-code-shutdown = the server has stopped
    .next = Try again later.
client-code-unknown = the server gives a reason that this client does not know
    .next = Try again later.

client-name-empty = The name is empty. Choose one.
client-name-too-long = “{ $given }” is no name: it has { $bytes } bytes, and { $most } is the most. Choose a shorter one.
client-name-spaces = “{ $given }” is no name: it has spaces. Choose one without them.
client-name-forbidden = “{ $given }” is no name: it has the character { $character }. Choose one without it.
client-name-key = “{ $given }” is no name: what is compared of it is none. Choose another.

client-unreachable = Cannot connect to { $address }: { $reason }. Check the address, and that the server is running.
client-nobody = nobody listens there
client-silent = it does not answer

client-no-tls = There is no connection to { $address } over TLS: { $reason }.
client-again = Trying again in { $seconds } s.
client-not-said = not delivered: { $text }
client-unknown-fate = perhaps not delivered: { $text }
client-offer = Say it again? (y/n)
    .yes = y yes
    .no = n no
client-overdue =
    { $more ->
        [0] no receipt yet: { $text }
       *[other] no receipt yet: { $text } (and { $more } more)
    }
client-people = In the room, { $count }: { $names }
client-away = You are not in the room just now.
client-oneself = { $name } (you)
client-help =
    /who      tells who is in the room
    /quit     leaves the chat, as do exit and, on an empty line, Ctrl-C and Ctrl-D
    /help     shows this help
    //text    says a text that begins with /
    Tab completes names and commands; the arrows bring back what was typed.
client-no-command = { $word } is no command, and was not said. /help tells which there are; // begins a text with /.
client-paste = {" "}Send { $lines } lines? (y/n){" "}
    .yes = y
client-cleared = (Ctrl-C again, or exit)
client-history-unread = The history { $file } cannot be read: { $reason }. This visit does without; mend it or delete it.
client-history-unkept = The history cannot be kept in { $file }: { $reason }. What you type is not kept.
client-not-utf8 = What was typed was not UTF-8 and is lost. Type it again.
client-unread = The input was not read to its end: what followed was not said.
client-no-terminal = Cannot use the terminal: { $reason }. Try another one, or input from a file.

## The server

server-listening = Chat server listening on { $place }
server-waiting = Waiting for connections...
server-joined = { $who } has connected
server-left = { $who } has disconnected
server-left-out =
    { $lines ->
        [one] {"["}1 line was left out]
       *[other] {"["}{ $lines } lines were left out]
    }
server-cannot-listen = cannot listen on { $place } ({ $reason }); { $next }
    .in-use = the port is taken: close what has it, or choose another with { $option } HOST:PORT
    .not-here = this machine does not have that address: choose another with { $option } HOST:PORT
    .forbidden = that is not permitted: choose a port from 1024 on with { $option } HOST:PORT
    .other = check the host and the port of { $option } HOST:PORT
server-exposed = { $place } is not of this machine alone, and what is said there would go unencrypted; use --listen-tls with a certificate, or confirm it with --insecure
server-not-reloaded = the certificate was not changed, and the old one stays: { $reason }
server-bad-socket = cannot use a socket that was passed ({ $reason }): pass only TCP sockets that listen
server-no-certificate = the socket { $name } that was passed is for TLS, and the server has no certificate: give --listen-tls, --tls-cert and --tls-key
server-no-signals = cannot listen to signals: { $reason }
server-journal-bad-servers = --journal wants nats://HOST:PORT, or several of them with commas between: { $reason }
server-journal-credentials = cannot use the credentials for NATS in { $file } ({ $reason }): check the file of --nats-creds
server-journal-refused = NATS does not let this server in ({ $reason }): check --nats-creds, and the addresses of --journal
server-journal-too-old = the NATS server is of version { $version }, and { $needed } or later is needed: install a newer nats-server
server-journal-replicas = NATS has no { $count } servers to store each line on: start it as a cluster, or give a smaller --replicas
server-journal-confusables = the servers that share this room have the other --confusables: give the same to all

## TLS: what is wrong with a file

tls-unreadable = { $file } cannot be read ({ $reason }); check the path and the permissions
tls-no-certificate = { $file } has no certificate in PEM; check that it is the right file
tls-no-key = { $file } has no private key in PEM without a password; check that it is the right file
tls-unusable = { $file } is of no use ({ $reason }); make another one
tls-other-key = the key in { $key } is not that of the certificate in { $certificate }; give the two that were made together
tls-no-authorities = this system has no certificate authorities; install them (ca-certificates) or give one with --tls-ca
tls-no-host = “{ $name }” cannot be the name of a server; give the one in its certificate
tls-unavailable = TLS does not work here ({ $reason })

## TLS: why a handshake ended

tls-expired = the server's certificate has expired; whoever runs it has to renew it, and check this machine's clock
tls-not-yet-valid = the server's certificate is not valid yet; check this machine's clock
tls-other-name = the server's certificate is for { $names }; connect by that name
tls-no-name = the server's certificate has no name in it; whoever runs it has to take one with its own
tls-unknown-issuer = the server's certificate is not of an authority that is trusted; if you know its own, give it with --tls-ca
tls-untrusted = the server's certificate is not to be trusted ({ $reason }); talk to whoever runs it
tls-certificate-wanted = the server asks for a certificate; give yours with --tls-cert and --tls-key
tls-certificate-refused = the server does not take your certificate ({ $reason }); ask whoever runs it for another one
tls-not-tls = what answers does not speak TLS; check the port, or leave --tls out
tls-nothing-in-common = the server speaks TLS in another way ({ $reason }); check that it is a server of Charla

## The check: what a case expected, and what came instead

play-a-client = a client
play-connection-of-client = a connection of the client
play-connection-to = a connection to { $address }
play-no-connection = none came within { $seconds } s
play-unconnected = the program ended without a connection
play-client-reads = the client to read { $bytes } bytes
play-server-reads = the server to read { $bytes } bytes
play-not-all-taken = it did not take them all within { $seconds } s
play-connection-gone = the connection is gone ({ $reason })
play-a-line = a line
play-acceptable-line = a line that a server can accept: { $rule }
play-rule-bye-last = nothing after BYE
play-rule-name-once = NAME once
play-rule-name-first = NAME before MSG
play-rule-name = a name of 1 to 32 bytes, without spaces and control characters
play-rule-text = a text of 1 to 1024 bytes, without control characters
play-rule-verbs = NAME, MSG or BYE
play-no-line-like = no line that is { $pattern }
play-none-before = { $expected }, and before it no line that is { $pattern }
play-any-rest = { $beginning } and any rest
play-either = { $one } or { $other }
play-or-leaves = { $expected }, or that the client leaves
play-next-part = MSG with the next part of { $text }
play-lf-alone = a line that ends with LF alone
play-line-of-server = a line with JOIN, LEAVE, MSG or BYE and its fields
play-bye = BYE, a code and perhaps a text, of 1061 bytes at most
play-end-of-stream = the end of the stream
play-end-after = the end of the stream, after { $rest } without an LF
play-end-of-connection = the end of the connection
play-broken = a broken connection ({ $reason })
play-handshake = a handshake over TLS
play-refusal = the handshake to be refused
play-hands-shaken = the server shakes hands
play-hello = an answer that goes on with the handshake: { $bytes }
play-protocols = the application protocols { $names }
play-client-refuses = the client not to join
play-cut-off = a connection cut off without close_notify, which is the end of stream in TLS
play-closed-unread =
    a broken connection ({ $reason }): it was closed while input was unread, which can destroy the BYE; end the sending side first, then read until the client ends its own
play-endless-line = more than { $most } bytes without an LF
play-unasked = more than { $most } bytes that nothing in the case asks for
play-nothing = nothing came within { $seconds } s
play-nothing-but = nothing came within { $seconds } s but what is no line of a server: { $lines }
play-shown = to be shown: { $text }
play-shown-anew = to be shown: { $text }, since the server spoke last
play-shown-times = { $times } times, no more and no less: { $text }
play-something-new = something new on the screen
play-no-such-line = no line { $line }
play-screen =
    this screen:
    { $screen }
play-program-ends = the program to end
play-still-runs = it still runs after { $seconds } s
play-crashed = the program ended when nobody had asked it to{ $output }

## The check: why there was nothing to play against

play-no-port = there is no free port ({ $reason })
play-not-started = cannot start “{ $program }” ({ $reason })
play-nobody-accepts = nobody accepts connections at { $address } ({ $reason })
play-ended-early = the program { $ended } before it listened{ $output }
play-does-not-listen = the program does not listen at { $address } after { $seconds } s{ $output }
play-does-not-connect = the program does not connect{ $output }
play-no-hands = the program does not shake hands over TLS ({ $reason }); check that it trusts the certificate for localhost
play-ended = ended
play-ended-with-code = ended with the code { $code }
play-ended-by-signal = was ended by the signal { $signal }
play-output =
    {""}; its output ends like this:
    { $output }

## The check: what is said of a run

check-crashed = the program { $ended }{ $output }
check-out-of-time = there is no time left for this program
check-note-crlf = the program ends its lines with CR LF; LF is enough
check-note-same-name = perhaps a name is still in the room since this same case was played with other cuts
check-note-left-over = { $name } is still in the room since another case
check-cases = cases
check-watching = Waiting for a file to change… (Ctrl-C ends it)

## The check: what it complains of

check-known-wrong = { $file }, { $what }
check-known-without-reason = line { $line }: the reason is missing; write “{ $id }  # why it fails”
check-known-twice = line { $line }: “{ $id }” is in the list already; remove one of the two
check-known-unknown = there is no case “{ $case }”, which is in the list of those that fail
check-unreached = the program could not be reached in any case
check-no-xml = cannot make the XML: { $reason }
check-no-submissions = { $folder } has no subfolders: each is a submission
check-no-program = “{ $command }” is no program with its arguments
check-none-selected = no case is what the filter asks for; “charla-check list” lists them
check-only-over-tls = these cases are about TLS, and it is not spoken: see --tls of a server, --tls-cert of a client
check-none-proves = no case proves that rule; “charla-check list” lists them all
check-no-such-case = there is no case “{ $case }”; “charla-check list” lists them
check-no-place = “{ $address }” is not HOST:PORT, 127.0.0.1:65434 for one
check-not-found = cannot find { $address } ({ $reason })
check-no-address = { $address } has no address
check-cannot-write = cannot write { $file } ({ $reason })
check-cannot-read = cannot read { $file } ({ $reason })
check-no-signals = cannot listen to signals: { $reason }
check-load-senders = --senders { $senders } are too many: of { $participants } participants { $most } can speak
check-load-rate = --find-limit raises the rate, so --rate cannot be max

## Reports

report-known = as was known
report-conforming = Conforming
report-not-conforming = Not conforming
report-passes-after-all = it is in the list of those that fail, but it passes: remove it from there
report-at = line { $line }: { $step }   (bytes: { $cut })
report-expected = expected
    .title = Expected
report-received = received
    .title = Received
report-again = repeat
    .title = Repeat
report-clients = clients
report-server = server
report-before = … { $entries } before …
report-more = … { $entries } more …
report-connects = connects
report-end = end
report-stops-reading = stops reading
report-reads-again = reads again
report-types = types
report-rules = Rules
report-rule = Rule
report-verdict = Verdict
report-cases = Cases
report-text = Text
report-step = Step
report-cut = Cut
report-submission = Submission
report-yes = yes
report-no = no

## The load: why there was none, how far it is

load-unreached = cannot connect to { $address } ({ $reason }); check the address, and that the server is running
load-files = the participants need { $wanted } open files, and there can be only { $most } here; ask for fewer with --participants or raise the limit (“ulimit -Hn”)
load-no-process = cannot look at the process { $pid } ({ $reason }); check the number of --pid
load-no-system = cannot begin ({ $reason })
load-joining = joining, { $tried } of { $all }
load-speaking = speaking, { $rate }: { $elapsed } of { $all } s
load-waiting = { $missing } deliveries are missing

## The load: what it says of a server

load-title = { $address }: { $participants } participants, { $senders } speak, { $rate }, texts of { $size } bytes, { $seconds } s
load-rising = more and more
load-good = Nothing lost, and all in order.
load-bad = Something went wrong.
load-holds-up-to = It bears { $holds } messages/s, and no longer { $breaks }.
load-holds-all = It bears { $holds } messages/s; more was not tried.
load-holds-nothing = It does not bear even the lowest rate that was tried.
load-stages = Rates tried
load-stage = { $sign } { $rate }  { $deliveries } deliveries/s  p99 { $p99 } ms  max { $max } ms  { $lost } lost  { $out } put out
load-rate = Rate
load-holds = Borne
load-per-second = deliveries/s
    .title = Deliveries/s
load-figure-joined = joined
    .title = Joined
load-figure-refused = refused
    .title = Refused
load-figure-put-out = put out
    .title = Put out
load-figure-said = said
    .title = Said
load-figure-deliveries = deliveries
    .title = Deliveries
load-figure-latency = latency
    .title = Latency
load-figure-lost = lost
    .title = Lost
load-figure-disordered = out of order
    .title = Out of order
load-figure-doubled = repeated
    .title = Repeated
load-figure-other-order = other order
    .title = Other order
load-figure-server = server
    .title = Server
load-figure-load = load
    .title = Load
load-joined = { $count } in { $seconds } s
load-said = { $count } messages, { $without } without a receipt
load-deliveries = { $count }, { $rate } a second
load-other-order = { $count } participants heard the messages in another order
load-cpu = { $seconds } s of CPU ({ $share } % of a core), { $each } ns for each delivery
load-memory = memory { $idle } MiB, with all { $joined }, at most { $most }
load-latest = the latest message, { $late } ms late
load-warning-full = Take care: the core of the load is full, so these figures tell more of the load than of the server; ask for fewer participants or a lower rate
load-warning-late = Take care: the load spoke late, and that delay is part of the latency; ask for a lower rate or free the machine
load-warning-nothing = Take care: nothing was delivered
load-over-time = Deliveries over time
load-plot-latency = Latency by the share of the deliveries
load-plot-share = of the deliveries
load-plot-over-time = Deliveries a second during the run
load-plot-nothing = no deliveries

## Command lines: what is wrong with them

cli-unknown-argument = “{ $argument }” is not expected.
cli-unknown-command = there is no command “{ $command }”.
cli-no-command = a command is missing.
cli-missing = { $argument } is missing.
cli-repeated = { $argument } can be given only once.
cli-conflict = “{ $argument }” cannot be used together with “{ $other }”.
cli-no-value = the value of { $argument } is missing
cli-bad-value = “{ $value }” is no value for { $argument }
cli-not-utf8 = the arguments are not UTF-8.
cli-cannot-print = cannot print ({ $reason }). Send it to where there is room.
cli-similar = Perhaps { $similar }?
cli-help = Try “{ $program } --help”.
cli-config-right = { $file }: no mistakes.
    .without-file = a configuration without mistakes.
cli-file-unread = cannot read { $file } ({ $reason }). Mend it, or give another with --config.
cli-file-not-toml = this is not TOML: { $reason }
cli-file-unknown = there is no option “{ $key }”.
cli-file-wrong-type = { $key } has one value: a text in quotes, a number, true or false.
    .list = { $key } has a value (a text in quotes, a number, true or false) or a list of them in square brackets.

## Command lines: the names of values, and what a value should have been

value-language = LANGUAGE
    .expected = the languages are “es” and “en”.
value-server = HOST[:PORT]
    .expected = HOST, HOST:PORT or [IPV6]:PORT is expected, with a port from 1 to 65535.
value-name = NAME
value-when = WHEN
    .expected = auto, always or never is expected.
value-overdue = SECONDS
    .expected = a number of seconds is expected, from 0 to 3600.
value-place = HOST:PORT
    .expected = HOST:PORT is expected, with a port from 0 to 65535 and an IPv6 address in brackets: [::1]:65434.
value-tls-place = HOST[:PORT]
    .expected = HOST or HOST:PORT is expected, with a port from 0 to 65535 and an IPv6 address in brackets: [::1].
value-format = FORMAT
    .expected = text or json is expected.
value-count = N
    .expected = a whole number is expected.
value-seconds = SECONDS
    .expected = a number of seconds is expected, from 0 on.
value-patience = SECONDS
    .expected = a number of seconds is expected, from 0 to 30.
value-policy = POLICY
    .expected = refuse or allow is expected.
value-burst = SECONDS
    .expected = a whole number of seconds is expected, from 0 to 3600.
value-lag = BYTES
    .expected = a whole number of bytes is expected, 1087488 at least.
value-dead-after = SECONDS
    .expected = a number of seconds is expected, from 1 to 3600.
value-nats = URL,…
    .expected = one or more nats://HOST:PORT are expected.
value-room = NAME
    .expected = 1 to 64 letters, digits, - or _ are expected.
value-replicas = N
    .expected = a whole number is expected, from 1 to 5.
value-lease = SECONDS
    .expected = a number of seconds is expected, from 1 to 3600.
value-journal-bytes = BYTES
    .expected = a whole number of bytes is expected, 4194304 at least.
value-journal-age = SECONDS
    .expected = a number of seconds is expected, 60 at least.
value-log-filter = FILTER
    .expected = error, warn, info, debug, trace or a filter of tracing is expected.
value-scale = N
    .expected = a number greater than 0 is expected, up to 100.
value-program = PROGRAM
value-case = CASE
value-clause = RULE
value-file = FILE
value-folder = FOLDER
value-text = TEXT
value-arguments = ARGUMENTS
value-people = N
    .expected = a number from 1 to 1000000 is expected.
value-load-seconds = SECONDS
    .expected = a number of seconds from 0.1 to 86400 is expected.
value-rate = N/s
    .expected = a rate from 0.01 to 10000000 a second is expected, such as 100/s, or max.
value-size = BYTES
    .expected = a number from 15 to 1024 is expected.
value-pid = PID
    .expected = the number of a process is expected.
value-millis = MS
    .expected = a number of milliseconds greater than 0 is expected.
value-percent = PERCENT
    .expected = a number from 0 to 100 is expected.
value-switch = YES
    .expected = true or false is expected.
value-part = PART
    .expected = man, bash, zsh, fish or toml is expected.

## Man pages

page-name = Name
page-synopsis = Synopsis
page-description = Description
page-environment = Environment
page-same-as = The same as { $option }.
page-status = Exit status
page-see-also = See also

## Command lines: help

help-common = { "" }
    .usage-title = Usage
    .commands-title = Commands
    .arguments-title = Arguments
    .options-title = Options
    .examples-title = Examples
    .lang = The language to speak: “es” (Spanish) or “en” (English)
    .help = Shows this help
    .version = Shows the version

help-client = Joins a Charla chat, from a terminal or as a filter.
    .usage = charla-client [HOST[:PORT]] [--name NAME] [OPTIONS]
    .address = Where the server is: HOST, HOST:PORT or [IPV6]:PORT (localhost:65434, with TLS 65435)
    .tls = Speak TLS with the server, which has to prove who it is
    .tls_ca = With TLS, trust only the authorities in this PEM file, and not the system's
    .tls_cert = With TLS, one's own certificate in PEM, for a server that asks for it
    .tls_key = Its private key in PEM
    .name = The name to join under; without it you are asked
    .reconnect = Comes back after a broken connection, or when the server has stopped
    .stay = Without a terminal: the end of the input does not leave; needs --name
    .format = Without a terminal: “text”, the transcript, or “json”, an object a line (text)
    .vi = In a terminal, edit with the keys of vi instead of those of Emacs
    .no_history = In a terminal, neither read nor keep what is typed
    .overdue = In a terminal, after how long a message without its receipt is told, from 0 (never) to 3600 (1)
    .color = In a terminal, colours: auto (unless NO_COLOR forbids it), always or never (auto)
    .timestamps = In a terminal, the time before each line
    .bell = In a terminal, ring when somebody says your name
    .after =
        The lines “salir”, “exit” and “quit” leave the chat, and so do Ctrl-D and Ctrl-C
        on an empty line of a terminal; Ctrl-C clears one that is not empty.
        Without a terminal each line of the input is a message, and the first is the name if there is no --name.
    .examples =
        Join a chat:
          charla-client chat.example.org --name Ana
        Say one thing and leave:
          printf 'hello\n' | charla-client --name Ana
        Say each line of a log as it comes, whatever happens to the connection:
          tail -f log | charla-client --name bot --reconnect
        Let a program hear what is said:
          charla-client --name bot --stay --format json </dev/null | ./program
    .status =
        Ends with 0 after leaving, 1 if the server ended it or could not be reached, 2 for bad usage.

help-server = Serves a Charla chat: one room for all who connect.
    .usage = charla-server [OPTIONS]
    .listen = Where to listen (localhost:65434); can be repeated; port 0 takes a free one
    .insecure = With --listen, listen unencrypted at addresses that are not of this machine alone, too
    .listen_tls = Where to listen with TLS (port 65435); needs --tls-cert and --tls-key, and can be repeated
    .tls_cert = A certificate in PEM, with those that lead to its authority; SIGHUP reads it anew
    .tls_key = Its private key in PEM
    .tls_client_ca = With TLS, let in only those who have a certificate of these authorities
    .tls_handshakes = How many handshakes of TLS are computed at a time; the others wait their turn (2)
    .tls_handshake_timeout = How long a handshake of TLS may take (10)
    .max_connections = How many connections are taken at a time (10000)
    .max_per_address = How many of one address, or one /64 of IPv6; 0 is no limit (100)
    .limit_loopback = Limits the connections of this machine itself too
    .lines_per_second = How many lines a client may send a second; faster ones wait; 0 is no limit (100)
    .bytes_per_second = How many bytes a client may send a second; 0 is no limit (100000)
    .burst = The lines and bytes of how many seconds may come at once (20)
    .name_timeout = How long a client has to give its name (30)
    .patience = How long slow readers may hold up the room, 0 to 30 (5)
    .max_lag = How far a reader may lag when the patience ends, at least 1087488 (1087488)
    .dead_after = A client that answers or takes nothing for so long has gone (90)
    .confusables = What to do with a name that looks like one in the room, as Cyrillic “Аnа” like “Ana”: refuse or allow (refuse)
    .journal = Share the room with all servers that keep it on these servers of NATS, separated by commas
    .room = Which room, of all that NATS keeps (charla)
    .replicas = On how many servers of NATS each line is stored, 1 to 5 (3)
    .nats_creds = A file with the credentials for NATS
    .lease = A server of the room that gives no sign of life for so long has gone, and its people leave; 1 to 3600 (15)
    .journal_bytes = How much NATS keeps of what was said, at least 4194304 (1073741824)
    .journal_age = How long NATS keeps it, at least 60 (86400)
    .metrics = Where to tell how the server is, over HTTP: /metrics for Prometheus, /healthz and /readyz
    .log = Which diagnostics are given: error, warn, info, debug, trace or a filter of tracing (warn)
    .log_format = How they are written: text, or json, one object a line (text)
    .config = A TOML file of options: what the command line or the environment says comes before it
    .check_config = Only tells which mistakes the configuration and its certificates have, and ends with 0 if there are none, with 1 if there are
    .after =
        The output is the transcript of the room; diagnostics go to standard error.
        SIGINT (Ctrl-C) and SIGTERM close the room: all get what was said before, and their goodbye.
        SIGHUP changes the certificate and the key for those that are in their files now; nobody leaves.
        Each option can also stand in the environment, as CHARLA_LANG for --lang, and in the file of --config.
    .examples =
        Serve a chat for this machine alone:
          charla-server
        Serve it to everybody, in English, and keep the transcript:
          charla-server --lang en --listen-tls 0.0.0.0 --listen-tls [::] --tls-cert cert.pem --tls-key key.pem >>chat.log
        Keep the diagnostics too:
          charla-server --log debug 2>>diagnostics.log
        Only check a file of options:
          charla-server --config server.toml --check-config
    .status =
        Ends with 0 after closing, 1 if it cannot listen or its file has mistakes, 2 for bad usage.

help-check = Checks whether a server or a client of Charla keeps SPEC.md, and if not, which rule it breaks.
    .usage = charla-check [OPTIONS] COMMAND
    .filter = Only these cases: a name or a part of it; can be repeated
    .skip = Not these cases; can be repeated
    .clause = Only the cases of this rule, ROOM-3 for one; can be repeated
    .jobs = How many cases at a time (4), where the program is started here
    .timeout_scale = By how much all that is waited is multiplied (1)
    .known_failing = A list of cases that are known to fail: “case  # reason” on each line
    .strict = A recommendation (SHOULD) that is not followed is a failure too
    .watch = Again whenever a file in this folder changes
    .json = Writes the result as JSON (“-”: to standard output, and nothing else)
    .report = Writes the report as an HTML page
    .junit = Writes the result as XML of JUnit
    .tap = Writes the result as TAP
    .tls = Speak TLS with the server, which has to prove who it is
    .tls_ca = With TLS, trust only the authorities in this PEM file, and not the system's
    .tls_cert = With TLS, one's own certificate in PEM, for a server that asks for it
    .tls_key = Its private key in PEM
    .name_prompt = Wait for this text before the name is typed
    .name_arg = The name is an argument, and not typed: “--name {"{"}name{"}"}”
    .quit = What is typed to leave (salir); “^D” is the end of the input
    .pipe = The client reads and writes pipes, without a terminal
    .examples =
        Check a server that runs:
          charla-check server localhost:65434
        Check a server of your own, which is started for each case:
          charla-check server -- python3 server.py {"{"}port{"}"}
        Check a client of your own, and write a report:
          charla-check client --report report.html -- python3 client.py {"{"}host{"}"} {"{"}port{"}"}
        Check the servers of a class, a folder each:
          charla-check class submissions --server 'python3 server.py {"{"}port{"}"}'
        See what proves a rule, and how:
          charla-check list --clause ROOM-3
          charla-check explain a-message-comes-back-as-its-receipt
    .status = Ends with 0 if it conforms, 1 if not, 2 for bad usage or a filter without cases, 3 if the program could not be reached.

help-check-server = Plays the cases against a server that runs, or one that is started for each case
    .usage =
        charla-check server [OPTIONS] HOST:PORT
               charla-check server [OPTIONS] -- PROGRAM...
    .address = A server that runs
    .command = How to start the server; {"{"}host{"}"} and {"{"}port{"}"} say where it is to listen

help-check-client = Plays the cases with a client, at a terminal, as a person would use it
    .usage = charla-check client [OPTIONS] -- PROGRAM...
    .command = How to start the client; {"{"}host{"}"} and {"{"}port{"}"} say where the server is, {"{"}name{"}"} is the name
    .tls_cert = Speaks TLS with the client, as localhost, with this certificate in PEM
    .tls_key = Its private key in PEM

help-check-class = Checks each subfolder of a folder, a submission in each
    .usage = charla-check class [OPTIONS] FOLDER --server PROGRAM | --client PROGRAM
    .folder = The folder of the submissions
    .server = How to start the server of a submission, in its folder: “python3 server.py {"{"}port{"}"}”
    .client = Or the client of a submission: “python3 client.py {"{"}host{"}"} {"{"}port{"}"}”
    .out = Where to write index.html, class.csv and a page for each submission (informe)
    .jobs = How many cases at a time (4)
    .limit = How many seconds there are for the cases of each submission (600)

help-check-list = Lists the cases
    .usage = charla-check list [--clause RULE]

help-check-explain = Shows a case: its rules and its steps
    .usage = charla-check explain CASE
    .case = The name of the case

help-check-load = Measures a server with many participants at a time, and says whether something is lost
    .usage = charla-check load [OPTIONS] HOST:PORT...
    .addresses = A server that runs, or several of one room: who takes part is spread over them
    .participants = How many join and hear (1000)
    .senders = How many of them speak (4)
    .rate = How many messages a second they say together (100/s), or max: what the server takes
    .in_flight = With --rate max: how many messages may be on their way, not heard by all yet (4096)
    .size = How many bytes each message has (64)
    .seconds = How long they speak (10)
    .pid = The number of a process of the server, to know how much CPU and memory it uses; can be repeated
    .find_limit = Raises the rate until the server does not bear it
    .max_p99 = With --find-limit: the p99 that is still borne (100)
    .max_loss = With --find-limit: which part may be lost (0)
