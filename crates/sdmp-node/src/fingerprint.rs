//! Fingerprints in forms that people can compare: words to be read aloud, a picture to be looked at.

use sdmp_container::Fingerprint;

/// The first 132 bits of a fingerprint as twelve words of the English BIP-39 list, which were
/// chosen to be told apart by their first four letters.
///
/// Three lines of four words, each with its line end.
///
/// ```
/// use sdmp_node::fingerprint::words;
///
/// assert!(words(&[0xff; 64]).starts_with("zoo zoo zoo zoo\nzoo"));
/// ```
#[must_use]
pub fn words(fingerprint: &[u8; 64]) -> String {
    let words = sdmp_journal::introduction::words(&Fingerprint::from_octets(*fingerprint));
    // In fours, as they are read aloud.
    words.chunks(4).map(|four| four.join(" ") + "\n").collect()
}

const WIDTH: usize = 17;
const HEIGHT: usize = 9;
const MARKS: [char; 15] =
    [' ', '.', 'o', '+', '=', '*', 'B', 'O', 'X', '@', '%', '&', '#', '/', '^'];

/// The random art of OpenSSH (the "drunken bishop"): the walk of a bishop whose every step is two
/// bits of the fingerprint, each field marked by how often it was visited.
///
/// Eleven lines; `title` stands in the upper border and `hash`, the name of the hash function, in
/// the lower one.
#[must_use]
pub fn art(octets: &[u8], title: &str, hash: &str) -> String {
    let (start, visits, end) = walk(octets);
    let mut out = border(title);
    for (y, row) in visits.chunks(WIDTH).enumerate() {
        out.push('|');
        for (x, visited) in row.iter().enumerate() {
            out.push(match (x, y) {
                here if here == end => 'E',
                here if here == start => 'S',
                _ => MARKS.get(*visited).copied().unwrap_or('^'),
            });
        }
        out.push_str("|\n");
    }
    out + &border(hash)
}

type Place = (usize, usize);

fn walk(octets: &[u8]) -> (Place, [usize; WIDTH * HEIGHT], Place) {
    let mut visits = [0_usize; WIDTH * HEIGHT];
    let start = (WIDTH / 2, HEIGHT / 2);
    let (mut x, mut y) = start;
    let steps = octets.iter().flat_map(|octet| (0..4).map(move |pair| octet >> (2 * pair)));
    for step in steps {
        x = if step & 1 == 1 { (x + 1).min(WIDTH - 1) } else { x.saturating_sub(1) };
        y = if step & 2 == 2 { (y + 1).min(HEIGHT - 1) } else { y.saturating_sub(1) };
        if let Some(visited) = visits.get_mut(y * WIDTH + x) {
            *visited += 1;
        }
    }
    (start, visits, (x, y))
}

fn border(title: &str) -> String {
    let title = if title.is_empty() { String::new() } else { format!("[{title}]") };
    let left = WIDTH.saturating_sub(title.len()) / 2;
    let right = WIDTH.saturating_sub(title.len() + left);
    format!("+{}{title}{}+\n", "-".repeat(left), "-".repeat(right))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "a test that is wrong should stop")]
    use super::*;

    #[test]
    fn the_published_example_of_the_drunken_bishop() {
        // From "The drunken bishop: an analysis of the OpenSSH fingerprint visualization algorithm".
        let octets = 0xfc94_b0c1_e5b0_987c_5843_9976_97ee_9fb7_u128.to_be_bytes();
        let expected = "\
+-----------------+
|       .=o.  .   |
|     . *+*. o    |
|      =.*..o     |
|       o + ..    |
|        S o.     |
|         o  .    |
|          .  . . |
|              o .|
|               E.|
+-----------------+
";
        assert_eq!(art(&octets, "", ""), expected);
    }

    #[test]
    fn words_are_the_first_bits() {
        assert_eq!(words(&[0; 64]), "abandon abandon abandon abandon\n".repeat(3));
        assert_eq!(words(&[0xff; 64]), "zoo zoo zoo zoo\n".repeat(3));
        let mut second = [0; 64];
        second[1] = 0x20;
        // Bit 10 alone makes the first word number 1.
        assert!(words(&second).starts_with("ability abandon "));
        let mut last = [0; 64];
        last[16] = 0x10;
        assert!(words(&last).ends_with(" ability\n"), "bit 131 is the last that counts");
        last[16] = 0x08;
        assert!(words(&last).ends_with(" abandon\n"), "bit 132 does not count");
    }

    #[test]
    fn borders_have_the_width_of_the_field() {
        let lines = art(&[7; 64], "RSA 3072", "SHA512");
        assert!(lines.lines().all(|line| line.chars().count() == WIDTH + 2), "{lines}");
        assert!(lines.starts_with("+---[RSA 3072]----+\n"));
    }
}
