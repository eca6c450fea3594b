/** One document of the page: its text, its line to the server, its copy on the device, its count of what waits. */

import { HocuspocusProvider } from '@hocuspocus/provider'
import type { HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import type { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import type { Device, FieldName } from './device.ts'
import { DeviceCopy } from './device_copy.ts'
import type { DocumentAt, Me, PaneName, Scope } from './page_data.ts'
import type { PaneFacts } from './status.ts'
import { seedParagraphs } from './first_letters.ts'
import { Tally } from './tally.ts'
import { touchedFields } from './touched.ts'
import type { NameOf } from './touched.ts'

/** The origin of changes that the page makes outside an editor. */
export const PAGE = Symbol('page')

export interface PaneEvents {
  /** The count of what waits, or what the device holds, has changed. */
  change(pane: Pane): void
  /** The server has acknowledged everything. */
  saved(pane: Pane): void
  /** The server has closed this document or will not open it: what the page shows is no longer so. */
  closed(pane: Pane, reason: string): void
  /** What the page is about has changed otherwise than by writing: shared, withdrawn, opened, commented. */
  changed(): void
  scope(pane: Pane, scope: Scope): void
}

export interface PaneSurroundings {
  readonly socket: HocuspocusProviderWebsocket
  readonly device: Device | null
  readonly me: Me
  readonly events: PaneEvents
  readonly nameOf: NameOf
}

export class Pane {
  readonly pane: PaneName
  readonly name: string
  readonly doc: Y.Doc
  readonly copy: DeviceCopy | null
  readonly awareness: Awareness
  /** Fields with changes that the server has not acknowledged, those of earlier visits included. */
  readonly unsent: Map<string, FieldName>
  scope: Scope
  #provider: HocuspocusProvider
  readonly #tally: Tally
  readonly #around: PaneSurroundings
  readonly #readyNow: () => void
  /** The document has content: from the server, or, without a network, from the device. */
  readonly ready: Promise<void>
  /** `ready`, or there is neither a network nor a copy for now. */
  readonly settled: Promise<void>
  readonly #settledNow: () => void
  #fetched = false
  #retries = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #gone = false

  private constructor(pane: PaneName, at: DocumentAt, doc: Y.Doc, copy: DeviceCopy | null, around: PaneSurroundings) {
    this.pane = pane
    this.name = at.name
    this.scope = at.scope
    this.doc = doc
    this.copy = copy
    this.#around = around
    this.#tally = new Tally(copy?.carried ?? 0)
    this.unsent = new Map(Object.entries(copy?.carriedFields ?? {}))
    const ready = promise()
    const settled = promise()
    this.ready = ready.promise
    this.#readyNow = ready.resolve
    this.settled = Promise.race([ready.promise, settled.promise])
    this.#settledNow = settled.resolve
    if (copy) {
      copy.waiting = () => ({ count: this.#tally.waiting, fields: Object.fromEntries(this.unsent) })
      copy.onStored = () => around.events.change(this)
    }
    doc.on('beforeObserverCalls', this.#seed)
    doc.on('afterTransaction', this.#noticed)
    this.#provider = this.#attach(null)
    this.awareness = this.#provider.awareness as Awareness
    this.awareness.setLocalState({ user: around.me, cursor: null, at: null, writing: false })
  }

  /** Open a document: first what the device has, then the server. Never rejects. */
  static async open(pane: PaneName, at: DocumentAt, around: PaneSurroundings): Promise<Pane> {
    const doc = new Y.Doc()
    let copy: DeviceCopy | null = null
    if (at.scope === 'read-write' && around.device) {
      // Without the copy the page still works; the status line then says "not saved" instead of "on this device".
      copy = await DeviceCopy.open(around.device, at.name, doc).catch(() => null)
    }
    return new Pane(pane, at, doc, copy, around)
  }

  get writable(): boolean {
    return this.scope === 'read-write'
  }

  get facts(): PaneFacts {
    const { waiting, oldest } = this.#tally
    return { waiting, oldest, stored: this.copy ? waiting - this.copy.unstored : 0, storingSince: this.copy?.storingSince ?? null }
  }

  /** The server has acknowledged everything that is in the document. */
  get acknowledged(): boolean {
    return this.#provider.synced && this.#provider.unsyncedChanges === 0
  }

  /** False after the server has closed this document and until the page tries again. */
  get attached(): boolean {
    return this.#provider.isAttached
  }

  /** True once the document holds anything or the server has said that it holds nothing, as one without texts may. */
  get loaded(): boolean {
    return this.#fetched || this.doc.store.clients.size > 0
  }

  /** What the device has is shown without waiting longer for the server. */
  settleForDevice(): void {
    if (this.loaded) this.#readyNow()
    else if (!this.attached || !this.#provider.isAuthenticated) this.#settledNow()
  }

  /** Try again after the server closed this document although the page may still have it. */
  attachAgain(): void {
    this.#retries += 1
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => {
      if (this.#gone || this.attached) return
      this.#provider = this.#attach(this.awareness)
    }, Math.min(1000 * 2 ** this.#retries, 30_000))
  }

  close(): void {
    this.#gone = true
    clearTimeout(this.#retry)
    this.doc.off('beforeObserverCalls', this.#seed)
    this.doc.off('afterTransaction', this.#noticed)
    this.copy?.close()
    this.#provider.destroy()
    this.doc.destroy()
  }

  #attach(awareness: Awareness | null): HocuspocusProvider {
    const { socket, events } = this.#around
    const provider = new HocuspocusProvider({
      websocketProvider: socket,
      name: this.name,
      document: this.doc,
      token: 'session',
      ...(awareness ? { awareness } : {}),
    })
    const closed = (reason: string): void => {
      if (this.#gone || provider !== this.#provider) return
      this.#detach(provider)
      events.closed(this, reason)
    }
    provider.on('open', () => this.#tally.opened(Date.now()))
    provider.on('synced', () => {
      this.#fetched = true
      this.#readyNow()
    })
    provider.on('unsyncedChanges', ({ number }: { number: number }) => {
      if (number === 0) this.#retries = 0
      if (this.#tally.unsynced(number)) {
        this.unsent.clear()
        void this.copy?.settle()
      }
      if (number === 0) events.saved(this)
      events.change(this)
    })
    provider.on('authenticated', ({ scope }: { scope: Scope }) => {
      if (scope === this.scope) return
      this.scope = scope
      events.scope(this, scope)
    })
    provider.on('stateless', ({ payload }: { payload: string }) => {
      if ((JSON.parse(payload) as { event?: string }).event === 'changed') events.changed()
    })
    provider.on('authenticationFailed', ({ reason }: { reason: string }) => closed(reason))
    // A CLOSE frame concerns this document alone; when the socket itself closes the provider comes back by itself.
    provider.on('close', ({ event }: { event: object }) => { if (!(event instanceof Event)) closed((event as { reason: string }).reason) })
    provider.attach()
    return provider
  }

  /** Take the provider off the socket but keep the document and the awareness. */
  #detach(provider: HocuspocusProvider): void {
    this.awareness.off('update', provider.boundAwarenessUpdateHandler)
    // Otherwise the provider would end the awareness, and with it the carets, together with itself.
    provider.configuration.awareness = null
    provider.destroy()
    // Its listeners cannot be taken off the awareness and still ask for it.
    provider.configuration.awareness = this.awareness
  }

  readonly #seed = (transaction: Y.Transaction, doc: Y.Doc): void => {
    if (this.writable) seedParagraphs(transaction, doc)
  }

  readonly #noticed = (transaction: Y.Transaction): void => {
    if (!transaction.local || transaction.origin === this.#provider) return
    const touched = touchedFields(transaction)
    if (touched.size === 0 || !this.writable) return
    this.#tally.changed(Date.now())
    for (const field of touched) this.unsent.set(field, this.#around.nameOf(this.pane, field))
    this.copy?.mine()
    this.#around.events.change(this)
  }
}

function promise(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined
  return { promise: new Promise((done) => { resolve = done }), resolve: () => resolve() }
}
