//! One exchange: a fresh exponent, used once (R24 to R26).

use super::{Group, arithmetic::EXPONENT};
use crate::{
    Error,
    error::ExchangeError,
    random::Random,
    secret::{Secret, SecretVec},
};
use core::fmt;
use subtle::{Choice, ConstantTimeEq};

/// Z: big-endian, left-padded with zeros to the length of p, never stripped (R26).
pub type SharedSecret = SecretVec;

/// Our half of one exchange: the exponent, and N = g^x mod p.
///
/// [`agree`](Self::agree) consumes it, so that an exponent is used once, and wipes it.
pub struct Ephemeral {
    group: Group,
    exponent: Secret<EXPONENT>,
    public: Vec<u8>,
}

impl Group {
    /// Checks a peer's N before anything is spent on it: its length, and 2 <= N <= p-2 (R25).
    ///
    /// # Errors
    /// [`Error::Exchange`].
    pub fn check_public(&self, peer: &[u8]) -> Result<(), Error> {
        Ok(check(peer, self.p(), &[])?)
    }

    /// Draws a fresh exponent: uniformly random, of the length that R24 gives, top bit set.
    ///
    /// # Errors
    /// [`Error::Random`] if `random` fails.
    pub fn ephemeral(&self, random: &mut dyn Random) -> Result<Ephemeral, Error> {
        let mut exponent = Secret::zeroed();
        draw(exponent.expose_mut(), self.exponent_bits(), random)?;
        let mut public = vec![0; self.prime_len()];
        self.arithmetic().generator_power(exponent.expose(), &mut public);
        Ok(Ephemeral { group: self.clone(), exponent, public })
    }
}

/// Fills the last `bits` bits of `exponent` and sets the first of them.
fn draw(exponent: &mut [u8; EXPONENT], bits: usize, random: &mut dyn Random) -> Result<(), Error> {
    let start = EXPONENT.saturating_sub(bits.div_ceil(8));
    let used = exponent.get_mut(start..).ok_or(Error::Length)?;
    random.fill(used)?;
    if let Some(first) = used.first_mut() {
        // A fixed top bit makes all exponents equally long, so that no code can run shorter for a
        // small one.
        let top = 1 << (bits.wrapping_sub(1) % 8);
        *first = *first & (top - 1) | top;
    }
    Ok(())
}

impl Ephemeral {
    /// The group of this exchange.
    #[must_use]
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// N, big-endian, left-padded to the length of p (R25).
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// Checks the peer's N as [`Group::check_public`] does, and that it is not our own (R25).
    ///
    /// # Errors
    /// [`Error::Exchange`].
    pub fn check(&self, peer: &[u8]) -> Result<(), Error> {
        Ok(check(peer, self.group.p(), &self.public)?)
    }

    /// Checks the peer's N, and computes Z.
    ///
    /// # Errors
    /// [`Error::Exchange`]; about N (R25), then before any arithmetic.
    pub fn agree(self, peer: &[u8]) -> Result<SharedSecret, Error> {
        self.check(peer)?;
        let mut z = SecretVec::zeroed(self.group.prime_len());
        self.group.arithmetic().power(peer, self.exponent.expose(), z.expose_mut());
        // Cannot happen in a safe-prime group after the check of N; R26 asks for it all the same,
        // against a registered group whose p was not tested well.
        if bool::from(is_degenerate(z.expose(), self.group.p())) {
            return Err(ExchangeError::Degenerate.into());
        }
        Ok(z)
    }
}

impl fmt::Debug for Ephemeral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ephemeral(redacted, {:?})", self.group)
    }
}

/// R25: as long as p or shorter, 2 <= N <= p-2, and not our own. All of these are public.
fn check(n: &[u8], p: &[u8], own: &[u8]) -> Result<(), ExchangeError> {
    if n.len() > p.len() {
        return Err(ExchangeError::Long);
    }
    let n = stripped(n);
    if matches!(n, [] | [1]) {
        return Err(ExchangeError::Small);
    }
    // p is odd, so that p-1 is p with another last octet.
    // Octets are compared, not numbers: the check comes before any big-number arithmetic with the
    // peer's octets.
    let mut order = p.to_vec();
    if let Some(last) = order.last_mut() {
        *last &= 0xfe;
    }
    if n.len() == order.len() && *n >= *order {
        return Err(ExchangeError::Large);
    }
    // An echo of our own value would give a secret that the peer cannot know: a sign of a
    // reflection attack.
    if n == stripped(own) {
        return Err(ExchangeError::Own);
    }
    Ok(())
}

