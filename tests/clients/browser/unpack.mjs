// Unpacks the Chromium of @sparticuz/chromium, whole: `node unpack.mjs FOLDER`. It asks for no root.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

const folder = process.argv[2];
const packed = join(folder, "node_modules", "@sparticuz", "chromium", "bin");
const unpacked = (name) => brotliDecompressSync(readFileSync(join(packed, name)));

for (const name of ["al2023.tar.br", "swiftshader.tar.br"]) {
  mkdirSync(join(folder, "lib"), { recursive: true });
  execFileSync("tar", ["-x", "-C", folder], { input: unpacked(name) });
}
writeFileSync(join(folder, "chromium"), unpacked("chromium.br"));
chmodSync(join(folder, "chromium"), 0o755);
