//! See [`fuzz_cases::splice`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::splice::run(data));
