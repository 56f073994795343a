//! See the crate `signpath_command`.

fn main() {}
