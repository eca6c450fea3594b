/**
 * Counts one document's changes that the server has not acknowledged.
 *
 * The provider's own number starts again at 1 with every handshake; a person wants to know how many changes
 * wait. One acknowledgement comes for each update, in order; the handshake's own stands for all that went before.
 */
export class Tally {
  /** When each change of this page that still waits was made or sent again, oldest first. */
  #waiting: number[] = []
  /** Changes of earlier visits, found on the device. */
  #carried: number
  #unsynced = 0
  #handshake = false

  constructor(carried: number) {
    this.#carried = carried
  }

  get waiting(): number {
    return this.#waiting.length + this.#carried
  }

  /** When the oldest change that waits was made or sent again. */
  get oldest(): number | null {
    return this.#waiting[0] ?? null
  }

  changed(now: number): void {
    this.#waiting.push(now)
  }

  /** A socket has opened: everything is sent again, and the 10 s count from here. */
  opened(now: number): void {
    this.#handshake = true
    this.#waiting = this.#waiting.map(() => now)
  }

  /** The provider's number of unacknowledged messages. Returns true when nothing waits any more but did. */
  unsynced(number: number): boolean {
    const before = this.waiting
    if (number === 0) {
      this.#handshake = false
      this.#waiting = []
      this.#carried = 0
    } else if (number < this.#unsynced && !this.#handshake) {
      this.#waiting.shift()
    }
    this.#unsynced = number
    return before > 0 && this.waiting === 0
  }
}
