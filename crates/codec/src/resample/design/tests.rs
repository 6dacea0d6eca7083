use super::*;
use crate::testing::digest;

/// Else two nodes of one programme would make different segments.
#[test]
fn the_filters_have_the_same_bits_on_every_machine() {
    assert_eq!(digest(&phases(160, 147)), 0x18CF_6784_3E5B_796F, "44.1 to 48 kHz");
    assert_eq!(digest(&phases(147, 160)), 0xBC8A_B30B_CD42_6C92, "48 to 44.1 kHz");
    assert_eq!(digest(&phases(1, 2)), 0xA939_2696_296B_0F47, "48 to 24 kHz");
}
