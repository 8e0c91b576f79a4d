/** What anywidget loads: a store for each model, a view for each place where it is shown. */

import type { AnyModel } from "./bridge";
import { Store } from "./store";
import { view } from "./view";

interface Shown {
  model: AnyModel;
  el: HTMLElement;
}

export default () => {
  let store: Store | null = null;
  let views = 0;
  let cover: HTMLStyleElement | null = null;
  const storeOf = (model: AnyModel): Store => {
    store ??= new Store(model);
    return store;
  };
  return {
    initialize({ model }: { model: AnyModel }) {
      const made = storeOf(model);
      return () => made.close();
    },
    render({ model, el }: Shown) {
      const shown = storeOf(model);
      const stop = new AbortController();
      view(shown, el, stop.signal);
      views++;
      cover ??= coverStatic(shown.bridge.trait("_static_id"));
      return () => {
        stop.abort();
        if (--views > 0) return;
        cover?.remove();
        cover = null;
      };
    },
  };
};

/** The static picture that Python put into the notebook stands in for a view only while there is none. */
function coverStatic(id: unknown): HTMLStyleElement | null {
  if (typeof id !== "string" || !/^[\w-]+$/.test(id)) return null;
  const style = document.createElement("style");
  style.textContent = `.impose-static[data-impose-static="${id}"] { display: none; }`;
  document.head.append(style);
  return style;
}
