//! `sdmp container check`: is this a valid container, and if not, which rule fails where (R3 to R11)?

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use sdmp_container::closed::ResourceSignature;
use sdmp_container::{Container, strict};
use sdmp_schema::{DirectoryResolver, Validator};
use serde_json::Value;

use crate::error::{Exit, Failure};
use crate::io::{note, print_json, print_line, printable, read_input};
use crate::link::Context;

#[derive(Debug, Subcommand)]
pub(crate) enum Containers {
    /// Check a container against R3 to R11 and its schemas; exit code 6 when it is invalid
    Check(ContainerCheck),
}

#[derive(Debug, Args)]
pub(crate) struct ContainerCheck {
    /// The container; standard input when absent or -
    pub(crate) file: Option<PathBuf>,
    /// Extension schemas, as DIR/HOST/PATH.json for sdmp://HOST/PATH; nothing is ever fetched
    #[arg(long, value_name = "DIR")]
    pub(crate) schema_dir: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) fn run(_context: &Context, command: Containers) -> Result<(), Failure> {
    match command {
        Containers::Check(args) => check(&args),
    }
}

/// The first thing that is wrong with a container.
struct Fault {
    code: &'static str,
    /// What is wrong, without text of the container.
    message: String,
    /// The schema that the container does not fit, if it is that.
    schema: Option<String>,
    pointer: Option<String>,
    keyword: Option<&'static str>,
    position: Option<(usize, usize)>,
}

fn check(args: &ContainerCheck) -> Result<(), Failure> {
    let validator = validator(args.schema_dir.as_deref())?;
    let octets = read_input(args.file.as_deref())?;
    match judge(&octets, &validator) {
        Ok(container) => accept(args, &container),
        Err(fault) => Err(refuse(args, &fault)?),
    }
}

fn validator(schemas: Option<&Path>) -> Result<Validator, Failure> {
    match schemas {
        None => Ok(Validator::new()),
        Some(directory) if directory.is_dir() => {
            Ok(Validator::with_resolver(Arc::new(DirectoryResolver::new(directory))))
        }
        Some(directory) => {
            Err(Failure::usage(format!("{} is not a directory", directory.display())).remedy(
                "it holds extension schemas as HOST/PATH.json for the URI sdmp://HOST/PATH",
            ))
        }
    }
}

/// The text first, then the core schemas as typed objects (which also decode base64url), then
/// every listed schema in order.
fn judge(octets: &[u8], validator: &Validator) -> Result<Container, Box<Fault>> {
    let typed = |error: sdmp_container::Error| {
        Box::new(Fault {
            code: error.code(),
            message: error.kind().to_string(),
            schema: None,
            pointer: error.pointer().map(str::to_owned),
            keyword: None,
            position: error.position(octets),
        })
    };
    let container = Container::parse(octets).map_err(typed)?;
    // Typed objects before schemas: they name the octet, a schema only the member.
    container.check_core().map_err(typed)?;
    ResourceSignature::check_if_resource(&container).map_err(typed)?;
    // Everything that the typed objects check is in the schemas too, and their extensions come on
    // top.
    match validator.validate(&container) {
        Ok(()) => Ok(container),
        Err(error) => Err(Box::new(by_schema(octets, &error))),
    }
}

fn by_schema(octets: &[u8], error: &sdmp_schema::Error) -> Fault {
    let sentence = error.violation().map(|violation| violation.sentence().to_owned());
    Fault {
        code: error.code(),
        message: sentence.unwrap_or_else(|| error.to_string()),
        schema: Some(error.schema().to_string()),
        pointer: error.pointer().map(str::to_owned),
        keyword: error.keyword(),
        position: error.pointer().and_then(|pointer| strict::position_of(octets, pointer)),
    }
}

fn accept(args: &ContainerCheck, container: &Container) -> Result<(), Failure> {
    let version = container.version();
    let schemas: Vec<String> = container.schemas().iter().map(ToString::to_string).collect();
    if args.json {
        return print_json(&[
            ("valid", true.into()),
            ("version", version.to_string().into()),
            ("supported", version.is_0_12().into()),
            ("schemas", schemas.into()),
            ("octets", container.as_bytes().len().into()),
        ]);
    }
    if !version.is_0_12() {
        note(&format!("version {version} is valid, but only 0.12.x is supported (R8)"));
    }
    print_line(&format!("valid: version {version}, schemas {}", schemas.join(", ")))
}

/// Reports the fault, and gives the failure with which the program ends.
fn refuse(args: &ContainerCheck, fault: &Fault) -> Result<Failure, Failure> {
    if args.json {
        print_json(&[
            ("valid", false.into()),
            ("code", fault.code.into()),
            ("rule", rule(fault).into()),
            ("schema", fault.schema.clone().into()),
            ("pointer", fault.pointer.clone().into()),
            ("keyword", fault.keyword.into()),
            ("line", number(fault.position.map(|(line, _)| line))),
            ("column", number(fault.position.map(|(_, column)| column))),
            ("message", fault.message.clone().into()),
        ])?;
    }
    let failure = Failure::new(Exit::Invalid, fault.code, cause(args, fault));
    Ok(if fault.code == "schema.unresolved" && args.schema_dir.is_none() {
        failure.remedy("give the directory that holds it with --schema-dir")
    } else {
        failure
    })
}

fn number(number: Option<usize>) -> Value {
    number.map_or(Value::Null, Value::from)
}

/// One line in the form that compilers use, so that editors can jump to the place.
fn cause(args: &ContainerCheck, fault: &Fault) -> String {
    let mut text = match args.file.as_deref() {
        Some(file) if file != Path::new("-") => file.display().to_string(),
        _ => "standard input".to_owned(),
    };
    if let Some((line, column)) = fault.position {
        text.push_str(&format!(":{line}:{column}"));
    }
    text.push_str(&format!(": {}", fault.message));
    let mut details = vec![fault.code.to_owned()];
    if !fault.message.contains("(R") {
        details.push(rule(fault));
    }
    if let Some(schema) = &fault.schema {
        details.push(format!("schema {schema}"));
    }
    if let Some(pointer) = &fault.pointer {
        let pointer = if pointer.is_empty() { "the root" } else { pointer };
        details.push(format!("at {}", printable(pointer)));
    }
    if let Some(keyword) = fault.keyword {
        details.push(format!("keyword {keyword}"));
    }
    text.push_str(&format!("\n  {}", details.join(", ")));
    text
}

/// The rule that failed: the one that the message names; else the container does not fit one of
/// its schemas, which is R11.
fn rule(fault: &Fault) -> String {
    let named = fault.message.split_once("(R").and_then(|(_, rest)| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        (!digits.is_empty()).then(|| format!("R{digits}"))
    });
    named.unwrap_or_else(|| "R11".to_owned())
}
