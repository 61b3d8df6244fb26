#!/usr/bin/env python3
"""PixelDrive and other renderers on the bench cards, in one run on one machine.

    benches/peers/run.py                      # all of it: three quarters of an hour on two cores
    benches/peers/run.py --rows 4 --rounds 1  # whether it works: figures of so few rows mean nothing
    benches/peers/run.py --only pixeldrive takumi-crate

Installs the others from their registries into target/peers, builds PixelDrive and takumi's crate, and has each of
them render the same rows to PNG bytes in memory: on one hardware thread (pinned) and on all, with default and with
quickest PNG settings. Sides alternate, warm-up does not count, the median of the rounds is told. Fonts and decoded
images are kept between rows; whatever else a renderer keeps by itself it may keep.

Every picture is compared with the one that Chromium makes of the same row, and codes are read: a setting with a
wrong picture has no figure. What cannot be installed is told and left out.

Prints a Markdown table and writes target/peers/{table.md,results.json,chart.png}; the chart is drawn by PixelDrive.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import threading
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CARDS = HERE.parent / "cards"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
WORK = TARGET / "peers"
CARD_NAMES = ["photo", "flat"]
# A row of one measurement may take seconds; a hang may not take the night.
LIMIT_S = 1800
PYTHON_PACKAGES = ["pillow>=11", "zxing-cpp>=3"]
# What the drivers in Node share: codes, and the quickest PNG encoder that Node has.
SHARP = "sharp@0.35.5"
NODE_PACKAGES = ["qrcode@1.5.4", SHARP]


class Missing(Exception):
    """A renderer that cannot be had here, and why."""


@dataclass
class Renderer:
    """One side of the comparison."""

    name: str
    label: str
    # Names of its PNG settings, the default one first.
    settings: list[str] = field(default_factory=lambda: ["default", "fast"])
    # Packages from npm; the driver is `node/NAME.mjs`.
    packages: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    # Filled in by `install`.
    program: list[str] = field(default_factory=list)
    version: str = ""

    def install(self):
        """Gets it from where it is published, and builds it."""
        if not shutil.which("node") or not shutil.which("npm"):
            raise Missing("needs node and npm")
        folder = WORK / "npm" / self.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        self.version = ", ".join(self.packages)
        for driver in (HERE / "node").glob("*.mjs"):
            shutil.copy(driver, folder)
        call(["npm", "install", "--no-audit", "--no-fund", *NODE_PACKAGES, *self.packages], cwd=folder)
        self.program = ["node", str(folder / f"{self.name}.mjs"), str(CARDS)]

    def command(self, card, setting):
        return [*self.program, card, setting]


class PixelDrive(Renderer):
    def install(self):
        packages = ["-p", "pixeldrive", "-p", "pixeldrive-benches"]
        call(["cargo", "build", "--release", "--locked", *packages, "--bin", "pixeldrive", "--bin", "peer"], cwd=ROOT)
        self.program = [str(TARGET / "release" / "peer")]
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
        self.version = f"PixelDrive {commit.stdout.strip() or 'without git'}"

    def command(self, card, setting):
        effort, mode = setting.split(" ")
        return [*self.program, card, effort, mode]


class TakumiCrate(Renderer):
    def install(self):
        target = WORK / "takumi"
        manifest = HERE / "takumi" / "Cargo.toml"
        call(["cargo", "build", "--release", "--locked", "--manifest-path", manifest, "--target-dir", target], cwd=ROOT)
        self.program = [str(target / "release" / "takumi-peer"), str(CARDS)]
        self.version = "crate takumi" + tomllib.loads(manifest.read_text())["dependencies"]["takumi"]["version"]


class Chromium(Renderer):
    def install(self):
        names = ["chromium", "chromium-browser", "google-chrome"]
        found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
        if not found:
            raise Missing("there is no Chromium; on Debian: apt install chromium, else set CHROMIUM to its path")
        self.environment = {"CHROMIUM": found}
        super().install()
        told = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
        self.version = " ".join(told.split()[:2])


class Sharp(Renderer):
    def install(self):
        fonts = WORK / "fonts.conf"
        fonts.parent.mkdir(parents=True, exist_ok=True)
        fonts.write_text(
            '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
            f"<dir>{CARDS / 'assets'}</dir><cachedir>{WORK / 'fontconfig'}</cachedir></fontconfig>"
        )
        self.environment = {"FONTCONFIG_FILE": str(fonts)}
        super().install()


# The setting that the others are compared with.
OURS = ("pixeldrive", "fast plan")
REFERENCE = ("chromium", "default")
# Settings of those who can take a painted picture of what lies below.
LAYERED = ["default", "fast", "layer"]
RENDERERS = [
    PixelDrive("pixeldrive", "PixelDrive", settings=["fast plan", "fast full", "balanced plan", "balanced full"]),
    TakumiCrate("takumi-crate", "takumi (crate)", LAYERED),
    Renderer("takumi", "takumi (npm)", LAYERED, packages=["@takumi-rs/core@2.16.3"]),
    Renderer("napi-canvas", "@napi-rs/canvas", LAYERED, packages=["@napi-rs/canvas@1.1.1"]),
    Renderer("skia-canvas", "skia-canvas", LAYERED, packages=["skia-canvas@3.0.8"]),
    Sharp("sharp", "sharp", packages=[SHARP, "opentype.js@2.0.0"]),
    Renderer("satori", "satori + resvg-js", packages=["satori@0.63.2", "@resvg/resvg-js@2.6.2"]),
    Chromium("chromium", "Chromium", packages=["puppeteer-core@25.16.0"]),
]


def call(command, **options):
    """Runs a step of an installation; its end is the reason when it fails."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, **options)
    except OSError as error:
        raise Missing(str(error)) from error
    if ended.returncode != 0:
        raise Missing(f"`{' '.join(map(str, command[:2]))}` failed: {telling(ended.stderr or ended.stdout)}")


