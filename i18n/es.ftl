### Spanish: the language of the documented transcript (SPEC.md, appendix A).

## The client

client-name-prompt = Ingresa tu nombre:{" "}
client-text-prompt = Tú:{" "}
client-welcome = Bienvenido al chat, { $name }!
client-joined = >>> { $name } se ha unido al chat
client-left = >>> { $name } ha salido del chat

client-ending = Fin de la conexión con { $address }: { $reason }. { $next }
client-end-of-stream = el servidor la cerró sin despedirse
    .next = Inténtalo más tarde.
client-broken = se ha roto: { $reason }
    .next = Comprueba la red e inténtalo de nuevo.
client-broken-reset = el servidor la cortó
client-broken-unawaited = no se esperó a la despedida del servidor
client-broken-silent = el servidor no responde

client-refused = No se puede entrar como «{ $name }»: { $reason }. { $next }
client-code-quit = el servidor se ha despedido
    .next = Vuelve a entrar cuando quieras.
client-code-name-invalid = el nombre no es válido
    .next = Elige otro, sin espacios ni caracteres invisibles.
client-code-name-taken = el nombre, u otro que se le parece, ya está en uso
    .next = Elige otro.
client-code-bad-line = el servidor no entiende lo enviado
    .next = Comprueba que sea un servidor de Charla 1.
client-code-bad-state = el servidor no esperaba lo enviado
    .next = Comprueba que sea un servidor de Charla 1.
client-code-too-long = lo enviado es demasiado largo
    .next = Comprueba que sea un servidor de Charla 1.
client-code-timeout = el nombre no llegó a tiempo
    .next = Vuelve a entrar.
client-code-too-slow = este cliente leía demasiado despacio
    .next = Vuelve a entrar.
client-code-full = el servidor está lleno
    .next = Inténtalo más tarde.
client-code-shutdown = el servidor se ha detenido
    .next = Inténtalo más tarde.
client-code-unknown = el servidor da un motivo que este cliente no conoce
    .next = Inténtalo más tarde.

client-name-empty = El nombre está vacío. Elige uno.
client-name-too-long = «{ $given }» no es un nombre: tiene { $bytes } bytes, y caben { $most }. Elige otro más corto.
client-name-spaces = «{ $given }» no es un nombre: tiene espacios. Elige otro sin ellos.
client-name-forbidden = «{ $given }» no es un nombre: tiene el carácter { $character }. Elige otro sin él.
client-name-key = «{ $given }» no es un nombre: lo que se compara de él no lo es. Elige otro.

client-unreachable = No se puede conectar con { $address }: { $reason }. Comprueba la dirección y que el servidor esté en marcha.
client-nobody = nadie escucha ahí
client-silent = no responde

client-no-tls = No hay conexión con { $address } por TLS: { $reason }.
client-again = Nuevo intento en { $seconds } s.
client-not-said = sin entregar: { $text }
client-unknown-fate = no se sabe si se entregó: { $text }
client-offer = ¿Decirlo de nuevo? (s/n)
    .yes = s si sí
    .no = n no
client-overdue =
    { $more ->
        [0] sin recibo todavía: { $text }
       *[other] sin recibo todavía: { $text } (y { $more } más)
    }
client-people = En la sala, { $count }: { $names }
client-away = Ahora no estás en la sala.
client-oneself = { $name } (tú)
client-help =
    /quien    dice quién está en la sala
    /salir    sale del chat, como salir y, con la línea vacía, Ctrl-C y Ctrl-D
    /ayuda    muestra esta ayuda
    //texto   dice un texto que empieza por /
    El tabulador completa nombres y órdenes; las flechas traen lo ya escrito.
client-no-command = { $word } no es una orden, y no se ha dicho. /ayuda dice cuáles hay; // empieza un texto por /.
client-paste = {" "}¿Enviar { $lines } líneas? (s/n){" "}
    .yes = s
client-cleared = (Ctrl-C otra vez, o salir)
client-history-unread = No se puede leer el historial { $file }: { $reason }. Esta visita no lo usa; arréglalo o bórralo.
client-history-unkept = No se puede guardar el historial en { $file }: { $reason }. Lo que escribas no se guarda.
client-not-utf8 = Lo tecleado no era UTF-8 y se ha perdido. Escríbelo de nuevo.
client-unread = La entrada no se leyó hasta el final: lo que seguía no se ha dicho.
client-no-terminal = No se puede usar la terminal: { $reason }. Prueba con otra, o con la entrada desde un fichero.

