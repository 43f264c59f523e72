//! Memory that is asked for before it is used: a refusal is an error of the file, not the end of the program.
//!
//! What a case has been read into is kept for the next case: memory that is new to the process costs about as
//! much to be given as a file costs to be read.

use std::any::Any;
use std::sync::{Mutex, PoisonError};

use bytemuck::Pod;
use raduet_features::{MaskVolume, Volume, Voxels};

use crate::error::{Code, Result, ToolError};

/// An empty vector with room for `n` elements.
///
/// # Errors
/// `E_TOO_LARGE` when the system has no room.
pub(crate) fn reserved<T>(n: usize) -> Result<Vec<T>> {
    let mut room = Vec::new();
    room.try_reserve_exact(n).map_err(|_| {
        ToolError::new(
            Code::TooLarge,
            format!("no memory for {n} numbers of {} bytes", size_of::<T>()),
        )
        .remedy("close other programs or use a machine with more memory")
    })?;
    Ok(room)
}

/// So many zeros. They cost memory only where something is written over them.
///
/// # Errors
/// `E_TOO_LARGE` when the system has no room.
pub(crate) fn zeroed<T: Pod>(n: usize) -> Result<Vec<T>> {
    /// Bytes that the system is asked for first: only that way of asking takes no for an answer, but what was
    /// asked for once has to be zeroed by hand.
    const LARGE: usize = 1 << 28;
    if n.saturating_mul(size_of::<T>()) > LARGE {
        drop(reserved::<T>(n)?);
    }
    Ok(vec![T::zeroed(); n])
}

/// Vectors that are not needed any more, of any types, the oldest first.
struct Spares(Mutex<Vec<Box<dyn Any + Send>>>);

static SPARES: Spares = Spares(Mutex::new(Vec::new()));

impl Spares {
    /// Larger ones are not kept.
    const LARGEST: usize = 64 << 20;

    /// Most that are kept for each thread: a window on a packed file, one on what is unpacked of it, its voxels, those of its
    /// mask, what a piece of a file is unpacked to in two ways.
    const FOR_A_THREAD: usize = 6;

    /// A vector with room for `n` elements and not for many more.
    fn take<T: Pod + Send>(&self, n: usize) -> Option<Vec<T>> {
        let mut spares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |spare: &Box<dyn Any + Send>| {
            let spare = spare.downcast_ref::<Vec<T>>();
            spare.is_some_and(|spare| (n..=n.saturating_mul(2)).contains(&spare.capacity()))
        };
        let at = spares.iter().position(fits)?;
        let spare = spares.remove(at).downcast::<Vec<T>>();
        spare.ok().map(|spare| *spare)
    }

    fn keep<T: Pod + Send>(&self, vector: Vec<T>) {
        if vector.capacity().saturating_mul(size_of::<T>()) > Self::LARGEST {
            return;
        }
        let mut spares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Cases change, and with them what is asked for.
        if spares.len() >= Self::FOR_A_THREAD * rayon::current_num_threads() {
            spares.remove(0);
        }
        spares.push(Box::new(vector));
    }
}

/// Keeps a vector that is not needed any more.
pub(crate) fn give_back<T: Pod + Send>(vector: Vec<T>) {
    SPARES.keep(vector);
}

/// Keeps the memory of a case that has been measured.
pub(crate) fn recycle(volume: Volume, masks: impl IntoIterator<Item = MaskVolume>) {
    macro_rules! by_type {
        ($($variant:ident)+) => {
            match volume.into_voxels() {
                $(Voxels::$variant(array) => give_back(array.into_raw_vec_and_offset().0),)+
            }
        };
    }
    by_type!(U8 I8 U16 I16 U32 I32 U64 I64 F32 F64);
    for mask in masks {
        let (inside, _) = mask.into_inside().into_raw_vec_and_offset();
        // Truths and bytes are of one size: the library fills the same memory.
        give_back(inside.into_iter().map(u8::from).collect::<Vec<u8>>());
    }
}

/// So many numbers, which may be anything: for those who write over all of them.
///
/// # Errors
/// `E_TOO_LARGE` when the system has no room.
pub(crate) fn of_any_content<T: Pod + Send>(n: usize) -> Result<Vec<T>> {
    match SPARES.take(n) {
        Some(mut spare) => {
            spare.resize(n, T::zeroed());
            Ok(spare)
        }
        None => zeroed(n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spare_vector_serves_a_request_of_its_size_and_type_only() {
        let spares = Spares(Mutex::new(Vec::new()));
        let vector = vec![7_i16; 1000];
        let at = vector.as_ptr();
        spares.keep(vector);
        assert!(spares.take::<u16>(1000).is_none());
        assert!(spares.take::<i16>(100).is_none());
        assert!(spares.take::<i16>(1001).is_none());
        let again = spares.take::<i16>(900).unwrap();
        assert_eq!(again.as_ptr(), at);
        assert!(spares.take::<i16>(900).is_none());
    }

    #[test]
    fn the_oldest_spare_goes_when_there_are_many() {
        let spares = Spares(Mutex::new(Vec::new()));
        let most = Spares::FOR_A_THREAD * rayon::current_num_threads();
        spares.keep(vec![0_u8; 1]);
        for _ in 0..most {
            spares.keep(vec![0_u8; 64]);
        }
        assert_eq!(spares.0.lock().unwrap().len(), most);
        assert!(spares.take::<u8>(1).is_none());
        assert!(spares.take::<u8>(64).is_some());
    }
}
