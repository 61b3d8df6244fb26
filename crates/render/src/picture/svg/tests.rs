//! Documents that are refused, and a few that are painted.

use pixeldrive_model::Color;

use std::io::Cursor;
use std::time::{Duration, Instant};

use super::*;
use crate::Fonts;

fn read(text: &str, color: Color) -> Result<Document, Refusal> {
    Document::read(text, color, &[], Fonts::bundled().svg())
}

fn paint(text: &str, color: Color) -> Result<(Pixels, Arc<Findings>), Refusal> {
    let (width, height) = natural_size(text)?;
    let document = read(text, color)?;
    let request = Request::new(Rect::new(0.0, 0.0, width, height), 100, 50);
    Ok((document.paint(&request)?, Arc::clone(document.findings())))
}

/// A document of 100 by 50 around `inside`.
fn document(inside: &str) -> String {
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' \
         viewBox='0 0 100 50'>{inside}</svg>"
    )
}

/// What becomes of `inside`: the code and message of a refusal, or the colour in the middle.
#[track_caller]
fn check(inside: &str, expected: &str) {
    check_text(&document(inside), expected);
}

#[track_caller]
fn check_text(text: &str, expected: &str) {
    let start = Instant::now();
    let found = match paint(text, Color::parse("#336699").unwrap()) {
        Ok((pixels, findings)) => {
            let middle = &pixels.rgba[(25 * 100 + 50) * 4..][..4];
            format!("{middle:?} {:?} {:?}", findings.families, findings.chars)
        }
        Err(refusal) => format!("{}: {refusal}", refusal.code()),
    };
    assert!(found.contains(expected), "found {found}");
    assert!(start.elapsed() < Duration::from_secs(20), "took {:?}", start.elapsed());
}

#[test]
fn documents_are_painted() {
    check("<rect width='100' height='50' fill='#ff0000'/>", "[255, 0, 0, 255] []");
    check("<rect width='100' height='50' fill='currentColor'/>", "[51, 102, 153, 255]");
    check(
        "<g color='#00ff00'><rect width='100' height='50' fill='currentColor'/></g>",
        "[0, 255, 0",
    );
    check("<circle r='5'/>", "[0, 0, 0, 0]");
    check(
        "<style>.a{fill:url(#g)} .b{clip-path:url(#c)}</style>\
         <linearGradient id='g'><stop stop-color='red'/><stop offset='1' stop-color='red'/></linearGradient>\
         <clipPath id='c'><rect class='d' width='90' height='50'/></clipPath>\
         <g class='b'><rect class='a' width='100' height='50'/></g>",
        "[255, 0, 0, 255]",
    );
    check("<text font-family='Inter' x='0' y='40' font-size='40'>M</text>", "[]");
    check("<text x='0' y='40' font-size='40'>M</text>", "[]");
    check("<text font-family='sans-serif' y='40'>M</text>", "[]");
    check("<text font-family='Helvetica, Inter' y='40'>M</text>", "[]");
    check("<text font-family='Comic Sans MS' y='40'>M</text>", "[\"Comic Sans MS\"]");
}

/// Inter has Latin letters alone, and no emoji.
#[test]
fn characters_that_no_font_has_are_told() {
    check("<text y='40'>é · \u{200d}ẞ</text>", "[] []");
    check("<text y='40'>a漢b字漢</text>", "[] ['漢', '字']");
    check("<text y='40'>漢\u{301}</text>", "['漢'");
    check("<text y='40'>م漢</text>", "'漢'");
    check(
        "<text y='40'><tspan font-weight='bold'>漢</tspan><tspan>字</tspan></text>",
        "['漢', '字']",
    );
    check("<text y='40' display='none'>漢</text><text/>", "[] []");
    check(
        "<pattern id='p' width='1' height='1'><text y='9'>😀</text></pattern>\
         <rect width='100' height='50' fill='url(#p)'/>",
        "['😀']",
    );
}

