/** The page `/kept`: every kept text of this person on this device, to copy and to delete. */

import type { Announcer } from './announce.ts'
import type { Device, Kept } from './device.ts'
import { paintKeptLink } from './kept.ts'
import { calendarOf } from './words.ts'
import type { Words } from './words.ts'

export async function showKept(device: Device | null, words: Words, announcer: Announcer, locale: string): Promise<void> {
  const list = document.querySelector<HTMLElement>('[data-slot=kept-list]')
  const template = document.getElementById('samsyn-kept')
  if (!list || !(template instanceof HTMLTemplateElement)) return
  const when = new Intl.DateTimeFormat(calendarOf(locale), { dateStyle: 'long', timeStyle: 'short' })
  const texts = (await device?.kept()) ?? []
  list.replaceChildren(...texts.sort((a, b) => b.at - a.at).map((kept) => item(kept)))
  empty()

  function empty(): void {
    const none = document.querySelector<HTMLElement>('[data-slot=kept-empty]')
    if (none) none.hidden = (list?.children.length ?? 0) > 0
  }

  function item(kept: Kept): HTMLElement {
    const made = (template as HTMLTemplateElement).content.firstElementChild?.cloneNode(true) as HTMLElement
    const part = <T extends HTMLElement>(name: string): T | null => made.querySelector<T>(`[data-kept="${name}"]`)
    const where = part<HTMLAnchorElement>('where')
    where?.append(`${kept.title} – ${kept.label}`)
    where?.setAttribute('href', kept.path)
    part('at')?.append(when.format(kept.at))
    part('at')?.setAttribute('datetime', new Date(kept.at).toISOString())
    part('text')?.append(kept.text)
    part('copy')?.addEventListener('click', () => {
      void navigator.clipboard.writeText(kept.text).then(() => announcer.show(words.say('copied')), () => announcer.show(words.say('failed')))
    })
    part('delete')?.addEventListener('click', () => {
      void device?.deleteKept(kept.id ?? 0).then(() => {
        const next = made.nextElementSibling ?? made.previousElementSibling
        made.remove()
        empty()
        next?.querySelector<HTMLElement>('button')?.focus()
        announcer.say(words.say('deleted'))
        return paintKeptLink(device, words)
      })
    })
    return made
  }
}
