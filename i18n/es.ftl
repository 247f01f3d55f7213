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
client-code-name-taken = el nombre ya está en uso
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

client-again = Nuevo intento en { $seconds } s.
client-not-said = sin entregar: { $text }
client-unknown-fate = no se sabe si se entregó: { $text }
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
    .in-use = el puerto está ocupado: ciérralo o elige otro con --listen HOST:PUERTO
    .not-here = esta máquina no tiene esa dirección: elige otra con --listen HOST:PUERTO
    .forbidden = falta permiso: elige un puerto desde 1024 con --listen HOST:PUERTO
    .other = comprueba el host y el puerto de --listen HOST:PUERTO
server-no-signals = no se pueden atender las señales: { $reason }

## Command lines: what is wrong with them

cli-unknown-argument = no se espera «{ $argument }».
cli-missing = falta { $argument }.
cli-repeated = { $argument } solo puede darse una vez.
cli-conflict = { $argument } no se puede usar junto con { $other }.
cli-no-value = falta el valor de { $argument }:{" "}
cli-bad-value = «{ $value }» no vale para { $argument }:{" "}
cli-not-utf8 = los argumentos no son UTF-8.
cli-similar = ¿Quizá { $similar }?
cli-help = Prueba «{ $program } --help».

## Command lines: the names of values, and what a value should have been

value-language = IDIOMA
    .expected = los idiomas son «es» y «en».
value-server = HOST[:PUERTO]
    .expected = se espera HOST, HOST:PUERTO o [IPV6]:PUERTO, con un puerto de 1 a 65535.
value-name = NOMBRE
    .expected = se espera un nombre.
value-place = HOST:PUERTO
    .expected = se espera HOST:PUERTO, con un puerto de 0 a 65535 y una dirección IPv6 entre corchetes: [::1]:65434.
value-format = FORMATO
    .expected = se espera text o json.
value-count = N
    .expected = se espera un número entero.
value-seconds = SEGUNDOS
    .expected = se espera un número de segundos, de 0 en adelante.
value-patience = SEGUNDOS
    .expected = se espera un número de segundos, de 0 a 30.
value-log-filter = FILTRO
    .expected = se espera error, warn, info, debug, trace o un filtro de tracing.

## Command lines: help

help-common = { "" }
    .usage-title = Uso
    .arguments-title = Argumentos
    .options-title = Opciones
    .lang = En qué idioma hablar: «es» (español) o «en» (inglés)
    .help = Muestra esta ayuda
    .version = Muestra la versión

help-client = Entra en un chat de Charla, desde una terminal o como filtro.
    .usage = charla-client [HOST[:PUERTO]] [--name NOMBRE] [OPCIONES]
    .address = Dónde está el servidor: HOST, HOST:PUERTO o [IPV6]:PUERTO (localhost:65434)
    .name = Con qué nombre entrar; si falta, se pregunta
    .reconnect = Sin terminal: tras una conexión rota, o si el servidor se detiene, vuelve a entrar
    .stay = Sin terminal: el fin de la entrada no sale del chat; necesita --name
    .format = Sin terminal: «text», la transcripción, o «json», un objeto por línea (text)
    .after =
        Las líneas «salir», «exit» y «quit» salen del chat, y en una terminal también Ctrl-D y Ctrl-C.
        Sin terminal, cada línea de la entrada es un mensaje, y la primera el nombre si falta --name:
          printf 'hola\n' | charla-client --name Ana
          tail -f registro | charla-client --name bot --reconnect
          charla-client --name bot --stay --format json </dev/null | ./programa

        Termina con 0 tras salir, 1 si el servidor cortó o no se pudo llegar a él, 2 por mal uso.

help-server = Sirve un chat de Charla: una sala para todos los que se conectan.
    .usage = charla-server [OPCIONES]
    .listen = Dónde escuchar (localhost:65434); se puede repetir; el puerto 0 toma uno libre
    .max_connections = Cuántas conexiones se admiten a la vez (10000)
    .name_timeout = Cuánto tiene un cliente para decir su nombre (30)
    .patience = Cuánto pueden los lectores lentos retener la sala, de 0 a 30 (5)
    .log = Qué diagnósticos se dan: error, warn, info, debug, trace o un filtro de tracing (warn)
    .after =
        La salida es la transcripción de la sala; los diagnósticos van a la salida de errores.
        SIGINT (Ctrl-C) y SIGTERM cierran la sala: cada uno recibe lo dicho antes y su despedida.

        Termina con 0 tras cerrar, 1 si no se puede escuchar, 2 por mal uso.
