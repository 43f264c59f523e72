//! Files that want to harm: to run something, to take memory or time, to read outside of themselves.

use super::super::{Tensors, read};
use super::made::{
    Entry, described, dict, file, global, int, pickle, storage, tensor, text, tuple, zip,
};
use super::real_files::files;
use crate::rng::{Purpose, Stream};

/// The file is refused, with these words.
fn refuses(what: &str, bytes: &[u8], words: &str) {
    match read(bytes) {
        Ok(file) => panic!("{what}: accepted {:?}", file.tensors.keys()),
        Err(fault) => {
            let said = fault.to_string();
            assert!(said.contains(words), "{what}: {said}");
            assert!(said.len() < 1000, "{what}: {} bytes", said.len());
        }
    }
}

fn good() -> Vec<u8> {
    tensor(&storage("0", 4), 0, &[4], &[1])
}

#[test]
fn names_that_run_something_are_refused_by_name() {
    let command = tuple(&[text("echo harm")]);
    for (module, name) in [
        ("os", "system"),
        ("posix", "system"),
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("subprocess", "Popen"),
        ("torch", "load"),
        ("torch.hub", "load"),
        ("torch.nn.modules.linear", "Linear"),
        ("collections", "OrderedDict.update"),
        ("collections.OrderedDict", ""),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy", "dtype"),
        ("__main__", "Model"),
    ] {
        let called = [global(module, name), command.clone(), b"R".to_vec()].concat();
        let whole = pickle(&dict(&[("a", good()), ("b", called)]));
        refuses(name, &file(&whole), name);
        // By protocol 4's instruction.
        let stacked = [text(module), text(name), b"\x93".to_vec()].concat();
        refuses(name, &file(&pickle(&stacked)), name);
    }
    let long = "x".repeat(1 << 20);
    refuses("long", &file(&pickle(&global(&long, "y"))), "xxx");
    refuses(
        "escapes",
        &file(&pickle(&global("\x1b[2J", "y"))),
        "\\u{1b}",
    );
}

#[test]
fn other_instructions_are_refused() {
    // INST, OBJ, BUILD of a number, EXT1, NEXT_BUFFER, PERSID, UNICODE lines, protocol 9, an unknown one.
    for body in [
        &b"(ios\nsystem\n"[..],
        b"(o",
        b"K\x01}b",
        b"\x82\x01",
        b"\x97",
        b"Pstorage\n",
        b"Vtext\n",
        b"\x80\x09",
        b"\xff",
    ] {
        refuses("instruction", &file(&pickle(body)), "a pickle with");
    }
}

#[test]
fn broken_stacks_are_refused() {
    for body in [
        &b""[..],
        b"0",
        b"1",
        b"2",
        b"t",
        b"e",
        b"u",
        b"a",
        b"s",
        b"R",
        b"b",
        b"Q",
        b"h\x05",
        b"j\xff\xff\xff\xff",
        b"q\x00",
        // Below a mark.
        b"K\x01(0",
        b"K\x01(\x85",
        b"}(K\x01u",
        // A mark above its stack.
        b"K\x01(K\x02(0t",
        // Calls of things that cannot be called.
        b"K\x01)R",
        b"}K\x01R",
        // Items of things that have none.
        b"K\x01K\x02a",
        b"K\x01(K\x02K\x03u",
    ] {
        refuses("stack", &file(&pickle(body)), "a pickle with");
    }
}

#[test]
fn lengths_beyond_the_file_take_no_memory() {
    for body in [
        &b"X\xff\xff\xff\xff"[..],
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"B\xff\xff\xff\xff",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x96\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x8b\xff\xff\xff\x7f",
        b"\x8a\xff",
        b"cmodule without end",
        b"J\x01",
        b"G\x00",
        b"\x95\x00",
    ] {
        let bytes = [b"\x80\x02", body].concat();
        refuses("length", &file(&bytes), "a pickle with");
    }
}

