/** The buttons that share a pane or finish what is written: everything written here must be received before. */

import * as Y from 'yjs'
import type { LivePage } from './live_page.ts'
import type { OpenPane } from './open_pane.ts'
import type { Words } from './words.ts'

/** Longer than this the page does not wait for the server to have everything. */
const ACKNOWLEDGED_MS = 10_000

/** What each button needs the server to have before it is pressed. */
const NEEDS = {
  share: 'pane', withdraw: 'nothing', open: 'nothing', freeze: 'everything', complete: 'everything', guest: 'nothing',
  finish: 'everything', resume: 'nothing', comment: 'nothing',
} as const

type Action = keyof typeof NEEDS

interface Lack {
  readonly label: string
  /** The element of a pane that is to be filled in, when a pane is shared. */
  readonly id?: string
  /** The id on the page of what is to be filled in or pressed; empty when somebody else is to do it. */
  readonly place?: string
}

interface Refused {
  readonly sentence?: string
  readonly missing?: readonly Lack[]
}

/** A button that is pressed: a form that is sent, or a link to a page that asks once more. */
interface Pressed {
  readonly control: HTMLFormElement | HTMLAnchorElement
  readonly action: Action
}

export function listenForActions(page: LivePage, words: Words): void {
  // A button may be pressed while the page still follows the one before it: then it waits for its turn.
  let turn = Promise.resolve()
  let last: Pressed['control'] | null = null
  const press = (event: Event, control: Element | null): void => {
    if (!(control instanceof HTMLFormElement || control instanceof HTMLAnchorElement)) return
    const action = control.dataset['action'] ?? ''
    if (!isAction(action)) return
    event.preventDefault()
    // The same button pressed twice means the same.
    if (control === last) return
    last = control
    turn = turn.then(() => {
      say(null)
      return send({ control, action })
    }).catch(() => say({ sentence: words.say('failed') })).finally(() => { if (last === control) last = null })
  }
  document.addEventListener('submit', (event) => press(event, event.target as Element))
  document.addEventListener('click', (event) => {
    if (!(event.ctrlKey || event.metaKey || event.shiftKey)) press(event, (event.target as Element).closest('a[data-action]'))
  })
  window.addEventListener('hashchange', () => goToHash(page))

  async function send(pressed: Pressed): Promise<void> {
    const { control, action } = pressed
    const pane = /\/panes\/(\w+)\//.exec(addressOf(control))?.[1] ?? ''
    const open = page.pane(pane)
    if (!page.connected) return say({ sentence: words.say('share_offline') })
    const needed = NEEDS[action] === 'everything' ? page.writable : NEEDS[action] === 'pane' && open ? [open] : []
    // Whatever is typed from here on would not be in what is shared or signed.
    for (const one of needed) one.fields.hold(true)
    try {
      if (!(await everythingSent(needed))) return say({ sentence: words.say('share_offline') })
      const answer = await request(control, action === 'share' && open ? Y.encodeStateVector(open.pane.doc) : null)
      if (answer === null) say({ sentence: words.say('failed') })
      else if (!answer.ok) say(await refusal(answer, pane))
      // Nothing has been done yet: the page behind the link asks once more.
      else if (control instanceof HTMLAnchorElement) location.assign(control.href)
      else {
        control.reset()
        await page.refresh()
      }
    } finally {
      for (const one of needed) one.fields.hold(false)
    }
  }

  async function everythingSent(needed: readonly OpenPane[]): Promise<boolean> {
    const panes = needed.map((open) => open.pane)
    if (panes.some((pane) => !pane.acknowledged)) say({ sentence: words.say('share_waits') })
    const sent = await page.acknowledged(panes, ACKNOWLEDGED_MS)
    say(null)
    return sent
  }

  async function refusal(answer: Response, pane: string): Promise<Refused> {
    const json = answer.headers.get('content-type')?.startsWith('application/json') ?? false
    const said = json ? ((await answer.json()) as Refused) : {}
    const missing = (said.missing ?? []).map((one) => (one.id === undefined ? one : { ...one, place: `f-${pane}-${one.id}` }))
    return { sentence: said.sentence ?? words.say('failed'), missing }
  }

  /** Show what was refused and where to go from there, or nothing. */
  function say(refused: Refused | null): void {
    const slot = document.querySelector<HTMLElement>('[data-slot=message]')
    if (!slot) return
    slot.replaceChildren()
    if (!refused) return
    const missing = refused.missing ?? []
    const sentence = document.createElement(missing.length > 0 ? 'h2' : 'p')
    sentence.textContent = refused.sentence ?? ''
    slot.append(sentence)
    if (missing.length === 0) return
    const list = document.createElement('ul')
    list.append(...missing.map(item))
    slot.append(list)
    sentence.tabIndex = -1
    sentence.focus()
  }

  function item({ label, place }: Lack): HTMLElement {
    const made = document.createElement('li')
    if (!place) {
      made.textContent = label
      return made
    }
    const link = document.createElement('a')
    link.textContent = label
    link.href = `#${place}`
    link.addEventListener('click', (event) => {
      event.preventDefault()
      page.goTo(place)
    })
    made.append(link)
    return made
  }
}

/** From a page that listed what is missing, or from a link that somebody else sent. */
export function goToHash(page: LivePage): void {
  const place = decodeURIComponent(location.hash.slice(1))
  if (place && place !== 'main') page.goTo(place)
}

function isAction(action: string): action is Action {
  return action in NEEDS
}

function addressOf(control: Pressed['control']): string {
  return control instanceof HTMLFormElement ? control.action : control.href
}

/** Send the form, or ask for the page behind the link, as a script does; null without a network. */
async function request(control: Pressed['control'], stateVector: Uint8Array | null): Promise<Response | null> {
  const headers = { Accept: 'application/json', ...(stateVector ? { 'Content-Type': 'application/json' } : {}) }
  if (control instanceof HTMLAnchorElement) return fetch(control.href, { headers, cache: 'no-store' }).catch(() => null)
  const fields = new URLSearchParams([...new FormData(control)].map(([name, value]) => [name, String(value)]))
  const body = stateVector ? JSON.stringify({ state_vector: base64(stateVector) }) : fields
  return fetch(control.action, { method: 'POST', body, headers }).catch(() => null)
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}
