//! The graph of a computation, and the way back through it.
//!
//! The tensor library's own backward pass fills zeros and adds for every edge, keeps the gradients of
//! everything, and does not let go of activations before its end. Here a gradient that arrives first is
//! taken as it is, and what an operation kept for its way back is freed the moment it has been used.
//! The library's tensors serve as storage only: none of them is ever tracked by it.
//!
//! A [`Value`] is a tensor with its node, if anything before it learns. [`record`] makes a node out of
//! an operation's result; [`backward`] walks from the last node to the leaves, in the reverse order of
//! their making. That order, and with it every sum of gradients, is the same on any number of threads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{Device, Result, Tensor, bail};

use crate::ops::arithmetic::sum;

/// What an operation does with the gradient of its result: one gradient per input, where it is needed.
type Back = Box<dyn FnOnce(&Tensor, &[bool]) -> Result<Vec<Option<Tensor>>> + Send>;

enum Kind {
    /// A parameter: its gradient comes out under this number.
    Leaf(usize),
    /// An operation; taken out when its gradient has come.
    Step(Mutex<Option<Back>>),
}

/// One step of a computation. Holds no tensors but those its way back needs.
struct Node {
    /// Larger than that of everything it was made from.
    order: u64,
    /// `None` where nothing learns.
    inputs: Vec<Option<Arc<Node>>>,
    kind: Kind,
}

impl Node {
    fn new(inputs: Vec<Option<Arc<Self>>>, kind: Kind) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Arc::new(Self {
            order: NEXT.fetch_add(1, Ordering::Relaxed),
            inputs,
            kind,
        })
    }
}

/// A tensor, and the way back where something before it learns.
#[derive(Clone)]
pub(crate) struct Value {
    tensor: Tensor,
    node: Option<Arc<Node>>,
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Value")
            .field("shape", self.tensor.shape())
            .field("learns", &self.learns())
            .finish_non_exhaustive()
    }
}

impl Value {
    /// A tensor before which nothing learns.
    pub(crate) fn constant(tensor: Tensor) -> Self {
        Self { tensor, node: None }
    }

    /// A tensor whose gradient is asked for: [`backward`] puts it at position `slot`.
    pub(crate) fn parameter(slot: usize, tensor: Tensor) -> Self {
        Self {
            tensor,
            node: Some(Node::new(Vec::new(), Kind::Leaf(slot))),
        }
    }

    /// The numbers.
    pub(crate) fn tensor(&self) -> &Tensor {
        &self.tensor
    }

    /// Whether a gradient of this is of use to anything.
    pub(crate) fn learns(&self) -> bool {
        self.node.is_some()
    }

    /// Where the numbers lie.
    pub(crate) fn device(&self) -> &Device {
        self.tensor.device()
    }

    /// The shape.
    pub(crate) fn dims(&self) -> &[usize] {
        self.tensor.dims()
    }

    /// The shape of a tensor of rank 3.
    pub(crate) fn dims3(&self) -> Result<(usize, usize, usize)> {
        self.tensor.dims3()
    }

    /// The shape of a tensor of rank 4.
    pub(crate) fn dims4(&self) -> Result<(usize, usize, usize, usize)> {
        self.tensor.dims4()
    }
}

/// Notes that `output` was made from `inputs`. `back` is told the gradient of `output` and which inputs
/// want one, and answers with a gradient of every such input's shape.
pub(crate) fn record<const N: usize>(
    inputs: [&Value; N],
    output: Tensor,
    back: impl FnOnce(&Tensor, [bool; N]) -> Result<[Option<Tensor>; N]> + Send + 'static,
) -> Value {
    record_all(&inputs, output, move |gradient, needs| {
        let mut wanted = [false; N];
        wanted.copy_from_slice(needs);
        Ok(back(gradient, wanted)?.into())
    })
}

/// Like [`record`] for a number of inputs that is known only when running.
pub(crate) fn record_all(
    inputs: &[&Value],
    output: Tensor,
    back: impl FnOnce(&Tensor, &[bool]) -> Result<Vec<Option<Tensor>>> + Send + 'static,
) -> Value {
    if inputs.iter().all(|input| !input.learns()) {
        return Value::constant(output);
    }
    let inputs = inputs.iter().map(|input| input.node.clone()).collect();
    let step = Kind::Step(Mutex::new(Some(Box::new(back))));
    Value {
        tensor: output,
        node: Some(Node::new(inputs, step)),
    }
}

