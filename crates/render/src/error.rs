//! Why there is no picture. Variants are grouped by who can act.
//!
//! Deliberately absent: HTTP and gRPC statuses. Only [`Fault`] and the code cross a process
//! boundary, so a new variant changes no wire code.

use pixeldrive_model::limits::FILTERED_PX_MAX;
use pixeldrive_model::{Failure, Fault};

use crate::picture::Refusal;

/// Why a drawing could not be made or painted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its doc comment would")]
pub enum Error {
    // The caller can act.
    #[error("the picture needs more than {marks_max} marks; use fewer elements or shorter texts")]
    MarksExceeded { element: String, marks_max: usize },
    #[error(
        "the picture is too complex: with this element it would take too long to paint, most of it \
         for the {most}; use fewer, smaller or simpler ones"
    )]
    TooComplex { element: String, most: &'static str },
    #[error("`{property}` is no SVG path data: {reason}")]
    PathInvalid { element: String, property: &'static str, reason: String },
    #[error("the font cannot be used: {reason}")]
    FontInvalid { reason: String },
    #[error("{refusal}")]
    Picture { element: String, refusal: Refusal },
    #[error("{reason}")]
    QrCodeTooLong { element: String, reason: String },
    #[error(
        "the logo covers more of the QR code than can be repaired; make logoSize or logoPadding \
         smaller, leave out version, or shorten the text"
    )]
    QrCodeLogoTooLarge { element: String },
    #[error(
        "the filters of this picture work on more than {FILTERED_PX_MAX} pixels; use fewer filtered \
         images or smaller ones"
    )]
    FiltersExceeded { element: String },
    #[error("the image cannot be had: {reason}")]
    AssetFailed { element: String, reason: String },
    #[error("{rule}")]
    BarcodeInvalid { element: String, rule: String },
    #[error("{reason}")]
    CodeContrastLow { element: String, reason: String },

    // The operator can act.
    #[error("the image `{source_text}` was not fetched before layout")]
    AssetMissing { element: String, source_text: String },
    #[error(
        "a picture of {width} x {height} px is larger than this painter can make ({side_max} px a side)"
    )]
    PictureTooLarge { width: u32, height: u32, side_max: u32 },
    #[error("the picture could not be painted: {reason}")]
    Paint { reason: String },
    #[error("the picture could not be encoded: {reason}")]
    Encode { reason: String },
    #[error("no usable GPU: {reason}")]
    GpuUnavailable { reason: String },

    // Trying again may work.
    #[error("the GPU stopped answering: {reason}")]
    GpuLost { reason: String },
}

impl Error {
    /// Who can act. No wildcard arm: a new variant must choose.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::MarksExceeded { .. }
            | Self::TooComplex { .. }
            | Self::PathInvalid { .. }
            | Self::FontInvalid { .. }
            | Self::QrCodeTooLong { .. }
            | Self::QrCodeLogoTooLarge { .. }
            | Self::BarcodeInvalid { .. }
            | Self::CodeContrastLow { .. }
            | Self::FiltersExceeded { .. }
            | Self::AssetFailed { .. } => Fault::Caller,
            Self::Picture { refusal, .. } => refusal.fault(),
            Self::AssetMissing { .. }
            | Self::PictureTooLarge { .. }
            | Self::Paint { .. }
            | Self::Encode { .. }
            | Self::GpuUnavailable { .. } => Fault::Operator,
            Self::GpuLost { .. } => Fault::Transient,
        }
    }

    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::MarksExceeded { .. } => "marks_exceeded",
            Self::TooComplex { .. } => "too_complex",
            Self::PathInvalid { .. } => "path_invalid",
            Self::FontInvalid { .. } => "font_invalid",
            Self::Picture { refusal, .. } => refusal.code(),
            Self::QrCodeTooLong { .. } => "qrcode_too_long",
            Self::QrCodeLogoTooLarge { .. } => "qrcode_logo_too_large",
            Self::BarcodeInvalid { .. } => "barcode_invalid",
            Self::CodeContrastLow { .. } => "code_contrast_low",
            Self::FiltersExceeded { .. } => "filters_exceeded",
            Self::AssetFailed { .. } => "asset_failed",
            Self::AssetMissing { .. } => "asset_missing",
            Self::PictureTooLarge { .. } => "picture_too_large",
            Self::Paint { .. } => "paint_failed",
            Self::Encode { .. } => "encode_failed",
            Self::GpuUnavailable { .. } => "gpu_unavailable",
            Self::GpuLost { .. } => "gpu_lost",
        }
    }

    /// The element that caused it; empty when it is none.
    #[must_use]
    pub fn element(&self) -> &str {
        match self {
            Self::MarksExceeded { element, .. }
            | Self::TooComplex { element, .. }
            | Self::PathInvalid { element, .. }
            | Self::Picture { element, .. }
            | Self::QrCodeTooLong { element, .. }
            | Self::QrCodeLogoTooLarge { element }
            | Self::BarcodeInvalid { element, .. }
            | Self::CodeContrastLow { element, .. }
            | Self::FiltersExceeded { element }
            | Self::AssetFailed { element, .. }
            | Self::AssetMissing { element, .. } => element,
            Self::FontInvalid { .. }
            | Self::PictureTooLarge { .. }
            | Self::Paint { .. }
            | Self::Encode { .. }
            | Self::GpuUnavailable { .. }
            | Self::GpuLost { .. } => "",
        }
    }
}

impl Error {
    /// The same error; one that names no element yet and is about one names this.
    pub(crate) fn of(mut self, id: &str) -> Self {
        if let Self::MarksExceeded { element, .. } | Self::TooComplex { element, .. } = &mut self
            && element.is_empty()
        {
            id.clone_into(element);
        }
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            fault: error.fault(),
            code: error.code().to_owned(),
            message: error.to_string(),
            element: error.element().to_owned(),
        }
    }
}
