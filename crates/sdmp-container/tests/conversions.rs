//! A typed object and its container are one thing in two forms: nothing that is written here needs
//! to be parsed to be sent, and what is parsed later is what was written (R3, R5).

use proptest::prelude::*;
use sdmp_container::strict::{self, Value};
use sdmp_container::{
    Container, CoreSchema, Limits, Message, Receipt, Response, Status, UserInformation,
};

/// The container of an object equals the one that parsing its text gives.
fn same<T>(object: &T, text: &str, schema: CoreSchema)
where
    T: for<'c> TryFrom<&'c Container, Error = sdmp_container::Error> + PartialEq + std::fmt::Debug,
    for<'o> Container: From<&'o T>,
{
    let (made, parsed) = (Container::from(object), Container::parse(text).unwrap());
    assert_eq!(made, parsed);
    assert_eq!((made.version(), made.schemas()), (parsed.version(), parsed.schemas()));
    assert!(made.lists(schema) && !made.has_extensions());
    assert_eq!(made.check_core(), Ok(()));
    assert_eq!(made.root(), parsed.root());
    assert_eq!(parsed.check_core(), Ok(()));
    assert_eq!(T::try_from(&made).unwrap(), *object);
}

proptest! {
    #[test]
    fn objects_become_containers_and_back(text in any::<String>(), about in any::<Option<String>>()) {
        let message = Message::new(text.clone());
        same(&message, &message.to_text(), CoreSchema::Message);
        let receipt = Receipt::new(text.clone());
        same(&receipt, &receipt.to_text(), CoreSchema::Receipt);
        let user = UserInformation::new(text, about);
        same(&user, &user.to_text(), CoreSchema::User);
    }
}

#[test]
fn a_container_of_another_schema_is_no_message() {
    let error = Message::try_from(Container::from(Receipt::new("x"))).unwrap_err();
    assert_eq!((error.code(), error.pointer()), ("kind.wrong_schema", Some("/sdmp/schemas")));
}

/// What is longer than a peer would read is still written and read here as a whole.
#[test]
fn a_long_text_is_not_cut() {
    let message = Message::new("x".repeat(Limits::DEFAULT.octets + 1));
    let container = Container::from(&message);
    assert!(Container::parse(container.as_bytes()).is_err());
    assert_eq!(Message::try_from(container).unwrap(), message);
}

/// R4: an answer carries what others wrote, which may be as deep as is allowed alone and too deep
/// inside.
#[test]
fn an_answer_that_is_nested_too_deeply_is_refused() {
    let nested = |depth: usize| {
        let text = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        let limits = Limits { depth: 64, ..Limits::DEFAULT };
        let Value::Object(data) = strict::parse(text.as_bytes(), &limits).unwrap() else {
            panic!("an object")
        };
        Response::new(Status::Ok, "1".to_owned(), Some(data.into_owned())).unwrap()
    };
    assert!(Container::try_from(nested(30)).is_ok());
    let error = Container::try_from(nested(31)).unwrap_err();
    assert_eq!(error.code(), "json.too_deep");
}
