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

client-not-said = not delivered: { $text }
client-unknown-fate = perhaps not delivered: { $text }
client-not-utf8 = What was typed was not UTF-8 and is lost. Type it again.
client-unread = The input was not read to its end: what followed was not said.
client-no-terminal = Cannot use the terminal: { $reason }. Try another one, or input from a file.

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

## Command lines: help

help-common = { "" }
    .usage-title = Usage
    .arguments-title = Arguments
    .options-title = Options
    .lang = The language to speak: “es” (Spanish) or “en” (English)
    .help = Shows this help
    .version = Shows the version

help-client = Joins a Charla chat, from a terminal or as a filter.
    .usage = charla-client [HOST[:PORT]] [--name NAME]
    .address = Where the server is: HOST, HOST:PORT or [IPV6]:PORT (localhost:65434)
    .name = The name to join under; without it you are asked
    .after =
        The lines “salir”, “exit” and “quit” leave the chat, and so do Ctrl-D and Ctrl-C in a terminal.
        Without a terminal each line of the input is a message, and the first is the name if there is no --name:
          printf 'hello\n' | charla-client --name Ana

        Ends with 0 after leaving, 1 if the server ended it or could not be reached, 2 for bad usage.
