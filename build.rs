//! Link arguments only.

/// Systems whose libraries are no ELF files, and whose linkers know no `-z`.
const NOT_ELF: [&str; 2] = ["macos", "windows"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo tells a build script for which system it builds"
    )]
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    // The warm client and the log outlive C_Finalize and dlclose: the code they need has to stay mapped. macOS keeps any library
    // that has thread-local variables, as std has; on Windows the module pins itself (src/ffi/process/windows.rs).
    if !NOT_ELF.contains(&system.as_str()) {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
