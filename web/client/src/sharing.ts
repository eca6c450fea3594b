/** The buttons that share a pane, withdraw a share or open what the other has shared. */

import * as Y from 'yjs'
import type { Conversation } from './conversation.ts'
import type { OpenPane } from './open_pane.ts'
import type { Words } from './words.ts'

/** Longer than this the sharing page does not wait for the server to have everything. */
const ACKNOWLEDGED_MS = 10_000

interface Refused {
  readonly sentence?: string
  /** Elements of the pane that are to be filled in first. */
  readonly missing?: readonly { readonly id: string; readonly label: string }[]
}

export function listenForSharing(conversation: Conversation, words: Words): void {
  // A button may be pressed while the page still follows the one before it: then it waits for its turn.
  let turn = Promise.resolve()
  let last: HTMLFormElement | null = null
  document.addEventListener('submit', (event) => {
    const form = event.target
    if (!(form instanceof HTMLFormElement)) return
    const action = form.dataset['action'] ?? ''
    if (!['share', 'withdraw', 'open'].includes(action)) return
    event.preventDefault()
    // The same button pressed twice means the same.
    if (form === last) return
    last = form
    turn = turn.then(() => {
      say(null)
      return send(form, action)
    }).catch(() => say({ sentence: words.say('failed') })).finally(() => { if (last === form) last = null })
  })

  async function send(form: HTMLFormElement, action: string): Promise<void> {
    const pane = /\/panes\/(\w+)\//.exec(form.action)?.[1] ?? ''
    const open = conversation.pane(pane)
    if (!conversation.connected) return say({ sentence: words.say('share_offline') })
    // Whatever is typed from here on would not be in what is shared.
    if (action === 'share') open?.fields.hold(true)
    try {
      if (action === 'share' && open && !(await everythingSent(open))) return say({ sentence: words.say('share_offline') })
      const answer = await post(form, action === 'share' && open ? Y.encodeStateVector(open.pane.doc) : null)
      if (answer === null) say({ sentence: words.say('failed') })
      else if (answer.ok) await conversation.refresh()
      else say(await refusal(answer), pane)
    } finally {
      open?.fields.hold(false)
    }
  }

  async function everythingSent({ pane }: OpenPane): Promise<boolean> {
    if (!pane.acknowledged) say({ sentence: words.say('share_waits') })
    const sent = await conversation.acknowledged(pane, ACKNOWLEDGED_MS)
    say(null)
    return sent
  }

  async function refusal(answer: Response): Promise<Refused> {
    const json = answer.headers.get('content-type')?.startsWith('application/json') ?? false
    const said = json ? ((await answer.json()) as Refused) : {}
    return { sentence: said.sentence ?? words.say('failed'), missing: said.missing ?? [] }
  }
}

/** Send the form as a script does; null without a network. */
async function post(form: HTMLFormElement, stateVector: Uint8Array | null): Promise<Response | null> {
  const fields = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]))
  const json = stateVector ? { 'Content-Type': 'application/json' } : {}
  const body = stateVector ? JSON.stringify({ state_vector: base64(stateVector) }) : fields
  return fetch(form.action, { method: 'POST', body, headers: { Accept: 'application/json', ...json } }).catch(() => null)
}

/** Show what was refused and where to go from there, or nothing. */
function say(refused: Refused | null, pane = ''): void {
  const slot = document.querySelector<HTMLElement>('[data-slot=message]')
  if (!slot) return
  slot.replaceChildren()
  if (!refused) return
  const sentence = document.createElement('p')
  sentence.textContent = refused.sentence ?? ''
  slot.append(sentence)
  const links = (refused.missing ?? []).map((one) => linkTo(pane, one))
  if (links.length > 0) {
    const list = document.createElement('ul')
    list.append(...links)
    slot.append(list)
    slot.focus()
  }
}

function linkTo(pane: string, { id, label }: { id: string; label: string }): HTMLElement {
  const place = document.getElementById(`f-${pane}-${id}`)
    ?? document.querySelector<HTMLElement>(`[data-pane="${CSS.escape(pane)}"][data-field="${CSS.escape(id)}"]`)
  const item = document.createElement('li')
  const link = document.createElement('a')
  link.textContent = label
  link.href = `#${place?.id ?? ''}`
  link.addEventListener('click', (event) => {
    event.preventDefault()
    place?.scrollIntoView({ block: 'center', behavior: 'instant' })
    ;(place?.querySelector<HTMLElement>('[role=textbox], input') ?? place)?.focus()
  })
  item.append(link)
  return item
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}
