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
client-code-name-taken = the name is taken
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

client-again = Trying again in { $seconds } s.
client-not-said = not delivered: { $text }
client-unknown-fate = perhaps not delivered: { $text }
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
    .in-use = the port is taken: close what has it, or choose another with --listen HOST:PORT
    .not-here = this machine does not have that address: choose another with --listen HOST:PORT
    .forbidden = that is not permitted: choose a port from 1024 on with --listen HOST:PORT
    .other = check the host and the port of --listen HOST:PORT
server-no-signals = cannot listen to signals: { $reason }

## Command lines: what is wrong with them

cli-unknown-argument = “{ $argument }” is not expected.
cli-missing = { $argument } is missing.
cli-repeated = { $argument } can be given only once.
cli-conflict = { $argument } cannot be used together with { $other }.
cli-no-value = the value of { $argument } is missing:{" "}
cli-bad-value = “{ $value }” will not do for { $argument }:{" "}
cli-not-utf8 = the arguments are not UTF-8.
cli-similar = Perhaps { $similar }?
cli-help = Try “{ $program } --help”.

## Command lines: the names of values, and what a value should have been

value-language = LANGUAGE
    .expected = the languages are “es” and “en”.
value-server = HOST[:PORT]
    .expected = HOST, HOST:PORT or [IPV6]:PORT is expected, with a port from 1 to 65535.
value-name = NAME
    .expected = a name is expected.
value-place = HOST:PORT
    .expected = HOST:PORT is expected, with a port from 0 to 65535 and an IPv6 address in brackets: [::1]:65434.
value-format = FORMAT
    .expected = text or json is expected.
value-count = N
    .expected = a whole number is expected.
value-seconds = SECONDS
    .expected = a number of seconds is expected, from 0 on.
value-patience = SECONDS
    .expected = a number of seconds is expected, from 0 to 30.
value-log-filter = FILTER
    .expected = error, warn, info, debug, trace or a filter of tracing is expected.

## Command lines: help

help-common = { "" }
    .usage-title = Usage
    .arguments-title = Arguments
    .options-title = Options
    .lang = The language to speak: “es” (Spanish) or “en” (English)
    .help = Shows this help
    .version = Shows the version

help-client = Joins a Charla chat, from a terminal or as a filter.
    .usage = charla-client [HOST[:PORT]] [--name NAME] [OPTIONS]
    .address = Where the server is: HOST, HOST:PORT or [IPV6]:PORT (localhost:65434)
    .name = The name to join under; without it you are asked
    .reconnect = Without a terminal: comes back after a broken connection, or when the server has stopped
    .stay = Without a terminal: the end of the input does not leave; needs --name
    .format = Without a terminal: “text”, the transcript, or “json”, an object a line (text)
    .after =
        The lines “salir”, “exit” and “quit” leave the chat, and so do Ctrl-D and Ctrl-C in a terminal.
        Without a terminal each line of the input is a message, and the first is the name if there is no --name:
          printf 'hello\n' | charla-client --name Ana
          tail -f log | charla-client --name bot --reconnect
          charla-client --name bot --stay --format json </dev/null | ./program

        Ends with 0 after leaving, 1 if the server ended it or could not be reached, 2 for bad usage.

help-server = Serves a Charla chat: one room for all who connect.
    .usage = charla-server [OPTIONS]
    .listen = Where to listen (localhost:65434); can be repeated; port 0 takes a free one
    .max_connections = How many connections are taken at a time (10000)
    .name_timeout = How long a client has to give its name (30)
    .patience = How long slow readers may hold up the room, 0 to 30 (5)
    .log = Which diagnostics are given: error, warn, info, debug, trace or a filter of tracing (warn)
    .after =
        The output is the transcript of the room; diagnostics go to standard error.
        SIGINT (Ctrl-C) and SIGTERM close the room: all get what was said before, and their goodbye.

        Ends with 0 after closing, 1 if it cannot listen, 2 for bad usage.
