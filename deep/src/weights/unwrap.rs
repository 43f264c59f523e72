//! What training programs wrap a state dict in.

use super::Tensors;
use super::pickle::{Id, Node, Objects};

/// Keys that hold a state dict, the first found is taken: averaged weights before the last step's, as timm does,
/// for they are the ones that were judged.
const KEYS: [&str; 14] = [
    "state_dict_ema",
    "model_ema",
    "ema_state_dict",
    "ema",
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "module",
    "net",
    "network",
    "backbone",
    "weights",
    "params",
];
/// Wrappers around wrappers.
const DEEPEST: usize = 4;
/// Prefixes of parallel training, compiled and wrapped models.
const PREFIXES: [&str; 4] = ["module.", "_orig_mod.", "model.", "net."];

/// Items of a dictionary, and the keys on the way to it.
type Found<'o> = (&'o [(Id, Id)], Vec<String>);

/// The innermost dictionary that holds tensors, and the keys on the way. A key that holds tensors goes before
/// tensors beside it, such as a counter of averages.
pub(super) fn state_dict<'o>(objects: &'o Objects<'_>, root: Id) -> Option<Found<'o>> {
    let dict = |id: Id| match objects.node(id) {
        Node::Dict(items) => Some(items.as_slice()),
        _ => None,
    };
    let holds = |items: &[(Id, Id)], wanted: fn(&Node<'_>) -> bool| {
        items.iter().any(|(_, value)| wanted(objects.node(*value)))
    };
    let is_tensor: fn(&Node<'_>) -> bool = |node| matches!(node, Node::Tensor(_));
    let is_dict: fn(&Node<'_>) -> bool = |node| matches!(node, Node::Dict(_));
    let mut items = dict(root)?;
    let mut keys = Vec::new();
    for _ in 0..DEEPEST {
        let inner: Vec<(&str, &[(Id, Id)])> = KEYS
            .iter()
            .filter_map(|key| {
                let is_key = |name: Id| matches!(objects.node(name), Node::Text(t) if t == key);
                let (_, value) = items.iter().rev().find(|(name, _)| is_key(*name))?;
                Some((*key, dict(*value)?))
            })
            .collect();
        let find = |wanted| inner.iter().find(|(_, items)| holds(items, wanted));
        let further = find(is_tensor).or_else(|| {
            let here = holds(items, is_tensor);
            if here { None } else { find(is_dict) }
        });
        let Some((key, next)) = further else { break };
        keys.push((*key).to_owned());
        items = next;
    }
    holds(items, is_tensor).then_some((items, keys))
}

/// The tensors without prefixes that all of their names share, and these prefixes.
pub(super) fn without_prefixes(mut tensors: Tensors<'_>) -> (Tensors<'_>, Vec<String>) {
    let mut taken = Vec::new();
    // A name gets shorter each time.
    while let Some(prefix) = PREFIXES
        .iter()
        .find(|prefix| !tensors.is_empty() && tensors.keys().all(|name| name.starts_with(**prefix)))
    {
        taken.push((*prefix).to_owned());
        tensors = tensors
            .into_iter()
            .map(|(name, tensor)| (name[prefix.len()..].to_owned(), tensor))
            .collect();
    }
    (tensors, taken)
}
