/** What has the focus where an element is: some hosts put the widget into a shadow tree, whose focus the page hides. */
export function focusedNear(element: Node): Element | null {
  const root = element.getRootNode() as Partial<DocumentOrShadowRoot>;
  return root.activeElement ?? null;
}

/** Whether an element, or something in it, has the focus. */
export function hasFocus(element: Node): boolean {
  return element.contains(focusedNear(element));
}
