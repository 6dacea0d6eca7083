//! See [`fuzz_cases::id3`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::id3::run(data));
