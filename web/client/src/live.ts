/** One WebSocket for all documents of the page. */

import { HocuspocusProviderWebsocket } from '@hocuspocus/provider'

/** The server ends a session's sockets with this code. */
const SESSION_ENDED = 4401
/** The server pings every 4 s; a socket that is silent for this long is given up and opened again. */
const SILENT_SOCKET_MS = 12_000

export interface LiveEvents {
  /** A frame, an opening or a closing: the status may have changed. */
  change(): void
  /** The session is over, or the server has refused the socket several times in a row. */
  refused(): void
}

export class Live {
  readonly socket: HocuspocusProviderWebsocket
  lastFrame = Date.now()
  #failures = 0

  constructor(path: string, events: LiveEvents) {
    const url = new URL(path, location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    this.socket = new HocuspocusProviderWebsocket({
      url: url.href,
      delay: 400,
      minDelay: 200,
      maxDelay: 8000,
      messageReconnectTimeout: SILENT_SOCKET_MS,
    })
    // What was queued while the socket was down is in the documents, and goes with the handshake. Sent a second
    // time from the queue it would be acknowledged twice, and "saved" would be said too early.
    const queue = this.socket as unknown as { messageQueue: unknown[] }
    this.socket.on('open', () => {
      queue.messageQueue = []
    })
    this.socket.on('message', () => {
      this.#failures = 0
      const silent = Date.now() - this.lastFrame > 1000
      this.lastFrame = Date.now()
      if (silent) events.change()
    })
    this.socket.on('close', ({ event }: { event: { code: number } }) => {
      events.change()
      this.#failures += 1
      // A refused upgrade looks like a lost network; the page itself knows which it is.
      const asks = this.#failures >= 3 && Number.isInteger(Math.log2(this.#failures + 1))
      if (event.code === SESSION_ENDED || asks) events.refused()
    })
    window.addEventListener('offline', () => {
      this.socket.disconnect()
      events.change()
    })
    window.addEventListener('online', () => {
      this.#failures = 0
      void this.socket.connect()
      events.change()
    })
  }

  get connected(): boolean {
    return this.socket.webSocket?.readyState === WebSocket.OPEN
  }

  /** No more attempts: the session is over. */
  stop(): void {
    this.socket.disconnect()
  }
}
