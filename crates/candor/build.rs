//! The dashboard is embedded as `web/dist` holds it; a new build of it makes a new binary.

fn main() {
    println!("cargo:rerun-if-changed=../../web/dist");
}
