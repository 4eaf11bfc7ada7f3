//! TLS 1.3 and Noise handshakes in memory, both sides on this thread.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::rc::Rc;
use std::sync::Arc;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::ssl::{
    HandshakeError, MidHandshakeSslStream, Ssl, SslContext, SslMethod, SslStream, SslVerifyMode,
    SslVersion,
};
use openssl::x509::{X509, X509NameBuilder};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};

type Pipe = Rc<RefCell<VecDeque<u8>>>;

/// One end of a connection in memory.
#[derive(Debug)]
struct End {
    read: Pipe,
    write: Pipe,
}

impl Read for End {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut pipe = self.read.borrow_mut();
        if pipe.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        Read::read(&mut *pipe, buffer)
    }
}

impl Write for End {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.write.borrow_mut().extend(buffer);
        Ok(buffer.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn ends() -> (End, End) {
    let (up, down) = (Pipe::default(), Pipe::default());
    (End { read: Rc::clone(&down), write: Rc::clone(&up) }, End { read: up, write: down })
}

/// A key with a certificate that it signed itself.
pub struct Party {
    key: PKey<Private>,
    certificate: X509,
}

impl Party {
    pub fn new(bits: u32) -> Self {
        let key = PKey::from_rsa(Rsa::generate(bits).expect("a key")).expect("a key");
        let mut name = X509NameBuilder::new().expect("a name");
        name.append_entry_by_text("CN", "bench").expect("a name");
        let name = name.build();
        let mut builder = X509::builder().expect("a certificate");
        builder.set_version(2).expect("a version");
        let serial = BigNum::from_u32(1).expect("a number").to_asn1_integer().expect("a serial");
        builder.set_serial_number(&serial).expect("a serial");
        builder.set_subject_name(&name).expect("a name");
        builder.set_issuer_name(&name).expect("a name");
        builder.set_pubkey(&key).expect("a key");
        builder.set_not_before(&Asn1Time::days_from_now(0).expect("a day")).expect("a day");
        builder.set_not_after(&Asn1Time::days_from_now(30).expect("a day")).expect("a day");
        builder.sign(&key, MessageDigest::sha256()).expect("a signature");
        Self { key, certificate: builder.build() }
    }
}

/// OpenSSL's TLS 1.3 with one group, both sides authenticated by RSA.
pub struct OpenSsl {
    client: SslContext,
    server: SslContext,
}

impl OpenSsl {
    pub fn new(group: &str, bits: u32) -> Self {
        let context = || {
            let party = Party::new(bits);
            let mut context = SslContext::builder(SslMethod::tls()).expect("a context");
            context.set_min_proto_version(Some(SslVersion::TLS1_3)).expect("TLS 1.3");
            context.set_groups_list(group).expect("a group");
            context.set_private_key(&party.key).expect("a key");
            context.set_certificate(&party.certificate).expect("a certificate");
            context.set_sigalgs_list("rsa_pss_rsae_sha512").expect("an algorithm");
            // Any certificate will do; the signature over the handshake is still verified.
            let mode = SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT;
            context.set_verify_callback(mode, |_, _| true);
            context.set_num_tickets(0).expect("no tickets");
            context.build()
        };
        Self { client: context(), server: context() }
    }

    pub fn handshake(&self) {
        let (left, right) = ends();
        let mut client = Ssl::new(&self.client).expect("a connection").connect(left);
        let mut server = Ssl::new(&self.server).expect("a connection").accept(right);
        loop {
            client = advance(client);
            server = advance(server);
            if client.is_ok() && server.is_ok() {
                return;
            }
        }
    }
}

type Progress = Result<SslStream<End>, HandshakeError<End>>;

fn advance(progress: Progress) -> Progress {
    match progress {
        Err(HandshakeError::WouldBlock(middle)) => MidHandshakeSslStream::handshake(middle),
        Ok(done) => Ok(done),
        Err(other) => panic!("TLS failed: {other}"),
    }
}

/// rustls with ring, X25519, both sides authenticated by RSA.
pub struct Rustls {
    pub client: Arc<rustls::ClientConfig>,
    pub server: Arc<rustls::ServerConfig>,
}

impl Rustls {
    pub fn new(bits: u32) -> Self {
        let mut provider = rustls::crypto::ring::default_provider();
        provider.kx_groups = vec![rustls::crypto::ring::kx_group::X25519];
        let provider = Arc::new(provider);
        let material = || {
            let party = Party::new(bits);
            let certificate = CertificateDer::from(party.certificate.to_der().expect("DER"));
            let key = party.key.private_key_to_pkcs8().expect("DER");
            (vec![certificate], PrivateKeyDer::Pkcs8(key.into()))
        };
        let any = Arc::new(AnyCertificate(Arc::clone(&provider)));
        let (chain, key) = material();
        let mut client = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .dangerous()
            .with_custom_certificate_verifier(any.clone())
            .with_client_auth_cert(chain, key)
            .expect("a certificate");
        client.resumption = rustls::client::Resumption::disabled();
        let (chain, key) = material();
        let mut server = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .with_client_cert_verifier(any)
            .with_single_cert(chain, key)
            .expect("a certificate");
        server.send_tls13_tickets = 0;
        Self { client: Arc::new(client), server: Arc::new(server) }
    }

    pub fn handshake(&self) {
        let name = ServerName::try_from("bench.example").expect("a name");
        let mut client =
            rustls::ClientConnection::new(Arc::clone(&self.client), name).expect("a client");
        let mut server = rustls::ServerConnection::new(Arc::clone(&self.server)).expect("a server");
        let mut wire = Vec::new();
        while client.is_handshaking() || server.is_handshaking() {
            while client.wants_write() {
                client.write_tls(&mut wire).expect("memory");
            }
            let mut input = wire.as_slice();
            while !input.is_empty() {
                server.read_tls(&mut input).expect("memory");
                server.process_new_packets().expect("TLS");
            }
            wire.clear();
            while server.wants_write() {
                server.write_tls(&mut wire).expect("memory");
            }
            let mut input = wire.as_slice();
            while !input.is_empty() {
                client.read_tls(&mut input).expect("memory");
                client.process_new_packets().expect("TLS");
            }
            wire.clear();
        }
    }
}

/// Accepts any certificate, but verifies the signature over the handshake.
#[derive(Debug)]
struct AnyCertificate(Arc<rustls::crypto::CryptoProvider>);

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

impl AnyCertificate {
    fn verify(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify(message, certificate, signature)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify(message, certificate, signature)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::RSA_PSS_SHA512]
    }
}

impl ClientCertVerifier for AnyCertificate {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }
    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify(message, certificate, signature)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify(message, certificate, signature)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::RSA_PSS_SHA512]
    }
}

/// Noise XX over X25519, without RSA.
pub fn noise() {
    let pattern = || "Noise_XX_25519_ChaChaPoly_SHA256".parse().expect("a pattern");
    let side = || {
        let keys = snow::Builder::new(pattern()).generate_keypair().expect("a key");
        (keys, snow::Builder::new(pattern()))
    };
    let ((ours, client), (theirs, server)) = (side(), side());
    let mut client =
        client.local_private_key(&ours.private).expect("a key").build_initiator().expect("noise");
    let mut server =
        server.local_private_key(&theirs.private).expect("a key").build_responder().expect("noise");
    let (mut wire, mut plain) = ([0; 512], [0; 512]);
    for turn in 0..3 {
        let (from, to) =
            if turn % 2 == 0 { (&mut client, &mut server) } else { (&mut server, &mut client) };
        let length = from.write_message(&[], &mut wire).expect("noise");
        to.read_message(&wire[..length], &mut plain).expect("noise");
    }
    assert!(client.is_handshake_finished() && server.is_handshake_finished());
}