#[test]
fn tensors_outside_their_storage_are_refused() {
    let four = storage("0", 4);
    for (what, tensor) in [
        ("too many", tensor(&four, 0, &[5], &[1])),
        ("offset", tensor(&four, 1, &[4], &[1])),
        ("strides", tensor(&four, 0, &[2, 2], &[3, 1])),
        ("expanded", tensor(&four, 0, &[1 << 40], &[0])),
        ("product", tensor(&four, 0, &[i64::MAX, i64::MAX], &[1, 1])),
        ("stride", tensor(&four, 0, &[2], &[i64::MAX])),
        ("negative size", tensor(&four, 0, &[-1], &[1])),
        ("negative stride", tensor(&four, 3, &[4], &[-1])),
        ("negative offset", tensor(&four, -1, &[1], &[1])),
        ("ranks", tensor(&four, 0, &[2, 2], &[1])),
        ("rank", tensor(&four, 0, &[1; 9], &[1; 9])),
        ("count", tensor(&storage("0", 5), 0, &[4], &[1])),
        ("negative count", tensor(&storage("0", -4), 0, &[4], &[1])),
        (
            "large count",
            tensor(&storage("0", i64::MAX), 0, &[4], &[1]),
        ),
        ("no storage", tensor(&storage("1", 4), 0, &[4], &[1])),
        (
            "a way out",
            tensor(&storage("../data.pkl", 4), 0, &[4], &[1]),
        ),
        ("a number", tensor(&int(3), 0, &[4], &[1])),
    ] {
        let whole = pickle(&dict(&[("w", tensor)]));
        refuses(what, &file(&whole), "weights: found");
    }
}

#[test]
fn references_to_something_else_are_refused() {
    let parts = |kind: &str, key: Vec<u8>| {
        let number = global("torch", "FloatStorage");
        tuple(&[text(kind), number, key, text("cpu"), int(4)])
    };
    for reference in [
        text("storage"),
        tuple(&[text("storage")]),
        parts("module", text("0")),
        parts("storage", int(0)),
    ] {
        let body = [reference, b"Q".to_vec()].concat();
        refuses(
            "reference",
            &file(&pickle(&body)),
            "a pickle with a reference",
        );
    }
}

#[test]
fn work_is_bounded() {
    // Each line asks for much with few bytes; all of them end at once, as the tests' own time shows.
    let deep = [vec![b'('; 1 << 20], b")".to_vec(), vec![b't'; 1 << 20]].concat();
    refuses("depth", &file(&pickle(&deep)), "no dictionary");
    let nested = [b"N".to_vec(), vec![0x85; 1 << 20]].concat();
    refuses("nested tuples", &file(&pickle(&nested)), "no dictionary");
    let steps = vec![b'N'; (1 << 22) + 1];
    refuses("steps", &file(&pickle(&steps)), "instructions");
    // A list of pairs that is made a dictionary again and again: the square of its length.
    let pair = [text("a"), b"N\x86".to_vec()].concat();
    let pairs = [b"](".to_vec(), pair.repeat(1 << 14), b"eq\x00".to_vec()].concat();
    let again = [global("collections", "OrderedDict"), b"h\x00\x85R".to_vec()].concat();
    let square = [pairs, again.repeat(1 << 14)].concat();
    refuses("copies", &file(&pickle(&square)), "copies");
    // A dictionary that holds itself under every wrapper's name.
    let itself = b"}q\x00(X\x05\x00\x00\x00modelh\x00X\x0a\x00\x00\x00state_dicth\x00u";
    refuses("itself", &file(&pickle(itself)), "no dictionary");
    // Wrappers around wrappers.
    let mut wrapped = dict(&[("w", good())]);
    for _ in 0..6 {
        wrapped = dict(&[("model", wrapped)]);
    }
    refuses("wrappers", &file(&pickle(&wrapped)), "no dictionary");
}