/// The bundled font has no Hebrew, another one has.
#[test]
fn families_that_stand_in_are_told() {
    let mut fonts = Fonts::bundled();
    let hebrew = include_bytes!("../../../../../tests/fixtures/fonts/noto-sans-hebrew.ttf");
    fonts.add(hebrew).unwrap();
    let stand_ins = |text: &str| {
        let text = document(&format!("<text y='40' font-family='Inter'>{text}</text>"));
        let document = Document::read(&text, Color::BLACK, &[], fonts.svg()).unwrap();
        document.findings().stand_ins.clone()
    };
    let pair = ("Inter".to_owned(), "Noto Sans Hebrew".to_owned());
    assert_eq!(stand_ins("abc <tspan font-weight='bold'>שלום</tspan> עולם"), [pair]);
    assert_eq!(stand_ins("abc \u{200b}\u{301}"), []);
}

#[test]
fn faces_that_stand_in_are_told() {
    let mut fonts = Fonts::bundled();
    fonts.add(include_bytes!("../../../../../tests/fixtures/fonts/inter-variable.ttf")).unwrap();
    let found = |style: &str| {
        let text = document(&format!("<text y='40' {style}>abc</text>"));
        let document = Document::read(&text, Color::BLACK, &[], fonts.svg()).unwrap();
        let findings = document.findings();
        (findings.weights.clone(), findings.upright.clone())
    };
    let inter = || "Inter".to_owned();
    assert_eq!(found("font-weight='bold'"), (vec![], vec![]));
    assert_eq!(found("font-weight='800'"), (vec![(inter(), 800.0, 700.0)], vec![]));
    assert_eq!(found("font-style='italic'"), (vec![], vec![inter()]));
    assert_eq!(found("font-family='Inter Variable' font-weight='350'"), (vec![], vec![]));
}

/// A quarter turn puts the right half of a document to the bottom, and cuts what lies beyond its part.
#[test]
fn a_turned_document_is_painted_at_its_angle() {
    let text = document("<path fill='#f00' d='M50-50h99v200h-99z'/>");
    let document = read(&text, Color::BLACK).unwrap();
    let crop = Rect::new(0.0, 0.0, 100.0, 50.0);
    let turn = Some(Affine::new([0.0, 1.0, -1.0, 0.0, 60.0, 10.0]));
    let pixels = document.paint(&Request { turn, ..Request::new(crop, 70, 120) }).unwrap();
    let at = |x: usize, y: usize| pixels.rgba[(y * 70 + x) * 4 + 3];
    assert_eq!([at(9, 80), at(10, 80), at(59, 80), at(60, 80)], [0, 255, 255, 0], "across");
    assert_eq!([at(30, 59), at(30, 60), at(30, 109), at(30, 110)], [0, 255, 255, 0], "down");
}

/// An edge that ends with the document is smoothed once: half a pixel is half covered.
#[test]
fn edges_of_turned_documents_are_smoothed_once() {
    let text = document("<path fill='#f00' d='M0 0h100v50h-100z'/>");
    let document = read(&text, Color::BLACK).unwrap();
    let crop = Rect::new(0.0, 0.0, 100.0, 50.0);
    let turn = Some(Affine::new([0.0, 1.0, -1.0, 0.0, 50.5, 0.0]));
    let pixels = document.paint(&Request { turn, ..Request::new(crop, 60, 100) }).unwrap();
    let alpha = pixels.rgba[(50 * 60 + 50) * 4 + 3];
    assert!(alpha.abs_diff(128) <= 2, "{alpha}");
}

/// A channel above its alpha wraps round when the pixel is laid over a light one.
#[test]
fn patterns_do_not_overshoot() {
    let text = document(
        "<pattern id='p' width='10' height='10' patternUnits='userSpaceOnUse'><rect width='10' height='10' \
         fill='#e0e7ff'/><circle cx='5' cy='5' r='3' fill='#4338ca' fill-opacity='.5'/></pattern>\
         <rect x='5' y='5' width='90' height='60' fill='url(#p)'/>",
    );
    let document = read(&text, Color::BLACK).unwrap();
    let turn = Some(Affine::rotate(-0.2) * Affine::skew(-0.4, 0.0));
    let crop = Rect::new(0.0, 0.0, 100.0, 50.0);
    let pixels = document.paint(&Request { turn, ..Request::new(crop, 100, 50) }).unwrap();
    let wrong =
        pixels.rgba.as_chunks::<4>().0.iter().find(|pixel| pixel[..3].iter().max() > pixel.last());
    assert_eq!(wrong, None, "a pixel whose colour is more than its alpha");
}

