/** The pointer's shape: what a press would do, or what is being done. Pure. */

import type { Part } from "./boxes";
import type { Hovered } from "./editor";
import type { ToolState } from "./tools/machine";

export function cursorOf(tool: ToolState["name"], hovered: Hovered | null): string {
  if (tool === "panning" || tool === "dragging" || tool === "moving") return "grabbing";
  if (tool === "boxing" || tool === "placing") return "crosshair";
  if (!hovered) return "default";
  if (hovered.part && tool !== "picking") return arrowsOf(hovered.part);
  return tool === "picking" || hovered.k === null ? "pointer" : "grab";
}

function arrowsOf([i, j]: Part): string {
  if (i === 0 && j === 0) return "move";
  if (i === 0) return "ns-resize";
  if (j === 0) return "ew-resize";
  return i === j ? "nwse-resize" : "nesw-resize";
}
