//! VGG: torchvision's classifier is timm's pair of convolutions over a map of 7 x 7, then a head.

use super::{Place, levels};
use crate::state::TensorInfo;

/// Side of the map that the classifier sees.
const SIDE: usize = 7;

/// torchvision's names to timm's.
pub(super) fn timm(info: &TensorInfo) -> Option<Place> {
    let (module, leaf) = levels(&info.name);
    let (module, side) = match module {
        "classifier.0" => ("pre_logits.fc1", Some(SIDE)),
        "classifier.3" => ("pre_logits.fc2", Some(1)),
        "classifier.6" => ("head.fc", None),
        features if features.starts_with("features.") => (features, None),
        _ => return None,
    };
    let mut place = Place::named(format!("{module}.{leaf}"), info);
    // (O, I K K) to (O, I, K, K).
    if let (Some(side), &[output, input]) = (side, info.shape.as_slice()) {
        place.shape = vec![output, input / (side * side), side, side];
    }
    Some(place)
}