#[test]
fn the_colour_of_a_document_stays_its_own() {
    let text = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 2 1' color='#00ff00'>\
                <path fill='currentColor' d='M0 0h2v1h-2z'/></svg>";
    check_text(text, "[0, 255, 0, 255]");
    let prefixed = "<?xml version='1.0'?><s:svg xmlns:s='http://www.w3.org/2000/svg' viewBox='0 0 2 1'>\
                    <s:path fill='currentColor' d='M0 0h2v1h-2z'/></s:svg>";
    check_text(prefixed, "[51, 102, 153, 255]");
    let named = "<?xml version='1.0'?>\n<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' \
                 'http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd'>\n";
    check_text(&format!("{named}{}", document("<circle r='5'/>")), "[0, 0, 0, 0]");
    let declared = "<!DOCTYPE svg [<!ENTITY ns 'http://www.w3.org/2000/svg'><!ENTITY red '#ff0000'>]>\
                    <svg xmlns='&ns;' viewBox='0 0 2 1'><path fill='&red;' d='M0 0h2v1h-2z'/></svg>";
    check_text(declared, "[255, 0, 0, 255]");
}

fn data_uri(format: image::ImageFormat) -> String {
    let mut bytes = Vec::new();
    let picture = image::RgbImage::from_pixel(8, 4, image::Rgb([0, 0, 255]));
    picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    let hex: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
    format!("data:{},{hex}", format.to_mime_type())
}

#[test]
fn images_inside_go_through_our_own_decoder() {
    for format in [image::ImageFormat::Png, image::ImageFormat::Gif, image::ImageFormat::WebP] {
        let href = data_uri(format);
        check(&format!("<image href='{href}' width='100' height='50'/>"), "[0, 0, 255, 255]");
        check(&format!("<image xlink:href='{href}' width='100' height='50'/>"), "[0, 0, 255, 255]");
    }
    let untyped = data_uri(image::ImageFormat::Png).replace("image/png", ";charset=x");
    check(&format!("<image href='{untyped}' width='100' height='50'/>"), "[0, 0, 255, 255]");
    let svg = "%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 1 1%22/%3E";
    check(&format!("<image href='data:,{svg}' width='9' height='9'/>"), "svg_reference_refused");
    check("<image href='data:image/png;base64,%%'/>", "cannot be decoded: this is not base64");
    check("<image href='data:image/png,hello'/>", "image_type_unsupported");
    check(
        "<image href='data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAJxAAACcQCAYAAAA='/>",
        "image_too_large",
    );
    check("<image href='data:image/svg+xml,%3Csvg/%3E'/>", "svg_reference_refused");
    check("<image href='data:text/plain,x'/>", "svg_reference_refused");
}

#[test]
fn nothing_outside_of_the_document_is_followed() {
    let refused = |href: &str| format!("svg_reference_refused: the SVG refers to `{href}");
    check("<image href='file:///etc/passwd'/>", &refused("file:///etc/passwd"));
    check("<image xlink:href='/etc/passwd'/>", &refused("/etc/passwd"));
    check("<image href='' xlink:href='logo.png'/>", &refused("logo.png"));
    check("<image href=' https://example.com/a.png'/>", &refused("https://example.com"));
    check("<use href='http://169.254.169.254/#a'/>", &refused("http://169"));
    check("<filter id='f'><feImage href='file:///a'/></filter>", &refused("file:///a"));
    check("<rect fill='url(http://example.com/a.svg#g)'/>", &refused("http://example.com"));
    check("<rect style='fill: url( \"a.svg#g\" )'/>", &refused("a.svg#g"));
    check("<style>rect{mask:url(//example.com#m)}</style><rect/>", &refused("//example.com"));
    check("<style>@import url(https://example.com/a.css);</style>", &refused("@import"));
    check("<a href='https://example.com'><rect width='100' height='50'/></a>", "[0, 0, 0, 255]");
}

