//! The few names of Python that a state dict needs. None of them is called: each stands for a way to read.

use super::number::Number;
use super::refused;
use crate::error::Result;

/// A name that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Global {
    /// `collections.OrderedDict`.
    OrderedDict,
    /// `torch._utils._rebuild_tensor_v2` and its older form.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`.
    RebuildParameter,
    /// `torch.Size`.
    Size,
    /// A type of storage.
    Storage(Number),
    /// A thing beside the weights that says nothing about them: a device, a type, a program's arguments.
    Aside,
}

/// Looks a name up.
///
/// # Errors
/// Every other name is refused: loading it in Python could run anything.
pub(super) fn find(module: &str, name: &str) -> Result<Global> {
    Ok(match (module, name) {
        ("collections", "OrderedDict") => Global::OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => Global::RebuildTensor,
        ("torch._utils", "_rebuild_parameter") => Global::RebuildParameter,
        ("torch", "Size") => Global::Size,
        ("torch" | "torch.cuda", "FloatStorage") => Global::Storage(Number::F32),
        ("torch" | "torch.cuda", "HalfStorage") => Global::Storage(Number::F16),
        ("torch" | "torch.cuda", "BFloat16Storage") => Global::Storage(Number::Bf16),
        ("torch" | "torch.cuda", "DoubleStorage") => Global::Storage(Number::F64),
        ("torch" | "torch.cuda", "LongStorage") => Global::Storage(Number::I64),
        ("torch" | "torch.cuda", "IntStorage") => Global::Storage(Number::I32),
        ("torch" | "torch.cuda", "ShortStorage") => Global::Storage(Number::I16),
        ("torch" | "torch.cuda", "CharStorage") => Global::Storage(Number::I8),
        ("torch" | "torch.cuda", "ByteStorage") => Global::Storage(Number::U8),
        ("torch" | "torch.cuda", "BoolStorage") => Global::Storage(Number::Bool),
        ("argparse", "Namespace")
        | (
            "torch",
            "device" | "float32" | "float16" | "bfloat16" | "float64" | "int64" | "int32" | "bool",
        ) => Global::Aside,
        _ if module == "numpy" || module.starts_with("numpy.") => {
            return Err(refused(
                format!("numpy's '{}' beside the weights", shown(module, name)),
                "tensors only: save the file again with torch.save(model.state_dict(), FILE)",
            ));
        }
        _ => {
            return Err(refused(
                format!(
                    "the name '{}', which no state dict needs and which is never run here",
                    shown(module, name)
                ),
                "tensors only: save the file again with torch.save(model.state_dict(), FILE)",
            ));
        }
    })
}

/// A hostile name, fit for a screen.
fn shown(module: &str, name: &str) -> String {
    const LONGEST: usize = 80;
    let whole = format!("{module}.{name}");
    whole
        .chars()
        .take(LONGEST)
        .flat_map(char::escape_debug)
        .collect()
}
