//! Recordings of sessions.

use sdmp_handshake::{Profile, Role};
use sdmp_node::Recorder;
use sdmp_testkit::probe::assert_hands_everything_on;

#[tokio::test]
async fn the_recorder_hands_everything_on() {
    let mut recording = tempfile::NamedTempFile::new().unwrap();
    let file = recording.reopen().unwrap();
    for recorder in [Recorder::default(), Recorder::new(file, Profile::Hardened, |_| ())] {
        assert_hands_everything_on(|probe| recorder.carrier(Box::new(probe), Role::Responder, "a"))
            .await;
    }
    let mut text = String::new();
    std::io::Read::read_to_string(&mut recording, &mut text).unwrap();
    assert_eq!(text.lines().count(), 4, "a session, its object and both ends: {text}");
}