## The server

server-listening = Servidor de chat escuchando en { $place }
server-waiting = Esperando conexiones...
server-joined = { $who } se ha conectado
server-left = { $who } se ha desconectado
server-left-out =
    { $lines ->
        [one] {"["}se ha omitido 1 línea]
       *[other] {"["}se han omitido { $lines } líneas]
    }
server-cannot-listen = no se puede escuchar en { $place } ({ $reason }); { $next }
    .in-use = el puerto está ocupado: ciérralo o elige otro con { $option } HOST:PUERTO
    .not-here = esta máquina no tiene esa dirección: elige otra con { $option } HOST:PUERTO
    .forbidden = falta permiso: elige un puerto desde 1024 con { $option } HOST:PUERTO
    .other = comprueba el host y el puerto de { $option } HOST:PUERTO
server-exposed = { $place } no es solo de esta máquina, y lo que ahí se diga irá sin cifrar; usa --listen-tls con un certificado, o confírmalo con --insecure
server-not-reloaded = el certificado no se ha cambiado y sigue el de antes: { $reason }
server-bad-socket = no se puede usar un socket recibido ({ $reason }): pasa solo sockets TCP que escuchen
server-no-certificate = el socket recibido { $name } es para TLS, y el servidor no tiene certificado: da --listen-tls, --tls-cert y --tls-key
server-no-signals = no se pueden atender las señales: { $reason }
server-journal-bad-servers = --journal quiere nats://HOST:PUERTO, o varios separados por comas: { $reason }
server-journal-credentials = no se pueden usar las credenciales para NATS de { $file } ({ $reason }): comprueba el fichero de --nats-creds
server-journal-refused = NATS no deja entrar a este servidor ({ $reason }): comprueba --nats-creds y las direcciones de --journal
server-journal-too-old = el servidor de NATS es de la versión { $version }, y hace falta la { $needed } o posterior: instala un nats-server más nuevo
server-journal-replicas = NATS no tiene { $count } servidores en los que guardar cada línea: arráncalo en clúster, o da un --replicas menor
server-journal-confusables = los servidores que comparten esta sala tienen el otro --confusables: da el mismo a todos

## TLS: what is wrong with a file

tls-unreadable = no se puede leer { $file } ({ $reason }); comprueba la ruta y los permisos
tls-no-certificate = { $file } no tiene ningún certificado en PEM; comprueba que sea ese el fichero
tls-no-key = { $file } no tiene ninguna clave privada en PEM sin contraseña; comprueba que sea ese el fichero
tls-unusable = { $file } no sirve ({ $reason }); haz otro
tls-other-key = la clave de { $key } no es la del certificado de { $certificate }; da los dos que se hicieron juntos
tls-no-authorities = este sistema no tiene autoridades de certificación; instálalas (ca-certificates) o da una con --tls-ca
tls-no-host = «{ $name }» no puede ser el nombre de un servidor; da el que está en su certificado
tls-unavailable = TLS no funciona aquí ({ $reason })

## TLS: why a handshake ended

tls-expired = el certificado del servidor ha caducado; que quien lo lleva ponga uno nuevo, y comprueba la hora de esta máquina
tls-not-yet-valid = el certificado del servidor todavía no vale; comprueba la hora de esta máquina
tls-other-name = el certificado del servidor es para { $names }; conéctate con ese nombre
tls-no-name = el certificado del servidor no tiene ningún nombre; que quien lo lleva ponga uno que tenga el suyo
tls-unknown-issuer = el certificado del servidor no es de una autoridad de confianza; si conoces la suya, dala con --tls-ca
tls-untrusted = el certificado del servidor no es de fiar ({ $reason }); habla con quien lo lleva
tls-certificate-wanted = el servidor pide un certificado; da el tuyo con --tls-cert y --tls-key
tls-certificate-refused = el servidor no acepta tu certificado ({ $reason }); pide otro a quien lo lleva
tls-not-tls = lo que responde no habla TLS; comprueba el puerto, o quita --tls
tls-nothing-in-common = el servidor habla TLS de otra manera ({ $reason }); comprueba que sea un servidor de Charla

## The check: what a case expected, and what came instead

