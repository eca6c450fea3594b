/** A page with live documents: which are open, and what happens when one is replaced, closed or let go. */

import { watchBars } from './covered.ts'
import type { Device, FieldName, Kept } from './device.ts'
import { nameOf } from './field_names.ts'
import { nobodyElseHasFocus } from './fields.ts'
import { giveUp, paintKeptLink, unsentTexts } from './kept.ts'
import { Live } from './live.ts'
import { forgetPage } from './offline.ts'
import { OpenPane } from './open_pane.ts'
import type { PageTools } from './open_pane.ts'
import { heading } from './page_data.ts'
import type { Documents, LivePageData, PaneName } from './page_data.ts'
import { Pane } from './pane.ts'
import type { PaneSurroundings } from './pane.ts'
import { plainText } from './plain_text.ts'
import { PresenceView } from './presence_view.ts'
import { fetchPage, isAnother, isInPage, replacePage, replaceRegions } from './refresh.ts'
import type { Facts } from './status.ts'
import { StatusLine } from './status_line.ts'
import { Toolbar } from './toolbar.ts'
import { typeAgain, typedIn } from './typed.ts'

/** How long a page with a copy on the device waits for the server before it shows the copy. */
const SERVER_FIRST_MS = 1500
/** How long what was written here is compared with what the server has, before it is taken for not received. */
const COMPARING_MS = 3000

export class LivePage {
  #data: LivePageData
  readonly #device: Device | null
  #tools: PageTools
  readonly #live: Live
  readonly #presence: PresenceView
  readonly #status: StatusLine
  readonly #panes = new Map<PaneName, OpenPane>()
  #lastSaved = Date.now()
  #refreshing: Promise<void> | null = null
  #again = false
  /** The focus was in the page when the right to write in it went. */
  #heldFocus = false
  #waiters: (() => void)[] = []
  /** Called with the page's data whenever it is fetched afresh. */
  onFresh: (data: LivePageData) => void = () => undefined

