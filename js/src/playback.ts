/** Playing at real speed. Times say how long a frame is shown, never which frame is meant. Pure. */

/** The last frame that has begun at time `t`; frames are in the order of their times. */
export function frameAtTime(times: Float64Array, t: number): number {
  let [low, high] = [0, times.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (times[middle]! <= t) low = middle;
    else high = middle - 1;
  }
  return low;
}

export interface Playing {
  readonly frame: number; // at which the clock was set
  readonly since: number; // ms
}

/**
 * The frame to show at `now`. A frame that is not there yet is waited for: the clock is set anew, so nothing is skipped
 * because of a slow line. null at the end.
 */
export function advance(
  playing: Playing,
  shown: number,
  now: number,
  times: Float64Array,
  ready: (frame: number) => boolean,
  speed = 1,
): { frame: number; playing: Playing } | null {
  if (shown >= times.length - 1) return null;
  const target = frameAtTime(times, times[playing.frame]! + (speed * (now - playing.since)) / 1000);
  if (target <= shown) return { frame: shown, playing };
  for (let frame = target; frame > shown; frame--) if (ready(frame)) return { frame, playing };
  return { frame: shown, playing: { frame: shown, since: now } };
}
