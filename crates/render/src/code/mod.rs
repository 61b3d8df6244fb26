//! Codes that machines read: text becomes modules. Where they stand is decided in `layout/code.rs`.

pub(crate) mod barcode;
pub(crate) mod contrast;
mod hole;
mod mask;
pub(crate) mod qrcode;
