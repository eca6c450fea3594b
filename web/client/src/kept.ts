/** Texts that can no longer be merged are kept on this device, for their owner alone, until the owner deletes them. */

import * as Y from 'yjs'
import { Device } from './device.ts'
import type { FieldName, Kept } from './device.ts'
import { plainText } from './plain_text.ts'
import type { Words } from './words.ts'

export interface Unsent {
  readonly doc: Y.Doc
  readonly fields: Iterable<readonly [string, FieldName]>
  readonly title: string
  readonly path: string
}

/** What is in the unsent fields; `isThere` says that a text has arrived after all. */
export function unsentTexts({ doc, fields, title, path }: Unsent, at: number, isThere: (field: string, name: FieldName, text: string) => boolean): Kept[] {
  const names = new Map(fields)
  const texts: Kept[] = []
  for (const [field, name] of names) {
    // A row's own entry says more than the whole table's.
    if (name.kind === 'table' && !field.includes('/') && [...names.keys()].some((other) => other.startsWith(`${field}/`))) continue
    const text = plainText(doc, field, name)
    if (text.trim() && !isThere(field, name, text)) texts.push({ title, path, label: name.label, text, at })
  }
  return texts
}

/** Make kept texts of what waits in `document`, a stored document that is no longer merged, and remove it. */
export async function giveUp(device: Device, document: string): Promise<void> {
  const doc = new Y.Doc()
  const { updates, waiting } = await device.load(document, (all) => Y.mergeUpdates(all))
  for (const update of updates) Y.applyUpdate(doc, update)
  const first = waiting[0]
  if (first) {
    const fields = new Map(waiting.flatMap((row) => Object.entries(row.fields)))
    await device.keep(unsentTexts({ doc, fields, title: first.title, path: first.path }, Date.now(), () => false))
  }
  await device.forget(document)
  doc.destroy()
}

/** A conversation that this person has handed over: what waits here for it can never be received. */
export async function giveUpConversation(device: Device, conversation: string): Promise<void> {
  for (const name of await device.documents()) if (name.startsWith(`${conversation}/`)) await giveUp(device, name)
}

/**
 * Somebody has signed in where another one's session ended without signing out: what the server has of hers leaves
 * the device, and what waits to be sent stays until she is back.
 */
export async function forgetOthers(me: string): Promise<void> {
  for (const person of await Device.others(me)) {
    const device = await Device.open(person)
    await device?.forgetReceived()
    device?.close()
  }
}

/** Show how many texts are kept, as a link, on every other page of the person. */
export async function paintKeptLink(device: Device | null, words: Words): Promise<void> {
  const link = document.querySelector<HTMLElement>('[data-slot=kept]')
  if (!link || !device) return
  const count = (await device.kept()).length
  // On the page itself the texts speak for themselves.
  link.hidden = count === 0 || link.getAttribute('href') === location.pathname
  link.textContent = count === 0 ? '' : words.count('kept', count)
}