play-a-client = un cliente
play-connection-of-client = una conexión del cliente
play-connection-to = una conexión con { $address }
play-no-connection = no llegó ninguna en { $seconds } s
play-unconnected = el programa terminó sin conectarse
play-client-reads = que el cliente lea { $bytes } bytes
play-server-reads = que el servidor lea { $bytes } bytes
play-not-all-taken = no los leyó todos en { $seconds } s
play-connection-gone = ya no hay conexión ({ $reason })
play-a-line = una línea
play-acceptable-line = una línea que un servidor pueda aceptar: { $rule }
play-rule-bye-last = nada después de BYE
play-rule-name-once = NAME una sola vez
play-rule-name-first = NAME antes que MSG
play-rule-name = un nombre de 1 a 32 bytes, sin espacios ni caracteres de control
play-rule-text = un texto de 1 a 1024 bytes, sin caracteres de control
play-rule-verbs = NAME, MSG o BYE
play-no-line-like = ninguna línea que sea { $pattern }
play-none-before = { $expected }, y antes ninguna línea que sea { $pattern }
play-any-rest = { $beginning } y cualquier resto
play-either = { $one } o { $other }
play-or-leaves = { $expected }, o que el cliente salga
play-next-part = MSG con la parte siguiente de { $text }
play-lf-alone = una línea que termine solo con LF
play-line-of-server = una línea con JOIN, LEAVE, MSG o BYE y sus campos
play-bye = BYE, un código y quizá un texto, de 1061 bytes como mucho
play-end-of-stream = el fin del flujo
play-end-after = el fin del flujo, después de { $rest } sin LF
play-end-of-connection = el fin de la conexión
play-broken = una conexión rota ({ $reason })
play-handshake = un acuerdo de TLS
play-refusal = que se rechace el acuerdo de TLS
play-hands-shaken = el servidor acuerda TLS
play-hello = una respuesta que sigue con el acuerdo: { $bytes }
play-protocols = los protocolos de aplicación { $names }
play-client-refuses = que el cliente no entre
play-cut-off = una conexión cortada sin close_notify, que en TLS es el fin del flujo
play-closed-unread =
    una conexión rota ({ $reason }): se cerró con entrada sin leer, y eso puede destruir el BYE; termina primero el lado que envía, y lee después hasta que el cliente termine el suyo
play-endless-line = más de { $most } bytes sin un LF
play-unasked = más de { $most } bytes que nada en el caso pide
play-nothing = no llegó nada en { $seconds } s
play-nothing-but = no llegó nada en { $seconds } s, salvo lo que no es una línea de un servidor: { $lines }
play-shown = que se muestre { $text }
play-shown-anew = que se muestre { $text } desde lo último que dijo el servidor
play-shown-times = { $times } veces, ni más ni menos: { $text }
play-something-new = algo nuevo en la pantalla
play-no-such-line = ninguna línea { $line }
play-screen =
    esta pantalla:
    { $screen }
play-program-ends = que el programa termine
play-still-runs = sigue en marcha después de { $seconds } s
play-crashed = el programa terminó sin que nadie se lo pidiera{ $output }

## The check: why there was nothing to play against

play-no-port = no hay un puerto libre ({ $reason })
play-not-started = no se puede iniciar «{ $program }» ({ $reason })
play-nobody-accepts = nadie acepta conexiones en { $address } ({ $reason })
play-ended-early = el programa { $ended } antes de escuchar{ $output }
play-does-not-listen = el programa no escucha en { $address } después de { $seconds } s{ $output }
play-does-not-connect = el programa no se conecta{ $output }
play-no-hands = el programa no acuerda TLS ({ $reason }); comprueba que confía en el certificado, para localhost
play-ended = terminó
play-ended-with-code = terminó con el código { $code }
play-ended-by-signal = terminó por la señal { $signal }
play-output =
    {""}; su salida termina así:
    { $output }

## The check: what is said of a run

check-crashed = el programa { $ended }{ $output }
check-out-of-time = se acabó el tiempo para este programa
check-note-crlf = el programa termina sus líneas con CR LF; basta LF
check-note-same-name = quizá un nombre sigue en la sala desde que se jugó este mismo caso con otros cortes
check-note-left-over = { $name } sigue en la sala desde otro caso
check-cases = casos
check-watching = Esperando a que cambie un fichero… (Ctrl-C termina)

## The check: what it complains of

