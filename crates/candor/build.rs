//! The dashboard and the table of countries are embedded as their folders hold them; what is new
//! there makes a new binary.

fn main() {
    println!("cargo:rerun-if-changed=../../web/dist");
    println!("cargo:rerun-if-changed=country");
}
