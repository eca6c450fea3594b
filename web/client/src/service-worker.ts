/**
 * Opens the pages of what is written together without a network.
 *
 * Pages come from the network first; the copy that `offline.ts` has put into the one person's cache is the fallback.
 * This file never puts a page into a cache: it cannot know whose page it is.
 */

import { ASSETS, KEEPABLE, OFFLINE_PAGE, PAGES } from './caches.ts'

interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void
}

interface Fetching extends Extendable {
  readonly request: Request
  respondWith(answer: Promise<Response>): void
}

interface Worker {
  readonly clients: { claim(): Promise<void> }
  skipWaiting(): Promise<void>
  addEventListener(type: 'install' | 'activate', listener: (event: Extendable) => void): void
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void
}

const worker = self as unknown as Worker

worker.addEventListener('install', (event) => event.waitUntil(worker.skipWaiting()))
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()))
worker.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== location.origin) return
  if (request.mode === 'navigate') event.respondWith(page(request, url.pathname))
  else if (url.pathname.startsWith('/static/')) event.respondWith(asset(request))
})

async function page(request: Request, path: string): Promise<Response> {
  try {
    const answer = await fetch(request)
    // A gateway without a server behind it is as good as no network.
    if (answer.status < 502 || answer.status > 504) {
      if ((answer.status === 404 || answer.status === 403) && KEEPABLE.test(path)) await forget(path)
      // Sent on to the sign-in page: the session has ended, perhaps from another device because this one is lost.
      if (answer.type === 'opaqueredirect' && KEEPABLE.test(path)) await forgetAll()
      return answer
    }
    return (await kept(path)) ?? answer
  } catch (lost) {
    const copy = (await kept(path)) ?? (await caches.match(OFFLINE_PAGE, { cacheName: ASSETS }))
    if (copy) return copy
    throw lost
  }
}

async function kept(path: string): Promise<Response | undefined> {
  if (!KEEPABLE.test(path)) return undefined
  for (const name of await caches.keys()) {
    const copy = name.startsWith(PAGES) ? await caches.match(path, { cacheName: name }) : undefined
    if (copy) return copy
  }
  return undefined
}

async function forget(path: string): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith(PAGES)) await (await caches.open(name)).delete(path)
}

async function forgetAll(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith(PAGES)) await caches.delete(name)
}

async function asset(request: Request): Promise<Response> {
  return (await caches.match(request, { cacheName: ASSETS })) ?? fetch(request)
}