check-known-wrong = { $file }, { $what }
check-known-without-reason = línea { $line }: falta la razón; escribe «{ $id }  # por qué falla»
check-known-twice = línea { $line }: «{ $id }» ya está en la lista; quita una de las dos
check-known-unknown = no hay ningún caso «{ $case }», que está en la lista de los que fallan
check-unreached = no se pudo llegar al programa en ningún caso
check-no-xml = no se puede hacer el XML: { $reason }
check-no-submissions = { $folder } no tiene subcarpetas: cada una es una entrega
check-no-program = «{ $command }» no es un programa con sus argumentos
check-none-selected = ningún caso corresponde al filtro; «charla-check list» los enumera
check-only-over-tls = estos casos tratan de TLS, y no se habla: véase --tls de un servidor, --tls-cert de un cliente
check-none-proves = ningún caso prueba esa regla; «charla-check list» enumera todos
check-no-such-case = no hay ningún caso «{ $case }»; «charla-check list» los enumera
check-no-place = «{ $address }» no es HOST:PUERTO, por ejemplo 127.0.0.1:65434
check-not-found = no se encuentra { $address } ({ $reason })
check-no-address = { $address } no tiene dirección
check-cannot-write = no se puede escribir { $file } ({ $reason })
check-cannot-read = no se puede leer { $file } ({ $reason })
check-no-signals = no se pueden atender las señales: { $reason }
check-load-senders = --senders { $senders } son demasiados: de { $participants } participantes pueden hablar { $most }
check-load-rate = --find-limit sube el ritmo, así que --rate no puede ser max

## Reports

report-known = se sabía
report-conforming = Conforme
report-not-conforming = No conforme
report-passes-after-all = está en la lista de los que fallan, pero pasa: quítalo de ella
report-at = línea { $line }: { $step }   (bytes: { $cut })
report-expected = esperado
    .title = Esperado
report-received = recibido
    .title = Recibido
report-again = repetir
    .title = Repetir
report-clients = clientes
report-server = servidor
report-before = … { $entries } antes …
report-more = … { $entries } más …
report-connects = se conecta
report-end = fin
report-stops-reading = deja de leer
report-reads-again = vuelve a leer
report-types = escribe
report-rules = Reglas
report-rule = Regla
report-verdict = Veredicto
report-cases = Casos
report-text = Texto
report-step = Paso
report-cut = Corte
report-submission = Entrega
report-yes = sí
report-no = no

## The load: why there was none, how far it is

load-unreached = no se puede conectar con { $address } ({ $reason }); comprueba la dirección, y que el servidor esté en marcha
load-files = los participantes necesitan { $wanted } ficheros abiertos y aquí solo puede haber { $most }; pide menos con --participants o sube el límite («ulimit -Hn»)
load-no-process = no se puede mirar el proceso { $pid } ({ $reason }); comprueba el número de --pid
load-no-system = no se puede empezar ({ $reason })
load-joining = entran { $tried } de { $all }
load-speaking = hablan, { $rate }: { $elapsed } de { $all } s
load-waiting = faltan { $missing } entregas

## The load: what it says of a server

load-title = { $address }: { $participants } participantes, hablan { $senders }, { $rate }, textos de { $size } bytes, { $seconds } s
load-rising = cada vez más
load-good = Nada perdido, y en orden.
load-bad = Algo fue mal.
load-holds-up-to = Aguanta { $holds } mensajes/s; con { $breaks } ya no.
load-holds-all = Aguanta { $holds } mensajes/s; no se probó más.
load-holds-nothing = No aguanta ni el ritmo más bajo que se probó.
load-stages = Ritmos probados
load-stage = { $sign } { $rate }  { $deliveries } entregas/s  p99 { $p99 } ms  máx { $max } ms  { $lost } perdidas  { $out } expulsados
load-rate = Ritmo
load-holds = Aguanta
load-per-second = entregas/s
    .title = Entregas/s
load-figure-joined = entran
    .title = Entran
load-figure-refused = rechazados
    .title = Rechazados
load-figure-put-out = expulsados
    .title = Expulsados
load-figure-said = dichos
    .title = Dichos
load-figure-deliveries = entregas
    .title = Entregas
load-figure-latency = latencia
    .title = Latencia
load-figure-lost = perdidas
    .title = Perdidas
load-figure-disordered = fuera de orden
    .title = Fuera de orden
load-figure-doubled = repetidas
    .title = Repetidas
load-figure-other-order = otro orden
    .title = Otro orden
load-figure-server = servidor
    .title = Servidor
load-figure-load = carga
    .title = Carga
