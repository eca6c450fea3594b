/** A page on which something is being made shows how far it is, until it is there. Without a script it has a link. */

import type { Announcer } from './announce.ts'

const LOOK_AGAIN_MS = 1000

/** Fetch the page again and again while its region says so. Returns when there is nothing more to follow. */
export async function follow(announcer: Announcer): Promise<void> {
  for (;;) {
    const region = document.querySelector<HTMLElement>('[data-follow]')
    if (!region) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
    if (document.hidden) continue
    const fresh = await fetched()
    if (fresh === 'over') return
    const next = fresh?.querySelector<HTMLElement>(`[data-region="${region.dataset['region'] ?? ''}"]`)
    if (!next || region.isEqualNode(next)) continue
    replace(region, document.importNode(next, true))
    // How far it is stands in a progress bar, which is read by whoever wants to know. The end is said.
    if (!next.hasAttribute('data-follow')) announcer.say(next.dataset['done'] ?? '')
  }
}

/** The page as it is now; null while the server is out of reach, `over` when it shows something else. */
async function fetched(): Promise<Document | null | 'over'> {
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, cache: 'no-store', credentials: 'same-origin' })
    if (answer.redirected || answer.status === 401) return 'over'
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), 'text/html') : null
  } catch {
    return null
  }
}

/** Put `next` in the place of `region`; the focus, if it was in there, goes to the first control. */
function replace(region: HTMLElement, next: HTMLElement): void {
  const held = region.contains(document.activeElement)
  region.replaceWith(next)
  if (held) next.querySelector<HTMLElement>('a[href], button')?.focus()
}
