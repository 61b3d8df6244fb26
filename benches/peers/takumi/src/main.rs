//! takumi's crate on the bench cards: rows to PNG bytes in memory, as `../run.py` asks for them.
//!
//! `takumi-peer CARDS CARD PNG THREADS ROWS WARM [FOLDER]` prints a JSON object on one line and waits for the
//! end of its input, so that its memory can be looked at. With FOLDER it writes the pictures instead.
//! Fonts, styles, decoded images and the crate's own cache are kept between rows. PNG is `default`, `fast` for the
//! quickest, or `layer`: then also what is the same in every row and lies below the rest, as one painted picture.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use qrcode::{EcLevel, QrCode, Version};
use serde_json::Value;
use takumi::prelude::{
    Bitmap, FontOverride, FontResource, Fonts, ImageCacheMode, ImageData, ImageSource,
    ImageSourceInput, Node, OutputFormat, RenderOptions, RgbaImage, Style, Viewport,
};
use takumi::unstable::base::resources::image::ResourceCache;
use takumi::{render, write_image};

const WIDTH: u32 = 1200;
const HEIGHT: u32 = 630;
/// Side of a QR code's module.
const MODULE_PX: usize = 4;

const STAR: &str =
    "M12 2l3.09 6.26L22 9.27l-5 4.87 1.18 6.88L12 17.77l-6.18 3.25L7 14.14 2 9.27l6.91-1.01L12 2z";
const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="72" height="72" viewBox="0 0 72 72"><rect width="72" height="72" rx="16" fill="#6366F1"/><path d="M40 10 18 42 34 42 30 64 54 32 38 32z" fill="#fff"/></svg>"##;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [cards, card, png, threads, rows, warm, folder @ ..] = &arguments[..] else {
        bail!("usage: takumi-peer CARDS CARD PNG THREADS ROWS WARM [FOLDER]");
    };
    let studio = Studio::open(Path::new(cards), card, png)?;
    let (threads, rows, warm): (usize, usize, usize) =
        (threads.parse()?, rows.parse()?, warm.parse()?);
    if let [folder] = folder {
        for row in 0..rows {
            std::fs::write(Path::new(folder).join(format!("{row:03}.png")), studio.row(row)?)?;
        }
        return Ok(());
    }
    studio.rows(threads, warm)?;
    let start = Instant::now();
    let bytes = studio.rows(threads, rows)?;
    let seconds = start.elapsed().as_secs_f64();
    println!("{}", serde_json::json!({"seconds": seconds, "bytes": bytes / rows}));
    std::io::read_to_string(std::io::stdin())?;
    Ok(())
}

/// A card with all that is kept between rows.
struct Studio {
    rows: Vec<Value>,
    photo: bool,
    fast: bool,
    layer: bool,
    /// What is the same in every row and lies below the rest, as nodes or as one picture.
    below: Vec<Node>,
    fonts: Fonts,
    cache: ResourceCache,
    images: Images,
    styles: Styles,
    stars: Vec<Style>,
}

struct Images {
    photo: ImageSource,
    avatar: ImageSource,
    star: ImageSource,
    star_empty: ImageSource,
    logo: ImageSource,
}

macro_rules! styles {
    ($($name:ident: $css:literal,)*) => {
        struct Styles { $($name: Style,)* }

        impl Styles {
            fn parse() -> Result<Self> {
                Ok(Self { $($name: style($css)?,)* })
            }
        }
    };
}

