//! The ICY protocols (Icecast and SHOUTcast), both directions. Sans-IO.
