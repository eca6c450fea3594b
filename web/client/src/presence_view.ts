/** Shows the picture of `presence.ts` on the page and says its sentences. */

import type { Announcer } from './announce.ts'
import { questionOf } from './field_names.ts'
import type { Me, PageData, PaneName } from './page_data.ts'
import { Sentences, picture } from './presence.ts'
import type { Picture, Spot } from './presence.ts'
import type { Words } from './words.ts'
import { colourOf, givenName } from './writers.ts'
import type { Writers } from './writers.ts'

export class PresenceView {
  readonly #me: Me
  readonly #words: Words
  readonly #announcer: Announcer
  readonly #sentences = new Sentences()
  #writers: readonly (readonly [PaneName, Writers])[] = []
  #planned = false
  #again: ReturnType<typeof setTimeout> | undefined
  #shown = ''

  constructor(page: PageData, words: Words, announcer: Announcer) {
    this.#me = page.me
    this.#words = words
    this.#announcer = announcer
  }

  /** The documents whose people are shown. */
  watch(writers: readonly (readonly [PaneName, Writers])[]): void {
    this.#writers = writers
    for (const [, one] of writers) one.onChange = () => this.#plan()
    this.#shown = ''
    this.#plan()
  }

  /** The page's elements have been replaced. */
  repaint(): void {
    this.#shown = ''
    this.#plan()
  }

  #plan(): void {
    if (this.#planned) return
    this.#planned = true
    setTimeout(() => {
      this.#planned = false
      this.#paint()
    }, 60)
  }

  #paint(): void {
    const now = picture(this.#me.id, this.#writers.map(([pane, writers]) => [pane, writers.others().values()] as const))
    const shown = JSON.stringify(now)
    if (shown !== this.#shown) {
      this.#shown = shown
      this.#paintHere(now.here)
      this.#paintWhere(now.spots)
      this.#paintFields(now.spots)
    }
    this.#say(now)
  }

  #say(now: Picture): void {
    const { sentences, next } = this.#sentences.next(Date.now(), now)
    for (const sentence of sentences) {
      const question = sentence.key === 'writes' ? questionOf(sentence.spot) : ''
      this.#announcer.say(this.#words.say(sentence.key, { name: sentence.user.name, question }))
    }
    clearTimeout(this.#again)
    if (next !== null) this.#again = setTimeout(() => this.#paint(), next - Date.now() + 20)
  }

  #paintHere(others: readonly Me[]): void {
    const list = document.querySelector('[data-slot=here]')
    list?.replaceChildren(...[this.#me, ...others].map((user) => {
      const own = user.id === this.#me.id
      const item = element('li', 'on')
      const face = element('span', `avatar ${colourOf(user)}`, user.initials)
      face.setAttribute('role', 'img')
      face.setAttribute('aria-label', own ? this.#words.say('you', { name: user.name }) : this.#words.say('here', { name: user.name }))
      face.title = user.name
      item.append(face)
      return item
    }))
  }

  #paintWhere(spots: readonly Spot[]): void {
    const line = document.querySelector('[data-slot=where]')
    const spot = spots.find((one) => one.writing) ?? spots[0]
    if (!line) return
    if (!spot) return line.replaceChildren()
    const [before, after] = this.#words.around(spot.writing ? 'writes' : 'at', { question: questionOf(spot) })
    line.replaceChildren(before, element('b', '', givenName(spot.user)), after)
  }

  #paintFields(spots: readonly Spot[]): void {
    for (const slot of document.querySelectorAll<HTMLElement>('[data-slot=typing]')) {
      const there = spots.filter((spot) => spot.pane === slot.dataset['pane'] && spot.field === slot.dataset['field'])
      slot.replaceChildren(...there.slice(0, 1).map((spot) => {
        const mark = element('span', `typing ${colourOf(spot.user)}`)
        const face = element('span', `avatar small ${colourOf(spot.user)}`, spot.user.initials)
        face.setAttribute('aria-hidden', 'true')
        mark.append(face, this.#words.say(spot.writing ? 'typing' : 'here', { name: givenName(spot.user) }))
        return mark
      }))
    }
    for (const field of document.querySelectorAll<HTMLElement>('.theirs')) {
      field.classList.remove('theirs', 'written')
      delete field.dataset['theirs']
    }
    for (const spot of spots) {
      const field = document.getElementById(`f-${spot.pane}-${spot.at.replaceAll('/', '-')}`)
      if (!field) continue
      field.classList.add('theirs')
      field.classList.toggle('written', spot.writing)
      field.dataset['theirs'] = colourOf(spot.user)
    }
  }
}

function element(tag: string, className: string, text = ''): HTMLElement {
  const made = document.createElement(tag)
  if (className) made.className = className
  made.textContent = text
  return made
}