def telling(output):
    """The line of a program's output that says what went wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "Error: " in line or line.startswith("error")]
    return (errors or lines[-1:] or ["it says nothing"])[0][:200]


def say(text):
    print(text, file=sys.stderr, flush=True)


def peak_mb(pid):
    """The most memory that a process and its children had, each by itself."""
    found = 0
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            found = int(line.split()[1]) / 1000
    for task in Path(f"/proc/{pid}/task").iterdir():
        # Threads and children may have just ended.
        with suppress(OSError):
            for child in (task / "children").read_text().split():
                with suppress(OSError):
                    found += peak_mb(child)
    return found


def measure(renderer, card, setting, threads, options):
    """One measurement in a process of its own: images a second, bytes a picture, peak MB."""
    pinned = ["taskset", "-c", "0"] if threads == 1 else []
    counts = [str(threads), str(options.rows), str(options.warm)]
    process = subprocess.Popen(
        [*pinned, *renderer.command(card, setting), *counts],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | renderer.environment,
    )
    watch = Watch(process)
    line = process.stdout.readline()
    if not line:
        _, errors = process.communicate()
        watch.end()
        raise Missing(f"no answer: {telling(errors)}")
    answer = json.loads(line)
    peak = peak_mb(process.pid)
    process.communicate()
    watch.end()
    return {"rate": options.rows / answer["seconds"], "bytes": answer["bytes"], "peak": peak}


class Watch:
    """Ends a process that takes too long."""

    def __init__(self, process):
        self.timer = threading.Timer(LIMIT_S, process.kill)
        self.timer.daemon = True
        self.timer.start()

    def end(self):
        self.timer.cancel()


def paint(renderer, card, setting, rows):
    """Has the pictures of the first rows written; answers their folder."""
    folder = WORK / "pictures" / renderer.name / setting.replace(" ", "-") / card
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [*renderer.command(card, setting), "1", str(rows), "0", str(folder)]
    environment = os.environ | renderer.environment
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=LIMIT_S)
    if ended.returncode != 0:
        raise Missing(f"no pictures: {telling(ended.stderr)}")
    return folder


def installed(options):
    """The renderers that are here, and why the others are not."""
    found, missing = [], {}
    for renderer in RENDERERS:
        if options.only and renderer.name not in {*options.only, *OURS[:1], *REFERENCE[:1]}:
            continue
        say(f"installing {renderer.label}")
        try:
            renderer.install()
            found.append(renderer)
        except Missing as why:
            say(f"  left out: {why}")
            missing[renderer.label] = str(why)
    return found, missing


def checked(renderers, options):
    """How far each side's pictures are from Chromium's, or what is wrong with them, by (name, setting, card)."""
    from check import Wrong, compare

    verdicts = {}
    reference = next((one for one in renderers if one.name == REFERENCE[0]), None)
    for card in CARD_NAMES:
        wanted = reference and paint(reference, card, REFERENCE[1], options.rows)
        for renderer in renderers:
            for setting in renderer.settings:
                side = (renderer.name, setting)
                say(f"checking {renderer.label}, {setting}, {card}")
                try:
                    folder = wanted if side == REFERENCE else paint(renderer, card, setting, options.rows)
                    verdicts[*side, card] = compare(folder, wanted, card, CARDS / "payloads.ndjson")
                except (Missing, Wrong) as why:
                    say(f"  wrong: {why}")
                    verdicts[*side, card] = str(why)
                    continue
                # The first stays to be looked at.
                for picture in sorted(folder.glob("*.png"))[1:] if folder != wanted else []:
                    picture.unlink()
    return verdicts


def measured(renderers, verdicts, options):
    """Medians by (name, setting, card, threads). Sides alternate, and every second round goes the other way."""
    sides = [
        (renderer, setting, card, threads)
        for card in CARD_NAMES
        for threads in (1, options.threads)
        for renderer in renderers
        for setting in renderer.settings
        if not isinstance(verdicts[renderer.name, setting, card], str)
    ]
    taken = {}
    for turn in range(options.rounds):
        for renderer, setting, card, threads in sides if turn % 2 == 0 else reversed(sides):
            key = (renderer.name, setting, card, threads)
            try:
                one = measure(renderer, card, setting, threads, options)
            except Missing as why:
                say(f"  {key}: {why}")
                verdicts[renderer.name, setting, card] = str(why)
                taken.pop(key, None)
                continue
            say(f"round {turn + 1}: {renderer.label}, {setting}, {card}, {threads} threads: {one['rate']:.1f} images/s")
            taken.setdefault(key, []).append(one)
    middle = lambda ones, what: statistics.median(one[what] for one in ones)
    return {key: {what: middle(ones, what) for what in ("rate", "bytes", "peak")} for key, ones in taken.items()}


def table(renderers, verdicts, medians, missing, options):
    """The figures as Markdown."""
    lines = [machine(options), "", "; ".join(renderer.version for renderer in renderers) + ".", ""]
    for card in CARD_NAMES:
        ours = [medians.get((*OURS, card, threads)) for threads in (1, options.threads)]
        lines += [
            f"| {card.upper()} | images/s, 1 thread | PixelDrive is | images/s, {options.threads} threads | PixelDrive is "
            "| bytes | peak MB, 1 thread | difference |",
            "|---|---|---|---|---|---|---|---|",
        ]
        rows = []
        for renderer in renderers:
            for setting in renderer.settings:
                verdict = verdicts[renderer.name, setting, card]
                name = f"{renderer.label}, {setting}"
                one, all_ = (medians.get((renderer.name, setting, card, threads)) for threads in (1, options.threads))
                if isinstance(verdict, str) or not one or not all_:
                    rows.append((0, f"| {name} | wrong: {verdict} | | | | | | |"))
                    continue
                ratios = [f"{base['rate'] / mine['rate']:.2f} ×" if base else "" for base, mine in zip(ours, (one, all_))]
                figures = [f"{one['rate']:.1f}", ratios[0], f"{all_['rate']:.1f}", ratios[1]]
                figures += [f"{one['bytes']:,.0f}", f"{one['peak']:.0f}", "unchecked" if verdict is None else f"{verdict:.2f}"]
                rows.append((one["rate"], f"| {name} | {' | '.join(figures)} |"))
        lines += [row for _, row in sorted(rows, key=lambda row: -row[0])] + [""]
    lines += [f"- {label} is left out: {why}" for label, why in missing.items()]
    return "\n".join(lines)


def machine(options):
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    busy = f" **The machine was busy (load {options.load:.1f}): the figures mean nothing.**" if options.load > 0.7 else ""
    return (
        f"{options.rows} rows, medians of {options.rounds}, {options.threads} threads of {model}. `PixelDrive is` how many "
        f"times as fast, `{OURS[1]}`; difference: the mean of 255 to Chromium's picture, beside the code.{busy}"
    )


def chart(renderers, medians):
    """Draws the best of each side on one hardware thread."""
    values = {}
    for card in CARD_NAMES:
        bars = []
        for renderer in renderers:
            rates = [medians.get((renderer.name, setting, card, 1)) for setting in renderer.settings]
            rates = [one["rate"] for one in rates if one]
            if rates:
                bar = {"label": renderer.label, "value": round(max(rates), 1)}
                bars.append(bar | ({"color": "#6366F1"} if renderer.name == OURS[0] else {}))
        values[card] = {"values": sorted(bars, key=lambda bar: -bar["value"])}
    payload = WORK / "chart-payload.json"
    payload.write_text(json.dumps(values))
    program = TARGET / "release" / "pixeldrive"
    out = WORK / "chart.png"
    subprocess.run([program, "render", HERE / "chart.json", payload, "--strict", "--gpu", "off", "-o", out], check=True)


def with_packages():
    """Goes on in an environment that has the packages of the checks."""
    environment = WORK / "python"
    if Path(sys.prefix) == environment:
        return
    python = environment / "bin" / "python"
    call([sys.executable, "-m", "venv", environment])
    call([python, "-m", "pip", "install", "--quiet", *PYTHON_PACKAGES])
    os.execv(python, [str(python), "-B", *sys.argv])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200, help="rows of each measurement, and pictures that are checked")
    parser.add_argument("--warm", type=int, default=20, help="rows before each measurement that do not count")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each side")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of `all` [default: all]")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[one.name for one in RENDERERS])
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    try:
        with_packages()
    except Missing as why:
        sys.exit(f"error: pictures cannot be checked: {why}")
    options.load = os.getloadavg()[0]
    renderers, missing = installed(options)
    if not any(renderer.name == OURS[0] for renderer in renderers):
        sys.exit(f"error: PixelDrive was not built: {missing['PixelDrive']}")
    verdicts = checked(renderers, options)
    medians = measured(renderers, verdicts, options)
    written = table(renderers, verdicts, medians, missing, options)
    (WORK / "table.md").write_text(written + "\n")
    results = [dict(zip(("name", "setting", "card", "threads"), key)) | figures for key, figures in medians.items()]
    (WORK / "results.json").write_text(json.dumps(results, indent=1))
    chart(renderers, medians)
    print(written)
    say(f"{WORK}: table.md, results.json, chart.png, and the first picture of each side in pictures")


if __name__ == "__main__":
    main()
