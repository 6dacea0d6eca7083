//! See [`fuzz_cases::mp3_decode`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::mp3_decode::run(data));
