// Headless Chromium by puppeteer-core, one for each thread, as a browser paints one of its pages at a time: a page that
// stays open, its texts set anew for each row, then a screenshot. Quickest: `optimizeForSpeed`. Its pictures are what
// the others' are compared with.

import puppeteer from "puppeteer-core";
import { LOGO, STAR, WEIGHTS, dataUri, file, font, runsPath } from "./card.mjs";
import { HEIGHT, WIDTH, drive } from "./harness.mjs";

await drive("promises", async (ask) => {
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--force-color-profile=srgb"],
  });
  const page = await browser.newPage();
  await page.setViewport({ width: WIDTH, height: HEIGHT });
  await page.setContent(html(ask));
  await page.evaluate(() => Promise.all([...document.fonts].map((face) => face.load())));
  await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
  const session = await page.createCDPSession();
  const paint = async (row) => {
    await page.evaluate(fill, row, ask.card === "photo" ? runsPath(row.qr.text) : "");
    const shot = { format: "png", optimizeForSpeed: ask.fast };
    const { data } = await session.send("Page.captureScreenshot", shot);
    return Buffer.from(data, "base64");
  };
  // It outlives a driver that only ends.
  return Object.assign(paint, { close: () => browser.close() });
});

/** In the page: a row's values into their places. */
function fill(row, code) {
  const set = (id, text) => (document.getElementById(id).textContent = text);
  for (const id of ["headline", "subtitle", "footer"]) set(id, row[id].text);
  if (!code) return;
  set("badge", row.badge.text);
  document.querySelectorAll("#stars path").forEach((star, at) => star.classList.toggle("on", at < row.stars.value));
  document.querySelector("#qr path").setAttribute("d", code);
}

function html(ask) {
  const faces = WEIGHTS.map(
    (weight) =>
      `@font-face{font-family:InterCard;font-weight:${weight};src:url(${dataUri("font/ttf", font(ask, weight))})}`,
  );
  const [styles, body] = ask.card === "photo" ? photo(ask) : flat();
  // Glyphs stand at fractions of a pixel, as everybody else's do; half a pixel makes up for the space above a line,
  // which Chromium then rounds down.
  const common = `*{margin:0}body{width:1200px;height:630px;position:relative;overflow:hidden;font-family:InterCard;text-rendering:geometricPrecision}
    body>*{position:absolute;white-space:nowrap}#headline{left:64px;width:1072px;font:700 72px/80px InterCard;white-space:normal;margin-top:.5px}`;
  return `<!doctype html><style>${faces.join("")}${common}${styles}</style>${body}`;
}

function photo(ask) {
  const styles = `#photo{width:1200px;height:630px;object-fit:cover}
    #shade{top:315px;width:1200px;height:315px;background:linear-gradient(rgba(0,0,0,0),rgba(0,0,0,.8))}
    #badge{left:64px;top:56px;height:52px;padding:0 20px;border-radius:12px;background:#fff;color:#111827;font:700 28px/52px InterCard}
    #stars{left:924px;top:64px}#stars path{fill:#fff;fill-opacity:.35}#stars path.on{fill:#FFC53D;fill-opacity:1}
    #headline{top:268px;color:#fff}#subtitle{left:64px;top:440px;font-size:32px;line-height:44px;color:rgba(255,255,255,.85)}
    #avatar{left:64px;top:500px;width:96px;height:96px;border-radius:50%}
    #footer{left:184px;top:534px;font-size:20px;line-height:28px;color:rgba(255,255,255,.7)}
    #panel{left:976px;top:436px;width:160px;height:160px;border-radius:8px;background:#fff}#qr{left:990px;top:450px}`;
  const stars = Array.from({ length: 5 }, (_, at) => `<path transform="translate(${44 * at} 0) scale(1.5)" d="${STAR}"/>`);
  const body = `<img id="photo" src="${dataUri("image/jpeg", file(ask, "photo.jpg"))}"><div id="shade"></div><div id="badge"></div>
    <svg id="stars" width="220" height="36">${stars.join("")}</svg><div id="headline"></div><div id="subtitle"></div>
    <img id="avatar" src="${dataUri("image/png", file(ask, "avatar.png"))}"><div id="footer"></div><div id="panel"></div>
    <svg id="qr" width="132" height="132" shape-rendering="crispEdges"><path/></svg>`;
  return [styles, body];
}

function flat() {
  const styles = `body{background:#0F172A}#logo{left:64px;top:64px}
    #brand{left:156px;top:64px;font:700 36px/72px InterCard;color:#fff}#headline{top:236px;color:#F8FAFC}
    #subtitle{left:64px;top:412px;font-size:32px;line-height:44px;color:#94A3B8}
    #footer{left:64px;top:554px;font-size:20px;line-height:28px;color:#64748B}
    #bar{top:618px;width:1200px;height:12px;background:#6366F1}`;
  const body = `<div id="logo">${LOGO}</div><div id="brand">Northwind</div><div id="headline"></div><div id="subtitle"></div>
    <div id="footer"></div><div id="bar"></div>`;
  return [styles, body];
}