fn stripped(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// R26: whether Z is 0, 1 or p-1, without saying by the time taken how near it came.
fn is_degenerate(z: &[u8], p: &[u8]) -> Choice {
    let all_but_last = |pattern: fn(&u8) -> u8| {
        let pairs = z.iter().zip(p).rev().skip(1);
        pairs.fold(Choice::from(1), |same, (octet, p)| same & octet.ct_eq(&pattern(p)))
    };
    let (last, last_of_p) = (z.last().unwrap_or(&0), p.last().unwrap_or(&1));
    // All octets are compared whatever the first ones are: the time must not depend on Z.
    let zero_or_one = all_but_last(|_| 0) & (last.ct_eq(&0) | last.ct_eq(&1));
    zero_or_one | all_but_last(|p| *p) & last.ct_eq(&(last_of_p & 0xfe))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dh::{Groups, NamedGroup},
        random::SystemRandom,
    };

    fn ephemeral() -> Ephemeral {
        Groups::new().named(NamedGroup::Ffdhe2048).ephemeral(&mut SystemRandom::new()).unwrap()
    }

    #[test]
    fn r25_every_value_outside_is_refused() {
        let p = ephemeral().group().p().to_vec();
        let with = |last: u8| [&p[..255], &[last]].concat();
        let refused = |n: &[u8]| ephemeral().agree(n).unwrap_err();
        for (n, error) in [
            (vec![], ExchangeError::Small),
            (vec![0], ExchangeError::Small),
            (vec![1], ExchangeError::Small),
            (vec![0; 256], ExchangeError::Small),
            ([&[0; 255][..], &[1]].concat(), ExchangeError::Small),
            (with(0xfe), ExchangeError::Large),
            (with(0xff), ExchangeError::Large),
            (vec![0xff; 256], ExchangeError::Large),
            (vec![0xff; 257], ExchangeError::Long),
            ([&[0; 256][..], &[2]].concat(), ExchangeError::Long),
        ] {
            assert_eq!(refused(&n), Error::Exchange(error), "{n:?}");
        }
        // p ends in 0xff, so that p-2 ends in 0xfd; it has order 2q, and is allowed.
        assert_eq!(p[255], 0xff);
        assert_eq!(ephemeral().agree(&with(0xfd)).unwrap().len(), 256);
        assert_eq!(ephemeral().agree(&[2]).unwrap().len(), 256);
    }

    #[test]
    fn r25_our_own_value_is_refused_at_any_length() {
        let ours = ephemeral();
        let own = ours.public().to_vec();
        assert_eq!(ours.agree(&own).unwrap_err(), Error::Exchange(ExchangeError::Own));
        assert_eq!(check(&[7], &[0, 11], &[0, 0, 7]), Err(ExchangeError::Own));
        assert_eq!(check(&[0, 7], &[0, 11], &[7]), Err(ExchangeError::Own));
    }

    #[test]
    fn r26_degenerate_secrets_are_refused() {
        let p = [0x80, 0x01, 0x0b];
        for z in [[0, 0, 0], [0, 0, 1], [0x80, 0x01, 0x0a]] {
            assert!(bool::from(is_degenerate(&z, &p)), "{z:?}");
        }
        for z in
            [[0, 0, 2], [0, 1, 0], [1, 0, 0], [0x80, 0x01, 0x09], [0x80, 0, 0x0a], [0, 1, 0x0a]]
        {
            assert!(!bool::from(is_degenerate(&z, &p)), "{z:?}");
        }
    }

    #[test]
    fn r24_exponents_have_their_length_and_top_bit() {
        struct Fixed(u8);
        impl Random for Fixed {
            fn fill(&mut self, octets: &mut [u8]) -> Result<(), Error> {
                octets.fill(self.0);
                Ok(())
            }
        }
        for (bits, first) in [(256, 24), (320, 16), (384, 8), (448, 0), (257, 23), (263, 23)] {
            for value in [0, 0xff] {
                let mut x = [0; EXPONENT];
                draw(&mut x, bits, &mut Fixed(value)).unwrap();
                let top = 1 << ((bits - 1) % 8);
                assert_eq!(x[..first], [0; EXPONENT][..first], "{bits}");
                assert_eq!(x[first], if value == 0 { top } else { 2 * (top - 1) + 1 }, "{bits}");
                assert!(x[first + 1..].iter().all(|octet| *octet == value), "{bits}");
            }
        }
    }

    /// R26: zeros are never stripped. A p of 57 bits has 8 octets, of which the first is zero in
    /// every second Z, and the second in one of 512.
    #[test]
    fn r26_many_exchanges_agree_with_leading_zeros() {
        let mut groups = Groups::new();
        let p = 0x01f0_0000_0000_58b7_u64;
        let group = groups.insert_small(&p.to_be_bytes(), 2, 55).unwrap();
        let mut random = SystemRandom::new();
        let mut zeros = [0; 4];
        for _ in 0..20_000 {
            let (ours, theirs) =
                (group.ephemeral(&mut random).unwrap(), group.ephemeral(&mut random).unwrap());
            let (n, m) = (ours.public().to_vec(), theirs.public().to_vec());
            let (z, also_z) = (ours.agree(&m).unwrap(), theirs.agree(&n).unwrap());
            assert_eq!((z.len(), z.expose()), (8, also_z.expose()));
            let leading = z.expose().iter().take_while(|octet| **octet == 0).count();
            zeros[leading.min(3)] += 1;
        }
        assert!(zeros[0] > 8_000 && zeros[1] > 8_000 && zeros[2] > 5, "{zeros:?}");
    }

    #[test]
    fn r24_exponents_are_fresh() {
        assert_ne!(ephemeral().public(), ephemeral().public());
    }

    #[test]
    fn debug_output_is_redacted() {
        insta::assert_snapshot!(format!("{:?}", ephemeral()), @"Ephemeral(redacted, Group(ffdhe2048))");
    }
}