load-joined = { $count } en { $seconds } s
load-said = { $count } mensajes, { $without } sin recibo
load-deliveries = { $count }, { $rate } por segundo
load-other-order = { $count } participantes oyeron los mensajes en otro orden
load-cpu = { $seconds } s de CPU ({ $share } % de un núcleo), { $each } ns por entrega
load-memory = memoria { $idle } MiB, con todos { $joined }, máxima { $most }
load-latest = el envío más tardío, { $late } ms
load-warning-full = Atención: el núcleo de la carga está lleno, así que estas cifras son más de la carga que del servidor; pide menos participantes o un ritmo menor
load-warning-late = Atención: la carga habló tarde, y ese retraso es parte de la latencia; pide un ritmo menor o libera la máquina
load-warning-nothing = Atención: no se entregó nada
load-over-time = Entregas en el tiempo
load-plot-latency = Latencia según la parte de las entregas
load-plot-share = de las entregas
load-plot-over-time = Entregas por segundo a lo largo de la prueba
load-plot-nothing = sin entregas

## Command lines: what is wrong with them

cli-unknown-argument = no se espera «{ $argument }».
cli-unknown-command = no hay ninguna orden «{ $command }».
cli-no-command = falta una orden.
cli-missing = falta { $argument }.
cli-repeated = { $argument } solo puede darse una vez.
cli-conflict = «{ $argument }» no se puede usar junto con «{ $other }».
cli-no-value = falta el valor de { $argument }
cli-bad-value = «{ $value }» no vale para { $argument }
cli-not-utf8 = los argumentos no son UTF-8.
cli-cannot-print = no se puede escribir en la salida ({ $reason }). Llévala a donde haya sitio.
cli-similar = ¿Quizá { $similar }?
cli-help = Prueba «{ $program } --help».
cli-config-right = { $file }: sin errores.
    .without-file = configuración sin errores.
cli-file-unread = no se puede leer { $file } ({ $reason }). Arréglalo, o da otro con --config.
cli-file-not-toml = esto no es TOML: { $reason }
cli-file-unknown = no hay ninguna opción «{ $key }».
cli-file-wrong-type = { $key } tiene un solo valor: un texto entre comillas, un número, true o false.
    .list = { $key } tiene un valor (un texto entre comillas, un número, true o false) o una lista de ellos entre corchetes.

## Command lines: the names of values, and what a value should have been

value-language = IDIOMA
    .expected = los idiomas son «es» y «en».
value-server = HOST[:PUERTO]
    .expected = se espera HOST, HOST:PUERTO o [IPV6]:PUERTO, con un puerto de 1 a 65535.
value-name = NOMBRE
value-when = CUÁNDO
    .expected = se espera auto, always o never.
value-overdue = SEGUNDOS
    .expected = se espera un número de segundos, de 0 a 3600.
value-place = HOST:PUERTO
    .expected = se espera HOST:PUERTO, con un puerto de 0 a 65535 y una dirección IPv6 entre corchetes: [::1]:65434.
value-tls-place = HOST[:PUERTO]
    .expected = se espera HOST o HOST:PUERTO, con un puerto de 0 a 65535 y una dirección IPv6 entre corchetes: [::1].
value-format = FORMATO
    .expected = se espera text o json.
value-count = N
    .expected = se espera un número entero.
value-seconds = SEGUNDOS
    .expected = se espera un número de segundos, de 0 en adelante.
value-patience = SEGUNDOS
    .expected = se espera un número de segundos, de 0 a 30.
value-policy = QUÉ
    .expected = se espera refuse o allow.
value-burst = SEGUNDOS
    .expected = se espera un número entero de segundos, de 0 a 3600.
value-lag = BYTES
    .expected = se espera un número entero de bytes, 1087488 como mínimo.
value-dead-after = SEGUNDOS
    .expected = se espera un número de segundos, de 1 a 3600.
value-nats = URL,…
    .expected = se esperan uno o más nats://HOST:PUERTO.
value-room = NOMBRE
    .expected = se esperan de 1 a 64 letras, dígitos, - o _.
value-replicas = N
    .expected = se espera un número entero, de 1 a 5.
value-lease = SEGUNDOS
    .expected = se espera un número de segundos, de 1 a 3600.
value-journal-bytes = BYTES
    .expected = se espera un número entero de bytes, 4194304 como mínimo.
value-journal-age = SEGUNDOS
    .expected = se espera un número de segundos, 60 como mínimo.
value-log-filter = FILTRO
    .expected = se espera error, warn, info, debug, trace o un filtro de tracing.
value-scale = N
    .expected = se espera un número mayor que 0, hasta 100.
