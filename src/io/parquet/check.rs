//! The footer and page headers held against the file, before a reader believes them.
//!
//! The footer is walked once: a list in it may not claim more entries than bytes are left. The reader passes over lists
//! that it does not know entry by entry, and over those of truth values without reading a byte: two thousand million
//! entries would take it seconds.
//!
//! A column chunk is a row of pages, each a header (Thrift's compact protocol) and a body. The header says
//! how long the body is now, how long it becomes, and how many values it holds; a reader allocates by it.
//! Here every number must fit the bytes that are there.

/// Values of `encoding` that readers decode without trusting further counts: plain, plain dictionary, run
/// lengths, run lengths of a dictionary.
const ENCODINGS: [i64; 4] = [0, 2, 3, 8];

/// Snappy's shortest copy takes 2 bytes for up to 11 and 3 bytes for up to 64 bytes: no more than 22 times
/// the length comes out.
const SNAPPY_GROWTH: i64 = 22;

/// Structures and lists inside one another; a page header has two levels, a footer nine (a row group's columns, their
/// descriptions, the boxes in these).
const DEEPEST: usize = 16;

/// Bytes at the end of a file: the footer's length, and the format's mark.
const TAIL: usize = 8;

/// How the bodies of a column chunk are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bodies {
    AsTheyAre,
    Snappy,
}

/// Checks the footer of a file.
pub(super) fn footer(file: &[u8]) -> Result<(), String> {
    let walked = || {
        let (front, tail) = file.split_last_chunk::<TAIL>()?;
        let [a, b, c, d, ..] = *tail;
        let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
        let bytes = front.get(front.len().checked_sub(length)?..)?;
        Cursor { bytes, at: 0 }.structure(0, &mut |_, _| {}, None)
    };
    walked().ok_or_else(|| "a footer that is cut off or no such".to_owned())
}

/// Checks the pages of one column chunk.
pub(super) fn pages(chunk: &[u8], bodies: Bodies) -> Result<(), String> {
    let mut cursor = Cursor {
        bytes: chunk,
        at: 0,
    };
    while cursor.at < chunk.len() {
        let start = cursor.at;
        let mut header = Vec::new();
        cursor
            .structure(0, &mut |path, value| header.push((path, value)), None)
            .ok_or_else(|| {
                format!("page header at byte {start} of a column: cut off or no such")
            })?;
        let field = |path: Path| {
            let hit = header.iter().find(|(known, _)| *known == path);
            hit.map(|(_, value)| *value)
        };
        page(&field, &mut cursor, bodies)
            .map_err(|fault| format!("page header at byte {start} of a column: {fault}"))?;
    }
    Ok(())
}

/// Checks one header and passes over its body.
fn page(
    field: &dyn Fn(Path) -> Option<i64>,
    cursor: &mut Cursor<'_>,
    bodies: Bodies,
) -> Result<(), String> {
    let (Some(kind), Some(grown), Some(stored)) =
        (field((None, 1)), field((None, 2)), field((None, 3)))
    else {
        return Err("without type or sizes".into());
    };
    let left = i64::try_from(cursor.bytes.len() - cursor.at).unwrap_or(i64::MAX);
    if stored < 0 || stored > left {
        return Err(format!("{stored} bytes of {left}"));
    }
    let most = match bodies {
        Bodies::AsTheyAre => stored,
        Bodies::Snappy => stored.saturating_mul(SNAPPY_GROWTH),
    };
    if grown < 0 || grown > most {
        return Err(format!("{grown} bytes from {stored}"));
    }
    // Data page, index page, dictionary page, data page of the second form: where their own fields stand.
    let (values, encoding) = match kind {
        0 => ((Some(5), 1), (Some(5), 2)),
        1 => return Err("an index page, which no writer makes".into()),
        2 => ((Some(7), 1), (Some(7), 2)),
        3 => ((Some(8), 1), (Some(8), 4)),
        _ => return Err(format!("type {kind}")),
    };
    let (Some(values), Some(encoding)) = (field(values), field(encoding)) else {
        return Err("without count or encoding".into());
    };
    if !ENCODINGS.contains(&encoding) {
        return Err(format!("encoding {encoding}, which is not read"));
    }
    // A dictionary's values take a bit each at least; those of other pages may all be null.
    let most = if kind == 2 {
        grown.saturating_mul(8)
    } else {
        i64::from(i32::MAX)
    };
    if values < 0 || values > most {
        return Err(format!("{values} values in {grown} bytes"));
    }
    cursor.skip(usize::try_from(stored).unwrap_or(usize::MAX));
    Ok(())
}

/// The field of the outer structure, if the value stands in an inner one, and its field there.
type Path = (Option<i16>, i16);

