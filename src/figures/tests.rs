//! What holds for every figure, on a tiny study.

use super::*;

#[test]
fn stems_are_safe_names() {
    assert_eq!(stem("ResNet-18:pretrained"), "resnet_18_pretrained");
    assert_eq!(stem("../../etc"), "etc");
    assert_eq!(stem("<script>"), "script");
}
