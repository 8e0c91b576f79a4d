/**
 * The little of Markdown that guidelines are written in, as elements: headings, paragraphs, lists, emphasis, code.
 * Anything else is shown as the text that it is; no markup of the text ever becomes markup of the page.
 */

import { h } from "./dom";

export function markdown(text: string): HTMLElement[] {
  const blocks = text.replaceAll("\r\n", "\n").split(/\n\s*\n/);
  return blocks
    .map((b) => b.trim())
    .filter(Boolean)
    .flatMap(block);
}

function block(text: string): HTMLElement[] {
  const heading = /^(#{1,6})\s+([^\n]*)\n?/.exec(text);
  if (heading) {
    const rest = text.slice(heading[0].length).trim();
    const element = h(heading[1]!.length < 2 ? "h3" : "h4", {}, ...inline(heading[2]!));
    return rest ? [element, ...block(rest)] : [element];
  }
  const items = itemsOf(text);
  if (!items) return [h("p", {}, ...inline(text.replaceAll("\n", " ")))];
  const list = items.numbered ? h("ol") : h("ul");
  list.append(...items.texts.map((item) => h("li", {}, ...inline(item))));
  return [list];
}

/** The items of a list; a line that starts with blanks goes on with the one before. Null if it is no list. */
function itemsOf(text: string): { numbered: boolean; texts: string[] } | null {
  const texts: string[] = [];
  let numbered = false;
  for (const line of text.split("\n")) {
    const item = /^(?:([-*])|(\d+)[.)])\s+(.*)$/.exec(line);
    if (item) {
      if (texts.length === 0) numbered = item[2] !== undefined;
      texts.push(item[3]!);
    } else if (texts.length > 0 && /^\s/.test(line)) texts[texts.length - 1] += ` ${line.trim()}`;
    else return null;
  }
  return texts.length > 0 ? { numbered, texts } : null;
}

/** Bold, italics and code; a link is its words and its address. */
export function inline(text: string): (Node | string)[] {
  const out: (Node | string)[] = [];
  const marks = /\*\*(.+?)\*\*(?!\*)|\*([^*\s][^*]*)\*|`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)/g;
  let at = 0;
  for (const m of text.matchAll(marks)) {
    if (m.index > at) out.push(text.slice(at, m.index));
    if (m[1] !== undefined) out.push(h("strong", {}, ...inline(m[1])));
    else if (m[2] !== undefined) out.push(h("em", {}, ...inline(m[2])));
    else if (m[3] !== undefined) out.push(h("code", {}, m[3]));
    else out.push(`${m[4]} (${m[5]})`);
    at = m.index + m[0].length;
  }
  if (at < text.length) out.push(text.slice(at));
  return out;
}