value-program = PROGRAMA
value-case = CASO
value-clause = REGLA
value-file = FICHERO
value-folder = CARPETA
value-text = TEXTO
value-arguments = ARGUMENTOS
value-people = N
    .expected = se espera un número de 1 a 1000000.
value-load-seconds = SEGUNDOS
    .expected = se espera un número de segundos, de 0.1 a 86400.
value-rate = N/s
    .expected = se espera un ritmo de 0.01 a 10000000 por segundo, como 100/s, o max.
value-size = BYTES
    .expected = se espera un número de 15 a 1024.
value-pid = PID
    .expected = se espera un número de proceso.
value-millis = MS
    .expected = se espera un número de milisegundos, mayor que 0.
value-percent = PORCENTAJE
    .expected = se espera un número de 0 a 100.
value-switch = SÍ
    .expected = se espera true o false.
value-part = PARTE
    .expected = se espera man, bash, zsh, fish o toml.

## Man pages

page-name = Nombre
page-synopsis = Sinopsis
page-description = Descripción
page-environment = Entorno
page-same-as = Lo mismo que { $option }.
page-status = Estado de salida
page-see-also = Véase también

## Command lines: help

help-common = { "" }
    .usage-title = Uso
    .commands-title = Órdenes
    .arguments-title = Argumentos
    .options-title = Opciones
    .examples-title = Ejemplos
    .lang = En qué idioma hablar: «es» (español) o «en» (inglés)
    .help = Muestra esta ayuda
    .version = Muestra la versión

help-client = Entra en un chat de Charla, desde una terminal o como filtro.
    .usage = charla-client [HOST[:PUERTO]] [--name NOMBRE] [OPCIONES]
    .address = Dónde está el servidor: HOST, HOST:PUERTO o [IPV6]:PUERTO (localhost:65434, con TLS 65435)
    .tls = Habla TLS con el servidor, que ha de probar quién es
    .tls_ca = Con TLS, confía solo en las autoridades de este fichero PEM, y no en las del sistema
    .tls_cert = Con TLS, el certificado propio en PEM, para un servidor que lo pide
    .tls_key = Su clave privada en PEM
    .name = Con qué nombre entrar; si falta, se pregunta
    .reconnect = Tras una conexión rota, o si el servidor se detiene, vuelve a entrar
    .stay = Sin terminal: el fin de la entrada no sale del chat; necesita --name
    .format = Sin terminal: «text», la transcripción, o «json», un objeto por línea (text)
    .vi = En una terminal, edita con las teclas de vi en vez de las de Emacs
    .no_history = En una terminal, ni lee ni guarda lo que se escribe
    .overdue = En una terminal, tras cuánto se señala un mensaje sin recibo, de 0 (nunca) a 3600 (1)
    .color = En una terminal, colores: auto (si no lo impide NO_COLOR), always o never (auto)
    .timestamps = En una terminal, pone la hora delante de cada línea
    .bell = En una terminal, la hace sonar cuando alguien dice tu nombre
    .after =
        Las líneas «salir», «exit» y «quit» salen del chat, y en una terminal también
        Ctrl-D y Ctrl-C con la línea vacía; Ctrl-C borra una que no lo está.
        Sin terminal, cada línea de la entrada es un mensaje, y la primera el nombre si falta --name.
    .examples =
        Entrar en un chat:
          charla-client chat.example.org --name Ana
        Decir una sola cosa y salir:
          printf 'hola\n' | charla-client --name Ana
        Decir cada línea de un registro según llega, aunque se corte la conexión:
          tail -f registro | charla-client --name bot --reconnect
        Hacer que un programa oiga lo que se dice:
          charla-client --name bot --stay --format json </dev/null | ./programa
    .status =
        Termina con 0 tras salir, 1 si el servidor cortó o no se pudo llegar a él, 2 por mal uso.

