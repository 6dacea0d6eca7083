//! The weighting of ITU-R BS.1770-4: a shelf for the head, and a high pass.

use crate::exact::tangent;

/// Weighs the samples of one stream.
#[derive(Debug)]
pub(super) struct Weighting {
    /// The shelf, then the high pass.
    filters: [Filter; 2],
    /// Of each channel, and in it of each filter.
    states: Vec<[State; 2]>,
}

/// A second-order filter; what comes out is not multiplied.
#[derive(Debug, Clone, Copy)]
struct Filter {
    ahead: [f64; 3],
    back: [f64; 2],
}

/// What a filter remembers.
type State = [f64; 2];

impl Weighting {
    /// For a sampling rate. The standard has the filters' coefficients for 48 kHz
    /// alone; these are the analogue filters behind them, as other meters have them.
    pub(super) fn new(sample_rate_hz: u32, channels: u8) -> Self {
        let rate = f64::from(sample_rate_hz);
        Self {
            filters: [shelf(rate), high_pass(rate)],
            states: vec![[[0.0; 2]; 2]; channels.into()],
        }
    }

    /// How many samples make a group.
    pub(super) fn channels(&self) -> usize {
        self.states.len()
    }

    /// The sum of the squares of one group's weighted samples. Every channel counts
    /// alike, as left and right do.
    pub(super) fn square(&mut self, group: &[f32]) -> f64 {
        let weighted = group.iter().zip(&mut self.states).map(|(sample, states)| {
            let filters = self.filters.iter().zip(states);
            filters.fold(f64::from(*sample), |sample, (filter, state)| filter.run(state, sample))
        });
        weighted.map(|sample| sample * sample).sum()
    }
}

impl Filter {
    /// In the transposed second direct form.
    fn run(&self, state: &mut State, sample: f64) -> f64 {
        let ([ahead, ahead_1, ahead_2], [back_1, back_2]) = (self.ahead, self.back);
        let [next, last] = *state;
        let out = ahead * sample + next;
        *state = [ahead_1 * sample - back_1 * out + last, ahead_2 * sample - back_2 * out];
        out
    }
}

/// 4 dB more from 1.7 kHz on.
fn shelf(rate: f64) -> Filter {
    const HZ: f64 = 1_681.974_450_955_533;
    const Q: f64 = 0.707_175_236_955_419_6;
    /// 10^(G / 20) of the gain G = 3.999843853973347 dB.
    const HIGH: f64 = 1.584_864_701_130_855_6;
    /// Its power of 0.4996667741545416.
    const BAND: f64 = 1.258_720_930_232_562_4;
    let k = tangent(HZ / rate);
    let whole = 1.0 + k / Q + k * k;
    Filter {
        ahead: [
            (HIGH + BAND * k / Q + k * k) / whole,
            2.0 * (k * k - HIGH) / whole,
            (HIGH - BAND * k / Q + k * k) / whole,
        ],
        back: [2.0 * (k * k - 1.0) / whole, (1.0 - k / Q + k * k) / whole],
    }
}

/// Nothing below 38 Hz.
fn high_pass(rate: f64) -> Filter {
    const HZ: f64 = 38.135_470_876_024_44;
    const Q: f64 = 0.500_327_037_323_877_3;
    let k = tangent(HZ / rate);
    let whole = 1.0 + k / Q + k * k;
    Filter {
        ahead: [1.0, -2.0, 1.0],
        back: [2.0 * (k * k - 1.0) / whole, (1.0 - k / Q + k * k) / whole],
    }
}

#[cfg(test)]
mod tests;
