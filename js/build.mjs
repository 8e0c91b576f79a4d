// Bundles src/ into impose_widget/static: one ES module and one style sheet. `--watch` rebuilds, with source maps.
import { mkdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

const LIMIT = 200_000; // bytes, module and style sheet together
const out = fileURLToPath(new URL("../impose_widget/static/", import.meta.url));
const watch = process.argv.includes("--watch");

const options = {
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  entryNames: "[name]",
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: !watch,
  sourcemap: watch ? "inline" : false,
  legalComments: "none",
  charset: "utf8",
  logLevel: "info",
};
// Two entry points of one name would collide, so each is built by itself.
const jobs = [
  { ...options, entryPoints: { widget: "src/index.ts" } },
  { ...options, entryPoints: { widget: "src/style.css" } },
];

await mkdir(out, { recursive: true });
if (watch) {
  for (const job of jobs) await (await esbuild.context(job)).watch();
} else {
  for (const job of jobs) await esbuild.build(job);
  const sizes = await Promise.all(["widget.js", "widget.css"].map(async (name) => (await stat(out + name)).size));
  const total = sizes[0] + sizes[1];
  if (total > LIMIT) {
    console.error(`Expected a bundle under ${LIMIT} bytes, got ${total}; leave something out.`);
    process.exit(1);
  }
}
