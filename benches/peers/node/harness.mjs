// What every driver in Node has in common: arguments, threads, the clock, and the quickest PNG.
//
// `node DRIVER.mjs CARDS CARD PNG THREADS ROWS WARM [FOLDER]` prints a JSON object on one line and waits for the end
// of its input, so that its memory can be looked at. With FOLDER it writes the pictures instead.
// PNG is `default`, `fast` for the quickest, or `layer`: then also what lies below is kept as one painted picture.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";

export const WIDTH = 1200;
export const HEIGHT = 630;

/**
 * Runs a driver. `open(ask)` makes what is kept between rows and answers a function from a row of the payloads to the
 * bytes of its PNG; that function's `close`, if it has one, ends what would outlive the driver. `threads: "workers"`
 * gives each thread its own, for libraries that work while JavaScript waits; `"promises"` keeps as many rows under way
 * in one thread, for those that work elsewhere.
 */
export async function drive(threadsBy, open) {
  if (!isMainThread) return serve(workerData, open);
  const [cards, card, png, threads, rows, warm, folder] = process.argv.slice(2);
  const ask = { cards, card, fast: png !== "default", layer: png === "layer", rows: +rows, warm: +warm };
  if (folder) {
    const paint = await open(ask);
    const payloads = read(ask);
    for (let row = 0; row < ask.rows; row++) {
      const name = `${String(row).padStart(3, "0")}.png`;
      writeFileSync(join(folder, name), await paint(payloads[row % payloads.length]));
    }
    await paint.close?.();
    process.exit(0);
  }
  const run = threadsBy === "workers" && threads > 1 ? workers : promises;
  const { seconds, bytes, close } = await run(ask, +threads, open);
  console.log(JSON.stringify({ seconds, bytes: Math.round(bytes / ask.rows) }));
  const end = async () => {
    await close?.();
    process.exit(0);
  };
  process.stdin.on("end", end).resume();
}

function read(ask) {
  return readFileSync(join(ask.cards, "payloads.ndjson"), "utf8").trimEnd().split("\n").map(JSON.parse);
}

/** Paints rows until `next()` is past the last; answers the bytes of all. */
async function paintAll(paint, payloads, next, count) {
  let bytes = 0;
  for (let row = next(); row < count; row = next()) {
    bytes += (await paint(payloads[row % payloads.length])).length;
  }
  return bytes;
}

async function promises(ask, threads, open) {
  const payloads = read(ask);
  const paints = await Promise.all(Array.from({ length: threads }, () => open(ask)));
  const all = async (count) => {
    let at = 0;
    const bytes = await Promise.all(paints.map((paint) => paintAll(paint, payloads, () => at++, count)));
    return bytes.reduce((sum, part) => sum + part, 0);
  };
  await all(ask.warm);
  const start = performance.now();
  const bytes = await all(ask.rows);
  const seconds = (performance.now() - start) / 1000;
  return { seconds, bytes, close: () => Promise.all(paints.map((paint) => paint.close?.())) };
}

async function workers(ask, threads) {
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const hired = Array.from({ length: threads }, () => new Worker(process.argv[1], { workerData: { ask, counter } }));
  const answers = () =>
    Promise.all(
      hired.map(
        (worker) =>
          new Promise((resolve, reject) => {
            worker.once("message", resolve);
            worker.once("error", reject);
          }),
      ),
    );
  await answers();
  const start = performance.now();
  const ended = answers();
  for (const worker of hired) worker.postMessage("go");
  const bytes = await ended;
  return { seconds: (performance.now() - start) / 1000, bytes: bytes.reduce((sum, part) => sum + part, 0) };
}

async function serve({ ask, counter }, open) {
  const payloads = read(ask);
  const paint = await open(ask);
  let at = 0;
  await paintAll(paint, payloads, () => at++, ask.warm);
  parentPort.postMessage("ready");
  await new Promise((resolve) => parentPort.once("message", resolve));
  parentPort.postMessage(await paintAll(paint, payloads, () => Atomics.add(counter, 0, 1), ask.rows));
}

/** The quickest PNG of opaque RGBA in Node that still compresses: libvips on zlib-ng, without alpha and filters. */
export async function quickPng(rgba) {
  const { default: sharp } = await import("sharp");
  sharp.concurrency(1);
  const raw = { width: WIDTH, height: HEIGHT, channels: 4 };
  return sharp(rgba, { raw }).removeAlpha().png({ compressionLevel: 1 }).toBuffer();
}
