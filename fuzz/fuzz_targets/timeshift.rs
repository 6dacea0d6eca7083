//! See [`fuzz_cases::timeshift`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_cases::timeshift::run(data));