help-server = Sirve un chat de Charla: una sala para todos los que se conectan.
    .usage = charla-server [OPCIONES]
    .listen = Dónde escuchar (localhost:65434); se puede repetir; el puerto 0 toma uno libre
    .insecure = Con --listen, escucha sin cifrar también en direcciones que no son de esta máquina
    .listen_tls = Dónde escuchar con TLS (puerto 65435); necesita --tls-cert y --tls-key, y se puede repetir
    .tls_cert = Certificado en PEM, con los que llevan a su autoridad; SIGHUP lo lee de nuevo
    .tls_key = Su clave privada en PEM
    .tls_client_ca = Con TLS, admite solo a quien tiene un certificado de estas autoridades
    .tls_handshakes = Cuántos saludos de TLS se calculan a la vez; los demás esperan su turno (2)
    .tls_handshake_timeout = Cuánto puede durar el saludo de TLS (10)
    .max_connections = Cuántas conexiones se admiten a la vez (10000)
    .max_per_address = Cuántas de una misma dirección, o de un mismo /64 de IPv6; 0 es sin límite (100)
    .limit_loopback = Limita también las conexiones de esta misma máquina
    .lines_per_second = Cuántas líneas por segundo puede enviar un cliente; las demás esperan; 0 es sin límite (100)
    .bytes_per_second = Cuántos bytes por segundo puede enviar un cliente; 0 es sin límite (100000)
    .burst = Las líneas y los bytes de cuántos segundos pueden llegar de golpe (20)
    .name_timeout = Cuánto tiene un cliente para decir su nombre (30)
    .patience = Cuánto pueden los lectores lentos retener la sala, de 0 a 30 (5)
    .max_lag = Cuánto puede ir un lector por detrás cuando se acaba la paciencia; 1087488 como mínimo (1087488)
    .dead_after = Un cliente que no responde o no recibe nada durante este tiempo se ha ido (90)
    .confusables = Qué hacer con un nombre que se parece a uno de la sala, como «Аnа» en cirílico a «Ana»: refuse (rechazar) o allow (admitir) (refuse)
    .journal = Comparte la sala con todos los servidores que la guardan en estos servidores de NATS, separados por comas
    .room = Qué sala, de todas las que guarda NATS (charla)
    .replicas = En cuántos servidores de NATS se guarda cada línea, de 1 a 5 (3)
    .nats_creds = Un fichero con las credenciales para NATS
    .lease = Un servidor de la sala que no da señales de vida durante este tiempo se ha ido, y su gente sale; de 1 a 3600 (15)
    .journal_bytes = Cuánto guarda NATS de lo dicho, al menos 4194304 (1073741824)
    .journal_age = Cuánto tiempo lo guarda NATS, al menos 60 (86400)
    .metrics = Dónde decir cómo está el servidor, por HTTP: /metrics para Prometheus, /healthz y /readyz
    .log = Qué diagnósticos se dan: error, warn, info, debug, trace o un filtro de tracing (warn)
    .log_format = Cómo se escriben: text, o json, un objeto por línea (text)
    .config = Un fichero TOML con opciones: lo que está en la orden o en el entorno va antes
    .check_config = Solo dice qué errores tienen la configuración y sus certificados, y acaba con 0 si no tiene ninguno, con 1 si los tiene
    .after =
        La salida es la transcripción de la sala; los diagnósticos van a la salida de errores.
        SIGINT (Ctrl-C) y SIGTERM cierran la sala: cada uno recibe lo dicho antes y su despedida.
        SIGHUP cambia el certificado y la clave por los que hay ahora en sus ficheros; nadie sale.
        Todas las opciones pueden estar también en variables de entorno, como CHARLA_LANG para --lang, y en el fichero de --config.
    .examples =
        Servir un chat solo para esta máquina:
          charla-server
        Servirlo a todo el mundo y guardar la transcripción:
          charla-server --listen-tls 0.0.0.0 --listen-tls [::] --tls-cert cert.pem --tls-key key.pem >>chat.log
        Guardar también los diagnósticos:
          charla-server --log debug 2>>diagnosticos.log
        Solo comprobar un fichero de opciones:
          charla-server --config server.toml --check-config
    .status =
        Termina con 0 tras cerrar, 1 si no se puede escuchar o el fichero tiene errores, 2 por mal uso.

