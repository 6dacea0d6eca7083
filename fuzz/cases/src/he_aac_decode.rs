//! Any bytes as frames of HE-AAC, which a library in C++ decodes: as
//! [`pcm_decode`](crate::pcm_decode), on its own.

use std::sync::LazyLock;

use media::AacProfile;

use crate::pcm_decode::{Form, adts, judge, seeds_of};

/// Runs the target.
pub fn run(data: &[u8]) {
    let [form, rest @ ..] = data else { return };
    judge(&FORMS[usize::from(*form) % FORMS.len()], rest);
}

/// Good frames of each form, whole and cut.
pub fn seeds() -> Vec<Vec<u8>> {
    seeds_of(FORMS.as_slice())
}

static FORMS: LazyLock<[Form; 3]> = LazyLock::new(|| {
    let (one, two) = (AacProfile::HeV1, AacProfile::HeV2);
    [adts(one, 2, 44_100), adts(two, 2, 44_100), adts(one, 1, 48_000)]
});