styles! {
    photo_card: "display:block;position:relative;width:1200px;height:630px;font-family:InterCard",
    photo: "position:absolute;left:0;top:0;width:1200px;height:630px;object-fit:cover",
    shade: "position:absolute;left:0;top:315px;width:1200px;height:315px;background-image:linear-gradient(180deg,rgba(0,0,0,0),rgba(0,0,0,0.8))",
    badge: "position:absolute;left:64px;top:56px;height:52px;padding:0 20px;border-radius:12px;background-color:#fff;color:#111827;font-size:28px;font-weight:700;line-height:52px;white-space:nowrap",
    headline: "position:absolute;left:64px;top:268px;width:1072px;color:#fff;font-size:72px;font-weight:700;line-height:80px",
    subtitle: "position:absolute;left:64px;top:440px;width:900px;color:rgba(255,255,255,0.85);font-size:32px;line-height:44px;white-space:nowrap",
    avatar: "position:absolute;left:64px;top:500px;width:96px;height:96px;border-radius:48px",
    footer: "position:absolute;left:184px;top:534px;color:rgba(255,255,255,0.7);font-size:20px;line-height:28px;white-space:nowrap",
    panel: "position:absolute;left:976px;top:436px;width:160px;height:160px;border-radius:8px;background-color:#fff",
    qr: "position:absolute;left:990px;top:450px;width:132px;height:132px",
    flat_card: "display:block;position:relative;width:1200px;height:630px;background-color:#0F172A;font-family:InterCard",
    logo: "position:absolute;left:64px;top:64px;width:72px;height:72px",
    brand: "position:absolute;left:156px;top:64px;height:72px;color:#fff;font-size:36px;font-weight:700;line-height:72px;white-space:nowrap",
    flat_headline: "position:absolute;left:64px;top:236px;width:1072px;color:#F8FAFC;font-size:72px;font-weight:700;line-height:80px",
    flat_subtitle: "position:absolute;left:64px;top:412px;width:1072px;color:#94A3B8;font-size:32px;line-height:44px;white-space:nowrap",
    flat_footer: "position:absolute;left:64px;top:554px;color:#64748B;font-size:20px;line-height:28px;white-space:nowrap",
    bar: "position:absolute;left:0;top:618px;width:1200px;height:12px;background-color:#6366F1",
}

impl Studio {
    fn open(cards: &Path, card: &str, png: &str) -> Result<Self> {
        let read = |name: &str| {
            let path = cards.join(name);
            std::fs::read(&path).with_context(|| path.display().to_string())
        };
        let mut fonts = Fonts::default();
        for weight in [400, 700] {
            let file = read(&format!("assets/InterCard-{weight}.ttf"))?;
            let named = FontOverride {
                family_name: Some("InterCard".into()),
                weight: Some(weight as f32),
                ..FontOverride::default()
            };
            fonts.register(FontResource::new(file).override_info(named))?;
        }
        let cache = ResourceCache::default();
        let image = |bytes: &[u8]| cache.get_or_decode(bytes, ImageCacheMode::Auto);
        let star = |fill: &str| {
            format!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="36" height="36" viewBox="0 0 24 24"><path d="{STAR}" {fill}/></svg>"#
            )
        };
        let images = Images {
            photo: image(&read("assets/photo.jpg")?)?,
            avatar: image(&read("assets/avatar.png")?)?,
            star: image(star(r##"fill="#FFC53D""##).as_bytes())?,
            star_empty: image(star(r##"fill="#fff" fill-opacity="0.35""##).as_bytes())?,
            logo: image(LOGO.as_bytes())?,
        };
        let rows = String::from_utf8(read("payloads.ndjson")?)?;
        let rows = rows.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let stars = (0..5).map(|star| {
            let left = 924 + 44 * star;
            style(&format!("position:absolute;left:{left}px;top:64px;width:36px;height:36px"))
        });
        let stars = stars.collect::<Result<_>>()?;
        let (photo, fast, layer) = (card == "photo", png != "default", png == "layer");
        let (below, styles) = (Vec::new(), Styles::parse()?);
        let mut studio =
            Self { rows, photo, fast, layer, below, fonts, cache, images, styles, stars };
        studio.below = studio.below();
        if layer {
            let painted = studio.paint(studio.below.clone(), studio.card())?.into_raw();
            let src = ImageSourceInput::Rgba(RgbaImage::new(painted, WIDTH, HEIGHT, true)?);
            let layer = Node::image(ImageData { src, width: None, height: None });
            studio.below = vec![layer.with_style(studio.styles.photo.clone())];
        }
        Ok(studio)
    }

    /// So many rows on so many threads; answers the bytes of all.
    fn rows(&self, threads: usize, rows: usize) -> Result<usize> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut bytes = 0;
            loop {
                let row = next.fetch_add(1, Ordering::Relaxed);
                if row >= rows {
                    return Ok(bytes);
                }
                bytes += self.row(row)?.len();
            }
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let bytes = threads.into_iter().map(|thread| thread.join().expect("no panic"));
            bytes.sum::<Result<usize>>()
        })
    }

