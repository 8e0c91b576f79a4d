/** Gestures, as a hand makes them: what comes out, and that a cancelled one leaves nothing behind. */

import { describe, expect, it } from "vitest";
import type { Hit } from "../src/hit";
import { type Context, type Effect, IDLE, type PointerInput, type ToolState, transition } from "../src/tools/machine";
import { random } from "./random";

const KEYPOINT: Hit = { what: "keypoint", track_id: 3, k: 1 };
const PERSON: Hit = { what: "person", track_id: 3 };
const NOTHING: Hit = { what: "nothing" };

/** A hand over a screen on which one pixel is one pixel of the image, which is 200 by 100. */
class Hand {
  state: ToolState = IDLE;
  effects: Effect[] = [];
  at: [number, number] = [0, 0];
  constructor(
    private readonly under: Hit,
    private readonly canEdit = true,
    private readonly rest: Partial<PointerInput> = {},
  ) {}

  private readonly context: Context = {
    hit: () => this.under,
    image: ([x, y]) => [x, y],
    keypoint: () => [50, 50],
    box: () => [20, 20, 60, 40],
    size: { width: 200, height: 100 },
    clamp: ([x, y]) => [Math.min(199, Math.max(0, x)), Math.min(99, Math.max(0, y))],
    get canEdit() {
      return true;
    },
  };

  private put(type: PointerInput["type"], x: number, y: number, extra: Partial<PointerInput> = {}): this {
    this.at = [x, y];
    const input: PointerInput = {
      type,
      id: 1,
      at: [x, y],
      pointerType: "mouse",
      button: 0,
      alt: false,
      space: false,
      ...this.rest,
      ...extra,
    };
    const [state, effects] = transition(this.state, input, { ...this.context, canEdit: this.canEdit });
    this.state = state;
    this.effects.push(...effects);
    return this;
  }
  down = (x: number, y: number, extra?: Partial<PointerInput>) => this.put("down", x, y, extra);
  move = (x: number, y: number, extra?: Partial<PointerInput>) => this.put("move", x, y, extra);
  up = (extra?: Partial<PointerInput>) => this.put("up", this.at[0], this.at[1], extra);
  cancel(): this {
    const [state, effects] = transition(this.state, { type: "cancel" }, this.context);
    this.state = state;
    this.effects.push(...effects);
    return this;
  }
  did = (what: Effect["do"]) => this.effects.filter((e) => e.do === what);
}

describe("a keypoint", () => {
  it("is selected by a click", () => {
    const hand = new Hand(KEYPOINT).down(51, 50).move(52, 51).up();
    expect(hand.effects).toEqual([{ do: "select", track_id: 3, k: 1 }]);
    expect(hand.state).toEqual(IDLE);
  });

  it("is dragged from where it was gripped, previewed on the way, and placed once", () => {
    const hand = new Hand(KEYPOINT).down(52, 50).move(60, 55).move(80, 60).up();
    expect(hand.did("preview keypoint")).toEqual([{ do: "preview keypoint", track_id: 3, k: 1, xy: [78, 60] }]);
    expect(hand.did("place keypoint")).toEqual([{ do: "place keypoint", track_id: 3, k: 1, xy: [78, 60] }]);
    expect(hand.did("hold")).toHaveLength(1);
    expect(hand.state).toEqual(IDLE);
  });

  it("stays on the image", () => {
    const hand = new Hand(KEYPOINT).down(50, 50).move(60, 50).move(900, -40).up();
    expect(hand.did("place keypoint")).toEqual([{ do: "place keypoint", track_id: 3, k: 1, xy: [199, 0] }]);
  });

  it("goes back when the gesture is cancelled", () => {
    const hand = new Hand(KEYPOINT).down(50, 50).move(80, 60).move(90, 60).cancel();
    expect(hand.did("place keypoint")).toEqual([]);
    expect(hand.effects.at(-1)).toEqual({ do: "forget preview" });
    expect(hand.up().did("place keypoint")).toEqual([]);
  });

  it("needs a longer move under a finger", () => {
    const finger = new Hand(KEYPOINT, true, { pointerType: "touch" }).down(50, 50).move(56, 50);
    expect(finger.state.name).toBe("pointing");
    expect(new Hand(KEYPOINT).down(50, 50).move(56, 50).state.name).toBe("dragging");
  });

  it("is not dragged where nothing may be changed; the picture moves", () => {
    const hand = new Hand(KEYPOINT, false).down(50, 50).move(80, 60).up();
    expect(hand.effects.map((e) => e.do)).toEqual(["say"]);
  });

  it("that is absent is placed by the next press, and can be dragged on", () => {
    const hand = new Hand(NOTHING);
    hand.state = { name: "placing", track_id: 3, k: 2 };
    hand.down(70, 30).move(75, 32).up();
    expect(hand.did("place keypoint")).toEqual([{ do: "place keypoint", track_id: 3, k: 2, xy: [75, 32] }]);
  });
});

