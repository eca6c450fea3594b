/** Keeps a page that is written so that it opens without a network, for its own person only. */

import { ASSETS, KEEPABLE, OFFLINE_PAGE, PAGES } from './caches.ts'
import { isLive, pageData } from './page_data.ts'
import type { PageData } from './page_data.ts'

/** Old builds' files go when there are more than this; the newest are those that pages use. */
const ASSETS_MAX = 80

export async function keepForOffline(data: PageData): Promise<void> {
  if (!('serviceWorker' in navigator) || !navigator.onLine) return
  try {
    await keep(data)
  } catch (lost) {
    // The network went away meanwhile, or the device is full: the page works, and the next visit tries again.
    console.info('This page does not open offline yet.', lost)
  }
}

async function keep(data: PageData): Promise<void> {
  const own = PAGES + data.me.id
  for (const name of await caches.keys()) if (name.startsWith(PAGES) && name !== own) await caches.delete(name)
  await navigator.serviceWorker.register('/service-worker.js')
  const pages = await caches.open(own)
  if (!KEEPABLE.test(location.pathname)) return
  if (!isWritten(data)) return void (await pages.delete(location.pathname))
  const page = await fetch(location.pathname, { headers: { Accept: 'text/html' }, cache: 'no-store' })
  // After a redirect this would be the sign-in page; after a freeze meanwhile, the text of both.
  if (page.ok && !page.redirected) {
    const fetched = pageData(new DOMParser().parseFromString(await page.clone().text(), 'text/html'))
    if (!fetched || !isWritten(fetched)) return void (await pages.delete(location.pathname))
    await pages.put(location.pathname, page)
  }
  await keepAssets()
}

/** Whether the person writes anything here: a page that is only read is not kept. */
function isWritten(data: PageData): boolean {
  return isLive(data) && Object.values(data.documents).some((at) => at.scope === 'read-write')
}

async function keepAssets(): Promise<void> {
  const assets = await caches.open(ASSETS)
  const linked = [...document.querySelectorAll<HTMLLinkElement | HTMLScriptElement>('link[href], script[src]')].map((one) => ('href' in one ? one.href : one.src))
  const icons = [...document.querySelectorAll('use')].map((use) => new URL(use.getAttribute('href') ?? '', location.href).href.split('#')[0] ?? '')
  const loaded = performance.getEntriesByType('resource').map((entry) => entry.name)
  const wanted = new Set([...linked, ...icons, ...loaded].filter((url) => url.startsWith(`${location.origin}/static/`)))
  wanted.add(new URL(OFFLINE_PAGE, location.href).href)
  for (const url of wanted) if (!(await assets.match(url))) await assets.add(url)
  const all = await assets.keys()
  for (const old of all.slice(0, Math.max(all.length - ASSETS_MAX, 0))) await assets.delete(old)
}

/** A page that is not there any more for this person does not open without a network either. */
export async function forgetPage(data: PageData, path: string): Promise<void> {
  if ('caches' in window) await (await caches.open(PAGES + data.me.id)).delete(path)
}

/** Nothing of this person's pages stays on the device. */
export async function forgetOffline(): Promise<void> {
  if (!('caches' in window)) return
  for (const name of await caches.keys()) if (name.startsWith(PAGES) || name === ASSETS) await caches.delete(name)
  for (const registration of (await navigator.serviceWorker?.getRegistrations()) ?? []) await registration.unregister()
}
