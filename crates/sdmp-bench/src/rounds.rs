//! Interleaved rounds and what is made of them.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Something that is measured: each call is one sample and says how long its subject took.
pub struct Contender {
    /// What it is.
    pub name: String,
    run: Box<dyn FnMut() -> Duration>,
}

impl Contender {
    pub fn new(name: impl Into<String>, run: impl FnMut() -> Duration + 'static) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }
}

/// Times the whole of a subject.
pub fn timed(mut subject: impl FnMut() + 'static) -> impl FnMut() -> Duration {
    move || {
        let start = Instant::now();
        subject();
        start.elapsed()
    }
}

/// No table takes much longer, so that the whole ends in minutes on a busy machine as well.
const LONGEST: Duration = Duration::from_secs(20);
/// Rounds that are run in any case.
const LEAST: usize = 9;

/// The fifth percentiles of one run: what the machine's other work adds is in the slower samples.
pub struct Table {
    title: String,
    rows: Vec<(String, Duration)>,
    /// How many of what one sample does.
    rate: Option<(f64, &'static str)>,
}

impl Table {
    /// Lets all contenders run in turn, `rounds` times; the first is the yardstick.
    pub fn measure(title: &str, rounds: usize, mut contenders: Vec<Contender>) -> Self {
        let mut samples: Vec<Vec<Duration>> = vec![Vec::new(); contenders.len()];
        let began = Instant::now();
        for round in 0..rounds + 2 {
            if round >= LEAST && began.elapsed() > LONGEST {
                break;
            }
            for (contender, taken) in contenders.iter_mut().zip(&mut samples) {
                let time = (contender.run)();
                // Two rounds to warm up: caches, tables that are built at first use.
                if round >= 2 {
                    taken.push(time);
                }
            }
        }
        let rows = contenders
            .into_iter()
            .zip(samples)
            .map(|(contender, mut taken)| {
                taken.sort();
                (contender.name, taken[taken.len() / 20])
            })
            .collect();
        Self { title: title.to_owned(), rows, rate: None }
    }

    /// Adds a column: how many of something each contender does in a second.
    pub fn rate(mut self, each: f64, unit: &'static str) -> Self {
        self.rate = Some((each, unit));
        self
    }

    fn ratios(&self) -> impl Iterator<Item = (&str, f64, Duration)> {
        let yardstick = self.rows[0].1.as_secs_f64();
        self.rows
            .iter()
            .map(move |(name, time)| (name.as_str(), time.as_secs_f64() / yardstick, *time))
    }

    /// The table as a document.
    pub fn markdown(&self) -> String {
        let (head, line) = self
            .rate
            .map_or_else(Default::default, |(_, unit)| (format!(" {unit} in this run |"), "---|"));
        let mut text = format!(
            "\n## {}\n\n| what | time, relative to the first row | 5th percentile of this run, µs |{head}\n|---|---|---|{line}\n",
            self.title
        );
        for (name, ratio, time) in self.ratios() {
            let micros = time.as_secs_f64() * 1e6;
            let rate = self.rate.map_or_else(String::new, |(each, _)| {
                format!(" {:.0} |", each / time.as_secs_f64())
            });
            writeln!(text, "| {name} | {ratio:.2} | {micros:.1} |{rate}")
                .expect("a string takes text");
        }
        text
    }

    /// The table as JSON.
    pub fn json(&self) -> String {
        let rows: Vec<String> = self
            .ratios()
            .map(|(name, ratio, time)| {
                format!(
                    "{{\"name\":\"{name}\",\"ratio\":{ratio:.4},\"p5_ns\":{}}}",
                    time.as_nanos()
                )
            })
            .collect();
        format!("{{\"title\":\"{}\",\"rows\":[{}]}}", self.title, rows.join(","))
    }
}