describe("a person", () => {
  it("moves as a whole only with Alt", () => {
    expect(
      new Hand(PERSON)
        .down(50, 50)
        .move(80, 50)
        .up()
        .effects.map((e) => e.do),
    ).toEqual(["pan"]);
    const hand = new Hand(KEYPOINT, true, { alt: true }).down(50, 50).move(60, 50).move(70, 45).up();
    expect(hand.did("move person")).toEqual([{ do: "move person", track_id: 3, dxy: [20, -5] }]);
    expect(hand.did("place keypoint")).toEqual([]);
  });

  it("is picked while a question is open, and the question stays open", () => {
    const hand = new Hand(PERSON);
    hand.state = { name: "picking" };
    hand.down(50, 50).up();
    expect(hand.effects).toEqual([{ do: "pick", track_id: 3 }]);
    expect(hand.state.name).toBe("picking");
  });
});

describe("the picture", () => {
  it("moves with a drag on nothing, with the middle button, with Space", () => {
    const pans = (hand: Hand) => hand.did("pan").reduce((sum, e) => sum + (e as { dx: number }).dx, 0);
    expect(pans(new Hand(NOTHING).down(0, 0).move(10, 0).move(30, 0).up())).toBe(30);
    expect(pans(new Hand(KEYPOINT, true, { button: 1 }).down(0, 0).move(30, 0).up())).toBe(30);
    expect(pans(new Hand(KEYPOINT, true, { space: true }).down(0, 0).move(30, 0).up())).toBe(30);
  });

  it("is pinched by two fingers about what is between them", () => {
    const hand = new Hand(KEYPOINT, true, { pointerType: "touch" });
    hand.down(50, 50).down(70, 50, { id: 2 }).move(90, 50, { id: 2 }).up({ id: 2 });
    expect(hand.did("pinch")).toEqual([{ do: "pinch", from: [60, 50], to: [70, 50], factor: 2 }]);
    expect(hand.did("select")).toEqual([]);
    expect(hand.state).toEqual(IDLE);
  });

  it("click on nothing clears the selection; other buttons do nothing", () => {
    expect(new Hand(NOTHING).down(5, 5).up().effects).toEqual([{ do: "select", track_id: null, k: null }]);
    expect(new Hand(KEYPOINT, true, { button: 2 }).down(5, 5).up().effects).toEqual([]);
  });
});

describe("a box", () => {
  const armed = (): Hand => {
    const hand = new Hand(PERSON);
    hand.state = { name: "boxing", id: null, from: null, to: null };
    return hand;
  };

  it("is drawn from any corner, and stays on the image", () => {
    expect(armed().down(120, 80).move(100, 20).up().did("draw box")).toEqual([
      { do: "draw box", box: [100, 20, 20, 60] },
    ]);
    expect(armed().down(120, 80).move(900, 900).up().did("draw box")).toEqual([
      { do: "draw box", box: [120, 80, 79, 19] },
    ]);
  });

  it("of a slip is none, and may be tried again", () => {
    const hand = armed().down(120, 80).up();
    expect(hand.did("draw box")).toEqual([]);
    expect(hand.state.name).toBe("boxing");
    expect(hand.down(10, 10).move(40, 60).up().did("draw box")).toHaveLength(1);
  });

  it("is given up by cancelling", () => {
    const hand = armed().down(10, 10).move(40, 60).cancel().up();
    expect(hand.did("draw box")).toEqual([]);
    expect(hand.state).toEqual(IDLE);
  });
});

describe("any gesture", () => {
  const hits = [KEYPOINT, PERSON, NOTHING];
  const scribble = (next: () => number): Hand => {
    const hand = new Hand(hits[Math.floor(3 * next())]!, next() < 0.9, { alt: next() < 0.2 });
    hand.down(200 * next(), 100 * next());
    for (let i = 0; i < 5; i++) {
      const what = next();
      if (what < 0.1) hand.cancel();
      else if (what < 0.25) hand.down(200 * next(), 100 * next(), { id: 2 });
      else hand.move(300 * next() - 50, 200 * next() - 50, { id: what < 0.4 ? 2 : 1 });
    }
    return hand.up().up({ id: 2 });
  };

  it("gives numbers, ends idle, and edits at most once a press", () => {
    const next = random(11);
    for (let round = 0; round < 500; round++) {
      const hand = scribble(next);
      expect(hand.state).toEqual(IDLE);
      const presses = 2;
      const edits = hand.effects.filter((e) => ["place keypoint", "move person", "draw box"].includes(e.do));
      expect(edits.length).toBeLessThanOrEqual(presses);
      expect(hand.effects.every((e) => !("xy" in e) || e.xy.every(Number.isFinite))).toBe(true);
    }
  });
});
