/** Keeps one document's state on the device, and knows whether the device really has it. */

import * as Y from 'yjs'
import type { Device, FieldName, Waiting } from './device.ts'
import { heading } from './page_data.ts'

/** The origin of updates that were read from the device: nobody's change. */
export const DEVICE = Symbol('device')

export class DeviceCopy {
  readonly #device: Device
  readonly #doc: Y.Doc
  readonly #name: string
  readonly #clients: Set<number>
  #updates: Uint8Array[] = []
  #local = false
  /** Changes of this visit, and how many of them the device has. */
  #made = 0
  #stored = 0
  #since: number | null = null
  #failed = false
  #closed = false
  /** The device says that changes wait. */
  #marked: boolean
  /** Changes left by earlier visits, and the fields that they are in. */
  readonly carried: number
  readonly carriedFields: Readonly<Record<string, FieldName>>
  /** How many changes wait now, and in which fields; asked in the moment of writing. */
  waiting: () => { count: number; fields: Readonly<Record<string, FieldName>> } = () => ({ count: 0, fields: {} })
  onStored: () => void = () => undefined

  private constructor(device: Device, name: string, doc: Y.Doc, waiting: readonly Waiting[]) {
    this.#device = device
    this.#doc = doc
    this.#name = name
    this.#clients = new Set([doc.clientID, ...waiting.map((row) => row.client)])
    this.carriedFields = Object.assign({}, ...waiting.map((row) => row.fields)) as Record<string, FieldName>
    this.#marked = waiting.length > 0
    this.carried = waiting.reduce((sum, row) => sum + row.count, 0)
  }

  /** Fill `doc` with what the device has of it, and keep what comes. */
  static async open(device: Device, name: string, doc: Y.Doc): Promise<DeviceCopy> {
    const { updates, waiting } = await device.load(name, (all) => Y.mergeUpdates(all))
    Y.transact(doc, () => {
      for (const update of updates) Y.applyUpdate(doc, update, DEVICE)
    }, DEVICE, false)
    const copy = new DeviceCopy(device, name, doc, waiting)
    doc.on('update', copy.#take)
    return copy
  }

  /** How many changes of this visit the device has not confirmed yet. */
  get unstored(): number {
    return this.#made - this.#stored
  }

  /** When the write that is under way began; null when there is none, or the last one failed. */
  get storingSince(): number | null {
    return this.#failed ? null : this.#since
  }

  /** The update that is coming, or has just come, is this person's own. */
  mine(): void {
    this.#made += 1
    this.#local = true
  }

  /** The server has acknowledged everything. */
  async settle(): Promise<void> {
    if (!this.#marked || this.#closed) return
    this.#marked = false
    await this.#device.settle(this.#name, this.#clients).catch(() => { this.#marked = true })
  }

  close(): void {
    this.#closed = true
    this.#doc.off('update', this.#take)
  }

  readonly #take = (update: Uint8Array, origin: unknown): void => {
    if (origin === DEVICE) return
    this.#updates.push(update)
    void this.#write()
  }

  /** One transaction at a time; what comes meanwhile goes into the next one together. */
  async #write(): Promise<void> {
    if (this.#since !== null) return
    while (this.#updates.length > 0 && !this.#closed) {
      this.#since = Date.now()
      const updates = this.#updates
      const local = this.#local
      this.#updates = []
      this.#local = false
      const made = this.#made
      try {
        await this.#device.append(this.#name, updates, local ? this.#row() : null)
        this.#marked ||= local
        this.#stored = made
      } catch {
        // A full or broken disk: said by the status line ("not saved"), and tried again with the next change.
        this.#failed = true
        this.#updates = [...updates, ...this.#updates]
        this.#local ||= local
        break
      }
      this.#failed = false
    }
    this.#since = null
    if (!this.#failed && this.waiting().count === 0) await this.settle()
    this.onStored()
  }

  #row(): Waiting {
    const { count, fields } = this.waiting()
    return {
      document: this.#name,
      client: this.#doc.clientID,
      // What earlier visits left is counted in their own rows.
      count: Math.max(count - this.carried, 0),
      fields: { ...fields },
      title: heading(document),
      path: location.pathname,
    }
  }
}
