/** The one honest line about saving: a pure function of what is known. */

/** This long without any frame, or with an update that nobody acknowledged, is offline, whatever the socket says. */
export const SILENCE_MS = 10_000

/** A write to the device that takes longer than this is not trusted any more. */
export const STORING_MS = 1000

export interface PaneFacts {
  /** Local changes that the server has not acknowledged. */
  readonly waiting: number
  /** When the oldest of them was sent or made; null when none waits. */
  readonly oldest: number | null
  /** How many of them IndexedDB has confirmed to hold. */
  readonly stored: number
  /** When the write to IndexedDB that is under way began; null when there is none. */
  readonly storingSince: number | null
}

export interface Facts {
  readonly now: number
  /** What the window says; false is believed, true is not. */
  readonly windowOnline: boolean
  /** When the last frame came, of any kind. */
  readonly lastFrame: number
  /** When the server last acknowledged everything. */
  readonly lastSaved: number
  /** The writable panes. */
  readonly panes: readonly PaneFacts[]
}

export type SaveState =
  | { readonly state: 'saved'; readonly at: number }
  | { readonly state: 'saving' }
  | { readonly state: 'device'; readonly waiting: number }
  | { readonly state: 'unsaved' }

export function isOffline(facts: Facts): boolean {
  return (
    !facts.windowOnline ||
    facts.now - facts.lastFrame >= SILENCE_MS ||
    facts.panes.some((pane) => pane.oldest !== null && facts.now - pane.oldest >= SILENCE_MS)
  )
}

/**
 * "Saved" is said only when the server holds everything; "on this device" only of changes that IndexedDB holds. While
 * the newest are on their way there, the line speaks of those before them, so that it does not flicker at every key.
 */
export function saveState(facts: Facts): SaveState {
  const offline = isOffline(facts)
  const waiting = sum(facts.panes, (pane) => pane.waiting)
  if (waiting === 0) return { state: 'saved', at: facts.lastSaved }
  if (!offline) return { state: 'saving' }
  const lagging = facts.panes.filter((pane) => pane.stored < pane.waiting)
  if (lagging.length === 0) return { state: 'device', waiting }
  const soon = lagging.every((pane) => pane.storingSince !== null && facts.now - pane.storingSince < STORING_MS)
  if (!soon) return { state: 'unsaved' }
  const stored = sum(facts.panes, (pane) => Math.min(pane.stored, pane.waiting))
  return stored > 0 ? { state: 'device', waiting: stored } : { state: 'saving' }
}

function sum(panes: readonly PaneFacts[], of: (pane: PaneFacts) => number): number {
  return panes.reduce((total, pane) => total + of(pane), 0)
}
