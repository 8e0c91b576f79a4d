/** Icons as lines on a 16 by 16 grid. */

const PATHS = {
  first: "M4 3v10M13 3 6 8l7 5z",
  back: "M8 3 2 8l6 5zM14 3 8 8l6 5z",
  previous: "M11 3 5 8l6 5",
  play: "M4.5 2.8v10.4L13 8z",
  pause: "M5 3v10M11 3v10",
  next: "M5 3l6 5-6 5",
  forward: "M8 3l6 5-6 5zM2 3l6 5-6 5z",
  last: "M12 3v10M3 3l7 5-7 5z",
  undo: "M3 6h6.5a3.5 3.5 0 0 1 0 7H6M3 6l3-3M3 6l3 3",
  redo: "M13 6H6.5a3.5 3.5 0 0 0 0 7H10M13 6l-3-3M13 6l-3 3",
  carryBack: "M13 8H3M7 4 3 8l4 4",
  carryBoth: "M2 8h12M5 5 2 8l3 3M11 5l3 3-3 3",
  carryOn: "M3 8h10M9 4l4 4-4 4",
  box: "M2.5 5V2.5H5M11 2.5h2.5V5M13.5 11v2.5H11M5 13.5H2.5V11M8 5.5v5M5.5 8h5",
  bodyBox: "M3 3h10v10H3zM2 2h2v2H2zM12 2h2v2h-2zM2 12h2v2H2zM12 12h2v2h-2z",
  curve: "M2.5 2.5v11h11M4.5 10l2.5-4 2.5 3 3.5-5.5",
  ghost: "M7 3H3v4M3 3l4.5 4.5M9 13h4V9M13 13 8.5 8.5M11 3h.01M13 5h.01M3 11h.01M5 13h.01",
  guide: "M3.5 3.5h.01M7 4.5h.01M9 8h.01M9 8l4.5 5.5M13.5 10v3.5H10M4 8.5h.01M6 11.5h.01",
  trails: "M2.5 12c2-6 4-7 6-4.5S12 9 13.5 3.5M13.5 3.5h.01",
  skin: "M5 3.5a2 2 0 1 0 0 .1M3 13c0-3 1-4.5 2-4.5M10 3a2 2 0 1 0 .1 0M7.5 13.5c0-3.5 1-5 2.8-5s2.7 1.5 2.7 5",
  follow: "M8 1.5v3M8 11.5v3M1.5 8h3M11.5 8h3M8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  names: "M2.5 4.5 7 2.5h6.5v6.5L9 13.5zM10.8 5.2h.01",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  zoomIn: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 14 14M7 5v4M5 7h4",
  help: "M5.8 6a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.5M8 12.2h.01",
  saved: "M3 8.5 6.5 12 13 4.5",
  saving: "M8 2.5a5.5 5.5 0 1 1-5.5 5.5",
  stop: "M4 4h8v8H4z",
  flag: "M4 14V2.5M4 3h8l-2 2.7L12 8.5H4",
  anchor: "M8 2.5 13.5 8 8 13.5 2.5 8z",
  flip: "M8 2v12M6 5 2.5 11H6zM10 5l3.5 6H10z",
  copy: "M5.5 5.5V2.5h8v8h-3M2.5 5.5h8v8h-8z",
  swap: "M3 5.5h9M9.5 3 12 5.5 9.5 8M13 10.5H4M6.5 8 4 10.5 6.5 13",
  merge: "M3 3c0 4 5 3 5 7v3M13 3c0 4-5 3-5 7",
  split: "M8 3v3c0 4-5 3-5 7M8 6c0 4 5 3 5 7",
  person: "M8 2.5a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6zM3.5 13.5c0-3 2-4.7 4.5-4.7s4.5 1.7 4.5 4.7",
  trash: "M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5l.6 9h5.8l.6-9M6.8 7v4M9.2 7v4",
  eye: "M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8zM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z",
  close: "M4 4l8 8M12 4l-8 8",
  interpolate: "M2.5 12.5h.01M13.5 3.5h.01M4.5 11l7-6M8 8h.01",
  screen: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10M5.5 5.5h5v5h-5z",
  file: "M8 2v8M5 7l3 3 3-3M2.5 10.5v3h11v-3",
  move: "M8 2v12M2 8h12M6 4l2-2 2 2M6 12l2 2 2-2M4 6 2 8l2 2M12 6l2 2-2 2",
  settings: "M2.5 4.5h7M12.5 4.5h1M11 3v3M2.5 11.5h1M6.5 11.5h7M5 10v3",
  chevron: "M4 6l4 4 4-4",
} as const;

export type Icon = keyof typeof PATHS;
const FILLED: ReadonlySet<Icon> = new Set<Icon>(["play", "back", "forward", "first", "last", "stop"]);

export function icon(name: Icon): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "impose-icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svg.namespaceURI, "path") as SVGPathElement;
  path.setAttribute("d", PATHS[name]);
  if (FILLED.has(name)) path.setAttribute("fill", "currentColor");
  svg.append(path);
  return svg;
}
