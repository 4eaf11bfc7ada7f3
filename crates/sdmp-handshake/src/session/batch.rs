//! Several objects together: the octets, order and errors of one after the other.

use sdmp_container::{Container, Timestamp};
use sdmp_crypto::random::Random;
use sdmp_envelope::network::{self, Unsealed};

use super::judge::check_sendable;
use super::opening::numbered;
use super::parallel::{self, PART};
use super::{Opened, Receiver, Sender, State};
use crate::channel::Place;
use crate::error::{Error, Misuse};

impl Sender {
    /// Seals containers as the next objects, together: for each, in order, what [`Sender::seal`] would
    /// return. With the feature `lanes` that takes a fraction of the time.
    ///
    /// ```
    /// # use sdmp_container::{Container, Message, Timestamp};
    /// # use sdmp_crypto::random::Random;
    /// # use sdmp_handshake::{Error, Sender};
    /// # fn example(sender: &mut Sender, now: Timestamp, random: &mut dyn Random) -> Result<(), Error> {
    /// let waiting = ["one", "two", "three"].map(|text| Container::from(Message::new(text)));
    /// for object in sender.seal_all(&waiting, now, random) {
    ///     let text: String = object?; // to the carrier, in this order
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn seal_all(
        &mut self,
        containers: &[Container],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Vec<Result<String, Error>> {
        if let [container] = containers {
            return vec![self.seal(container, now, random)];
        }
        let State::Open(channel) = &self.state else {
            return containers.iter().map(|container| self.seal(container, now, random)).collect();
        };
        let (key, first) = channel.position();
        // In order: each place is claimed, or refused, before any object is made.
        let places: Vec<Result<Place, Error>> =
            containers.iter().map(|container| self.claim(container, now, random)).collect();
        let texts: Vec<Unsealed<'_>> = places
            .iter()
            .zip(containers)
            .filter_map(|(place, container)| {
                let iv = &place.as_ref().ok()?.iv;
                Some(Unsealed { iv, text: container.as_bytes() })
            })
            .collect();
        let octets = texts.iter().map(|unsealed| unsealed.text.len()).sum();
        let workers = parallel::useful(self.shared.workers, texts.len(), octets);
        let size = if workers > 1 { PART } else { texts.len().max(1) };
        let parts = numbered(first, texts.chunks(size));
        let seal = |(first, texts): (u64, &[Unsealed<'_>])| network::seal_all(&key, first, texts);
        let sealed: Result<Vec<_>, _> = parallel::each(workers, parts, seal).into_iter().collect();
        let mut objects = match sealed {
            Ok(objects) => objects.into_iter().flatten(),
            Err(error) => {
                let error = self.fail(Error::Local(error));
                return places.into_iter().map(|place| place.and(Err(error.clone()))).collect();
            }
        };
        // There is an object for each place.
        let mut object = || objects.next().ok_or(Error::ApiMisuse(Misuse::AfterClose));
        places.into_iter().map(|place| place.and_then(|_| object())).collect()
    }

    fn claim(
        &mut self,
        container: &Container,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Place, Error> {
        self.ready(now)?;
        check_sendable(container, self.shared.profile)?;
        let text = container.as_bytes().len();
        let claimed = self.room_for(text)?.claim(text, random);
        claimed.map_err(|error| self.fail(error))
    }
}

impl Receiver {
    /// Opens the peer's next objects, together: for each, in order, what [`Receiver::open`] would return.
    /// An error ends the session, so all behind it are refused with the same one. With the feature
    /// `lanes` the tags of several are computed at once.
    pub fn open_all(
        &mut self,
        objects: &[impl AsRef<[u8]> + Sync],
        now: Timestamp,
    ) -> Vec<Result<Opened, Error>> {
        let mut candidates = match (&self.state, self.shared.check(now)) {
            (State::Open(channel), Ok(())) => {
                let (key, first) = channel.position();
                self.shared.candidates_of_parts(&key, first, objects)
            }
            _ => Vec::new(),
        }
        .into_iter();
        let each = objects.iter().map(|object| match candidates.next() {
            Some(candidate) => {
                let result = self.admit(candidate, now);
                self.settle(result)
            }
            // Behind the end of the direction or of the session.
            None => self.open(object.as_ref(), now),
        });
        each.collect()
    }
}