#[test]
fn bombs_are_refused() {
    let entities = "<!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>\
                    <svg xmlns='http://www.w3.org/2000/svg'><text>&b;</text></svg>";
    check_text(entities, "image_broken");
    check(&"<g>".repeat(100), "image_broken");
    check(&"<g>".repeat(20_000), "levels deep");
    check(&format!("{}{}", "<g>".repeat(20_000), "</g>".repeat(20_000)), "levels deep");
    check(
        &"<g/>".repeat(60_000),
        "svg_too_complex: the SVG is too complex: it has more than 50000",
    );
    check(&format!("<svg/>{}", "<!-- -->".repeat(60_000)), "nodes");
    // Each level draws the one before ten times.
    let laughs: String = (1..12)
        .map(|n| format!("<g id='l{n}'>{}</g>", format!("<use href='#l{}'/>", n - 1).repeat(10)))
        .collect();
    check(&format!("<rect id='l0'/>{laughs}"), "draws more than");
    let patterns: String = (1..12)
        .map(|n| {
            let rects = format!("<rect width='9' height='9' fill='url(#p{})'/>", n - 1).repeat(10);
            format!("<pattern id='p{n}' width='9' height='9'>{rects}</pattern>")
        })
        .collect();
    check(&format!("<pattern id='p0' width='1' height='1'/>{patterns}"), "draws more than");
    let marker = format!("<marker id='m'>{}</marker>", "<rect/>".repeat(1_000));
    let line = "1 1 ".repeat(10_000);
    check(&format!("{marker}<polyline points='{line}' marker='url(#m)'/>"), "draws more than");
    check(
        &format!("{marker}<g marker-mid='url(#m)'><polyline points='{line}'/></g>"),
        "draws more than",
    );
    // The vertices of a shape are its own, not those of its markers.
    let all = |id: &str| {
        format!("marker-start='url(#{id})' marker-mid='url(#{id})' marker-end='url(#{id})'")
    };
    let nested = format!(
        "<marker id='m'><rect width='6' height='6'/></marker>\
         <marker id='n'><path d='M10 0l6 20h-8z' {}/></marker>\
         <path fill='red' d='M0 0l100 0 0 50-100 0-5-5z' {}/>",
        all("m"),
        all("n")
    );
    check(&nested, "[255, 0, 0, 255] [] []");
    check("<use id='a' href='#a'/>", "refers to itself");
    check("<g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g>", "refers to itself");
    check("<mask id='m'><rect mask='url(#m)'/></mask>", "refers to itself");
    let chain: String =
        (1..500).map(|n| format!("<g id='c{n}'><use href='#c{}'/></g>", n - 1)).collect();
    check(&format!("<g id='c0'/>{chain}"), "levels deep");
    let rules = "g g g g g g g.x{fill:red}".repeat(100);
    let nested = format!("{}{}", "<g>".repeat(90), "</g>".repeat(90));
    check(&format!("<style>{rules}</style>{nested}"), "too many CSS rules");
}

#[test]
fn paintings_that_take_too_long_are_refused() {
    let rect = "<rect width='100' height='50' filter='url(#f)'/>";
    let filter = |primitive: &str| format!("<filter id='f'>{primitive}</filter>{rect}");
    check(&filter("<feGaussianBlur stdDeviation='3'/>"), "[0, 0, 0, 255]");
    check(&filter("<feMorphology operator='dilate' radius='2'/>"), "[0, 0, 0, 255]");
    check(&filter("<feMorphology operator='dilate' radius='900'/>"), "take too long");
    check(&filter("<feTurbulence numOctaves='99999'/>"), "take too long");
    let kernel = "1 ".repeat(250_000);
    check(
        &filter(&format!("<feConvolveMatrix order='500' kernelMatrix='{kernel}'/>")),
        "take too long",
    );
    check(
        "<path d='M0 0H1000000' stroke='red' stroke-dasharray='.001'/>",
        "more than 200000 dashes",
    );
    check(
        "<pattern id='p' patternUnits='userSpaceOnUse' width='1000000' height='1000000'><rect width='9' height='9'/></pattern>\
         <rect width='100' height='50' fill='url(#p)'/>",
        "too much memory",
    );
    let layers = "<g opacity='.9'><rect width='100' height='50'/>".repeat(90);
    let layers = document(&format!("{layers}{}", "</g>".repeat(90)));
    let layers = read(&layers, Color::BLACK).unwrap();
    let small = Request::new(Rect::new(0.0, 0.0, 100.0, 50.0), 200, 100);
    assert!(layers.paint(&small).is_ok(), "small layers are cheap");
    let large = Request { width: 4000, height: 2000, ..small };
    let Err(Refusal::Complex { .. }) = layers.paint(&large) else {
        panic!("90 layers of 8 megapixels were held at once");
    };
    let star = |points: u32, radius: f64| {
        let angles = (0..points).map(|index| f64::from(index) * 2.4);
        let points = angles.map(|angle| {
            format!("{:.1} {:.1} ", 50.0 + radius * angle.cos(), 25.0 + radius * angle.sin())
        });
        format!("<path d='M{}'/>", points.collect::<String>())
    };
    check(&star(500, 24.0), "[0, 0, 0, 255]");
    check("<path d='M0 0L1e20 1L1 1e30z'/>", "draws farther than");
    check(&star(90_000, 2.0), "take too long");
    check(&star(90_000, 24.0), "take too long");
}

