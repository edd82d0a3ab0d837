// Copies the font and the icons we use out of npm packages into the repository, with their licences.
// Run `npm run copy` after adding a name to icons.txt; the copies are committed.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const components = "../src/openrapport/web/components";
const fonts = `${components}/static/openrapport/fonts`;
const icons = `${components}/icons`;
const font = "node_modules/@fontsource-variable/atkinson-hyperlegible-next";
mkdirSync(fonts, { recursive: true });
mkdirSync(icons, { recursive: true });

for (const range of ["latin", "latin-ext"]) {
  const name = `atkinson-hyperlegible-next-${range}-wght-normal.woff2`;
  copyFileSync(`${font}/files/${name}`, `${fonts}/${name}`);
}
copyFileSync(`${font}/LICENSE`, `${fonts}/OFL.txt`);

for (const name of readFileSync("icons.txt", "utf8").split("\n").filter(Boolean)) {
  const svg = readFileSync(`node_modules/lucide-static/icons/${name}.svg`, "utf8");
  const inside = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.indexOf("</svg>"));
  const shapes = inside.split("\n").map((line) => line.trim()).filter(Boolean).join("");
  writeFileSync(`${icons}/${name}.svg`, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${shapes}</svg>\n`);
}
copyFileSync("node_modules/lucide-static/LICENSE", `${icons}/LICENSE.txt`);
