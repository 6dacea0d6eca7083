//! True peak: how far a signal goes between its samples.

/// Samples on either side of an interval that a peak in it is estimated from.
pub(super) const REACH: usize = 6;

/// The first two phases of the interpolating filter of BS.1770-4 annex 2; the others
/// are these two backwards. Parts of 2^13 of the standard's decimals.
const PHASES: [[f32; 12]; 2] = [
    [
        0.001_708_984_4,
        0.010_986_328,
        -0.019_653_32,
        0.033_203_125,
        -0.059_448_242,
        0.137_329_1,
        0.972_167_97,
        -0.102_294_92,
        0.047_607_422,
        -0.026_611_328,
        0.014_892_578,
        -0.008_300_781,
    ],
    [
        -0.029_174_805,
        0.029_296_875,
        -0.051_757_813,
        0.089_111_33,
        -0.166_503_9,
        0.465_087_9,
        0.779_785_16,
        -0.200_317_38,
        0.101_562_5,
        -0.058_227_54,
        0.033_081_055,
        -0.018_920_898,
    ],
];

/// No estimate is more than this times the greatest sample it is made of: the sum of
/// the second phase's absolute coefficients is 2.0229.
const EXCESS_MAX: f32 = 2.03;

/// The greatest absolute value that a plane takes between [`REACH`] from its
/// beginning and from its end, between samples and at them; at least `ceiling`, and
/// nothing more exact where it is not above that.
pub(super) fn true_peak(plane: &[f32], ceiling: f32) -> f32 {
    let samples = plane.iter().fold(0.0, |peak: f32, sample| peak.max(sample.abs()));
    if samples * EXCESS_MAX <= ceiling {
        return ceiling;
    }
    let inner = plane.get(REACH..plane.len().saturating_sub(REACH)).unwrap_or_default();
    let peak = inner.iter().fold(ceiling, |peak, sample| peak.max(sample.abs()));
    plane.array_windows::<12>().fold(peak, |peak, window| {
        PHASES.iter().fold(peak, |peak, phase| {
            let (mut on, mut back) = (0.0, 0.0);
            for ((sample, mirrored), tap) in window.iter().zip(window.iter().rev()).zip(phase) {
                on += sample * tap;
                back += mirrored * tap;
            }
            peak.max(on.abs()).max(back.abs())
        })
    })
}
