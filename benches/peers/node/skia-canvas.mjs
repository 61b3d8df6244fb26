// skia-canvas: Skia behind the canvas API, on the CPU. Quickest: its pixels through `quickPng`.

import { Canvas, FontLibrary, Path2D, loadImage } from "skia-canvas";
import { join } from "node:path";
import { below, paint } from "./canvas.mjs";
import { WEIGHTS, file } from "./card.mjs";
import { HEIGHT, WIDTH, drive, quickPng } from "./harness.mjs";

await drive("workers", async (ask) => {
  FontLibrary.use("InterCard", WEIGHTS.map((weight) => join(ask.cards, "assets", `InterCard-${weight}.ttf`)));
  const [photo, avatar] = await Promise.all(["photo.jpg", "avatar.png"].map((name) => loadImage(file(ask, name))));
  // A canvas keeps what was drawn since it was made, so each row has its own.
  const fresh = () => Object.assign(new Canvas(WIDTH, HEIGHT), { gpu: false });
  const kit = (canvas) => ({ context: canvas.getContext("2d"), Path2D, photo, avatar });
  let layer;
  if (ask.layer) {
    const canvas = fresh();
    below[ask.card](kit(canvas));
    layer = await loadImage(canvas.toBufferSync("png"));
  }
  return async (row) => {
    const canvas = fresh();
    paint(kit(canvas), ask.card, row, layer);
    return ask.fast ? quickPng(canvas.toBufferSync("raw")) : canvas.toBufferSync("png");
  };
});
