import assert from 'node:assert/strict'
import { test } from 'node:test'

const MAJAS = '/conversations/c1'
const OTHER = '/conversations/c2'

interface Asked {
  readonly request: { readonly method: string; readonly mode: string; readonly url: string }
  respondWith(answer: Promise<unknown>): void
}

let listener: (event: Asked) => void = () => undefined
let kept = new Map<string, Set<string>>()
let answer: { status: number; type: string } | null = null

Object.assign(globalThis, {
  location: new URL('https://samsyn.example/service-worker.js'),
  self: {
    addEventListener: (kind: string, given: (event: Asked) => void): void => { if (kind === 'fetch') listener = given },
  },
  caches: {
    keys: async () => [...kept.keys()],
    open: async (name: string) => ({ delete: async (path: string) => kept.get(name)?.delete(path) }),
    delete: async (name: string) => kept.delete(name),
    match: async (path: string, { cacheName }: { cacheName: string }) => (kept.get(cacheName)?.has(path) ? `kept ${path}` : undefined),
  },
  fetch: async () => {
    if (answer === null) throw new TypeError('no network')
    return answer
  },
})
await import('../../web/client/src/service-worker.ts')

/** What a browser with two kept pages shows for the first, and what it still keeps. */
async function visited(given: typeof answer): Promise<[unknown, string[]]> {
  kept = new Map([['samsyn-pages/maja', new Set([MAJAS, OTHER])]])
  answer = given
  let shown: unknown
  listener({ request: { method: 'GET', mode: 'navigate', url: `https://samsyn.example${MAJAS}` }, respondWith: (promised) => { shown = promised } })
  return [await shown, [...kept.values()].flatMap((paths) => [...paths])]
}

test('without a network, or a server behind the gateway, the kept page is shown', async () => {
  for (const away of [null, { status: 502, type: 'basic' }]) assert.deepEqual(await visited(away), [`kept ${MAJAS}`, [MAJAS, OTHER]])
})

test('a page that is no longer to be seen is forgotten', async () => {
  const missing = { status: 404, type: 'basic' }
  assert.deepEqual(await visited(missing), [missing, [OTHER]])
})

test('once the session has ended no page stays on the device', async () => {
  const sentToSignIn = { status: 0, type: 'opaqueredirect' }
  assert.deepEqual(await visited(sentToSignIn), [sentToSignIn, []])
})

test('an activity opens without a network as a conversation does, and a list of them does not', async () => {
  const activity = '/people/maja/activities/a1'
  for (const [path, shown] of [[activity, `kept ${activity}`], ['/people/maja/activities', undefined]] as const) {
    kept = new Map([['samsyn-pages/maja', new Set([path])]])
    answer = { status: 502, type: 'basic' }
    let page: unknown
    listener({ request: { method: 'GET', mode: 'navigate', url: `https://samsyn.example${path}` }, respondWith: (promised) => { page = promised } })
    assert.deepEqual(await page, shown ?? answer)
  }
})
