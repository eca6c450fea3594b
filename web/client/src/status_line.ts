/** The line that says whether everything is saved, the key that reads it out, and the warning before leaving. */

import type { Announcer } from './announce.ts'
import { isOffline, saveState } from './status.ts'
import type { Facts, SaveState } from './status.ts'
import type { Words } from './words.ts'

export class StatusLine {
  readonly #words: Words
  readonly #announcer: Announcer
  readonly #facts: () => Facts
  #state: SaveState = { state: 'saving' }
  #offline = false
  /** What is not well, as far as it has been said. */
  #worry: 'device' | 'unsaved' | null = null
  #planned = false

  constructor(words: Words, announcer: Announcer, facts: () => Facts) {
    this.#words = words
    this.#announcer = announcer
    this.#facts = facts
    // Whoever wants to hear it presses the key; only what is wrong, and that it is well again, is said unasked.
    document.querySelector('[data-slot=save]')?.setAttribute('aria-live', 'off')
    setInterval(() => this.#paint(), 1000)
    document.addEventListener('keydown', (event) => {
      if (!event.altKey || !event.shiftKey || event.code !== 'KeyS') return
      event.preventDefault()
      this.#paint()
      announcer.say(this.sentence())
    })
    window.addEventListener('beforeunload', (event) => {
      if (this.onlyHere) event.preventDefault()
    })
  }

  /** Something is on this device and nowhere else. */
  get onlyHere(): boolean {
    return this.#facts().panes.some((pane) => pane.waiting > 0)
  }

  /** Something may have changed. Told many times a second, painted once a turn. */
  changed(): void {
    if (this.#planned) return
    this.#planned = true
    queueMicrotask(() => {
      this.#planned = false
      this.#paint()
    })
  }

  sentence(): string {
    const state = this.#state
    switch (state.state) {
      case 'saved': {
        const saved = this.#words.say('saved', { t: this.#words.time(state.at) })
        return this.#offline ? `${saved} ${this.#words.say('offline')}` : saved
      }
      case 'saving': return this.#words.say('saving')
      case 'device': return this.#words.count('saved_on_device', state.waiting)
      case 'unsaved': return this.#words.say('not_saved')
    }
  }

  #paint(): void {
    const facts = this.#facts()
    const state = saveState(facts)
    this.#state = state
    this.#offline = isOffline(facts)
    const slot = document.querySelector<HTMLElement>('[data-slot=save]')
    if (!slot) return
    const text = slot.querySelector('[data-text]') ?? slot
    const sentence = this.sentence()
    if (text.textContent !== sentence) text.textContent = sentence
    slot.dataset['state'] = state.state
    slot.toggleAttribute('data-offline', this.#offline)
    if (state.state === 'saving') return
    const worry = state.state === 'saved' ? null : state.state
    if (worry !== this.#worry) this.#announcer.say(sentence)
    this.#worry = worry
  }
}