/// The gradients of the leaves under `value`, by their slots below `slots`, given the gradient of
/// `value` itself. A graph can be walked once: the walk frees it.
///
/// # Errors
/// Those of the operations; a second walk; a slot that is not below `slots`.
pub(crate) fn backward(
    value: Value,
    gradient: Tensor,
    slots: usize,
) -> Result<Vec<Option<Tensor>>> {
    let mut found = vec![None; slots];
    let Some(root) = value.node else {
        return Ok(found);
    };
    let mut pending = BTreeMap::from([(root.order, (root, gradient))]);
    while let Some((_, (node, gradient))) = pending.pop_last() {
        match &node.kind {
            Kind::Leaf(slot) => match found.get_mut(*slot) {
                Some(place) => {
                    *place = Some(match place.take() {
                        None => gradient,
                        Some(before) => sum(&before, &gradient)?,
                    });
                }
                None => bail!("a parameter of slot {slot} among {slots}"),
            },
            Kind::Step(back) => {
                let taken = back.lock().unwrap_or_else(PoisonError::into_inner).take();
                let Some(back) = taken else {
                    bail!("a second walk back through the same computation")
                };
                let needs: Vec<bool> = node.inputs.iter().map(Option::is_some).collect();
                let gradients = back(&gradient, &needs)?;
                drop(gradient);
                for (input, gradient) in node.inputs.iter().zip(gradients) {
                    let (Some(input), Some(gradient)) = (input, gradient) else {
                        continue;
                    };
                    let arrived = match pending.remove(&input.order) {
                        None => gradient,
                        Some((_, before)) => sum(&before, &gradient)?,
                    };
                    pending.insert(input.order, (Arc::clone(input), arrived));
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::arithmetic::{add, multiply};

    fn leaf(slot: usize, numbers: &[f32]) -> Value {
        Value::parameter(slot, Tensor::new(numbers, &Device::Cpu).unwrap())
    }

    fn constant(numbers: &[f32]) -> Value {
        Value::constant(Tensor::new(numbers, &Device::Cpu).unwrap())
    }

    fn numbers(tensor: &Tensor) -> Vec<f32> {
        tensor.to_vec1().unwrap()
    }

    /// y = (a b + a) · 3 with a used twice: da = 3 (b + 1), db = 3 a.
    #[test]
    fn gradients_of_a_value_used_twice_add_up() {
        let (a, b) = (leaf(0, &[1.0, 2.0]), leaf(1, &[5.0, -7.0]));
        let y = add(&multiply(&a, &b).unwrap(), &a).unwrap();
        let y = multiply(&y, &constant(&[3.0, 3.0])).unwrap();
        assert_eq!(numbers(y.tensor()), [18.0, -36.0]);
        let ones = y.tensor().ones_like().unwrap();
        let found = backward(y, ones, 3).unwrap();
        assert_eq!(numbers(found[0].as_ref().unwrap()), [18.0, -18.0]);
        assert_eq!(numbers(found[1].as_ref().unwrap()), [3.0, 6.0]);
        assert!(found[2].is_none());
    }

    /// Two leaves of one slot, as a layer that is applied twice makes them.
    #[test]
    fn gradients_of_one_slot_add_up() {
        let (a, b) = (leaf(0, &[2.0]), leaf(0, &[2.0]));
        let y = multiply(&a, &b).unwrap();
        let ones = y.tensor().ones_like().unwrap();
        let found = backward(y, ones, 1).unwrap();
        assert_eq!(numbers(found[0].as_ref().unwrap()), [4.0]);
    }

    #[test]
    fn constants_record_nothing_and_a_walk_is_made_once() {
        let constant = constant(&[2.0]);
        assert!(!add(&constant, &constant).unwrap().learns());
        let y = multiply(&leaf(0, &[1.0]), &constant).unwrap();
        let ones = y.tensor().ones_like().unwrap();
        assert!(backward(y.clone(), ones.clone(), 1).is_ok());
        assert!(backward(y.clone(), ones.clone(), 1).is_err());
        assert!(backward(leaf(3, &[1.0]), ones, 1).is_err());
    }
}
