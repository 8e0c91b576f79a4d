/** The part of a video that a timeline shows, in frames; its ends may lie between frames. Pure. */

export interface TimeSpan {
  readonly first: number;
  readonly span: number; // how many frames fit
}

const LEAST = 12; // frames that stay in view, however far one zooms in

export const whole = (nFrames: number): TimeSpan => ({ first: 0, span: Math.max(1, nFrames) });

/** Where a frame begins, CSS pixels from the left edge of the lanes. */
export function xOf(frame: number, time: TimeSpan, width: number): number {
  return ((frame - time.first) / time.span) * width;
}

/** The frame at a place. */
export function frameAt(x: number, time: TimeSpan, width: number, nFrames: number): number {
  const frame = Math.floor(time.first + (x / Math.max(1, width)) * time.span);
  return Math.min(nFrames - 1, Math.max(0, frame));
}

/** Zoomed by a factor (above 1: fewer frames), with what is under `x` staying where it is. */
export function zoomed(time: TimeSpan, factor: number, x: number, width: number, nFrames: number): TimeSpan {
  const span = Math.min(nFrames, Math.max(Math.min(LEAST, nFrames), time.span / factor));
  const share = Math.min(1, Math.max(0, x / Math.max(1, width)));
  return inVideo({ first: time.first + share * (time.span - span), span }, nFrames);
}

export function panned(time: TimeSpan, frames: number, nFrames: number): TimeSpan {
  return inVideo({ ...time, first: time.first + frames }, nFrames);
}

/** The same span, moved on by pages until a frame is in it. */
export function including(time: TimeSpan, frame: number, nFrames: number): TimeSpan {
  if (frame >= time.first && frame + 1 <= time.first + time.span) return time;
  const room = Math.min(0.15 * time.span, time.span / 2);
  const ahead = frame >= time.first;
  return inVideo({ ...time, first: ahead ? frame - room : frame + 1 - time.span + room }, nFrames);
}

function inVideo({ first, span }: TimeSpan, nFrames: number): TimeSpan {
  return { first: Math.min(Math.max(0, nFrames - span), Math.max(0, first)), span };
}

/** Frames to write on the ruler: round numbers that are at least `apart` pixels from each other. */
export function ticks(time: TimeSpan, width: number, apart = 64): number[] {
  const least = Math.max(1, (apart * time.span) / Math.max(1, width));
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= least - 1e-9) ?? 10 * power;
  const out: number[] = [];
  for (let f = Math.ceil(time.first / step) * step; f < time.first + time.span; f += step) out.push(f);
  return out;
}