  constructor(data: LivePageData, device: Device | null, tools: PageTools) {
    this.#data = data
    this.#device = device
    this.#tools = tools
    this.#status = new StatusLine(tools.words, tools.announcer, () => this.#facts())
    this.#presence = new PresenceView(data, tools.words, tools.announcer)
    this.#live = new Live(data.socket, {
      change: () => this.#status.changed(),
      refused: () => void this.refresh(),
    })
  }

  /** Open the documents; resolves when what can be seen is live. */
  async start(): Promise<void> {
    // After a form that was sent back this is another one, which cannot be asked for again.
    if (location.pathname !== this.#data.path) history.replaceState(null, '', this.#data.path)
    const { documents } = this.#data
    await this.#letGoOfOld(documents)
    for (const open of await this.#opened(documents)) this.#install(open)
    await Promise.all([...this.#panes.values()].map((open) => open.pane.settled))
    await this.#tools.gradual.visibleDone()
  }

  waiting(): number {
    return this.#facts().panes.reduce((sum, pane) => sum + pane.waiting, 0)
  }

  /** The person signs out: the documents are closed, and nothing is asked or written any more. */
  close(): void {
    this.#live.stop()
    for (const open of [...this.#panes.values()]) this.#takeDown(open)
  }

  pane(name: PaneName): OpenPane | null {
    return this.#panes.get(name) ?? null
  }

  get connected(): boolean {
    return this.#live.connected
  }

  /** What this person may write. */
  get writable(): OpenPane[] {
    return [...this.#panes.values()].filter((open) => open.pane.writable)
  }

  /** Bring what the element `id` shows into sight and put the focus there, behind whichever tab it is. */
  goTo(id: string): void {
    const place = document.getElementById(id) ?? document.querySelector<HTMLElement>(`[data-place="${CSS.escape(id)}"]`)
    if (!place) return
    const pane = (place.matches('[data-pane]') ? place : place.querySelector<HTMLElement>('[data-pane]'))?.dataset['pane']
    const tab = document.querySelector<HTMLInputElement>(`input[name=tab][value="${pane ?? ''}"]`)
    if (tab) tab.checked = true
    place.scrollIntoView({ block: 'center', behavior: 'instant' })
    const control = ':is(input, select, textarea, button, a[href]):not(:disabled)'
    for (const to of place.matches(`.field, ${control}`) ? [place] : place.querySelectorAll<HTMLElement>(`.field, ${control}`)) {
      if (to.matches('.field')) this.#panes.get(pane ?? '')?.fields.focus(to)
      else to.focus()
      if (to.contains(document.activeElement)) return
    }
    place.tabIndex = -1
    place.focus()
  }

  /** Wait until the server has acknowledged everything of `panes`, at most `patience_ms`. Says whether it has. */
  acknowledged(panes: readonly Pane[], patience_ms: number): Promise<boolean> {
    const are = (): boolean => panes.every((pane) => pane.acknowledged)
    if (are()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), patience_ms)
      const ask = (): void => {
        if (!are()) return void this.#waiters.push(ask)
        clearTimeout(timer)
        resolve(true)
      }
      this.#waiters.push(ask)
    })
  }

  /** Bring the page to what the server shows now. One at a time; asked again meanwhile, it runs once more. */
  refresh(): Promise<void> {
    if (this.#refreshing) this.#again = true
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null
      if (this.#again) {
        this.#again = false
        void this.refresh()
      }
    })
    return this.#refreshing
  }

  async #refresh(): Promise<void> {
    const fetched = await fetchPage(this.#data.path)
    switch (fetched.kind) {
      case 'unreachable':
        for (const open of this.#panes.values()) this.#attachAgain(open)
        return
      case 'gone':
        await this.#keepAll()
        location.reload()
        return
      case 'signed-out':
        // What waits is on the device; it is merged, or becomes kept text, at the next visit.
        this.#live.stop()
        this.#tools.announcer.say(this.#tools.words.say('signed_out'))
        location.reload()
        return
      case 'elsewhere':
        // What was written here and not received never will be: it is kept, and this page is not there any more.
        await this.#keepAll()
        await forgetPage(this.#data, this.#data.path)
        location.replace(fetched.address)
        return
      case 'page':
        await (isAnother(this.#data, fetched.data) ? this.#turn(fetched.page, fetched.data) : this.#become(fetched.page, fetched.data))
        this.#data = fetched.data
        watchBars()
        this.onFresh(fetched.data)
    }
  }

  /**
   * What the page is about has taken a turn: everything on the page is another. What was written here and not received is
   * kept; the editors go at once, because nothing that they would still take can be received. A document that this
   * person writes as before stays open, and whoever is writing in it goes on.
   */
  async #turn(page: Document, data: LivePageData): Promise<void> {
    const stays = ({ pane }: OpenPane): boolean => {
      const at = data.documents[pane.pane]
      return at?.name === pane.name && at.scope === 'read-write' && pane.writable && pane.attached
    }
    const same = [...this.#panes.values()].filter(stays)
    const old = [...this.#panes.values()].filter((open) => !stays(open))
    const typed = typedIn(document, Date.now())
    const held = this.#heldFocus || isInPage(document.activeElement)
    this.#heldFocus = false
    const focused = same.map((open) => open.fields.focused()).find((one) => one !== null) ?? null
    for (const open of old) this.#takeDown(open)
    for (const open of same) open.unbind(document.body)
    const sentences = replacePage(page, held && !focused)
    for (const sentence of sentences) this.#tools.announcer.say(sentence)
    for (const open of same) if (open.pane.loaded) open.bind()
    this.#focusAgain(focused)
    const orphans = typed.filter((one) => !typeAgain(one))
    this.#tools = { ...this.#tools, toolbar: new Toolbar(document) }
    const fresh = await this.#opened(data.documents)
    for (const open of fresh) this.#install(open)
    this.#presence.repaint()
    for (const open of old) await this.#keep(open)
    if (orphans.length > 0) await this.#keepTexts(orphans.map((one) => one.kept))
    await Promise.all(fresh.map((open) => open.pane.settled))
    // What happened while nothing was attached has been told to nobody.
    this.#again = true
  }

  /** The new documents are there before the old ones go, so that whoever writes hardly notices. */
  async #become(page: Document, data: LivePageData): Promise<void> {
    const { documents } = data
    const stays = (open: OpenPane): boolean => documents[open.pane.pane]?.name === open.pane.name
    const old = [...this.#panes.values()].filter((open) => !stays(open))
    const fresh = await this.#opened(documents)
    await Promise.all(fresh.map((open) => open.pane.settled))
    const focused = old.map((open) => this.#takeDown(open)).find((one) => one !== null) ?? null
    for (const open of fresh) this.#install(open)
    const sentences = replaceRegions(page, (region) => [...this.#panes.values()].some((open) => open.isIn(region)), (region) => {
      for (const open of this.#panes.values()) open.unbind(region)
    })
    for (const sentence of sentences) this.#tools.announcer.say(sentence)
    for (const open of this.#panes.values()) {
      this.#attachAgain(open)
      if (open.pane.loaded) open.bind()
    }
    this.#focusAgain(focused)
    for (const open of old) await this.#keep(open)
    this.#presence.repaint()
  }

  /** The caret is where it was, in what has come in the place of the field. */
  #focusAgain(focused: ReturnType<OpenPane['close']>): void {
    const field = focused && document.getElementById(focused.id)
    if (field && nobodyElseHasFocus(field)) this.#panes.get(field.dataset['pane'] ?? '')?.fields.focus(field, focused)
  }

  /** The page still has the document that the server has closed: whoever writes in it goes on meanwhile. */
  #attachAgain({ pane, fields }: OpenPane): void {
    if (pane.attached) return
    fields.hold(false)
    pane.attachAgain()
  }

  #takeDown(open: OpenPane): ReturnType<OpenPane['close']> {
    this.#panes.delete(open.pane.pane)
    return open.close()
  }

  /** Documents of the page that are not open yet, opened but not yet on the page. */
  #opened(documents: Documents): Promise<OpenPane[]> {
    const around: PaneSurroundings = {
      socket: this.#live.socket,
      device: this.#device,
      me: this.#data.me,
      nameOf,
      events: {
        change: () => {
          this.#status.changed()
          for (const waiter of this.#waiters.splice(0)) waiter()
        },
        saved: () => { this.#lastSaved = Date.now() },
        closed: (pane) => {
          this.#panes.get(pane.pane)?.fields.hold(true)
          void this.refresh()
        },
        changed: () => void this.refresh(),
        scope: (pane) => {
          // Whoever may not write any more loses the focus with the caret.
          this.#heldFocus ||= isInPage(document.activeElement)
          const open = this.#panes.get(pane.pane)
          // Whoever may write from now on does so on the page that comes: on this one, the caret would be lost.
          if (pane.writable) open?.fields.hold(true)
          open?.scopeChanged()
          void this.refresh().finally(() => open?.fields.hold(false))
        },
      },
    }
    const missing = Object.entries(documents).filter(([name, at]) => this.#panes.get(name)?.pane.name !== at.name)
    return Promise.all(missing.map(async ([name, at]) => {
      const pane = await Pane.open(name, at, around)
      if (navigator.onLine) setTimeout(() => pane.settleForDevice(), SERVER_FIRST_MS)
      else pane.settleForDevice()
      return new OpenPane(pane, this.#tools)
    }))
  }

  #install(open: OpenPane): void {
    const { pane } = open
    this.#panes.set(pane.pane, open)
    void pane.ready.then(() => { if (this.#panes.get(pane.pane) === open) open.bind() })
    this.#presence.watch([...this.#panes.values()].map((one) => [one.pane.pane, one.writers] as const))
    this.#status.changed()
  }

  /** What an old document had that the server never acknowledged becomes kept text. */
  async #keep({ pane }: OpenPane): Promise<void> {
    const now = this.#panes.get(pane.pane)?.pane
    // The same document may still be written, and takes with it what waits.
    if (now?.name === pane.name && now.writable) return
    if (pane.unsent.size > 0 && this.#device) {
      await Promise.race([now?.ready, new Promise((late) => setTimeout(late, COMPARING_MS))])
      const isThere = (field: string, name: FieldName, text: string): boolean => now !== undefined && plainText(now.doc, field, name) === text
      const texts = unsentTexts({ doc: pane.doc, fields: pane.unsent, title: heading(document), path: location.pathname }, Date.now(), isThere)
      if (texts.length > 0) await this.#keepTexts(texts)
    }
    if (pane.copy) await this.#device?.forget(pane.name)
  }

  async #keepTexts(texts: readonly Kept[]): Promise<void> {
    await this.#device?.keep(texts)
    this.#tools.announcer.say(this.#tools.words.say('moved'))
    await paintKeptLink(this.#device, this.#tools.words)
  }

  /** The right to be here has ended: what was written here and not received never will be, and is kept. */
  async #keepAll(): Promise<void> {
    const all = [...this.#panes.values()]
    this.close()
    for (const open of all) await this.#keep(open)
  }

  /** Copies of this page's documents that are not written any more. */
  async #letGoOfOld(documents: Documents): Promise<void> {
    const device = this.#device
    if (!device) return
    const current = new Set(Object.values(documents).filter((at) => at.scope === 'read-write').map((at) => at.name))
    for (const name of await device.documents()) {
      if (`${name}/`.startsWith(`${this.#data.about}/`) && !current.has(name)) await giveUp(device, name)
    }
    await paintKeptLink(device, this.#tools.words)
  }

  #facts(): Facts {
    return {
      now: Date.now(),
      windowOnline: navigator.onLine,
      lastFrame: this.#live.lastFrame,
      lastSaved: this.#lastSaved,
      panes: [...this.#panes.values()].filter((open) => open.pane.writable || open.pane.unsent.size > 0).map((open) => open.pane.facts),
    }
  }
}
