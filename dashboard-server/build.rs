//! Makes sure that the folder of the built web app exists, so that the server also compiles
//! before the web app was built; it then serves the API and says how to build the pages.

use std::path::Path;

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=web/dist");
    println!("cargo::rerun-if-changed=build.rs");
    std::fs::create_dir_all(Path::new("web").join("dist"))
}
