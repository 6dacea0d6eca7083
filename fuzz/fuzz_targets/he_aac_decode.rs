//! See [`fuzz_cases::he_aac_decode`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::he_aac_decode::run(data));
