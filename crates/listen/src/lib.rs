//! Accept loops: TLS, the sniffing of first bytes, and who gets the stream.
