//! A web server with pictures on it, good and bad, on this machine.

use std::net::SocketAddr;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

/// The address of a running origin; it ends with the test.
pub(crate) async fn start() -> SocketAddr {
    let router = Router::new()
        .route("/good.png", get(|| async { png(48, 32) }))
        // The header says 100 megapixels; a decoder that trusts it would take 400 MB.
        .route("/huge.png", get(|| async { png(10_000, 10_000) }))
        .route("/text.png", get(|| async { ([(CONTENT_TYPE, "image/png")], "not a picture") }))
        .fallback(|| async { StatusCode::NOT_FOUND });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A PNG of one bit a pixel: large pictures stay small files.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().expect("a header");
    let bytes = (width.div_ceil(8) * height) as usize;
    writer.write_image_data(&vec![0x55; bytes]).expect("pixels");
    writer.finish().expect("an end");
    file
}