/// A hundred thousand names of one storage are a hundred thousand views: numbers are made when asked for.
#[test]
fn views_share_their_storage() {
    let numbers = vec![0; 4 << 20];
    let view = |n: i64| tensor(b"h\x00", 0, &[n], &[1]);
    let first = [storage("0", 1 << 20), b"q\x000".to_vec()].concat();
    let mut names = Vec::new();
    for k in 0..20_000 {
        names.extend([text(&format!("t{k}")), view(1 << 20)].concat());
    }
    let whole = pickle(&[first, b"}(".to_vec(), names, b"u".to_vec()].concat());
    let bytes = zip(&[
        Entry::stored("data.pkl", &whole),
        Entry::stored("data/0", &numbers),
    ]);
    let tensors: Tensors<'_> = read(&bytes).unwrap().tensors;
    assert_eq!(tensors.len(), 20_000);
}

#[test]
fn archives_that_lie_are_refused() {
    let whole = pickle(&dict(&[("w", good())]));
    let content = || Entry::stored("x/data.pkl", &whole);
    let numbers = || Entry::stored("x/data/0", &[0; 16]);
    assert!(described(&zip(&[content(), numbers()])).is_ok());
    let cases: [(&str, Vec<Entry>); 9] = [
        ("no pickle", vec![numbers()]),
        ("no entries", Vec::new()),
        (
            "two pickles",
            vec![content(), numbers(), Entry::stored("y/data.pkl", &whole)],
        ),
        ("twice", vec![content(), numbers(), numbers()]),
        (
            "compressed",
            vec![
                content(),
                Entry {
                    method: 8,
                    ..numbers()
                },
            ],
        ),
        (
            "size",
            vec![
                content(),
                Entry {
                    size: u32::MAX - 1,
                    ..numbers()
                },
            ],
        ),
        (
            "wide size without an extra field",
            vec![
                content(),
                Entry {
                    size: u32::MAX,
                    ..numbers()
                },
            ],
        ),
        (
            "place",
            vec![
                content(),
                Entry {
                    place: Some(7),
                    ..numbers()
                },
            ],
        ),
        (
            "big end first",
            vec![content(), numbers(), Entry::stored("x/byteorder", b"big")],
        ),
    ];
    for (what, entries) in cases {
        refuses(what, &zip(&entries), "weights: found");
    }
    refuses("nothing", b"", "safetensors");
    refuses("a front only", b"PK\x03\x04", "ZIP");
    refuses(
        "a tar file",
        &[b"storages".to_vec(), vec![0; 600]].concat(),
        "safetensors",
    );
    refuses("a long header", &[0xFF; 64], "safetensors");
}

/// Every cut of every real file, and thousands of them with bytes changed: each is read or refused, none panics, and
/// what is read lies inside the file.
#[test]
fn damaged_files_never_panic() {
    for (which, (name, bytes, _)) in (0..).zip(files()) {
        let whole = described(&bytes).unwrap();
        for length in 0..bytes.len() {
            if let Ok(text) = described(&bytes[..length]) {
                // Only what stands behind the last storage may be missing.
                assert_eq!(text, whole, "{name} cut to {length}");
            }
        }
        let mut stream = Stream::new(1, Purpose::Augment, which, 0);
        let mut draw = |below: usize| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a number below a file's length"
            )]
            let drawn = (stream.uniform() * below as f64) as usize;
            drawn.min(below - 1)
        };
        for _ in 0..4000 {
            let mut damaged = bytes.clone();
            for _ in 0..=draw(4) {
                let at = draw(damaged.len());
                damaged[at] = u8::try_from(draw(256)).unwrap();
            }
            if let Ok(file) = read(&damaged) {
                let numbers: usize = file.tensors.values().map(|t| t.numbers().len()).sum();
                assert!(numbers <= damaged.len() * file.tensors.len());
            }
        }
    }
}
