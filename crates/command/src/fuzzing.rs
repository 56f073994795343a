//! For `fuzz/`: what reads bytes of others, with what has to hold for all of them.

pub use crate::plugin::fuzzing::call;
pub use crate::registry::fuzzing::manifests;
pub use crate::sign::fuzzing::payloads;
pub use crate::trust::fuzzing::certificates;
