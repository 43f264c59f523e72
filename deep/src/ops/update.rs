//! Moving a parameter in place together with its optimiser state: one pass over parameter, state and gradient.
//!
//! A [`Rule`] says what happens on slices. The state lies in a tensor of its own on the parameter's device, `k`
//! numbers per number of the parameter: (k, n), so that it can be stored and that a device reaches it without a
//! copy. The tensor library hands out one tensor for writing at a time; two are reached by one call inside the
//! other.

use std::sync::{Mutex, PoisonError};

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Result, Tensor, bail};

/// Numbers handled by one task of a rule.
pub(super) const CHUNK: usize = 32 * 1024;

/// What an optimiser does to one parameter.
pub(crate) trait Rule: Sync {
    /// For messages.
    fn name(&self) -> &'static str;

    /// Numbers of state for each number of a parameter.
    fn state_numbers(&self) -> usize;

    /// Moves `p` of n numbers and its state (k, n) by the gradient `g`.
    fn cpu(&self, p: &mut [f32], state: &mut [f32], g: &[f32]);
}

/// Applies a rule to a parameter.
pub(crate) fn update(
    rule: &dyn Rule,
    parameter: &Tensor,
    state: &Tensor,
    gradient: &Tensor,
) -> Result<()> {
    let gradient = gradient.contiguous()?;
    let numbers = parameter.elem_count();
    if gradient.elem_count() != numbers || state.elem_count() != rule.state_numbers() * numbers {
        bail!(
            "{}: {numbers} numbers, {} gradients, {} of state",
            rule.name(),
            gradient.elem_count(),
            state.elem_count()
        );
    }
    let outer = OnParameter {
        rule,
        state,
        gradient: &gradient,
    };
    parameter.inplace_op1(&outer)
}

/// Holds the parameter, and goes on to its state.
struct OnParameter<'a> {
    rule: &'a dyn Rule,
    state: &'a Tensor,
    gradient: &'a Tensor,
}

impl InplaceOp1 for OnParameter<'_> {
    fn name(&self) -> &'static str {
        self.rule.name()
    }

    fn cpu_fwd(&self, parameter: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let inner = OnState {
            rule: self.rule,
            parameter: Mutex::new(slice_mut(parameter, layout, self.rule.name())?),
        };
        self.state.inplace_op2(self.gradient, &inner)
    }
}

/// Holds the state as well.
struct OnState<'a> {
    rule: &'a dyn Rule,
    /// The library hands the operation out by shared reference only.
    parameter: Mutex<&'a mut [f32]>,
}

impl InplaceOp2 for OnState<'_> {
    fn name(&self) -> &'static str {
        self.rule.name()
    }

    fn cpu_fwd(
        &self,
        state: &mut CpuStorage,
        state_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<()> {
        let g = super::memory::slice(gradient, gradient_layout)?;
        let state = slice_mut(state, state_layout, self.rule.name())?;
        let mut p = self
            .parameter
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.rule.cpu(&mut p, state, g);
        Ok(())
    }
}

/// The contiguous numbers of a storage, for writing.
pub(super) fn slice_mut<'a>(
    storage: &'a mut CpuStorage,
    layout: &Layout,
    op: &'static str,
) -> Result<&'a mut [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("{op}: the numbers to change are not contiguous")
    };
    let CpuStorage::F32(numbers) = storage else {
        bail!("{op}: the numbers to change are not f32")
    };
    Ok(&mut numbers[start..end])
}