/// tiny-skia makes millions of segments of a stroke far from the origin, some of them while usvg
/// parses.
#[test]
fn strokes_that_unfold_too_far_are_refused() {
    let pen = "stroke='red' stroke-width='50' fill='none'";
    let arcs = |radius: &str| {
        format!("<path d='M0 0{}' {pen}/>", format!(" A {radius} {radius} 0 1 1 1 1").repeat(5_000))
    };
    check(&arcs("9"), "[]");
    check(&arcs("1e4"), "[]");
    for inside in [
        arcs("1e6"),
        arcs("1e5"),
        format!("<g transform='rotate(1) scale(1e6)'>{}</g>", arcs("1")),
        format!(
            "<g style='transform:rotate(1deg)scale(1e3)'><g transform='matrix(1e3 1 1 1e3 0 0)'>{}</g></g>",
            arcs("1")
        ),
        format!("<g transform='scale(1e6)'>{}</g>", arcs("1")),
        format!("<style>path {{ stroke-width: 1e9 }}</style>{}", arcs("1")),
        format!("<g font-size='1e5'>{}</g>", arcs("1").replace("50", "50em")),
        format!("<circle r='1e6' {pen}/>").repeat(5_000),
        format!("<circle r='1e6%' {pen}/>").repeat(5_000),
        format!("<rect width='1e6' height='1e6' rx='1e5' {pen}/>").repeat(5_000),
        format!("<text font-size='1e6' {pen}>{}</text>", "abc".repeat(1_000)),
        format!(
            "<g font-size='10em'><g font-size='10em'><g font-size='1000%'><text {pen}>{}</text></g></g></g>",
            "abc".repeat(1_000)
        ),
        format!(
            "<defs><path id='a' d='M0 0{}'/></defs><g {pen}>{}</g>",
            "Q1e6 1 2e6 7".repeat(50),
            "<use href='#a'/>".repeat(50)
        ),
        format!(
            "<pattern id='p' width='9' height='9'>{}</pattern><rect fill='url(#p)'/>",
            arcs("1e6")
        ),
        format!("<marker id='m'>{}</marker><path marker-start='url(#m)' d='M0 0h9'/>", arcs("1e6")),
        format!(
            "<path stroke-linejoin='round' stroke-linecap='round' {pen} d='M0 0{}'/>",
            "L99 9L0 9".repeat(10_000)
        ),
        format!("<path stroke-dasharray='9' {pen} d='M0 0{}'/>", "Q900 500 1 1".repeat(5_000)),
    ] {
        check(&inside, "svg_too_complex");
    }
}

/// What editors and plotters write is painted.
#[test]
fn strokes_of_real_documents_are_painted() {
    let curves = "c9-8 7 2 15 9".repeat(500);
    let lines = "l9 8-9-7".repeat(1_000);
    let text = "<text y='9'>Some label</text>".repeat(500);
    check(
        &format!(
            "<g stroke='red' fill='none'><g transform='translate(0 50) scale(.1 -.1)'><path d='M0 0{curves}'/></g>\
             <path d='M0 90{lines}'/></g><g transform='rotate(9)'>{text}</g><path d='M50 0v50' stroke='#00f' stroke-width='9'/>"
        ),
        "[0, 0, 255, 255]",
    );
}