/// Bytes in Thrift's compact protocol. `None` where they end or make no sense.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.at = self.at.checked_add(count)?;
        (self.at <= self.bytes.len()).then_some(())
    }

    fn variable(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn whole(&mut self) -> Option<i64> {
        let zigzag = self.variable()?;
        let magnitude = i64::try_from(zigzag >> 1).ok()?;
        Some(if zigzag & 1 == 0 {
            magnitude
        } else {
            -magnitude - 1
        })
    }

    fn length(&mut self) -> Option<usize> {
        let length = usize::try_from(self.variable()?).ok()?;
        (length <= self.bytes.len() - self.at).then_some(length)
    }

    /// Reads a structure to its end and reports whole numbers in it and in the structures it holds.
    fn structure(
        &mut self,
        depth: usize,
        report: &mut dyn FnMut(Path, i64),
        outer: Option<i16>,
    ) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        let mut id = 0_i16;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            id = match head >> 4 {
                0 => i16::try_from(self.whole()?).ok()?,
                step => id.checked_add(i16::from(step))?,
            };
            match head & 0x0f {
                // A field's truth value is its kind.
                1 | 2 => {}
                4..=6 => {
                    let value = self.whole()?;
                    report((outer, id), value);
                }
                12 => {
                    let mut nothing = |_: Path, _: i64| {};
                    // Deeper structures (statistics) have nothing to say.
                    let inner: &mut dyn FnMut(Path, i64) = if depth == 0 {
                        &mut *report
                    } else {
                        &mut nothing
                    };
                    self.structure(depth + 1, inner, Some(id))?;
                }
                kind => self.value(kind, depth)?,
            }
        }
    }

    /// Passes over a value that is no part of a structure's own fields.
    fn value(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match kind {
            1..=3 => self.skip(1),
            4..=6 => self.variable().map(|_| ()),
            7 => self.skip(8),
            8 => {
                let length = self.length()?;
                self.skip(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = match head >> 4 {
                    15 => self.length()?,
                    count => usize::from(count),
                };
                // Neither footers nor page headers have lists of truth values; readers differ in what these take.
                if matches!(head & 0x0f, 1 | 2) {
                    return None;
                }
                (0..count).try_for_each(|_| self.value(head & 0x0f, depth + 1))
            }
            12 => self.structure(depth + 1, &mut |_, _| {}, None),
            // Maps occur nowhere in the format.
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// type 0, sizes, then a data page header: count, encoding, two level encodings.
    fn data_page(grown: u8, stored: u8, values: u8, encoding: u8) -> Vec<u8> {
        let z = |n: u8| n << 1;
        vec![
            0x15,
            z(0),
            0x15,
            z(grown),
            0x15,
            z(stored),
            0x2c,
            0x15,
            z(values),
            0x15,
            z(encoding),
            0x15,
            z(3),
            0x15,
            z(3),
            0,
            0,
        ]
    }

    #[test]
    fn lists_of_a_footer_fit_into_it() {
        let file = |footer: &[u8]| {
            let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
            [b"PAR1", footer, &length, b"PAR1"].concat()
        };
        // Field 1 is a whole number, field 5 a list of whole numbers of 8 bits.
        assert_eq!(footer(&file(&[0x15, 2, 0x49, 0x23, 7, 8, 0])), Ok(()));
        for (footer_bytes, what) in [
            (&[0x49, 0xf3, 0xff, 0xff, 0xff, 0xff, 0x07, 0][..], "many"),
            (&[0x49, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0], "truths"),
            (&[0x49, 0x21, 1, 1, 0], "two truths"),
            (&[0x15, 2], "no end"),
        ] {
            assert!(footer(&file(footer_bytes)).is_err(), "{what}");
        }
        assert!(footer(b"PAR1\xff\xff\xff\xffPAR1").is_err());
        assert!(footer(b"PAR1").is_err());
    }

    #[test]
    fn headers_that_fit_pass() {
        let mut chunk = data_page(4, 4, 9, 0);
        chunk.extend([1, 2, 3, 4]);
        let again = chunk.clone();
        chunk.extend(again);
        assert_eq!(pages(&chunk, Bodies::AsTheyAre), Ok(()));
        assert_eq!(pages(&[], Bodies::AsTheyAre), Ok(()));
    }

    #[test]
    fn headers_that_promise_more_do_not() {
        for (header, bodies, fault) in [
            (data_page(4, 5, 1, 0), Bodies::AsTheyAre, "5 bytes of 4"),
            (data_page(5, 4, 1, 0), Bodies::AsTheyAre, "5 bytes from 4"),
            (data_page(63, 2, 1, 0), Bodies::Snappy, "63 bytes from 2"),
            (data_page(4, 4, 1, 5), Bodies::AsTheyAre, "encoding 5"),
        ] {
            let mut chunk = header;
            chunk.extend([1, 2, 3, 4]);
            let told = pages(&chunk, bodies).unwrap_err();
            assert!(told.contains(fault), "{told}");
        }
        // A dictionary page of 4 bytes with 60 values.
        let dictionary = [
            0x15, 4, 0x15, 8, 0x15, 8, 0x4c, 0x15, 120, 0x15, 0, 0, 0, 1, 2, 3, 4,
        ];
        let told = pages(&dictionary, Bodies::AsTheyAre).unwrap_err();
        assert!(told.contains("60 values in 4 bytes"), "{told}");
        let whole = data_page(0, 0, 1, 0);
        for end in 1..whole.len() {
            assert!(pages(&whole[..end], Bodies::AsTheyAre).is_err(), "{end}");
        }
    }
}
