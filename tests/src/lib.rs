//! End-to-end proof; the code is in it/.
