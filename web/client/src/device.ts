/**
 * What this device holds for one person, in one IndexedDB database per person.
 *
 *     updates  the state of each writable document, as the updates that make it
 *     waiting  per document and visit: how many changes the server has not acknowledged, and of which fields
 *     kept     texts that can no longer be merged, until their owner deletes them
 */

/** How values are read: what stands in a document → the word for it. */
export interface Reading {
  readonly label: string
  readonly words?: Readonly<Record<string, string>>
}

export interface FieldName extends Reading {
  readonly kind: 'text' | 'value' | 'choices' | 'table'
  /** Of a table: by name, in the page's order. */
  readonly columns?: Readonly<Record<string, Reading>>
}

export interface Waiting {
  readonly document: string
  /** The Yjs client id of the visit, so that two tabs keep their own count. */
  readonly client: number
  readonly count: number
  readonly fields: Readonly<Record<string, FieldName>>
  readonly title: string
  readonly path: string
}

export interface Kept {
  readonly id?: number
  readonly title: string
  readonly path: string
  readonly label: string
  readonly text: string
  readonly at: number
}

interface StoredUpdate {
  readonly document: string
  readonly update: Uint8Array
}

const DATABASES = 'samsyn/'
const UPDATES = 'updates'
const WAITING = 'waiting'
const KEPT = 'kept'
/** Above this many rows a document's updates are written together as one. */
const UPDATES_BEFORE_MERGE = 400

export class Device {
  readonly #db: IDBDatabase

  private constructor(db: IDBDatabase) {
    this.#db = db
  }

  /** Null where the browser gives no storage (private windows, a full disk, a blocked database). */
  static async open(person: string, patience_ms = 2000): Promise<Device | null> {
    if (typeof indexedDB === 'undefined') return null
    const opening = new Promise<Device | null>((resolve) => {
      const request = indexedDB.open(DATABASES + person, 1)
      request.onupgradeneeded = () => {
        const db = request.result
        db.createObjectStore(UPDATES, { autoIncrement: true }).createIndex('document', 'document')
        db.createObjectStore(WAITING, { keyPath: ['document', 'client'] }).createIndex('document', 'document')
        db.createObjectStore(KEPT, { keyPath: 'id', autoIncrement: true })
      }
      request.onsuccess = () => resolve(new Device(request.result))
      request.onerror = () => resolve(null)
    })
    const tired = new Promise<null>((resolve) => setTimeout(() => resolve(null), patience_ms))
    return Promise.race([opening, tired]).catch(() => null)
  }

  /** Everybody but `me` of whom this browser holds something; nobody where it cannot tell. */
  static async others(me: string): Promise<string[]> {
    if (typeof indexedDB === 'undefined' || typeof indexedDB.databases !== 'function') return []
    const all = await indexedDB.databases().catch(() => [])
    const people = all.map(({ name }) => name ?? '').filter((name) => name.startsWith(DATABASES))
    return people.map((name) => name.slice(DATABASES.length)).filter((person) => person !== me)
  }

  close(): void {
    this.#db.close()
  }

  /** Everything stored of `document`; `merge` writes many updates as one. */
  async load(document: string, merge: (updates: Uint8Array[]) => Uint8Array): Promise<{ updates: Uint8Array[]; waiting: Waiting[] }> {
    const transaction = this.#db.transaction([UPDATES, WAITING], 'readwrite')
    const store = transaction.objectStore(UPDATES)
    const [rows, keys, waiting] = await Promise.all([
      answer<StoredUpdate[]>(store.index('document').getAll(document)),
      answer(store.index('document').getAllKeys(document)),
      answer<Waiting[]>(transaction.objectStore(WAITING).index('document').getAll(document)),
    ])
    const updates = rows.map((row) => row.update)
    if (updates.length > UPDATES_BEFORE_MERGE) {
      for (const key of keys) store.delete(key)
      store.add({ document, update: merge(updates) } satisfies StoredUpdate)
    }
    return { updates, waiting }
  }

  /** Store updates and the count of what waits in one transaction; resolves when it is on the disk. */
  async append(document: string, updates: readonly Uint8Array[], waiting: Waiting | null): Promise<void> {
    const transaction = this.#db.transaction([UPDATES, WAITING], 'readwrite', { durability: waiting ? 'strict' : 'relaxed' })
    for (const update of updates) transaction.objectStore(UPDATES).add({ document, update } satisfies StoredUpdate)
    if (waiting) transaction.objectStore(WAITING).put(waiting)
    await done(transaction)
  }

  /** The server has acknowledged everything of `document` that these visits left. */
  async settle(document: string, clients: Iterable<number>): Promise<void> {
    const transaction = this.#db.transaction(WAITING, 'readwrite')
    for (const client of clients) transaction.objectStore(WAITING).delete([document, client])
    await done(transaction)
  }

  /** Remove a document and the count of what waits in it. */
  async forget(document: string): Promise<void> {
    const transaction = this.#db.transaction([UPDATES, WAITING], 'readwrite')
    for (const name of [UPDATES, WAITING]) {
      const store = transaction.objectStore(name)
      for (const key of await answer(store.index('document').getAllKeys(document))) store.delete(key)
    }
    await done(transaction)
  }

  /** Names of the documents of which something is stored. */
  async documents(): Promise<string[]> {
    const index = this.#db.transaction(UPDATES, 'readonly').objectStore(UPDATES).index('document')
    return new Promise((resolve, reject) => {
      const names: string[] = []
      const request = index.openKeyCursor(null, 'nextunique')
      request.onerror = () => reject(request.error)
      request.onsuccess = () => {
        const cursor = request.result
        if (!cursor) return resolve(names)
        names.push(String(cursor.key))
        cursor.continue()
      }
    })
  }

  /** Remove every document of which nothing waits: the server has all of it. */
  async forgetReceived(): Promise<void> {
    const waiting = new Set((await this.waiting()).map((row) => row.document))
    for (const name of await this.documents()) if (!waiting.has(name)) await this.forget(name)
  }

  async waiting(): Promise<Waiting[]> {
    return answer<Waiting[]>(this.#db.transaction(WAITING, 'readonly').objectStore(WAITING).getAll())
  }

  async keep(texts: readonly Kept[]): Promise<void> {
    const transaction = this.#db.transaction(KEPT, 'readwrite', { durability: 'strict' })
    for (const text of texts) transaction.objectStore(KEPT).add(text)
    await done(transaction)
  }

  async kept(): Promise<Kept[]> {
    return answer<Kept[]>(this.#db.transaction(KEPT, 'readonly').objectStore(KEPT).getAll())
  }

  async deleteKept(id: number): Promise<void> {
    const transaction = this.#db.transaction(KEPT, 'readwrite')
    transaction.objectStore(KEPT).delete(id)
    await done(transaction)
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
    transaction.onerror = () => reject(transaction.error)
  })
}
