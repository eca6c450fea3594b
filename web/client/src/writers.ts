/**
 * Who is where in one document. One listener on the awareness for all fields; each field hears only of what
 * concerns it, so that a stroke of a key in one field costs the others nothing.
 */

import type { Awareness } from 'y-protocols/awareness'
import { createAbsolutePositionFromRelativePosition, createRelativePositionFromJSON } from 'yjs'
import type { Doc } from 'yjs'
import type { Colour, Me } from './page_data.ts'

export interface Presence {
  readonly user: Me
  /** The place of the caret: `field`, or `table/row/column`. */
  readonly at: string | null
  /** The person has typed there within the last seconds. */
  readonly writing: boolean
  readonly cursor: unknown
}

/** The part of an awareness that the caret plugin of an editor uses. */
export interface FieldAwareness {
  getStates(): Map<number, Record<string, unknown>>
  getLocalState(): Record<string, unknown> | null
  setLocalStateField(name: string, value: unknown): void
  on(event: 'change', listener: () => void): void
  off(event: 'change', listener: () => void): void
}

/** After this long without a key, nobody "writes" any more. */
const WRITING_MS = 6000

export class Writers {
  readonly #awareness: Awareness
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #places = new Map<number, string>()
  #still: ReturnType<typeof setTimeout> | undefined
  onChange: () => void = () => undefined

  constructor(awareness: Awareness) {
    this.#awareness = awareness
    awareness.on('change', this.#changed)
  }

  /** Everybody else's state, by Yjs client. */
  others(): Map<number, Presence> {
    const states = new Map<number, Presence>()
    for (const [client, state] of this.#awareness.getStates()) {
      if (client !== this.#awareness.clientID && (state as Partial<Presence>).user?.id) states.set(client, state as unknown as Presence)
    }
    return states
  }

  /** This person has typed in `at`. */
  typed(at: string): void {
    clearTimeout(this.#still)
    this.#still = setTimeout(() => this.#set({ writing: false }), WRITING_MS)
    const own = this.#own()
    if (!own?.writing || own.at !== at) this.#set({ writing: true, at })
  }

  /** This person's focus is in `at` (a scalar, which has no caret), or nowhere. */
  focus(at: string | null): void {
    if (this.#own()?.at !== at) this.#set({ at, cursor: null, writing: false })
  }

  forField(at: string): FieldAwareness {
    const awareness = this.#awareness
    return {
      getStates: () => {
        const here = new Map<number, Record<string, unknown>>()
        for (const [client, state] of awareness.getStates()) if (state['at'] === at && isPlaceable(state['cursor'], awareness.doc)) here.set(client, state)
        return here
      },
      getLocalState: () => {
        const own = awareness.getLocalState()
        return own && own['at'] === at ? own : { cursor: null }
      },
      setLocalStateField: (name, value) => {
        if (name === 'cursor' && value !== null) this.#set({ cursor: value, at, ...(this.#own()?.at === at ? {} : { writing: false }) })
        if (name === 'cursor' && value === null && this.#own()?.at === at) this.#set({ cursor: null, at: null, writing: false })
      },
      on: (_event, listener) => {
        const listeners = this.#listeners.get(at) ?? new Set()
        this.#listeners.set(at, listeners.add(listener))
      },
      off: (_event, listener) => {
        this.#listeners.get(at)?.delete(listener)
      },
    }
  }

  close(): void {
    clearTimeout(this.#still)
    this.#awareness.off('change', this.#changed)
  }

  #own(): Presence | null {
    return this.#awareness.getLocalState() as Presence | null
  }

  #set(part: Partial<Presence>): void {
    const own = this.#awareness.getLocalState()
    if (own) this.#awareness.setLocalState({ ...own, ...part })
  }

  readonly #changed = ({ added, updated, removed }: Record<'added' | 'updated' | 'removed', number[]>): void => {
    const places = new Set<string>()
    for (const client of [...added, ...updated, ...removed]) {
      if (client === this.#awareness.clientID) continue
      const before = this.#places.get(client)
      const now = this.#awareness.getStates().get(client)?.['at']
      if (before !== undefined) places.add(before)
      if (typeof now === 'string') {
        places.add(now)
        this.#places.set(client, now)
      } else this.#places.delete(client)
    }
    for (const place of places) for (const listener of this.#listeners.get(place) ?? []) listener()
    this.onChange()
  }
}

/** Whether a caret can be drawn; what others send is not trusted to be one, and the caret plugin would throw at every key. */
function isPlaceable(cursor: unknown, doc: Doc): boolean {
  if (cursor === null || cursor === undefined) return true
  try {
    const { anchor, head } = cursor as Record<'anchor' | 'head', unknown>
    for (const end of [anchor, head]) createAbsolutePositionFromRelativePosition(createRelativePositionFromJSON(end), doc)
    return true
  } catch {
    return false
  }
}

const COLOURS: readonly string[] = ['emp', 'man', 'joint', 'guest'] satisfies Colour[]

/** The class of a person's colour; what others send is not trusted to be one. */
export function colourOf(user: Partial<Me>): Colour {
  return (COLOURS.includes(user.colour ?? '') ? user.colour : 'joint') as Colour
}

export function givenName(user: Partial<Me>): string {
  return String(user.name ?? '').split(' ')[0] ?? ''
}