help-check = Comprueba si un servidor o un cliente de Charla cumple SPEC.md, y si no, qué regla incumple.
    .usage = charla-check [OPCIONES] ORDEN
    .filter = Solo estos casos: un nombre o parte de él; se puede repetir
    .skip = Estos casos no; se puede repetir
    .clause = Solo los casos de esta regla, por ejemplo ROOM-3; se puede repetir
    .jobs = Cuántos casos a la vez (4), si el programa se inicia aquí
    .timeout_scale = Por cuánto se multiplica toda espera (1)
    .known_failing = Lista de casos que se sabe que fallan: «caso  # razón» en cada línea
    .strict = También una recomendación (SHOULD) incumplida es un fallo
    .watch = Repite cuando cambia un fichero de esta carpeta
    .json = Escribe el resultado como JSON («-»: en la salida, y nada más)
    .report = Escribe el informe como una página HTML
    .junit = Escribe el resultado como XML de JUnit
    .tap = Escribe el resultado como TAP
    .tls = Habla TLS con el servidor, que ha de probar quién es
    .tls_ca = Con TLS, confía solo en las autoridades de este fichero PEM, y no en las del sistema
    .tls_cert = Con TLS, el certificado propio en PEM, para un servidor que lo pide
    .tls_key = Su clave privada en PEM
    .name_prompt = Espera este texto antes de escribir el nombre
    .name_arg = El nombre es un argumento, y no se escribe: «--name {"{"}name{"}"}»
    .quit = Lo que se escribe para salir (salir); «^D» es el fin de la entrada
    .pipe = El cliente lee y escribe por tuberías, sin terminal
    .examples =
        Comprobar un servidor que ya corre:
          charla-check server localhost:65434
        Comprobar un servidor propio, que se inicia para cada caso:
          charla-check server -- python3 servidor.py {"{"}port{"}"}
        Comprobar un cliente propio y escribir un informe:
          charla-check client --report informe.html -- python3 cliente.py {"{"}host{"}"} {"{"}port{"}"}
        Comprobar los servidores de una clase, una carpeta cada uno:
          charla-check class entregas --server 'python3 servidor.py {"{"}port{"}"}'
        Ver qué prueba una regla, y cómo:
          charla-check list --clause ROOM-3
          charla-check explain a-message-comes-back-as-its-receipt
    .status = Termina con 0 si cumple, 1 si no, 2 por mal uso o un filtro sin casos, 3 si no se pudo llegar al programa.

help-check-server = Juega los casos contra un servidor que ya corre, o uno que se inicia para cada caso
    .usage =
        charla-check server [OPCIONES] HOST:PUERTO
             charla-check server [OPCIONES] -- PROGRAMA...
    .address = Un servidor que corre
    .command = Cómo iniciar el servidor; {"{"}host{"}"} y {"{"}port{"}"} dicen dónde debe escuchar

help-check-client = Juega los casos con un cliente, en una terminal, como lo usaría una persona
    .usage = charla-check client [OPCIONES] -- PROGRAMA...
    .command = Cómo iniciar el cliente; {"{"}host{"}"} y {"{"}port{"}"} dicen dónde está el servidor, {"{"}name{"}"} es el nombre
    .tls_cert = Habla TLS con el cliente, como localhost, con este certificado en PEM
    .tls_key = Su clave privada en PEM

help-check-class = Comprueba cada subcarpeta de una carpeta, una entrega en cada una
    .usage = charla-check class [OPCIONES] CARPETA --server PROGRAMA | --client PROGRAMA
    .folder = La carpeta de las entregas
    .server = Cómo iniciar el servidor de una entrega, en su carpeta: «python3 servidor.py {"{"}port{"}"}»
    .client = O el cliente de una entrega: «python3 cliente.py {"{"}host{"}"} {"{"}port{"}"}»
    .out = Dónde escribir index.html, class.csv y una página por entrega (informe)
    .jobs = Cuántos casos a la vez (4)
    .limit = Cuántos segundos hay para los casos de cada entrega (600)

help-check-list = Enumera los casos
    .usage = charla-check list [--clause REGLA]

help-check-explain = Muestra un caso: sus reglas y sus pasos
    .usage = charla-check explain CASO
    .case = El nombre del caso

help-check-load = Mide un servidor con muchos participantes a la vez, y dice si se pierde algo
    .usage = charla-check load [OPCIONES] HOST:PUERTO...
    .addresses = Un servidor que corre, o varios de una misma sala: los participantes se reparten entre ellos
    .participants = Cuántos entran y oyen (1000)
    .senders = Cuántos de ellos hablan (4)
    .rate = Cuántos mensajes por segundo dicen entre todos (100/s), o max: los que admita el servidor
    .in_flight = Con --rate max: cuántos mensajes pueden estar de camino, sin que todos los hayan oído (4096)
    .size = Cuántos bytes tiene cada mensaje (64)
    .seconds = Cuánto tiempo hablan (10)
    .pid = El número de un proceso del servidor, para saber cuánta CPU y memoria usa; se puede repetir
    .find_limit = Sube el ritmo hasta que el servidor no aguanta
    .max_p99 = Con --find-limit: el p99 que aún se aguanta (100)
    .max_loss = Con --find-limit: qué parte se puede perder (0)
