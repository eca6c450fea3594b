/** Who is here, where they write, and which sentences that is worth: pure, from the awareness of each document. */

import type { Me, PaneName } from './page_data.ts'
import type { Presence } from './writers.ts'

/** Somebody else at a place of a document that this page may read. */
export interface Spot {
  readonly user: Me
  readonly pane: PaneName
  /** The field's name; for a table the table's. */
  readonly field: string
  /** `field`, or `table/row/column`. */
  readonly at: string
  readonly writing: boolean
}

export interface Picture {
  /** Everybody else who is here, by id, in a steady order. */
  readonly here: readonly Me[]
  readonly spots: readonly Spot[]
}

export type Sentence =
  | { readonly key: 'present' | 'left'; readonly user: Me }
  | { readonly key: 'writes'; readonly user: Me; readonly spot: Spot }

/** This person's own other windows are nobody else. */
export function picture(me: string, panes: Iterable<readonly [PaneName, Iterable<Presence>]>): Picture {
  const here = new Map<string, Me>()
  const spots = new Map<string, Spot>()
  for (const [pane, presences] of panes) {
    for (const { user, at, writing } of presences) {
      if (user.id === me) continue
      here.set(user.id, user)
      if (typeof at !== 'string') continue
      const key = `${user.id} ${pane} ${at}`
      spots.set(key, { user, pane, at, field: at.split('/')[0] ?? at, writing: writing === true || (spots.get(key)?.writing ?? false) })
    }
  }
  return { here: [...here.values()].sort((a, b) => a.name.localeCompare(b.name)), spots: [...spots.values()] }
}

/** Somebody who is away for less than this has not left: a page that is loaded again, a short gap in the network. */
export const LEFT_AFTER_MS = 8000
/** Somebody who starts to write in the same field again within this time is not announced again. */
export const WRITES_AGAIN_MS = 60_000

/** Remembers what has been said, so that one change is one sentence, never one a key. */
export class Sentences {
  readonly #present = new Map<string, { user: Me; gone: number | null }>()
  readonly #wrote = new Map<string, number>()
  #first = true

  /** What there is to say now. Ask again at `next`, if it is given. */
  next(now: number, { here, spots }: Picture): { sentences: Sentence[]; next: number | null } {
    const sentences: Sentence[] = []
    const ids = new Set(here.map((user) => user.id))
    for (const user of here) {
      if (!this.#present.has(user.id) && !this.#first) sentences.push({ key: 'present', user })
      this.#present.set(user.id, { user, gone: null })
    }
    let next: number | null = null
    for (const [id, known] of this.#present) {
      if (ids.has(id)) continue
      known.gone ??= now
      if (now - known.gone >= LEFT_AFTER_MS) {
        this.#present.delete(id)
        sentences.push({ key: 'left', user: known.user })
      } else next = Math.min(next ?? Infinity, known.gone + LEFT_AFTER_MS)
    }
    for (const spot of spots) {
      if (!spot.writing) continue
      const key = `${spot.user.id} ${spot.pane} ${spot.field}`
      const last = this.#wrote.get(key)
      this.#wrote.set(key, now)
      if (last === undefined || now - last >= WRITES_AGAIN_MS) sentences.push({ key: 'writes', user: spot.user, spot })
    }
    this.#first = false
    return { sentences, next }
  }
}
