/** The kernel's summary of everything, kept whole from messages that say only what changed. Pure. */

import type { State } from "./protocol";

/** What is known after a message: people who were named are replaced, those who are gone are taken out. */
export function merged(known: State | null, news: State): State {
  if (news.all || known === null) return { ...news, all: true, gone: [] };
  const people = new Map(known.people.map((p) => [p.track_id, p]));
  for (const id of news.gone) people.delete(id);
  for (const person of news.people) people.set(person.track_id, person);
  return {
    ...news,
    all: true,
    gone: [],
    people: [...people.values()].sort((a, b) => a.track_id - b.track_id),
  };
}
