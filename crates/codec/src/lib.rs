//! Encoders and decoders: fdk-aac and LAME behind small safe wrappers.
