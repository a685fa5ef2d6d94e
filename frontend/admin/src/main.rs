//! What the browser runs at /admin.

fn main() {
    admin::mount();
}
