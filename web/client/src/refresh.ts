/** Fetches the page afresh after somebody has changed what it is about, and puts what has changed in place. */

import { isLive, pageData } from './page_data.ts'
import type { LivePageData } from './page_data.ts'

export type Fetched =
  | { readonly kind: 'page'; readonly page: Document; readonly data: LivePageData }
  /** The address leads to another page now. */
  | { readonly kind: 'elsewhere'; readonly address: string }
  /** The session is over. */
  | { readonly kind: 'signed-out' }
  /** The page is no longer there for this person. */
  | { readonly kind: 'gone' }
  /** No network, or the server is not well. */
  | { readonly kind: 'unreachable' }

export async function fetchPage(address: string): Promise<Fetched> {
  let answer: Response
  try {
    answer = await fetch(address, { headers: { Accept: 'text/html' }, cache: 'no-store', credentials: 'same-origin' })
  } catch {
    return { kind: 'unreachable' }
  }
  if (answer.status === 401 || new URL(answer.url).pathname === '/sign-in') return { kind: 'signed-out' }
  if (answer.status === 404 || answer.status === 403) return { kind: 'gone' }
  if (!answer.ok) return { kind: 'unreachable' }
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const data = pageData(page)
  if (!data) return { kind: 'signed-out' }
  return isLive(data) ? { kind: 'page', page, data } : { kind: 'elsewhere', address: answer.url }
}

/**
 * Whether `now` is another page than `before` and not the same one with some regions changed: what it is about
 * has taken a turn, or this person may write what could only be read, or the other way round.
 */
export function isAnother(before: LivePageData, now: LivePageData): boolean {
  if (before.turn !== now.turn) return true
  return Object.values(now.documents).some((at) =>
    Object.values(before.documents).some((was) => was.name === at.name && was.scope !== at.scope))
}

/** Whether an element is in what a turn replaces. */
export function isInPage(element: Element | null): boolean {
  return element?.closest('#main, footer.bar') != null
}

/**
 * Put the whole of `fresh` in place of what is shown, but the bar above, which says who is here, and what is being
 * said. The focus of whoever `held` it in what goes is at the new heading. Returns what is said in bold at the top.
 */
export function replacePage(fresh: Document, held: boolean): string[] {
  const main = document.getElementById('main')
  const next = fresh.getElementById('main')
  if (!main || !next) return []
  const stays = [...main.children].filter((one) => one instanceof HTMLElement && ['announce', 'kept'].includes(one.dataset['slot'] ?? ''))
  for (const one of [...main.childNodes]) if (!stays.includes(one as Element)) one.remove()
  const placed = [...next.childNodes].filter((one) => !(one instanceof HTMLElement && ['announce', 'kept'].includes(one.dataset['slot'] ?? '')))
  const announce = main.querySelector('[data-slot=announce]')
  for (const one of placed) main.insertBefore(document.importNode(one, true), announce)
  for (const selector of ['footer.bar', 'template#samsyn-toolbar']) {
    document.querySelector(selector)?.remove()
    const one = fresh.querySelector(selector)
    if (one) main.after(document.importNode(one, true))
  }
  document.title = fresh.title
  document.body.className = fresh.body.className
  document.body.dataset['page'] = fresh.body.dataset['page'] ?? ''
  window.scrollTo({ top: 0, behavior: 'instant' })
  if (held) (main.querySelector<HTMLElement>('h1[tabindex]') ?? main).focus({ preventScroll: true })
  return sentencesIn('[data-region=notice] b')
}

/**
 * Replace every region that differs, except those that `isLive`. Focus goes to the same control as before, or to what
 * has come in its place. Returns the new sentences about where the conversation stands, for those who do not see them.
 */
export function replaceRegions(fresh: Document, isLive: (region: Element) => boolean, leaving: (region: Element) => void): string[] {
  const before = standing()
  for (const region of document.querySelectorAll<HTMLElement>('[data-region]')) {
    const name = region.dataset['region'] ?? ''
    const next = fresh.querySelector<HTMLElement>(`[data-region="${CSS.escape(name)}"]`)
    if (!next || isLive(region) || region.isEqualNode(next)) continue
    // A form that is still to be sent keeps what has been typed into it.
    if (region.querySelector('textarea') && next.querySelector('textarea')) continue
    const focus = controlIn(region)
    const choice = region.querySelector<HTMLInputElement>('input[type=radio]:checked:not([data-kind])')?.id
    leaving(region)
    const placed = document.importNode(next, true)
    region.replaceWith(placed)
    if (choice) {
      const same = placed.querySelector<HTMLInputElement>(`#${CSS.escape(choice)}`)
      if (same) same.checked = true
    }
    if (focus) focusIn(placed, focus)
  }
  return standing().filter((sentence) => !before.includes(sentence))
}

/** When the two meet, what is shared or signed, what one may do about it, as the page says it in bold; who has commented. */
function standing(): string[] {
  const bold = '[data-region=notice] b, [data-region=signatures] b, [data-region=bar] b'
  return sentencesIn(`[data-region=meeting] .meeting, ${bold}, [data-region=comments] .by`)
}

function sentencesIn(selector: string): string[] {
  return [...document.querySelectorAll(selector)].map((one) => one.textContent?.trim() ?? '')
}

function focusIn(placed: HTMLElement, wanted: string): void {
  for (const selector of [wanted, 'form[data-action] button', 'button, a[href], input']) {
    const control = placed.querySelector<HTMLElement>(selector)
    if (control) return control.focus()
  }
  // What was pressed is gone, with all that stood beside it: the next Tab goes on from the top of the content.
  document.getElementById('main')?.focus({ preventScroll: true })
}

/** A selector for the focused control of `region`, or null when the focus is elsewhere. */
function controlIn(region: Element): string | null {
  const active = document.activeElement
  if (!active || !region.contains(active)) return null
  if (active.id) return `#${CSS.escape(active.id)}`
  const form = active.closest<HTMLElement>('form[data-action]')
  return form ? `form[data-action="${form.dataset['action'] ?? ''}"] button` : active.tagName.toLowerCase()
}
