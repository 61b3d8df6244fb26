//! The engine's beginnings: font files from folders, and the configuration in its own terms.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pixeldrive_gpu_worker::{Engine, EngineConfig, SourcesConfig};
use pixeldrive_model::Epoch;
use pixeldrive_render::Fonts;

use crate::config::Render;

/// Bytes of fetched images that an engine keeps.
const CACHE_BYTES_MAX: u64 = 256 << 20;
const FONT_ENDINGS: [&str; 6] = ["ttf", "otf", "ttc", "otc", "woff", "woff2"];

/// Starts an engine. Only offline commands have a `folder` for relative image paths.
pub(crate) fn start(render: &Render, folder: Option<PathBuf>) -> Result<Engine> {
    let sources = SourcesConfig {
        folder,
        allow_private: render.allow_private.clone(),
        ..SourcesConfig::default()
    };
    let config = EngineConfig {
        threads: render.threads,
        gpu: render.gpu,
        sources,
        cache_bytes_max: CACHE_BYTES_MAX,
    };
    let mut fonts = Fonts::bundled();
    for (path, bytes) in font_files(&render.fonts)? {
        let families = fonts.add(bytes).with_context(|| path.display().to_string())?;
        tracing::debug!(path = %path.display(), ?families, "font added");
    }
    Ok(Engine::start(config, fonts)?)
}

/// What the pixels depend on besides template and payload.
pub(crate) fn epoch(folders: &[PathBuf]) -> Result<Epoch> {
    let hash = |(_, bytes): (PathBuf, Vec<u8>)| *blake3::hash(&bytes).as_bytes();
    Ok(Epoch::new(font_files(folders)?.into_iter().map(hash).collect()))
}

/// The font files in the folders, those of deeper folders included, in the order of their paths.
pub(crate) fn font_files(folders: &[PathBuf]) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    for folder in folders {
        collect(folder, &mut files).with_context(|| folder.display().to_string())?;
    }
    files.sort();
    files.dedup();
    files
        .into_iter()
        .map(|path| {
            let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
            Ok((path, bytes))
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        // A link to a folder is not followed: it may lead back up.
        if path.is_dir() && !path.is_symlink() {
            collect(&path, files)?;
        } else if FONT_ENDINGS.contains(&ending.to_ascii_lowercase().as_str()) {
            files.push(path);
        }
    }
    Ok(())
}
