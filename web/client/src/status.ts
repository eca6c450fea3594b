/** The one honest line about saving: a pure function of what is known. */

/** This long without any frame, or with an update that nobody acknowledged, is offline, whatever the socket says. */
export const SILENCE_MS = 10_000

export interface PaneFacts {
  /** Local changes that the server has not acknowledged. */
  readonly waiting: number
  /** When the oldest of them was sent or made; null when none waits. */
  readonly oldest: number | null
  /** IndexedDB has confirmed that it holds every one of them. */
  readonly onDevice: boolean
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
  | { readonly state: 'saved'; readonly at: number; readonly offline: boolean }
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

/** "Saved" is said only when the server holds everything; "on this device" only when IndexedDB does. */
export function saveState(facts: Facts): SaveState {
  const offline = isOffline(facts)
  const waiting = facts.panes.reduce((sum, pane) => sum + pane.waiting, 0)
  if (waiting === 0) return { state: 'saved', at: facts.lastSaved, offline }
  if (!offline) return { state: 'saving' }
  const safe = facts.panes.every((pane) => pane.waiting === 0 || pane.onDevice)
  return safe ? { state: 'device', waiting } : { state: 'unsaved' }
}
