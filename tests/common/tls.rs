//! TLS: authorities and certificates made for a test, and peers that speak it.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use charla::tls::{ClientFiles, Identity, ServerFiles};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ClientConfig, ClientConnection, ServerConfig, StreamOwned};

use super::DEADLINE;

/// Who signs certificates; its own is the file `ca`.
pub struct Authority {
    folder: PathBuf,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Authority {
        let folder = super::state_home();
        fs::create_dir_all(&folder).unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, folder.to_string_lossy());
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(folder.join("ca.pem"), issuer.pem()).unwrap();
        Authority { folder, issuer }
    }

    /// A file of it, by its name.
    pub fn file(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    pub fn ca(&self) -> String {
        self.file("ca.pem")
    }

    /// A certificate for `localhost`, as the files `name.pem` and `name.key`.
    pub fn issue(&self, name: &str) -> Identity {
        self.issue_with(name, |_| {})
    }

    /// The same, with something else about it.
    pub fn issue_with(&self, name: &str, with: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        with(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let identity = Identity {
            certificate: self.folder.join(format!("{name}.pem")),
            key: self.folder.join(format!("{name}.key")),
        };
        fs::write(&identity.certificate, certificate.pem()).unwrap();
        fs::write(&identity.key, key.serialize_pem()).unwrap();
        identity
    }

    /// What a client speaks that trusts this authority.
    pub fn client(&self) -> Arc<ClientConfig> {
        ClientFiles { ca: Some(self.ca().into()), identity: None }.config().unwrap()
    }
}

/// What a server with this certificate speaks.
pub fn server_config(identity: Identity) -> Arc<ServerConfig> {
    ServerFiles { identity, client_ca: None }.config().unwrap()
}

/// The options of a server that has these.
pub fn server_options(identity: &Identity) -> Vec<String> {
    let file = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let listen = ["--listen-tls".to_owned(), "127.0.0.1:0".to_owned()];
    let files = ["--tls-cert".to_owned(), file(&identity.certificate), "--tls-key".to_owned(), file(&identity.key)];
    [listen.as_slice(), files.as_slice()].concat()
}

/// One connection over TLS. Its reads fail loudly at the deadline.
pub struct TlsPeer(BufReader<StreamOwned<ClientConnection, TcpStream>>);

impl TlsPeer {
    /// Shakes hands; gives the error of that.
    pub fn try_connect(address: SocketAddr, config: Arc<ClientConfig>) -> std::io::Result<TlsPeer> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_write_timeout(Some(DEADLINE))?;
        stream.set_nodelay(true)?;
        let mut session = ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
        while session.is_handshaking() {
            session.complete_io(&mut stream)?;
        }
        Ok(TlsPeer(BufReader::new(StreamOwned::new(session, stream))))
    }

    pub fn connect(address: SocketAddr, config: Arc<ClientConfig>) -> TlsPeer {
        TlsPeer::try_connect(address, config).expect("the server shakes hands")
    }

    /// Connects, joins, and reads up to its own `JOIN`.
    pub fn join(address: SocketAddr, config: Arc<ClientConfig>, name: &str) -> TlsPeer {
        let mut peer = TlsPeer::connect(address, config);
        peer.send(&format!("NAME {name}"));
        while peer.line().expect("the welcome") != format!("JOIN {name}") {}
        peer
    }

    pub fn session(&self) -> &ClientConnection {
        &self.0.get_ref().conn
    }

    pub fn send(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).expect("the server reads");
    }

    /// The next line, without its LF; `None` at a clean end of stream.
    pub fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a line or a clean end");
        (!line.is_empty()).then(|| line.strip_suffix('\n').expect("a whole line").to_owned())
    }

    #[track_caller]
    pub fn expect(&mut self, line: &str) {
        assert_eq!(self.line().as_deref(), Some(line));
    }

    /// The last line, then a clean end: that of TLS.
    #[track_caller]
    pub fn expect_last(&mut self, line: &str) {
        self.expect(line);
        assert_eq!(self.line(), None);
    }

    /// Ends the sending side, as TLS does.
    pub fn half_close(&mut self) {
        let StreamOwned { conn, sock } = self.0.get_mut();
        conn.send_close_notify();
        conn.complete_io(sock).unwrap();
    }

    /// Ends the connection as if somebody had cut it off.
    pub fn cut_off(self) {
        self.0.get_ref().sock.shutdown(Shutdown::Both).unwrap();
    }

    /// What still comes, up to a clean end or an error.
    pub fn rest(&mut self) -> std::io::Result<Vec<u8>> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).map(|_| rest)
    }
}

/// Reads what a plain socket still has, be its end a reset.
pub fn raw_rest(mut stream: &TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let (mut rest, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut chunk) {
            Ok(n @ 1..) => rest.extend_from_slice(&chunk[..n]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("it does not end"),
            Ok(0) | Err(_) => return rest,
        }
    }
}

/// What a client says first.
pub fn hello(config: &Arc<ClientConfig>) -> Vec<u8> {
    let mut session = ClientConnection::new(Arc::clone(config), "localhost".try_into().unwrap()).unwrap();
    let mut hello = Vec::new();
    session.write_tls(&mut hello).unwrap();
    hello
}