    fn row(&self, row: usize) -> Result<Vec<u8>> {
        let row = &self.rows[row % self.rows.len()];
        let mut nodes = self.below.clone();
        nodes.extend(self.above(row)?);
        // A layer covers all, so that nothing needs a colour below it.
        let card = if self.layer { &self.styles.photo_card } else { self.card() };
        let bitmap = self.paint(nodes, card)?;
        let mut png = Vec::new();
        if self.fast {
            fast(&bitmap, &mut png)?;
        } else {
            write_image(&bitmap, &mut png, OutputFormat::Png)?;
        }
        Ok(png)
    }

    /// The nodes that are the same in every row and lie below the rest.
    fn below(&self) -> Vec<Node> {
        let Self { styles, images, .. } = self;
        let container = |style: &Style| Node::container([]).with_style(style.clone());
        if self.photo {
            return vec![image(&images.photo, &styles.photo), container(&styles.shade)];
        }
        let brand = Node::text("Northwind").with_style(styles.brand.clone());
        vec![image(&images.logo, &styles.logo), brand, container(&styles.bar)]
    }

    /// The nodes above them.
    fn above(&self, row: &Value) -> Result<Vec<Node>> {
        let Self { styles, images, .. } = self;
        if !self.photo {
            return Ok(vec![
                text(&row["headline"]["text"], &styles.flat_headline),
                text(&row["subtitle"]["text"], &styles.flat_subtitle),
                text(&row["footer"]["text"], &styles.flat_footer),
            ]);
        }
        let mut nodes = vec![text(&row["badge"]["text"], &styles.badge)];
        let rating = row["stars"]["value"].as_u64().unwrap_or(0);
        for (star, style) in (0..).zip(&self.stars) {
            let source = if star < rating { &images.star } else { &images.star_empty };
            nodes.push(image(source, style));
        }
        nodes.extend([
            text(&row["headline"]["text"], &styles.headline),
            text(&row["subtitle"]["text"], &styles.subtitle),
            image(&images.avatar, &styles.avatar),
            text(&row["footer"]["text"], &styles.footer),
            Node::container([]).with_style(styles.panel.clone()),
            qr(row["qr"]["text"].as_str().unwrap_or_default())?.with_style(styles.qr.clone()),
        ]);
        Ok(nodes)
    }

    fn paint(&self, nodes: Vec<Node>, card: &Style) -> Result<Bitmap> {
        let options = RenderOptions::builder()
            .viewport(Viewport::new((WIDTH, HEIGHT)))
            .fonts(&self.fonts)
            .resource_cache(self.cache.clone())
            .node(Node::container(nodes).with_style(card.clone()));
        Ok(render(options.build())?)
    }

    fn card(&self) -> &Style {
        if self.photo { &self.styles.photo_card } else { &self.styles.flat_card }
    }
}

fn image(source: &ImageSource, style: &Style) -> Node {
    Node::image(source.clone()).with_style(style.clone())
}

fn style(css: &str) -> Result<Style> {
    css.parse().map_err(|error| anyhow!("{css}: {error:?}"))
}

fn text(text: &Value, style: &Style) -> Node {
    Node::text(text.as_str().unwrap_or_default()).with_style(style.clone())
}

/// A code as a picture of whole modules.
fn qr(text: &str) -> Result<Node> {
    let code = QrCode::with_version(text, Version::Normal(4), EcLevel::M)?;
    let (modules, side) = (code.width(), code.width() * MODULE_PX);
    let mut rgba = Vec::with_capacity(side * side * 4);
    for line in code.to_colors().chunks_exact(modules) {
        let start = rgba.len();
        for module in line {
            let level = if *module == qrcode::Color::Dark { 0 } else { 255 };
            rgba.extend([level, level, level, 255].repeat(MODULE_PX));
        }
        for _ in 1..MODULE_PX {
            rgba.extend_from_within(start..start + side * 4);
        }
    }
    let side = u32::try_from(side)?;
    let src = ImageSourceInput::Rgba(RgbaImage::new(rgba, side, side, true)?);
    Ok(Node::image(ImageData { src, width: None, height: None }))
}

/// The quickest PNG of the crate that takumi itself writes PNG with.
fn fast(bitmap: &Bitmap, to: &mut Vec<u8>) -> Result<()> {
    let mut encoder = png::Encoder::new(to, bitmap.width(), bitmap.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_compression(png::Compression::Fastest);
    encoder.write_header()?.write_image_data(bitmap.as_raw())?;
    Ok(())
}
