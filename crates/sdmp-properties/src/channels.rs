//! Channels against a peer that says anything.

use sdmp_channels::{Event, Limits, Machine, Side, read, write};
use sdmp_container::Container;
use sdmp_schema::extensions::CHANNELS_URI;

/// Few and small, so that short inputs reach every limit.
const OPENED_THERE: usize = 4;
const GROWTH: u64 = 10_000;

/// Each line is what stands between the brackets of a message. Whatever it says, the machine keeps its
/// limits, what it says can be read, and a fault is final for its user only.
pub fn keeps_its_promises(octets: &[u8]) {
    let limits = Limits::default().with_opened_there(OPENED_THERE).with_growth(GROWTH);
    let mut machine = Machine::new(Side::Second, limits);
    for line in octets.split(|octet| *octet == b'\n') {
        let Ok(steps) = std::str::from_utf8(line) else { return };
        let text = format!(
            r#"{{"sdmp":{{"version":"0.12.0","schemas":["{CHANNELS_URI}"]}},"channels":[{steps}]}}"#
        );
        let Ok(container) = Container::parse(text) else { continue };
        if let Ok(frames) = read(&container) {
            let written = write(&frames).expect("what is read can be written");
            assert_eq!(read(&written).as_ref(), Ok(&frames));
        }
        let taken = machine.handle(&container);
        answer(&mut machine);
        if taken.is_err() {
            return;
        }
    }
}

/// What an application does with what came: reads it, answers and ends.
fn answer(machine: &mut Machine) {
    let mut octets = [0; 4096];
    while let Some(event) = machine.poll_event() {
        match event {
            Event::Opened(id, target) if target.len() % 2 == 1 => machine.release(id),
            Event::Opened(id, _) => {
                machine.write(id, b"answer").ok();
            }
            Event::Readable(id) => {
                let read = machine.read(id, &mut octets);
                if matches!(read, Ok(sdmp_channels::Outcome::End)) {
                    machine.end(id).ok();
                } else if read.is_err() {
                    machine.release(id);
                }
            }
            Event::Greeted | Event::Writable(_) | Event::Gone => {}
        }
        assert!(machine.channels() <= 2 * OPENED_THERE, "refused ones included");
        assert!(machine.grown() <= GROWTH);
    }
    while let Some(message) = machine.poll_message().expect("what it says has a form") {
        read(&message).expect("what it says can be read");
    }
}
