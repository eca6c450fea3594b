/** What the server says about this page, in `#samsyn-page`; see `server/pages`. */

export type PaneName = 'employee' | 'manager' | 'joint'
export type Scope = 'read-write' | 'readonly'
export type Colour = 'emp' | 'man' | 'joint' | 'guest'

export interface Me {
  readonly id: string
  readonly name: string
  readonly initials: string
  readonly colour: Colour
}

export interface DocumentAt {
  /** `{conversation}/{pane}/{generation}`: the name on the wire. */
  readonly name: string
  readonly scope: Scope
}

export type Documents = Partial<Record<PaneName, DocumentAt>>

export interface PageData {
  readonly me: Me
  readonly locale: string
  readonly words: Readonly<Record<string, string>>
  readonly plurals: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly conversation?: string
  /** Which version of the conversation, and where in its life it is: another one is another page. */
  readonly turn?: string
  readonly socket?: string
  readonly documents?: Documents
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
