//! What a peer may not do: each fault has its code, and ends what it must.

use sdmp_channels::{
    Event, Fault, Frame, INITIAL_WINDOW, Limits, Machine, Outcome, Reason, Side, Step, read, write,
};
use sdmp_container::Container;
use sdmp_schema::Validator;
use sdmp_schema::extensions::CHANNELS_URI;

use crate::{deliver, pair};

fn message(channels: &str) -> Container {
    let text = format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["{CHANNELS_URI}"]}},"channels":{channels}}}"#
    );
    Container::parse(text).unwrap()
}

fn frame(id: u64, step: Step) -> Container {
    write(&[Frame { id, step }]).unwrap()
}

/// A machine that has greeted and been greeted, on the second side.
fn second(limits: Limits) -> Machine {
    let (_, other) = pair(limits);
    other
}

#[test]
fn what_the_schema_does_not_describe_is_malformed() {
    let good = r#"{"id":1,"open":""}"#;
    assert!(read(&message(&format!("[{good}]"))).is_ok());
    for wrong in [
        "{}",
        "7",
        "[7]",
        "[{}]",
        r#"[{"id":1}]"#,
        r#"[{"id":0,"end":true}]"#,
        r#"[{"id":-1,"end":true}]"#,
        r#"[{"id":1.0,"end":true}]"#,
        r#"[{"id":"1","end":true}]"#,
        r#"[{"id":9007199254740992,"end":true}]"#,
        r#"[{"id":18446744073709551617,"end":true}]"#,
        r#"[{"id":1,"end":false}]"#,
        r#"[{"id":1,"end":1}]"#,
        r#"[{"id":1,"data":""}]"#,
        r#"[{"id":1,"data":7}]"#,
        r#"[{"id":1,"window":0}]"#,
        r#"[{"id":1,"window":2147483649}]"#,
        r#"[{"id":1,"window":-1}]"#,
        r#"[{"id":1,"reset":""}]"#,
        r#"[{"id":1,"reset":true}]"#,
        r#"[{"id":1,"open":7}]"#,
        r#"[{"id":1,"other":7}]"#,
        r#"[{"id":1,"end":true,"data":"AA"}]"#,
        r#"[{"end":true,"data":"AA"}]"#,
    ] {
        let container = message(wrong);
        assert_eq!(read(&container), Err(Fault::Malformed), "{wrong}");
        assert!(Validator::new().validate(&container).is_err(), "{wrong}");
    }
    // Only the decoder knows what is base64url.
    assert_eq!(read(&message(r#"[{"id":1,"data":"A!"}]"#)), Err(Fault::Malformed));
    let long =
        |name: &str, length: usize| format!(r#"[{{"id":1,"{name}":"{}"}}]"#, "x".repeat(length));
    for (name, longest) in [("open", 300), ("reset", 64)] {
        assert!(read(&message(&long(name, longest))).is_ok());
        assert_eq!(read(&message(&long(name, longest + 1))), Err(Fault::Malformed));
    }
    let other = message("[]").text().replace("\"channels\":[]", "\"channels\":[],\"more\":1");
    assert_eq!(read(&Container::parse(other).unwrap()), Err(Fault::Malformed));
    let hello = r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"channels"}"#;
    assert_eq!(read(&Container::parse(hello).unwrap()), Err(Fault::Malformed));
}

#[test]
fn what_is_written_is_read_and_satisfies_the_schema() {
    let steps = [
        Step::Open("tcp:a\"\\\u{1}ü:1".to_owned()),
        Step::Data(vec![0, 255, 7]),
        Step::Window(1 << 31),
        Step::End,
        Step::Reset(Reason::Refused),
    ];
    let frames: Vec<_> = steps.into_iter().map(|step| Frame { id: 3, step }).collect();
    let container = write(&frames).unwrap();
    assert_eq!(read(&container).unwrap(), frames);
    Validator::new().validate(&container).unwrap();
    for reason in Reason::ALL {
        assert_eq!(Reason::of_word(reason.word()), *reason);
        assert!(reason.code().starts_with("channel."));
    }
    assert_eq!(Reason::of_word("a word of a later version"), Reason::Aborted);
}

#[test]
fn the_greeting_comes_first_and_once() {
    let greeting = message("[]");
    let mut machine = Machine::new(Side::Second, Limits::default());
    assert_eq!(machine.handle(&frame(1, Step::Open(String::new()))), Err(Fault::Malformed));
    let mut machine = second(Limits::default());
    assert_eq!(machine.handle(&greeting), Err(Fault::Malformed));
}

#[test]
fn steps_of_channels_that_do_not_exist_end_the_session() {
    for step in [Step::Data(vec![1]), Step::End, Step::Window(1), Step::Reset(Reason::Aborted)] {
        for id in [1, 2, 1000] {
            let mut machine = second(Limits::default());
            assert_eq!(machine.handle(&frame(id, step.clone())), Err(Fault::Unknown), "{step:?}");
        }
    }
    // Gone: octets and ends are no better, but what may have crossed with the end is.
    let mut machine = second(Limits::default());
    machine.handle(&frame(1, Step::Open(String::new()))).unwrap();
    machine.end(1).unwrap();
    machine.poll_message().unwrap().unwrap();
    machine.handle(&frame(1, Step::End)).unwrap();
    machine.release(1);
    assert_eq!(machine.channels(), 0);
    machine.handle(&frame(1, Step::Window(1))).unwrap();
    machine.handle(&frame(1, Step::Reset(Reason::Aborted))).unwrap();
    assert_eq!(machine.handle(&frame(1, Step::End)), Err(Fault::Unknown));
    assert_eq!(machine.handle(&frame(1, Step::Data(vec![1]))), Err(Fault::Unknown));
}

#[test]
fn channels_are_opened_in_order_by_the_side_that_has_the_number() {
    for wrong in [2, 3, 5] {
        let mut machine = second(Limits::default());
        assert_eq!(machine.handle(&frame(wrong, Step::Open(String::new()))), Err(Fault::Order));
    }
    let mut machine = second(Limits::default());
    machine.handle(&frame(1, Step::Open(String::new()))).unwrap();
    assert_eq!(machine.handle(&frame(1, Step::Open(String::new()))), Err(Fault::Order));
}

/// What is wrong with one channel resets that one; another goes on.
#[test]
fn a_channel_that_breaks_its_rules_ends_alone() {
    let over = usize::try_from(INITIAL_WINDOW).unwrap() + 1;
    let cases = [
        (vec![Step::Data(vec![0; over])], Reason::Window),
        (vec![Step::End, Step::Data(vec![1])], Reason::AfterEnd),
        (vec![Step::End, Step::End], Reason::AfterEnd),
        (vec![Step::Window(1 << 31)], Reason::Credit),
    ];
    for (steps, reason) in cases {
        let mut machine = second(Limits::default());
        for id in [1, 3] {
            machine.handle(&frame(id, Step::Open(String::new()))).unwrap();
        }
        for step in steps {
            machine.handle(&frame(1, step)).unwrap();
        }
        let mut octets = [0; 8];
        assert_eq!(machine.read(1, &mut octets), Err(Fault::Reset(reason)));
        assert_eq!(machine.write(1, b"x"), Err(Fault::Reset(reason)));
        let said = read(&machine.poll_message().unwrap().unwrap()).unwrap();
        assert_eq!(said, [Frame { id: 1, step: Step::Reset(reason) }]);
        machine.handle(&frame(3, Step::Data(vec![1, 2]))).unwrap();
        assert_eq!(machine.read(3, &mut octets), Ok(Outcome::Octets(2)));
    }
}

#[test]
fn exactly_the_window_is_taken_in_single_octets_too() {
    let mut machine = second(Limits::default());
    machine.handle(&frame(1, Step::Open(String::new()))).unwrap();
    for _ in 0..INITIAL_WINDOW {
        machine.handle(&frame(1, Step::Data(vec![1]))).unwrap();
    }
    assert_eq!(machine.read(1, &mut []), Ok(Outcome::Octets(0)));
    machine.handle(&frame(1, Step::Data(vec![1]))).unwrap();
    let mut all = vec![0; 100_000];
    // What was within the window was received, and is given out before the reset.
    assert_eq!(machine.read(1, &mut all), Ok(Outcome::Octets(INITIAL_WINDOW as usize)));
    assert_eq!(machine.read(1, &mut all), Err(Fault::Reset(Reason::Window)));
}

#[test]
fn a_peer_that_opens_too_many_is_refused_and_then_cut() {
    let limits = Limits::default().with_opened_there(4);
    let mut machine = second(limits);
    let open = |n: u64| frame(2 * n + 1, Step::Open(String::new()));
    (0..8).for_each(|n| machine.handle(&open(n)).unwrap());
    let opened = std::iter::from_fn(|| machine.poll_event())
        .filter(|event| matches!(event, Event::Opened(..)))
        .count();
    assert_eq!(opened, 4);
    let refused = read(&machine.poll_message().unwrap().unwrap()).unwrap();
    assert_eq!(refused.len(), 4);
    assert!(refused.iter().all(|frame| frame.step == Step::Reset(Reason::TooMany)));
    // A refused channel counts until the peer has taken note.
    assert_eq!(machine.handle(&open(8)), Err(Fault::Flood));
    let mut machine = second(limits);
    for n in 0..1000 {
        machine.handle(&open(n)).unwrap();
        machine.poll_message().unwrap();
        if n >= 4 {
            machine.handle(&frame(2 * n + 1, Step::Reset(Reason::TooMany))).unwrap();
        }
        assert!(machine.channels() <= 5);
    }
}

#[test]
fn octets_for_a_channel_that_was_given_up_are_ignored() {
    let (mut one, mut other) = pair(Limits::default());
    let id = one.open("").unwrap().unwrap();
    deliver(&mut one, &mut other);
    other.release(id);
    one.write(id, &[1; 1000]).unwrap();
    deliver(&mut one, &mut other);
    deliver(&mut other, &mut one);
    assert_eq!(one.write(id, b"x"), Err(Fault::Reset(Reason::Aborted)));
    deliver(&mut one, &mut other);
    one.release(id);
    assert_eq!((one.channels(), other.channels()), (0, 0));
}
