//! Model files: learners as JSON, weights as safetensors, PyTorch's own files.

#[cfg(feature = "learners")]
mod learners {
    use raduet::io::model_file;
    use sha2::{Digest, Sha256};

    use crate::fuzz_bodies::volumes::placed;
    use crate::fuzz_bodies::well_said;

    /// Any text as a model; once as it is, once with the checksum made right, so that what lies behind the checksum
    /// is reached as well.
    pub(crate) fn learner(data: &[u8]) {
        look(data);
        if let Some(mended) = mended(data) {
            look(&mended);
        }
    }

    fn look(bytes: &[u8]) {
        match model_file::read(&placed("model.json", bytes)) {
            Ok(model) => drop(model),
            Err(error) => well_said(&error),
        }
    }

    /// The text with the checksum of what stands around its digits.
    fn mended(data: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(data).ok()?;
        let key = "\"sha256\":\"";
        let from = text.find(key)? + key.len();
        let rest = text.get(from + 64..)?;
        let mut hasher = Sha256::new();
        hasher.update(&text[..from]);
        hasher.update(rest);
        let digits: String = hasher
            .finalize()
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        Some(format!("{}{digits}{rest}", &text[..from]).into_bytes())
    }

    pub(crate) fn seed_learner() -> Vec<Vec<u8>> {
        vec![b"{}".to_vec()]
    }
}

#[cfg(feature = "deep")]
mod deep {
    use std::cell::RefCell;

    use raduet_deep::model::Model;

    /// The smallest network there is.
    const SMALLEST: &str = "vim_micro";

    thread_local! {
        static MODEL: RefCell<Option<Model>> = const { RefCell::new(None) };
    }

    /// Any bytes as weights of a small network: loaded or refused, and finite afterwards.
    pub(crate) fn weights(data: &[u8]) {
        MODEL.with_borrow_mut(|model| {
            let model = model
                .get_or_insert_with(|| Model::new(SMALLEST, 2, 1).expect("a network of the list"));
            if model.load_weights(data).is_ok() {
                let names: Vec<String> = model.tensors().map(|t| t.name.clone()).collect();
                for name in names {
                    let numbers = model.tensor(&name).expect("its own tensor");
                    assert!(numbers.iter().all(|number| number.is_finite()), "{name}");
                }
            }
        });
    }

    pub(crate) fn seed_safetensors() -> Vec<Vec<u8>> {
        let head = r#"{"head.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
        let mut bytes = (head.len() as u64).to_le_bytes().to_vec();
        bytes.extend(head.as_bytes());
        bytes.extend([0; 8]);
        vec![bytes]
    }

    pub(crate) fn seed_torch() -> Vec<Vec<u8>> {
        vec![b"PK\x03\x04".to_vec(), b"\x80\x02}q\x00.".to_vec()]
    }
}

/// Stands in where a build has no such models.
fn nothing(_: &[u8]) {}

#[cfg(feature = "learners")]
pub(super) use learners::{learner, seed_learner};

#[cfg(not(feature = "learners"))]
pub(super) fn learner(data: &[u8]) {
    nothing(data);
}

#[cfg(not(feature = "learners"))]
pub(super) fn seed_learner() -> Vec<Vec<u8>> {
    Vec::new()
}

#[cfg(feature = "deep")]
pub(super) fn safetensors(data: &[u8]) {
    deep::weights(data);
}

#[cfg(feature = "deep")]
pub(super) fn torch_file(data: &[u8]) {
    deep::weights(data);
}

#[cfg(feature = "deep")]
pub(super) use deep::{seed_safetensors, seed_torch};

#[cfg(not(feature = "deep"))]
pub(super) fn safetensors(data: &[u8]) {
    nothing(data);
}

#[cfg(not(feature = "deep"))]
pub(super) fn torch_file(data: &[u8]) {
    nothing(data);
}

#[cfg(not(feature = "deep"))]
pub(super) fn seed_safetensors() -> Vec<Vec<u8>> {
    Vec::new()
}

#[cfg(not(feature = "deep"))]
pub(super) fn seed_torch() -> Vec<Vec<u8>> {
    Vec::new()
}
