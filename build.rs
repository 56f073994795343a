//! Link arguments only.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The warm client and the log outlive C_Finalize and dlclose: the code they need has to stay mapped.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
