/** What the server says about this page, in `#samsyn-page`; see `server/pages`. */

/** Which document of the page: a pane of a conversation, or what else is written there. Elements name it in `data-pane`. */
export type PaneName = string
export type Scope = 'read-write' | 'readonly'
export type Colour = 'emp' | 'man' | 'joint' | 'guest'

export interface Me {
  readonly id: string
  readonly name: string
  readonly initials: string
  readonly colour: Colour
}

export interface DocumentAt {
  /** The name on the wire: `{conversation}/{pane}/{generation}`, `activities/{employee}/{activity}`. */
  readonly name: string
  readonly scope: Scope
}

export type Documents = Readonly<Record<PaneName, DocumentAt>>

export interface PageData {
  readonly me: Me
  readonly locale: string
  readonly words: Readonly<Record<string, string>>
  readonly plurals: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** Of a page with live documents. */
export interface LivePageData extends PageData {
  /** The address that shows the page again. */
  readonly path: string
  /** What the names of its documents begin with. */
  readonly about: string
  /** Where what the page is about is in its life: another turn is another page. */
  readonly turn: string
  readonly socket: string
  readonly documents: Documents
}

/** Whether the page has live documents. */
export function isLive(data: PageData): data is LivePageData {
  return 'documents' in data
}

/** The page's own data, or null on a page for nobody in particular (sign-in, offline). */
export function pageData(page: Document): PageData | null {
  const text = page.getElementById('samsyn-page')?.textContent
  return text ? (JSON.parse(text) as PageData) : null
}

/** What the page is called where its texts are kept. */
export function heading(page: Document): string {
  return page.querySelector('h1')?.textContent?.trim() ?? ''
}
