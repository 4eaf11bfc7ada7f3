//! First contact: what is offered must be signed by its own key, and strangers cost little.

use sdmp_container::Container;
use sdmp_envelope::{Identity, signature};
use sdmp_node::{Error, introduction};
use sdmp_testkit::nodes::{alice, bob, wall};
use sdmp_transport::listener::Acceptor;
use sdmp_transport::tcp::TcpAcceptor;
use sdmp_transport::websocket::WebSocketAcceptor;
use sdmp_transport::{Carrier, tcp, websocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[test]
fn an_offer_is_signed_by_its_own_key() {
    let offered = introduction::signed(&bob(), wall()).unwrap();
    let identity = introduction::read(offered.as_bytes(), wall()).unwrap();
    assert_eq!(identity, *bob().identity());

    let bare = bob().identity().text().to_owned();
    assert_eq!(introduction::read(bare.as_bytes(), wall()), Err(Error::UnsignedOffer));
    // An identity whose end another party has moved, signed by that party's key.
    let longer = Identity::create(
        bob().identity().public_key(),
        bob().identity().kind(),
        "9999-01-01T00:00:00.000Z".parse().unwrap(),
    )
    .unwrap();
    let container = Container::parse(longer.text()).unwrap();
    let signed = signature::sign(&container, &[&alice()], wall()).unwrap();
    assert_eq!(introduction::read(signed.text().as_bytes(), wall()), Err(Error::UnsignedOffer));
    for other in [
        "",
        "{}",
        "HTTP/1.1 400",
        r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":""}"#,
    ] {
        assert_eq!(
            introduction::read(other.as_bytes(), wall()),
            Err(Error::NothingOffered),
            "{other}"
        );
    }
}

async fn offering() -> (String, tokio::task::JoinHandle<()>) {
    let acceptor = TcpAcceptor::bind("127.0.0.1:0").await.unwrap();
    let address = acceptor.local_addr().unwrap().to_string();
    let text = introduction::signed(&bob(), wall()).unwrap();
    let acceptor: Box<dyn Acceptor> = Box::new(acceptor);
    let offering = tokio::spawn(async move {
        introduction::offer(acceptor, &text, false, |_, _| {}).await;
    });
    (address, offering)
}

async fn fetch(address: &str) -> Result<Identity, Error> {
    let dial = async { Ok(Box::new(tcp::dial(address).await?) as Box<dyn Carrier>) };
    introduction::fetch(address, dial, wall()).await
}

#[tokio::test]
async fn an_offer_is_fetched() {
    let (address, offering) = offering().await;
    assert_eq!(fetch(&address).await.unwrap(), *bob().identity());
    offering.abort();
}

/// Who has the text has a second to leave, and no octets are gathered.
#[tokio::test]
async fn strangers_who_stay_or_talk_are_dropped() {
    let (address, offering) = offering().await;
    let mut silent = TcpStream::connect(&address).await.unwrap();
    let mut talking = TcpStream::connect(&address).await.unwrap();
    let talk = tokio::spawn(async move {
        let mut sent = 0_usize;
        while talking.write_all(&[b'x'; 1024]).await.is_ok() {
            sent += 1024;
        }
        sent
    });
    let mut all = Vec::new();
    silent.read_to_end(&mut all).await.unwrap();
    assert!(!all.is_empty());
    // No longer held: a write is answered with a reset.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    drop(silent.write_all(b"x").await);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(silent.write_all(b"x").await.is_err());
    assert!(talk.await.unwrap() < 16 << 20);
    offering.abort();
}

/// One source cannot keep the others out: it has 16 places of 256.
#[tokio::test]
async fn many_connections_of_one_source_do_not_keep_others_out() {
    let (address, offering) = offering().await;
    let mut greedy = Vec::new();
    for _ in 0..64 {
        greedy.push(TcpStream::connect(&address).await.unwrap());
    }
    let other = tokio::net::TcpSocket::new_v4().unwrap();
    other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = other.connect(address.parse().unwrap()).await.unwrap();
    let mut text = Vec::new();
    let reading = other.read_to_end(&mut text);
    tokio::time::timeout(std::time::Duration::from_secs(1), reading).await.unwrap().unwrap();
    assert_eq!(introduction::read(&text, wall()).unwrap(), *bob().identity());
    let mut served = 0;
    for mut stream in greedy {
        let mut text = Vec::new();
        drop(stream.read_to_end(&mut text).await);
        served += usize::from(!text.is_empty());
    }
    assert_eq!(served, 16, "the others were dropped");
    offering.abort();
}

/// The same over a WebSocket, whose library gathers what comes: unfinished upgrades of one source have
/// its 16 places, fragments and pings are not gathered, and others get the text meanwhile.
#[tokio::test]
async fn strangers_at_a_websocket_cost_no_more() {
    const UPGRADE: &[u8] =
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let acceptor = TcpAcceptor::bind("127.0.0.1:0").await.unwrap();
    let address = acceptor.local_addr().unwrap();
    let text = introduction::signed(&bob(), wall()).unwrap();
    let acceptor: Box<dyn Acceptor> = Box::new(WebSocketAcceptor::new(acceptor));
    let offering = tokio::spawn(async move {
        introduction::offer(acceptor, &text, false, |_, _| {}).await;
    });
    let mut talking = TcpStream::connect(address).await.unwrap();
    talking.write_all(UPGRADE).await.unwrap();
    let talk = tokio::spawn(async move {
        let fragment = [&[0x01, 0x80 | 126, 4, 0, 0, 0, 0, 0][..], &[b'x'; 1024]].concat();
        let ping = [0x89, 0x80, 0, 0, 0, 0];
        let (mut sent, mut more) = (0, [&fragment[..], &ping].concat());
        while talking.write_all(&more).await.is_ok() {
            sent += more.len();
            // The later ones continue the message.
            more[0] = 0;
        }
        sent
    });
    let mut greedy = Vec::new();
    for _ in 0..64 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&UPGRADE[..40]).await.unwrap();
        greedy.push(stream);
    }
    let other = tokio::net::TcpSocket::new_v4().unwrap();
    other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let dial = async {
        let stream = other.connect(address).await?;
        let url = format!("ws://{address}/");
        Ok(Box::new(websocket::dial_over(&url, stream).await?) as Box<dyn Carrier>)
    };
    let fetching = introduction::fetch("there", dial, wall());
    let fetched = tokio::time::timeout(std::time::Duration::from_secs(1), fetching).await.unwrap();
    assert_eq!(fetched.unwrap(), *bob().identity());
    assert!(talk.await.unwrap() < 16 << 20);
    offering.abort();
}
