// A browser page without a browser: the provider that the client uses, as the client uses it.

import { createRequire } from 'node:module'
import path from 'node:path'

const require = createRequire(path.join(process.env.WIRE_NODE_MODULES, 'page.js'))
export const Y = require('yjs')
const { HocuspocusProvider, HocuspocusProviderWebsocket } = require('@hocuspocus/provider')

const URL_ = process.env.WIRE_URL
const PATIENCE_MS = 20_000

export const conversation = process.env.WIRE_CONVERSATION
export const JOINT = `${conversation}/joint/1`
export const EMPLOYEE = `${conversation}/employee/1`
export const MANAGER = `${conversation}/manager/1`

/** Tell the server what to do; see serve.py. */
export async function control(order) {
  const answer = await fetch(`${URL_}/control`, { method: 'POST', body: JSON.stringify(order) })
  if (!answer.ok) throw new Error(`the server could not ${order.do}`)
  return answer.json()
}

/** A conversation of kari and ola, and a guest who may read. Returns the documents' row ids. */
export async function talk() {
  return {
    joint: await control({ do: 'add', name: JOINT, private: false, scopes: { kari: 'read-write', ola: 'read-write', guest: 'readonly' } }),
    employee: await control({ do: 'add', name: EMPLOYEE, private: true, scopes: { kari: 'read-write' } }),
    manager: await control({ do: 'add', name: MANAGER, private: true, scopes: { ola: 'read-write' } }),
  }
}

// Waiting: everything that happens anywhere wakes whoever waits.

let waiters = []
function happened() {
  for (const waiter of waiters.splice(0)) waiter()
}

export async function until(what, predicate) {
  const deadline = Date.now() + PATIENCE_MS
  while (!predicate()) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`)
    let timer
    await new Promise((resolve) => {
      waiters.push(resolve)
      timer = setTimeout(resolve, PATIENCE_MS)
    })
    clearTimeout(timer)
  }
}

/** One socket of a person. */
export class Page {
  constructor(person, { session = person } = {}) {
    const page = this
    this.frames = []
    this.closings = []
    this.sockets = 0
    class Socket extends WebSocket {
      constructor(url) {
        super(url, { headers: { cookie: `person=${person}; session=${session}`, origin: URL_ } })
        page.sockets += 1
      }
    }
    this.socket = new HocuspocusProviderWebsocket({
      url: `${URL_.replace('http', 'ws')}/live`, WebSocketPolyfill: Socket, delay: 20, minDelay: 10, maxDelay: 100,
    })
    this.socket.on('open', () => { this.socket.messageQueue = [] })
    this.socket.on('message', ({ data }) => { this.frames.push(Buffer.from(data)); setImmediate(happened) })
    this.socket.on('close', ({ event }) => { this.closings.push([event.code, event.reason]); happened() })
    this.socket.on('status', happened)
    this.documents = {}
  }

  /** Attach to a document, with the Y.Doc that the page has of it, if it has one. */
  attach(name, doc = new Y.Doc()) {
    const attached = new Attached(this, name, doc)
    this.documents[name] = attached
    return attached
  }

  async join(name, doc) {
    const attached = this.attach(name, doc)
    await attached.saved()
    return attached
  }

  destroy() {
    for (const { provider } of Object.values(this.documents)) provider.destroy()
    this.socket.destroy()
  }
}

/** One document of a page. */
export class Attached {
  constructor(page, name, doc) {
    this.doc = doc
    this.denied = []
    this.closed = []
    this.told = []
    this.scopes = []
    this.provider = new HocuspocusProvider({ websocketProvider: page.socket, name, document: doc, token: 'session' })
    const { provider } = this
    provider.on('authenticationFailed', ({ reason }) => { this.denied.push(reason); happened() })
    provider.on('authenticated', ({ scope }) => { this.scopes.push(scope); happened() })
    provider.on('close', ({ event }) => { if (event.code === 1000) this.closed.push(event.reason); happened() })
    provider.on('stateless', ({ payload }) => { this.told.push(JSON.parse(payload)); happened() })
    provider.on('unsyncedChanges', happened)
    provider.awareness.on('change', happened)
    doc.on('update', happened)
    provider.attach()
  }

  get text() {
    return this.doc.getXmlFragment('a1').toArray().map((block) => block.toArray().map(String).join('')).join('\n')
  }

  /** Who is here, by name, without oneself. */
  get here() {
    const { awareness } = this.provider
    return [...awareness.getStates()].filter(([id]) => id !== awareness.clientID).map(([, state]) => state.user?.name).sort()
  }

  /** Type at the end of the first paragraph. */
  type(text) {
    this.doc.transact(() => {
      const paragraph = this.doc.getXmlFragment('a1').get(0)
      if (paragraph.length === 0) paragraph.insert(0, [new Y.XmlText()])
      const inner = paragraph.get(paragraph.length - 1)
      inner.insert(inner.length, text)
    })
  }

  /** The server has it all. */
  async saved() {
    await until('saved', () => this.provider.isAuthenticated && this.provider.synced && this.provider.unsyncedChanges === 0)
  }

  async shows(text) {
    await until(`the text ${text}, but ${this.text}`, () => this.text === text)
  }
}

/** Run a scenario, then end the process: open sockets would keep it. */
export async function play(scenario) {
  await scenario()
  process.exit(0)
}
